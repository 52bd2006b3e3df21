"""Structured logs: one fixed sentence and fields, JSON in production, readable lines on a laptop.

Every line carries the correlation id of the request or event being handled. Fields that could hold a person's
data or a secret are masked here, whatever a caller passes.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO

import structlog

from niyat.kernel.correlation import correlation_id

MASKED = frozenset(
    (
        "name", "email", "phone", "address", "code", "otp", "token", "access_token", "refresh_token", "password",
        "secret", "authorization", "reason_for_visit", "body", "html", "text", "signature",
    )
)  # fmt: skip


def configure(*, json: bool, level: str = "INFO", to: TextIO = sys.stderr) -> None:
    """Set up logging for the process, to the stream `to`; `json` for machines, else lines for people."""
    for_machines = (structlog.processors.format_exc_info, structlog.processors.JSONRenderer())
    # Plain tracebacks: the pretty ones print local variables, and with them codes and tokens.
    for_people = (
        structlog.dev.ConsoleRenderer(
            pad_event_to=40, colors=to.isatty(), exception_formatter=structlog.dev.plain_traceback
        ),
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _correlate,
            _mask,
            *(for_machines if json else for_people),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(to),
        cache_logger_on_first_use=False,
    )


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger that names its module."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(module=name)
    return logger


def _correlate(_: Any, __: str, fields: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if value := correlation_id.get(""):
        fields.setdefault("correlation_id", value)
    return fields


def _mask(_: Any, __: str, fields: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for field in MASKED & fields.keys():
        fields[field] = "***"
    return fields
