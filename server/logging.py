"""How lines are logged: on stderr, as JSON for machines or in colour for people, each with the id of its request."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from server.settings import Settings

_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
# These tell of every poll and every connection; what matters of it we say ourselves.
TALKATIVE = ("arq", "uvicorn", "asyncio", "alembic", "websockets", "httpx")


def configure_logging(settings: Settings) -> None:
    """Route our own lines and those of libraries through one format; called once, before anything is logged."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.PositionalArgumentsFormatter()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(settings)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LEVELS[settings.log_level])
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.ERROR, root.level))


def _rendering(settings: Settings) -> list[Any]:
    if settings.log_format == "console":
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    return [
        structlog.processors.dict_tracebacks,
        _without_locals,
        structlog.processors.EventRenamer("message"),
        structlog.processors.JSONRenderer(),
    ]


def _without_locals(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    # Local variables hold addresses and secrets; a traceback is enough to find the place.
    for problem in line.get("exception") or []:
        for frame in problem.get("frames", []):
            frame.pop("locals", None)
    return line
