"""The documents of a whole run, in parallel processes; what is there already is not made again.

A folder of documents says in ``rendered.json`` what template, branding and fonts they were made with. A run
that was killed goes on with those that are missing; documents that were made with others are never replaced
unasked: they may have been sent.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from multiprocessing.connection import wait as wait_for_any
from pathlib import Path
from typing import Final

from ocs.billing.document.files import is_complete, write_files
from ocs.billing.document.invoice_renderer import InvoiceRenderer
from ocs.billing.invoice import Invoice, canonical_json, parse_invoice
from ocs.documents.branding import Branding, load_branding
from ocs.documents.fonts import MissingGlyphsError
from ocs.documents.typst_renderer import TemplateError

STATE_FILE: Final = "rendered.json"
AT_ONCE: Final = 500
"""Invoices that are read with their usage at one time."""
_TOGETHER: Final = 20
"""Invoices that a process gets at one time."""
_WAITING: Final = 3
"""Such batches for each process that wait or work."""

Batch = list[bytes]
Failures = list[tuple[str, str]]
ReadInvoices = Callable[[Sequence[str]], Iterable[Invoice]]
"""From numbers to invoices with their usage."""


class RenderingError(Exception):
    """A run of rendering that can not go on; the message says why."""


@dataclass(slots=True)
class RenderingOutcome:
    """How many documents were made, how many were there before, and which could not be made and why."""

    made: int = 0
    kept: int = 0
    problems: Failures = field(default_factory=list)


def render_run(
    numbers: Sequence[str],
    read: ReadInvoices,
    branding: Branding,
    folder: Path,
    workers: int = 1,
    *,
    again: bool = False,
    progress: Callable[[int], None] | None = None,
) -> RenderingOutcome:
    """Make the documents of invoices in a folder; ``again`` also those that are there.

    A document that can not be made is a problem of the outcome, the others are made. TemplateError where the
    first one shows that the template is wrong, RenderingError where a process is killed, or the folder has
    documents that were made otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with InvoiceRenderer(branding) as renderer:
        if again:
            _remove(folder, numbers)
        missing = [number for number in numbers if not is_complete(folder, number)]
        _note(folder, renderer.fingerprint(), anything=len(missing) < len(numbers))
        outcome = RenderingOutcome(kept=len(numbers) - len(missing))
        batches = _batches(missing, read)
        first = next(batches, None)
        if first is None:
            return outcome
        _try_template(renderer, first[0])
        everything = _chain(first, batches)
        if workers <= 1:
            for batch in everything:
                _count(outcome, batch, _render_batch(renderer, folder, batch), progress)
        else:
            _in_processes(everything, branding, folder, workers, partial(_count, outcome, progress=progress))
    return outcome


def _remove(folder: Path, numbers: Sequence[str]) -> None:
    """Without its PDF, a document counts as not made."""
    for number in numbers:
        (folder / f"{number}.pdf").unlink(missing_ok=True)


def _note(folder: Path, fingerprint: str, *, anything: bool) -> None:
    """Note what the folder's documents are made with; RenderingError where some were made otherwise."""
    path = folder / STATE_FILE
    try:
        before = json.loads(path.read_text())["fingerprint"]
    except (OSError, ValueError, KeyError, TypeError):
        before = ""
    if before == fingerprint:
        return
    if anything:
        raise RenderingError(
            f"{folder} has documents that were made with another branding, template or version: "
            "--again makes all of them anew, --to names another folder"
        )
    temporary = folder / f".{STATE_FILE}.{os.getpid()}"
    temporary.write_text(json.dumps({"fingerprint": fingerprint}) + "\n")
    temporary.replace(path)


def _batches(numbers: Sequence[str], read: ReadInvoices) -> Iterator[Batch]:
    """The invoices of the numbers as JSON, some at a time."""
    for start in range(0, len(numbers), AT_ONCE):
        invoices = iter(read(numbers[start : start + AT_ONCE]))
        while batch := [canonical_json(invoice) for invoice in islice(invoices, _TOGETHER)]:
            yield batch


def _chain(first: Batch, others: Iterator[Batch]) -> Iterator[Batch]:
    yield first
    yield from others


def _try_template(renderer: InvoiceRenderer, octets: bytes) -> None:
    """TemplateError before any work where the template fails; a missing letter is one invoice's problem."""
    try:
        renderer.render(parse_invoice(octets))
    except MissingGlyphsError:
        return


def _render_batch(renderer: InvoiceRenderer, folder: Path, batch: Batch) -> Failures:
    """Make the documents of a batch; those that could not be made, with the reason."""
    failures: Failures = []
    for octets in batch:
        invoice = parse_invoice(octets)
        try:
            write_files(folder, invoice, renderer.render(invoice))
        except (MissingGlyphsError, TemplateError) as error:
            failures.append((invoice.number, str(error)))
    return failures


def _count(
    outcome: RenderingOutcome, batch: Batch, failures: Failures, progress: Callable[[int], None] | None
) -> None:
    outcome.made += len(batch) - len(failures)
    outcome.problems += failures
    if progress is not None:
        progress(outcome.made + len(outcome.problems))


# ------------------------------------------------------------------ processes

_of_this_process: list[tuple[InvoiceRenderer, Path]] = []


def _in_processes(
    batches: Iterator[Batch],
    branding: Branding,
    folder: Path,
    workers: int,
    count: Callable[[Batch, Failures], None],
) -> None:
    """Give batches to processes, a bounded number at a time."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _begin, (str(branding.folder), str(folder))) as pool:
        waiting: dict[Future[Failures], Batch] = {}
        try:
            while True:
                for batch in islice(batches, _WAITING * workers - len(waiting)):
                    waiting[pool.submit(_render_in_process, batch)] = batch
                if not waiting:
                    return
                for done in wait(waiting, return_when=FIRST_COMPLETED).done:
                    count(waiting.pop(done), done.result())
        except BrokenProcessPool:
            raise RenderingError(
                "a process that makes documents was killed, by want of memory most likely: "
                "run it again with fewer --workers; what is made already is kept"
            ) from None


def _begin(branding_folder: str, folder: str) -> None:
    """Make a process ready: it shares no threads with others, and ends when the one that started it does."""
    os.environ["RAYON_NUM_THREADS"] = "1"
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    _of_this_process.append((InvoiceRenderer(load_branding(Path(branding_folder))), Path(folder)))


def _end_with(sentinel: int) -> None:
    wait_for_any([sentinel])
    os._exit(1)


def _render_in_process(batch: Batch) -> Failures:
    renderer, folder = _of_this_process[0]
    return _render_batch(renderer, folder, batch)
