"""Reading record files back: in sequence over all files of a directory, the one being written too.

A reader can go on where it stopped, while a writer appends and renames: it finds its file again by its first
number.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ocs.cdr.files import RecordFile, list_record_files
from ocs.cdr.lines import sequence_of


class RecordReader:
    """Iterates the lines of a directory's record files from ``next_sequence`` on.

    What breaks the dense sequence is added to ``problems`` as a sentence, and reading goes on behind it. A torn
    last line of the open file is no problem: it is being written.
    """

    def __init__(self, directory: Path, next_sequence: int = 1) -> None:
        self.directory = directory
        self.next_sequence = next_sequence
        self.problems: list[str] = []
        self._file_first = 0
        self._offset = 0
        self._line_number = 0

    def read(self, end: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Sequence numbers and lines (with their newline) below ``end``; without an end all there are."""
        while end is None or self.next_sequence < end:
            file = self._locate(end)
            if file is None:
                return
            try:
                stream = file.path.open("rb")
            except FileNotFoundError:
                continue  # it was completed, and renamed, a moment ago
            with stream:
                before = self.next_sequence
                yield from self._lines(file, stream, end)
            if self.next_sequence == before and not self._skip_broken(file, end):
                return

    def _locate(self, end: int | None) -> RecordFile | None:
        """The file that holds the next number, or the first one behind it; None where there is none."""
        found = None
        for file in list_record_files(self.directory):
            if file.first <= self.next_sequence and (file.last is None or file.last >= self.next_sequence):
                found = file
            elif file.first > self.next_sequence and found is None:
                if end is not None and file.first >= end:
                    return None
                self._missing(self.next_sequence, file.first - 1)
                self.next_sequence = file.first
                found = file
        if found is not None and found.first != self._file_first:
            self._file_first = found.first
            self._offset = 0
            self._line_number = 0
        return found

    def _lines(self, file: RecordFile, stream: BinaryIO, end: int | None) -> Iterator[tuple[int, bytes]]:
        stream.seek(self._offset)
        for line in stream:
            sequence = sequence_of(line)
            if sequence == 0 and not line.endswith(b"\n") and file.last is None:
                return
            if end is not None and sequence >= end:
                return
            self._offset += len(line)
            self._line_number += 1
            if sequence == 0:
                self.problems.append(f"{file.path}:{self._line_number}: this line is no record")
            elif sequence < self.next_sequence:
                if self._line_number > self.next_sequence - file.first:
                    self.problems.append(f"{file.path}:{self._line_number}: record {sequence} is there twice")
            else:
                if sequence > self.next_sequence:
                    self._missing(self.next_sequence, sequence - 1)
                self.next_sequence = sequence + 1
                yield sequence, line

    def _skip_broken(self, file: RecordFile, end: int | None) -> bool:
        """Step over a complete file that ends too early, with a problem; False for the open file's end."""
        if file.last is None or (end is not None and self.next_sequence >= end):
            return False
        self._missing(self.next_sequence, file.last)
        self.next_sequence = file.last + 1
        return True

    def _missing(self, first: int, last: int) -> None:
        numbers = f"record {first} is" if first == last else f"records {first} to {last} are"
        self.problems.append(f"{numbers} missing in {self.directory}")
