"""Plays a scenario at a height and compares what happens with what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from librt.strings import BytesWriter

from balance.account import Account, Bucket, decode_account, encode_account
from balance.keys import account_key, imsi_key, session_key, subscriber_key
from balance.operations import Reservation
from balance.packing import put_number
from balance.quantity import OCTETS, format_micros, parse_micros
from balance.subscriber import ACTIVE, BARRED, Subscriber, encode_subscriber
from ocs.charging.session_octets import decode_session
from rating.bundles import MONEY
from rating.catalogue import Catalogue
from tests.scenarios.answer_line import answer_text
from tests.scenarios.heights import Height
from tests.scenarios.request_line import Request, read_request
from tests.scenarios.script import Scenario, Statement, milliseconds_of, number_of, plain

_MONEY: Final = {"amount", "written_off", "balance"}


class Player:
    """One play of a scenario."""

    def __init__(self, height: Height, catalogues: Callable[[str], Catalogue]) -> None:
        self._height = height
        self._catalogues = catalogues
        self._seeds: dict[bytes, bytes] = {}
        self._accounts: list[str] = []
        self._msisdn = "491700000001"
        self._sequence = 100
        self._waiting: list[Request] = []
        self._answered: list[tuple[Request, bytes]] = []
        self._answers: dict[tuple[str, str, int], bytes] = {}
        self._records_read = 0

    async def play(self, scenario: Scenario) -> None:
        """All statements in order; afterwards every answer must have been expected, and the books be right."""
        for statement in scenario.statements:
            if statement.verb not in {"account", "subscriber"} and self._seeds:
                await self._height.seed(self._seeds)
                self._seeds = {}
            if statement.verb != ">":
                await self._send()
            if statement.verb != "<":
                assert not self._answered or statement.verb == ">", (
                    f"{statement.place}: an answer is not looked at"
                )
            try:
                await self._do(statement)
            except (ValueError, KeyError, IndexError) as error:
                raise AssertionError(f"{statement.place}: {error!r}") from error
        await self._send()
        assert not self._answered, "the last answer is not looked at"
        await self._check_books()

    async def _do(self, statement: Statement) -> None:
        words = statement.words()
        match statement.verb:
            case "account":
                self._account(words)
            case "subscriber":
                self._subscriber(words)
            case ">":
                self._sequence += 1
                self._waiting.append(read_request(statement, self._sequence, self._msisdn))
            case "<":
                self._expect(statement)
            case "books":
                await self._books(statement)
            case "record":
                await self._record(statement)
            case "no-record":
                assert len(await self._height.events()) == self._records_read, statement.place
            case "sessions":
                found = await self._height.open_sessions(words[0])
                assert len(found) == number_of(words[1]), f"{statement.place}: {found}"
            case "top-up":
                await self._height.top_up(words[0], parse_micros(words[1]))
            case "wait":
                self._height.clock.now_ms += milliseconds_of(words[0])
            case "expire":
                await self._height.expire()
                await self._check_books()
            case "catalogue":
                self._height.use(self._catalogues(words[0]))
            case _:
                raise ValueError(f"{statement.verb!r} is no verb")

    def _account(self, words: list[str]) -> None:
        """``account A 25.00 bucket first-gigabyte 10M until 90s credit voucher 1.00``."""
        account = Account(words[0], "EUR", parse_micros(words[1]))
        rest = words[2:]
        while rest:
            kind = MONEY if rest[0] == "credit" else OCTETS
            name, units = rest[1], parse_micros(rest[2]) if kind == MONEY else number_of(rest[2])
            rest = rest[3:]
            ends = 0
            if rest[:1] == ["until"]:
                ends = self._height.clock.now_ms + milliseconds_of(rest[1])
                rest = rest[2:]
            account.buckets += (Bucket(name, kind, units, units, 0, ends),)
        self._accounts.append(words[0])
        self._seeds[account_key(words[0])] = encode_account(account, 1)

    def _subscriber(self, words: list[str]) -> None:
        """``subscriber 491700000001 plan payg account A imsi 23410 barred``."""
        msisdn = words[0].encode()
        given = dict(zip(words[1::2], words[2::2], strict=False))
        imsi = given.get("imsi", "").encode()
        status = BARRED if "barred" in words else ACTIVE
        subscriber = Subscriber(msisdn, imsi, given["account"], given["plan"], status)
        self._seeds[subscriber_key(msisdn)] = encode_subscriber(subscriber, 1)
        if imsi:
            mapping = BytesWriter()
            put_number(mapping, 1)
            mapping.write(msisdn)
            self._seeds[imsi_key(imsi)] = mapping.getvalue()
        self._msisdn = words[0]

    async def _send(self) -> None:
        if not self._waiting:
            return
        requests, self._waiting = self._waiting, []
        answers = await self._height.exchange([request.octets for request in requests])
        self._answered += zip(requests, answers, strict=True)
        await self._check_books()

    def _expect(self, statement: Statement) -> None:
        assert self._answered, f"{statement.place}: there is no answer left"
        request, answer = self._answered.pop(0)
        if statement.rest == "again":
            before = self._answers[request.name]
            assert (answer[:12], answer[20:]) == (before[:12], before[20:]), (
                f"{statement.place}: {answer_text(answer)} is not {answer_text(before)}"
            )
            return
        self._answers[request.name] = answer
        assert answer_text(answer) == plain(statement.rest), statement.place

    async def _account_of(self, account_id: str) -> Account:
        state = await self._height.state(account_key(account_id))
        assert state is not None, account_id
        return decode_account(state)

    async def _books(self, statement: Statement) -> None:
        """``books A balance 9.00 reserved 1.00 bucket web 10M held 5M``: what is named is compared."""
        account_id, *expected = statement.words()
        account = await self._account_of(account_id)
        amounts = {
            "balance": account.balance_micros,
            "reserved": account.reserved_micros,
            "credited": account.credited_micros,
            "debited": account.debited_micros,
        }
        actual: list[str] = []
        bucket = Bucket("", 0, 0, 0, 0, 0)
        for word in expected[::2] if "bucket" not in expected else _keys(expected):
            if word.startswith("bucket "):
                bucket = next(each for each in account.buckets if each.bucket_id == word[7:])
                actual += [word, str(bucket.remaining)]
            elif word == "held":
                actual += [word, str(bucket.reserved)]
            else:
                actual += [word, format_micros(amounts[word])]
        assert " ".join(actual) == plain(" ".join(expected)), statement.place

    async def _record(self, statement: Statement) -> None:
        """``record rg=10 used_units=5M amount=5.00 charges.0.units=5M``: the next record has these values."""
        events = await self._height.events()
        assert len(events) > self._records_read, f"{statement.place}: there is no record left"
        record = json.loads(events[self._records_read])
        self._records_read += 1
        for pair in statement.words():
            name, _, wanted = pair.partition("=")
            found = _field(record, name)
            assert found == (wanted if isinstance(found, str) else _wanted(name, wanted)), (
                f"{statement.place}: {name} in {record}"
            )

    async def _check_books(self) -> None:
        """Each account's books are right, and it has reserved what its open sessions hold."""
        for account_id in self._accounts:
            account = await self._account_of(account_id)
            assert account.faults() == []
            held = Reservation()
            for session_id in await self._height.open_sessions(account_id):
                state = await self._height.state(session_key(session_id))
                assert state is not None
                for service in decode_session(state).services:
                    held.money_micros += service.reservation.money_micros
                    held.holds = held.holds + service.reservation.holds
            assert account.reserved_micros == held.money_micros
            for bucket in account.buckets:
                assert bucket.reserved == held.units_of(bucket.bucket_id)


def _keys(words: list[str]) -> list[str]:
    """The names in ``balance 1.00 bucket b 5 held 2``: balance, bucket b, held."""
    found = []
    rest = list(words)
    while rest:
        if rest[0] == "bucket":
            found.append(f"bucket {rest[1]}")
            rest = rest[3:]
        else:
            found.append(rest[0])
            rest = rest[2:]
    return found


def _field(record: object, path: str) -> object:
    if path == "rg":
        path = "rating_group"
    elif path in _MONEY:
        path += "_micros"
    for step in path.split("."):
        if isinstance(record, list):
            record = len(record) if step == "count" else record[int(step)]
        elif isinstance(record, dict):
            record = record[step]
    return record


def _wanted(name: str, text: str) -> object:
    if name in _MONEY:
        return parse_micros(text)
    if text in {"true", "false", "-"}:
        return {"true": True, "false": False, "-": None}[text]
    return number_of(text)
