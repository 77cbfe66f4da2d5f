"""Tests of the lines of record files."""

import json

from ocs.cdr.lines import numbered_lines, sequence_of


def test_lines_are_numbered_one_after_the_other() -> None:
    """Each event keeps its members and their order and gets its number in front."""
    events = [b'{"a":1,"b":"\xc3\xa9"}', b'{"a":2}', b'{"c":{"sequence":7}}']
    octets = numbered_lines(9_999_999_999, events)
    assert octets == (
        b'{"sequence":9999999999,"a":1,"b":"\xc3\xa9"}\n'
        b'{"sequence":10000000000,"a":2}\n'
        b'{"sequence":10000000001,"c":{"sequence":7}}\n'
    )
    lines = octets.splitlines(keepends=True)
    assert [sequence_of(line) for line in lines] == [9_999_999_999, 10_000_000_000, 10_000_000_001]
    assert [json.loads(line).pop("sequence") for line in lines] == [sequence_of(line) for line in lines]
    assert numbered_lines(1, []) == b""


def test_what_is_no_whole_line_has_no_number() -> None:
    """Every beginning of a line, and a line whose number is none."""
    line = numbered_lines(12, [b'{"a":1}'])
    assert [sequence_of(line[:size]) for size in range(len(line))] == [0] * len(line)
    assert sequence_of(b'{"sequence":1x,"a":1}\n') == 0
    assert sequence_of(b'{"sequence":,"a":1}\n') == 0
