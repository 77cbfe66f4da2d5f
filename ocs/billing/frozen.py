"""The input of a run, frozen and named: the lake up to a file, and hashes of all that is read beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from config.bill_discounts_file import BillDiscounts
from config.tax_file import TaxTable
from ocs.billing.invoice import FrozenInput, SeriesRange
from ocs.cdr.lake.manifest import LakeFile


def freeze(
    lake_cut: int,
    files: Iterable[LakeFile],
    catalogue: str,
    taxes: TaxTable,
    discounts: BillDiscounts,
    customers: str,
) -> FrozenInput:
    """The frozen input of these files (those up to the cut, by number) and versions."""
    digest = hashlib.sha256()
    ranges: dict[str, SeriesRange] = {}
    for file in files:
        digest.update(
            f"{file.file_id} {file.path} {file.rows} {file.records} {sorted(file.amounts.items())}\n".encode()
        )
        known = ranges.get(file.series)
        first = file.first_sequence if known is None else min(known.first, file.first_sequence)
        last = file.last_sequence if known is None else max(known.last, file.last_sequence)
        ranges[file.series] = SeriesRange(file.series, first, last)
    tables = hashlib.sha256(f"{taxes.version} {discounts.version}".encode()).hexdigest()[:16]
    records = tuple(ranges[series] for series in sorted(ranges))
    return FrozenInput(lake_cut, digest.hexdigest()[:16], records, catalogue, tables, customers)


def records_json(frozen: FrozenInput) -> str:
    """The ranges of records as they are kept beside a run."""
    return msgspec.json.encode(frozen.records).decode()
