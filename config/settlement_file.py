"""A folder of agreements, one YAML file for each version: all of them, or all that is wrong with them."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from pathlib import Path
from typing import Final

from config.calendars import read_calendars, read_holidays
from config.issues import ConfigError, Issue, TextError
from config.named import Named, refuse
from config.piece_reader import IssueCollector, read_list, read_piece
from config.settlement_rates import RateReader
from config.settlement_schema import (
    AgreementText,
    DirectionText,
    ExchangeRateText,
    PartnerText,
    PartyText,
    ReconciliationText,
)
from config.settlement_terms import (
    INCOMING,
    OUTGOING,
    Agreement,
    DirectionTerms,
    PartnerAgreements,
    Party,
    Tolerances,
)
from config.tariff_text import Moment
from config.time_zones import epoch_ms, zone_named
from config.yaml_nodes import Document, Location, read_yaml_files
from rating.calendar import FAR_MS, UTC, Calendar, Zone
from rating.exchange import ExchangeRate, ExchangeRates

VERSION_DIGITS: Final = 12


def load_agreements(folder: Path) -> dict[str, PartnerAgreements]:
    """The agreements of a folder's ``*.yaml`` files by partner; ConfigError with every issue of every file."""
    if not folder.is_dir():
        raise ConfigError([Issue(folder, 0, 0, "there is no such folder")])
    files = sorted(
        path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"} and path.name[0] != "."
    )
    documents = read_yaml_files(files)
    issues = IssueCollector(issue for document in documents for issue in document.issues)
    read = [_AgreementReader(issues, document) for document in documents if not document.broken]
    found: dict[str, list[_AgreementReader]] = {}
    for reader in read:
        reader.read()
        if reader.agreement is not None:
            found.setdefault(reader.agreement.partner, []).append(reader)
    for readers in found.values():
        _check_versions(issues, readers)
    if issues.has_errors:
        raise ConfigError(issues.in_order(), issues.unlisted)
    return {partner: _together(partner, found[partner]) for partner in sorted(found)}


def _check_versions(issues: IssueCollector, readers: list[_AgreementReader]) -> None:
    """Versions of one partner do not overlap, and count months in one zone."""
    readers.sort(key=lambda reader: reader.known.valid_from_ms)
    for before, reader in pairwise(readers):
        if reader.known.valid_from_ms < before.known.valid_until_ms:
            message = f"{before.document.source} holds at the same time"
            hint = "end the earlier version with valid_until"
            issues.add(reader.document.issue(("valid_from",), message, hint, "T107"))
        if reader.known.time_zone != before.known.time_zone:
            message = f"{before.document.source} counts months in {before.known.time_zone}"
            issues.add(reader.document.issue(("time_zone",), message, "one zone for all versions", "T108"))


def _together(partner: str, readers: list[_AgreementReader]) -> PartnerAgreements:
    files: dict[str, bytes] = {}
    for reader in readers:
        files[reader.document.source.name] = reader.document.source.read_bytes()
        files |= reader.files
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode())
        digest.update(files[name])
    version = digest.hexdigest()[:VERSION_DIGITS]
    return PartnerAgreements(partner, tuple(reader.known for reader in readers), version, files)


class _AgreementReader:
    """Reads one file."""

    def __init__(self, issues: IssueCollector, document: Document) -> None:
        self._issues = issues
        self.document = document
        self.agreement: Agreement | None = None
        self.files: dict[str, bytes] = {}
        self._zone: Zone = UTC

    @property
    def known(self) -> Agreement:
        """The agreement of a file that had one."""
        assert self.agreement is not None  # noqa: S101 - asked of readers that were kept
        return self.agreement

    def read(self) -> None:
        """Make the agreement, or issues."""
        text = read_piece(self._issues, self.document, AgreementText, self.document.data, ())
        try:
            self._zone = zone_named(text.time_zone) if text is not None else UTC
        except TextError as error:
            refuse(self._issues, self.document, ("time_zone",), error)
        data = self.document.data
        holidays = read_holidays(self._issues, [self.document])
        calendars = read_calendars(self._issues, [self.document], holidays)
        operator = self._party("operator")
        party = self._party("party")
        if text is None:
            return
        begin = epoch_ms(self._zone, Moment(text.valid_from, 0))
        end = FAR_MS if text.valid_until is None else epoch_ms(self._zone, Moment(text.valid_until, 0))
        if end <= begin:
            issue = self.document.issue(("valid_until",), "valid_until is not after valid_from", code="T402")
            self._issues.add(issue)
        directions: dict[str, DirectionTerms] = {}
        for name in (INCOMING, OUTGOING):
            if name in data:
                terms = self._direction(name, text.currency, calendars)
                if terms is not None:
                    directions[name] = terms
        if INCOMING not in data and OUTGOING not in data:
            hint = "what the partner pays under 'incoming', what we pay under 'outgoing'"
            self._issues.add(self.document.issue((), "the agreement has no traffic", hint, "T101"))
        self.agreement = Agreement(
            text.partner,
            operator,
            party,
            text.currency,
            text.time_zone,
            self._zone,
            begin,
            end,
            text.payment_terms,
            directions,
            self._exchange(),
            self._tolerances(),
            str(self.document.source),
        )

    def _party(self, key: str) -> Party:
        data = self.document.data.get(key)
        text = None
        if data is not None:
            kind = PartnerText if key == "party" else PartyText
            text = read_piece(self._issues, self.document, kind, data, (key,))
        if text is None:
            return Party("", (), "")
        language = text.language if isinstance(text, PartnerText) else ""
        return Party(text.name, tuple(text.address), text.email or "", language)

    def _direction(self, name: str, currency: str, calendars: Named[Calendar]) -> DirectionTerms | None:
        at: Location = (name,)
        text = read_piece(self._issues, self.document, DirectionText, self.document.data[name], at)
        if text is None:
            return None
        own = text.currency or currency
        reader = RateReader(self._issues, self.document, name, own, self._zone, calendars, self.files)
        services = reader.read(text.rates, (*at, "rates"))
        for trunk in {trunk for trunk in text.trunks if text.trunks.count(trunk) > 1}:
            self._issues.add(
                self.document.issue((*at, "trunks"), f"trunk {trunk!r} is here twice", code="T107")
            )
        return DirectionTerms(name, own, frozenset(text.trunks), services)

    def _exchange(self) -> ExchangeRates:
        found = []
        data = self.document.data.get("exchange_rates")
        if data is None:
            return ExchangeRates()
        at: Location = ("exchange_rates",)
        for index, entry in enumerate(read_list(self._issues, self.document, data, at)):
            text = read_piece(self._issues, self.document, ExchangeRateText, entry, (*at, index))
            if text is not None:
                begin = epoch_ms(self._zone, Moment(text.valid_from, 0))
                line, _ = self.document.mark((*at, index))
                numerator, denominator = text.rate.as_integer_ratio()
                place = f"{self.document.source}:{line}"
                found.append(ExchangeRate(text.source, text.target, numerator, denominator, begin, place=place))
        return ExchangeRates(found)

    def _tolerances(self) -> Tolerances:
        data = self.document.data.get("reconciliation")
        if data is None:
            return Tolerances()
        text = read_piece(self._issues, self.document, ReconciliationText, data, ("reconciliation",))
        return (
            Tolerances()
            if text is None
            else Tolerances(text.window * 1000, text.duration, text.rounding.micros)
        )
