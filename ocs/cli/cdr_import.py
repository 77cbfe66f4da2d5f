"""``ocs cdr import`` and ``ocs cdr imports``: other systems' usage files, rated into the lake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ocs.cli.failure import Failure
from ocs.cli.opened import opened_database
from ocs.cli.options import common_options, current_settings, json_option
from ocs.cli.printing import print_json, print_table, warn
from ocs.cli.progress import staged_bar

if TYPE_CHECKING:  # DuckDB and SQLAlchemy behind them cost what `ocs cdr list` shall not wait for
    from sqlalchemy import Engine

    from config.settings import Settings
    from config.usage_mapping import UsageMapping
    from ocs.usage_import.imports import Import
    from ocs.usage_import.run import Batches, Surroundings

_COUNTS: Final = ("accepted", "duplicates", "ignored", "suspended")


@click.command("import")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--mapping", metavar="NAME", help="What the columns mean: a name, or a YAML file.")
@click.option("--suspense", is_flag=True, help="Feed suspended lines again: of these files, or of all.")
@common_options
@json_option
def import_files(files: tuple[Path, ...], mapping: str | None, suspense: bool, as_json: bool) -> None:
    """Rate other systems' usage into the lake; what is no usage waits in the suspense folder.

    A file, or a line of it, that comes again changes nothing; what was interrupted goes on where it was.
    """
    settings = current_settings()
    if suspense:
        _feed(settings, files, mapping, as_json=as_json)
        return
    if mapping is None or not files:
        raise click.UsageError("give files and --mapping NAME, or --suspense")
    name, form = _mapping(settings, mapping)
    reports: list[dict[str, Any]] = []
    with _surroundings(settings) as around, _batches(around, name, form) as batches, staged_bar() as bar:
        from ocs.usage_import.file_import import FileImport  # noqa: PLC0415

        for path in files:
            report = FileImport(batches, path).run(partial(_show, bar, path.name))
            row = {"file": str(path), **_counts(report.imported), "known": report.known}
            if report.imported.suspended:
                row["suspense"] = str(report.suspense)
            reports.append(row)
            if not as_json:
                click.echo(_sentence(row))
    if as_json:
        print_json(reports)


@click.command("imports")
@common_options
@json_option
def list_files(as_json: bool) -> None:
    """List the files that were imported, and what became of their lines."""
    from ocs.usage_import.imports import list_imports  # noqa: PLC0415

    with opened_database(current_settings()) as engine, engine.connect() as connection:
        found = list_imports(connection)
    if as_json:
        print_json([one._asdict() for one in found])
        return
    print_table(
        ("import", "mapping", "file", "begun", *_COUNTS, ""),
        [
            (
                one.import_id,
                one.mapping,
                one.file,
                datetime.fromtimestamp(one.started_ms // 1000, UTC).strftime("%Y-%m-%d %H:%M"),
                *_counts(one).values(),
                "" if one.finished_ms is not None else f"until line {one.next_line - 1}",
            )
            for one in found
        ],
    )


def _feed(settings: Settings, files: tuple[Path, ...], mapping: str | None, *, as_json: bool) -> None:
    folder = settings.data_directory / "suspense"
    chosen = list(files) or sorted(folder.glob("*.csv"))
    reports = []
    with _surroundings(settings) as around:
        from ocs.usage_import.suspense_import import feed_suspense, import_of_suspense  # noqa: PLC0415

        for path in chosen:
            with around.engine.connect() as connection:
                owner = import_of_suspense(path, connection)
            name, form = _mapping(settings, mapping or owner.mapping)
            if name != owner.mapping:
                raise Failure(f"{path}: these lines came by mapping {owner.mapping!r}, not {name!r}")
            with _batches(around, name, form) as batches:
                report = feed_suspense(batches, path, owner)
            reports.append({"file": str(path), **report._asdict()})
    if as_json:
        print_json(reports)
        return
    for row in reports:
        click.echo(
            f"{row['file']}: {row['accepted']} accepted, {row['duplicates']} duplicates, {row['waiting']} wait"
        )
    if not reports:
        click.echo("no line waits")


def _show(
    bar: Callable[[str, int, int | None], None], name: str, done: int, octets: int, accepted: int
) -> None:
    bar(f"{name}: {accepted} records", done, octets)


def _counts(imported: Import) -> dict[str, int]:
    return {name: getattr(imported, name) for name in _COUNTS}


def _sentence(row: dict[str, Any]) -> str:
    parts = [f"{row[name]} {name}" for name in _COUNTS if row[name] or name == "accepted"]
    text = f"{row['file']}: {', '.join(parts)}"
    if row["known"]:
        text += "; it was imported before, nothing is done"
    return f"{text}; see {row['suspense']}" if "suspense" in row else text


def _mapping(settings: Settings, wanted: str) -> tuple[str, UsageMapping]:
    """The name and the form: of a YAML file, or of a name in the folder of mappings."""
    from config.usage_mapping import load_usage_mapping  # noqa: PLC0415
    from ocs.cdr.lake.files import SERIES_NAME  # noqa: PLC0415

    path = Path(wanted)
    if path.suffix not in {".yaml", ".yml"}:
        folder = settings.mappings_directory
        path = folder / f"{wanted}.yaml"
        if not path.is_file():
            known = ", ".join(sorted(found.stem for found in folder.glob("*.yaml"))) or "none"
            raise Failure(f"there is no mapping {wanted!r} in {folder}; there are: {known}")
    if SERIES_NAME.fullmatch(path.stem) is None:
        raise Failure(f"{path}: a mapping is named by small letters, digits, '-' and '_'")
    return path.stem, load_usage_mapping(path)


@contextmanager
def _surroundings(settings: Settings) -> Iterator[Surroundings]:
    """Everything that imports ask and write, open; their failures as sentences."""
    from balance.opening import epoch_ms  # noqa: PLC0415
    from config.catalogue_file import load_catalogue  # noqa: PLC0415
    from ocs.cdr.disk import Disk  # noqa: PLC0415
    from ocs.cdr.lake.files import SeriesBusyError  # noqa: PLC0415
    from ocs.cdr.lake.manifest import OvertakenError  # noqa: PLC0415
    from ocs.customers.directory import read_subscriptions  # noqa: PLC0415
    from ocs.usage_import.file_import import ImportFailedError  # noqa: PLC0415
    from ocs.usage_import.run import Surroundings  # noqa: PLC0415
    from ocs.usage_import.suspense import SuspenseError  # noqa: PLC0415

    catalogue = load_catalogue(settings.catalogue_path)
    data = settings.data_directory
    with opened_database(settings) as engine:
        customers = read_subscriptions(engine)
        try:
            yield Surroundings(data / "lake", data / "suspense", engine, catalogue, customers, epoch_ms, Disk())
        except (ImportFailedError, SuspenseError, SeriesBusyError, OvertakenError) as error:
            raise Failure(str(error)) from None
        _warn_of_waiting(engine)


def _warn_of_waiting(engine: Engine) -> None:
    from ocs.usage_import.imports import count_waiting  # noqa: PLC0415

    with engine.connect() as connection:
        waiting = count_waiting(connection)
    if waiting:
        warn(f"{waiting} lines wait in suspense: correct them, then `ocs cdr import --suspense`")


@contextmanager
def _batches(around: Surroundings, name: str, form: UsageMapping) -> Iterator[Batches]:
    from ocs.usage_import.run import Batches  # noqa: PLC0415

    batches = Batches(around, name, form)
    batches.open()
    try:
        yield batches
    finally:
        batches.close()
