"""Reading record files: dense sequences, gaps and twins reported, going on where one stopped."""

from pathlib import Path

from ocs.cdr.files import open_name, sealed_name
from ocs.cdr.reader import RecordReader


def write(path: Path, numbers: list[int], tail: bytes = b"") -> None:
    """Write a record file."""
    path.write_bytes(b"".join(b'{"sequence":%d,"record_id":"r%d"}\n' % (n, n) for n in numbers) + tail)


def numbers_of(reader: RecordReader, end: int | None = None) -> list[int]:
    """The sequence numbers a reader finds."""
    return [sequence for sequence, _ in reader.read(end)]


def test_files_are_read_in_sequence_and_a_torn_end_is_left(tmp_path: Path) -> None:
    """Complete files come first, then the open one up to its last whole line."""
    write(tmp_path / sealed_name(1, 3), [1, 2, 3])
    write(tmp_path / open_name(4), [4, 5], tail=b'{"sequence":6,"rec')
    reader = RecordReader(tmp_path)
    assert numbers_of(reader) == [1, 2, 3, 4, 5]
    assert reader.problems == []


def test_reading_goes_on_while_the_writer_works(tmp_path: Path) -> None:
    """A reader finds its place again after the open file grew, was renamed, and was followed by another."""
    write(tmp_path / open_name(1), [1, 2])
    reader = RecordReader(tmp_path)
    assert numbers_of(reader) == [1, 2]
    write(tmp_path / open_name(1), [1, 2, 3, 4])
    (tmp_path / open_name(1)).rename(tmp_path / sealed_name(1, 4))
    write(tmp_path / open_name(5), [5])
    assert numbers_of(reader) == [3, 4, 5]
    assert reader.problems == []


def test_an_end_is_kept(tmp_path: Path) -> None:
    """Records at and after the end stay for a later call."""
    write(tmp_path / open_name(1), [1, 2, 3])
    reader = RecordReader(tmp_path)
    assert numbers_of(reader, 3) == [1, 2]
    assert numbers_of(reader, 4) == [3]


def test_a_start_within_a_file_is_no_problem(tmp_path: Path) -> None:
    """Reading can begin at any number."""
    write(tmp_path / sealed_name(1, 5), [1, 2, 3, 4, 5])
    reader = RecordReader(tmp_path, 4)
    assert numbers_of(reader) == [4, 5]
    assert reader.problems == []


def test_gaps_twins_and_rubbish_are_reported(tmp_path: Path) -> None:
    """What breaks the sequence is named, and reading goes on behind it."""
    write(tmp_path / sealed_name(1, 5), [1, 2, 2, 4])
    write(tmp_path / sealed_name(8, 9), [8], tail=b"rubbish\n")
    reader = RecordReader(tmp_path)
    assert numbers_of(reader) == [1, 2, 4, 8]
    said = "\n".join(reader.problems)
    assert "record 2 is there twice" in said
    assert "record 3 is missing" in said
    assert "record 5 is missing" in said
    assert "records 6 to 7 are missing" in said
    assert "this line is no record" in said
    assert "record 9 is missing" in said


def test_a_missing_directory_has_no_records(tmp_path: Path) -> None:
    """Nothing is there, and nothing is wrong."""
    reader = RecordReader(tmp_path / "none")
    assert numbers_of(reader) == []
    assert reader.problems == []
