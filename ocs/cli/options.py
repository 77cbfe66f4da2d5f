"""Options that several commands share, before or after the subcommand: the last wins, the environment never."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

if TYPE_CHECKING:  # pydantic behind it costs 80 ms, which `ocs --help` shall not
    from config.settings_schema import Settings

_KEY = "ocs.options"
_OVERRIDES = {
    "data": "store.data_dir",
    "store": "store.url",
    "database": "database.url",
    "catalogue": "catalogue.path",
}

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def _remember(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is None:
        return
    given = ctx.meta.setdefault(_KEY, {})
    if ctx.get_parameter_source(param.name or "") is ParameterSource.ENVIRONMENT:
        given.setdefault(param.name, value)  # a subcommand asks it again, after the options before it
    else:
        given[param.name] = value


def _option(name: str, metavar: str, text: str) -> Callable[[Decorated], Decorated]:
    return click.option(
        f"--{name}",
        metavar=metavar,
        help=text,
        envvar=f"OCS_{name.upper()}",
        expose_value=False,
        callback=_remember,
    )


def common_options(command: Decorated) -> Decorated:
    """Add ``--config``, ``--data``, ``--store``, ``--database``, ``--catalogue`` for ``current_settings``."""
    for option in (
        _option("catalogue", "DIR", "The price list: a folder of YAML files, or one."),
        _option("database", "URL", "SQL: postgresql://USER@HOST/NAME, else SQLite in --data."),
        _option("store", "URL", "The store, such as redis://HOST:6379/0; without it a private one in --data."),
        _option("data", "DIR", "The data directory: the private store and the records."),
        _option("config", "FILE", "The settings, TOML."),
    ):
        command = option(command)
    return command


def json_option(command: Decorated) -> Decorated:
    """Add ``--json`` as the argument ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def current_settings(overrides: dict[str, Any] | None = None) -> Settings:
    """The settings of ``--config`` with the shared options, and further overrides by dotted name, over them.

    ConfigError where the file or an option is wrong.
    """
    from config.settings import load_settings  # noqa: PLC0415  (see above)

    given: dict[str, str] = click.get_current_context().meta.get(_KEY, {})
    config = Path(given["config"]) if "config" in given else None
    named = {_OVERRIDES[name]: value for name, value in given.items() if name in _OVERRIDES}
    return load_settings(config, {**named, **(overrides or {})})
