"""The correlation id of the request or event being worked on. Logs and new events take it from here."""

from __future__ import annotations

import re
import uuid
from contextvars import ContextVar

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")

_ALLOWED = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def new_correlation_id(given: str | None = None) -> str:
    """`given` when it is a harmless id (at most 64 of A-Z a-z 0-9 . _ : -), else a new random one."""
    return given if given and _ALLOWED.fullmatch(given) else uuid.uuid4().hex
