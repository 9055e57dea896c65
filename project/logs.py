"""Structured logs: an event and fields, one JSON object a line in production, readable text elsewhere.

Fields that could hold a secret, a prompt or a teacher's text are replaced before anything is written.
"""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET_FIELDS = {
    "authorization",
    "content",
    "cookie",
    "key",
    "password",
    "prompt",
    "quote",
    "secret",
    "text",
    "token",
    "x-api-key",
}


def hide_secrets(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the value of every field whose name says that it is nobody's business."""
    for field in event.keys() & _SECRET_FIELDS:
        event[field] = "[hidden]"
    return event


_SHARED_PROCESSORS: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    hide_secrets,
]


class ExceptionFilter(logging.Filter):
    """Keeps records of exceptions. Statuses alone are logged once, by project.http.requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        return bool(record.exc_info)


def configure_logging(*, json: bool, level: str) -> dict[str, Any]:
    """Set structlog up and return Django's `LOGGING`: every logger of the process ends in the same renderer."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED_PROCESSORS,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if json
        else [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*_SHARED_PROCESSORS, structlog.stdlib.ExtraAdder()],
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
            }
        },
        "filters": {"has_trace": {"()": ExceptionFilter}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django.server": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
            "django": {"handlers": []},
            "django.request": {"filters": ["has_trace"]},
            "django.security.DisallowedHost": {"level": "CRITICAL"},  # anybody can send a wrong Host
            "django-q": {"level": "WARNING"},
            # At lower levels these write prompts and answers, whatever LOG_LEVEL says.
            **{name: {"level": "WARNING"} for name in ("anthropic", "google_genai", "httpcore2", "httpx2", "openai")},
            "gunicorn.access": {"level": "WARNING"},
        },
    }


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module: `log = logs.get(__name__)`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
