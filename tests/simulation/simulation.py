"""A run of the whole: gateways, one or two servers on one store, faults everywhere; the proof of its books."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

from balance.account import Account, Bucket, decode_account, encode_account
from balance.changes import COMMITTED, ChangeSet
from balance.keys import account_key, session_key, subscriber_key
from balance.operations import Reservation, credit_money
from balance.quantity import OCTETS
from balance.subscriber import ACTIVE, Subscriber, decode_subscriber, encode_subscriber
from config.tariff_text import day_text
from ocs.charging.session import ANSWERS_KEPT, ChargingSession
from ocs.charging.session_octets import decode_session
from protocol.messages import CreditControlRequest
from rating.periods import local_day
from tests.protocol.base_builder import avps as read_avps
from tests.simulation.faulty_store import Faults, FaultyStore
from tests.simulation.gateway import GatewaySession
from tests.simulation.plans import catalogue
from tests.simulation.server import Server
from tests.simulation.watched_store import WatchedStore
from tests.simulation.world import World, at_once

END_US = 900_000_000


class Simulation:
    """Everything that one seed decides."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.world = World()
        self.store = WatchedStore(self.world.now_ms)
        self.catalogue = catalogue("first", 1)
        self._faults = Faults(self.random)
        self._network_loses = self.random.choice([0.0, 0.05, 0.2])
        self._network_doubles = self.random.choice([0.0, 0.1])
        self._network_delay_us = self.random.choice([0, 1_000, 400_000])
        self._crashes = self.random.choice([0.0, 0.0, 0.002, 0.01])
        self._credited: dict[str, int] = {}
        self._bundles: dict[str, int] = {}
        self._servers = [self._server() for _ in range(self.random.choice([1, 1, 2]))]
        self._failures: list[str] = []
        self._payers: list[bytes] = []
        self.sessions: dict[bytes, GatewaySession] = {}
        self._seed_states()

    def _server(self) -> Server:
        store = FaultyStore(self.store, self.world, self.random, self._faults)
        return Server(store, self.world, self.random, self.catalogue, self.deliver)

    def _seed_states(self) -> None:
        change = ChangeSet()
        for index in range(self.random.choice([1, 3])):
            name = f"A{index}"
            plan = self.random.choice(["payg", "junior", "bundle", "daily"])
            account = Account(name, "EUR", self.random.choice([0, 500, 1_000_000_000]))
            if plan == "bundle":
                account.buckets = (Bucket("bundle", OCTETS, 10_000, 10_000, 0, 0),)
            change.put(account_key(name), 0, encode_account(account, 1), 0)
            for each in range(self.random.choice([1, 2])):
                msisdn = b"4917%d%d" % (index, each)
                subscriber = Subscriber(msisdn, b"", name, plan, ACTIVE)
                if plan == "daily" and account.opening_micros > 1000:
                    self._payers.append(msisdn)
                change.put(subscriber_key(msisdn), 0, encode_subscriber(subscriber, 1), 0)
                for number in range(self.random.choice([1, 3])):
                    self._plan_session(b"gw;%s;%d" % (msisdn, number), msisdn)
            self._credited[name] = 0
        self.store.commit([change], lambda _sets: None)

    def _plan_session(self, name: bytes, msisdn: bytes) -> None:
        session = GatewaySession(name, msisdn, self.world, self.random, self._carry)
        self.sessions[name] = session
        self.world.after(self.random.randint(0, 5_000_000), session.start)

    # -- the network -------------------------------------------------------------------------------------

    def _carry(self, request: CreditControlRequest) -> None:
        """A request on its way to some server: late, lost, doubled."""
        server = self.random.randrange(len(self._servers))
        self._travel(lambda: self._servers[server].submit(request))

    def deliver(self, message: bytes) -> None:
        """An answer on its way back."""
        avps = read_avps(message[20:])
        session = self.sessions[avps[0][1]]
        self._travel(lambda: session.receive(message))

    def _travel(self, action: Callable[[], None]) -> None:
        if self.random.random() >= self._network_loses:
            self.world.after(self.random.randint(0, self._network_delay_us), action)
        if self.random.random() < self._network_doubles:
            self.world.after(self.random.randint(0, 10 * self._network_delay_us + 10_000), action)

    # -- the run -----------------------------------------------------------------------------------------

    def run(self) -> None:
        """Until all sessions are over and every deadline has passed; then nothing may be held."""
        self.world.after(self.random.randint(1, 10_000_000), self._swap_catalogue)
        while self.world.now_us < END_US and self.world.step():
            if self.random.random() < self._crashes and self.world.now_us < END_US // 3:
                self._crash()
            if self.random.random() < 0.005:
                self._top_up()
            if self.random.random() < 0.005:
                self._change_subscriber()
            if self.world.steps % 97 == 0:
                self.check_books()
        self._check_end()

    def _crash(self) -> None:
        """Kill a server; what it sent to the store may still arrive. Another takes its place at once."""
        index = self.random.randrange(len(self._servers))
        self._servers[index].connection.is_alive = False
        self._failures += self._servers[index].failures
        self._servers[index] = self._server()

    def _swap_catalogue(self) -> None:
        self.catalogue = catalogue("second", 2)
        for server in self._servers:
            server.service.catalogue = self.catalogue

    def _top_up(self) -> None:
        """Another writer credits an account behind the servers' backs."""
        name = self.random.choice(list(self._credited))
        account = self._account(name)
        credit_money(account, 100)
        self._credited[name] += 100
        change = ChangeSet()
        change.put(account_key(name), account.version, encode_account(account, account.version + 1), 0)
        self.store.commit([change], lambda _sets: None)
        assert change.result == COMMITTED

    def _change_subscriber(self) -> None:
        """An operator writes a subscriber anew."""
        key = subscriber_key(self.random.choice(list(self.sessions.values())).msisdn)
        subscriber = decode_subscriber(self.store.present([key])[0][1])
        change = ChangeSet()
        change.put(key, subscriber.version, encode_subscriber(subscriber, subscriber.version + 1), 0)
        self.store.commit([change], lambda _sets: None)
        assert change.result == COMMITTED

    # -- the proof ---------------------------------------------------------------------------------------

    def _account(self, name: str) -> Account:
        return decode_account(self.store.present([account_key(name)])[0][1])

    def _open_sessions(self, name: str) -> list[ChargingSession]:
        keys = [session_key(each) for each in at_once(self.store.open_sessions(name.encode()))]
        return [decode_session(state) for _, state in self.store.present(keys)]

    def _records(self) -> list[dict[str, Any]]:
        return [json.loads(event) for event in at_once(self.store.outbox_read(1, 1_000_000))]

    def check_books(self) -> None:
        """Every account's books, reservations, and the money in records and open sessions are right."""
        records = self._records()
        for name, credited in self._credited.items():
            account = self._account(name)
            held = Reservation()
            charged = sum(record["amount_micros"] for record in records if record["account"] == name)
            for session in self._open_sessions(name):
                for service in session.services:
                    held.money_micros += service.reservation.money_micros
                    held.holds = held.holds + service.reservation.holds
                    charged += service.amount_micros
            assert account.faults() == []
            assert account.credited_micros == credited
            assert account.debited_micros == charged
            assert account.reserved_micros == held.money_micros
            for bucket in account.buckets:
                assert bucket.reserved == held.units_of(bucket.bucket_id)

    def _check_end(self) -> None:
        self.check_books()
        failures = self._failures + [failure for server in self._servers for failure in server.failures]
        assert failures == []
        for name in self._credited:
            account = self._account(name)
            assert at_once(self.store.open_sessions(name.encode())) == []
            assert (account.reserved_micros, [bucket.reserved for bucket in account.buckets]) == (
                0,
                [0 for _ in account.buckets],
            )
        for server in self._servers:
            assert server.service.in_flight == 0
        records = self._records()
        identifiers = [record["record_id"] for record in records]
        assert len(set(identifiers)) == len(identifiers)
        for session in self.sessions.values():
            assert session.is_over
            self._check_session(session, records)
        self._check_fees(records)

    def _check_fees(self, records: list[dict[str, Any]]) -> None:
        """Each subscriber has paid for a day at most once, and whoever has money for each day of his usage."""
        paid = [
            (record["msisdn"].encode(), line["band"][:10])
            for record in records
            if record["service"] == "fees"
            for line in record["charges"]
        ]
        assert len(set(paid)) == len(paid)
        for record in records:
            if record["msisdn"].encode() in self._payers:
                at_ms = int(1000 * datetime.fromisoformat(record["opened_at"]).timestamp())
                day = day_text(int(local_day(self.catalogue.zone, at_ms)))
                assert (record["msisdn"].encode(), day) in paid

    def _check_session(self, session: GatewaySession, records: list[dict[str, Any]]) -> None:
        """Each acknowledged report was charged once, each other at most once, and answers do not vary."""
        for group, reports in session.orders.items():
            wanted = None if group == -1 else group
            total = sum(
                record["used_units"]
                for record in records
                if record["session_id"].encode() == session.name and record["rating_group"] == wanted
            )
            for report in reports:
                times = total % 4
                total //= 4
                assert times == 1 or (times == 0 and not report.acknowledged), (
                    session.name,
                    report.number,
                    times,
                )
            assert total == 0
        if len(session.reports) <= ANSWERS_KEPT:
            for report in session.reports:
                assert len([each for each in report.contents if _is_success(each)]) <= 1


def _is_success(body: bytes) -> bool:
    return any(code == 268 and int.from_bytes(data, "big") == 2001 for code, data in read_avps(body))
