"""Many prefixes in ascending order, in a few rows of octets: no object for each, gone at once."""

from __future__ import annotations

from typing import Final

from librt.strings import BytesWriter, read_i32_be, write_i32_be
from mypy_extensions import i32, i64

from rating.giving_way import OFTEN, give_way

NONE: Final = -1


class PrefixList:
    """Prefixes in ascending order. One may be there several times, ``different`` counts it once."""

    def __init__(self, prefixes: list[bytes]) -> None:
        texts = BytesWriter()
        ends = BytesWriter()
        outer = BytesWriter()
        around: list[int] = []
        previous = b""
        end: i64 = 0
        self.count: i64 = len(prefixes)
        self.different: i64 = 0
        self.longest: i64 = 0
        self.digits = True
        write_i32_be(ends, 0)
        for index, prefix in enumerate(prefixes):
            if index % OFTEN == 0:
                give_way()
            length: i64 = len(prefix)
            if prefix < previous:
                raise ValueError("prefixes are in ascending order")
            if index == 0 or prefix != previous:
                self.different += 1
            self.longest = length if length > self.longest else self.longest
            if length > 0 and not prefix.isdigit():
                self.digits = False
            while around and not prefix.startswith(prefixes[around[len(around) - 1]]):
                around.pop()
            write_i32_be(outer, i32(around[len(around) - 1] if around else NONE))
            around.append(index)
            texts.write(prefix)
            end += length
            write_i32_be(ends, i32(end))
            previous = prefix
        self._texts: bytes = texts.getvalue()
        self._ends: bytes = ends.getvalue()
        self._outer: bytes = outer.getvalue()

    def __len__(self) -> int:
        return self.count

    def at(self, index: i64) -> bytes:
        """The prefix at a place."""
        ends = self._ends
        return self._texts[i64(read_i32_be(ends, index * 4)) : i64(read_i32_be(ends, index * 4 + 4))]

    def is_same(self, other: PrefixList) -> bool:
        """Whether another list has the same prefixes."""
        return self._ends == other._ends and self._texts == other._texts

    def find(self, text: bytes) -> i64:
        """The last place of the longest prefix that a text begins with; NONE where there is none."""
        low: i64 = 0
        high: i64 = self.count
        while low < high:
            middle: i64 = (low + high) // 2
            if self.at(middle) <= text:
                low = middle + 1
            else:
                high = middle
        found: i64 = low - 1
        while found >= 0 and not text.startswith(self.at(found)):
            found = self.before(found)
        return found

    def before(self, index: i64) -> i64:
        """The place before this one of the same prefix, else the last of the next shorter; NONE without."""
        return i64(read_i32_be(self._outer, index * 4))
