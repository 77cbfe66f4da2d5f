"""The records' side of the audit: every record once, from the files and from the outbox behind them."""

from array import array
from collections import Counter
from pathlib import Path

import msgspec

from balance.store import StateStore
from ocs.audit.sums import AccountSums, BookedRecord
from ocs.cdr.files import list_record_files
from ocs.cdr.reader import RecordReader

CHUNK = 1000
_PARTITIONS = 16
_decoder = msgspec.json.Decoder(BookedRecord)


class RecordLedger:
    """Adds up the records of all accounts, and can go on where it stopped, while records move into files.

    ``problems`` are sentences: gaps in the sequence, lines that are no records. Of a record's id only a 64-bit
    hash is kept, 8 octets a record.
    """

    def __init__(self, directory: Path) -> None:
        self.accounts: dict[str, AccountSums] = {}
        self.records = 0
        self.amounts: Counter[str] = Counter()
        self._reader = RecordReader(directory)
        self._ids = [array("q") for _ in range(_PARTITIONS)]
        self._bad: list[str] = []

    @property
    def problems(self) -> list[str]:
        """What is wrong with the sequence of records so far."""
        return self._reader.problems + self._bad

    async def advance(self, store: StateStore) -> None:
        """Take in every record that was not seen yet. StoreError where the store fails."""
        while True:
            first = await store.outbox_first()
            self._take_files(first)
            try:
                events = await store.outbox_read(self._reader.next_sequence, CHUNK)
            except ValueError:
                continue  # they went into the files a moment ago
            for event in events:
                self._take(self._reader.next_sequence, event)
                self._reader.next_sequence += 1
            if len(events) < CHUNK:
                return

    def _take_files(self, end: int) -> None:
        """The records below ``end`` are in files; those that are not are missing."""
        for sequence, line in self._reader.read(end):
            self._take(sequence, line)
        missing_from = self._reader.next_sequence
        if missing_from < end:
            self._bad.append(
                f"records {missing_from} to {end - 1} are neither in the outbox nor in {self._reader.directory}"
            )
            self._reader.next_sequence = end

    def _take(self, sequence: int, octets: bytes) -> None:
        self.records += 1
        try:
            record = _decoder.decode(octets)
        except msgspec.DecodeError as error:
            self._bad.append(f"record {sequence} can not be read: {error}")
            return
        sums = self.accounts.get(record.account)
        if sums is None:
            sums = self.accounts[record.account] = AccountSums()
        sums.add_record(record)
        self.amounts[record.currency] += record.amount_micros
        mark = hash(record.record_id)
        self._ids[mark % _PARTITIONS].append(mark)

    async def check_files(self, store: StateStore) -> None:
        """See that no complete file holds records that the store still has, or never had."""
        sealed_to = max((file.last or 0 for file in list_record_files(self._reader.directory)), default=0)
        first = await store.outbox_first()
        if sealed_to >= first:
            self._bad.append(
                f"complete files hold records up to {sealed_to}, but the outbox begins at {first}: "
                "the store lost data, or the files are another store's"
            )

    def duplicates(self) -> int:
        """How many records have an id that another record has."""
        found = 0
        for part in self._ids:
            marks = sorted(part)
            found += sum(1 for index in range(1, len(marks)) if marks[index] == marks[index - 1])
        return found
