"""The history of releases: append-only JSON lines on the host, one record a release, never rewritten."""

from __future__ import annotations

import getpass
import json
import socket
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from homeport.engine.host import Host


@dataclass(frozen=True)
class Record:
    """One release. `images`: service -> {"ref", "id"}; `seconds`: step -> time; `verdict`: ok or failed."""

    id: str
    version: str
    who: str
    when: str
    verdict: str
    images: dict[str, dict[str, str]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    tree: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    reason: str = ""
    frontend: str = ""  # the release whose built frontend it serves
    probe: dict[str, float] = field(default_factory=dict)  # asked, failed, longest_gap (seconds)

    def line(self) -> str:
        return json.dumps(asdict(self), sort_keys=True) + "\n"


def parse(text: str) -> list[Record]:
    """The records, oldest first; a last line that was cut by a crash is passed over."""
    records: list[Record] = []
    for line in text.splitlines():
        try:
            data: dict[str, Any] = json.loads(line)
            records.append(Record(**{**data, "changed": tuple(data.get("changed", ()))}))
        except (json.JSONDecodeError, TypeError):
            continue
    return records


def read(host: Host) -> list[Record]:
    """The releases of a host, oldest first."""
    return parse(host.history())


def lock(host: Host) -> AbstractContextManager[None]:
    """Hold the host for one change."""
    return host.lock(who(), now())


def current(records: list[Record]) -> Record | None:
    """The release that serves: the last good one."""
    return next((record for record in reversed(records) if record.verdict == "ok"), None)


def new_id(now: datetime | None = None) -> str:
    """20261122-194501-123: sortable, unique to the millisecond."""
    at = now or datetime.now(UTC)
    return f"{at:%Y%m%d-%H%M%S}-{at.microsecond // 1000:03d}"


def who() -> str:
    """user@machine, for the record."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    return f"{user}@{socket.gethostname()}"


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
