"""The history of releases: append-only JSON lines on the host, one record per release, never rewritten."""

from __future__ import annotations

import getpass
import json
import socket
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from homeport.engine.host import Host
from homeport.errors import HostError

UNFINISHED = "unfinished"
TOOK_OVER = "killed after it had taken over"


@dataclass(frozen=True)
class Record:
    """One release. `images`: service -> {"ref", "id"}; `seconds`: step -> time; `verdict`: ok, failed or unfinished.

    A release is written down as unfinished before it touches anything, and again when it has ended.
    """

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
    breaking: tuple[str, ...] = ()  # statements of its migrations that the code before does not survive
    migrated: dict[str, str] = field(
        default_factory=dict
    )  # service -> fingerprint of its migrations (fingerprints.py)
    migrations: dict[str, str] = field(default_factory=dict)  # service -> what its migration did, in words
    back: bool = False  # a rollback
    probe: dict[str, Any] = field(default_factory=dict)  # as probe.Count
    target: str = ""  # digest of what the host keeps of its target
    signature: str = ""  # of all the above, by the operator's key (signed.py)

    def line(self) -> str:
        return json.dumps(asdict(self), sort_keys=True) + "\n"


def parse(text: str) -> list[Record]:
    """The records, oldest first; a last line that was cut by a crash is passed over."""
    records: list[Record] = []
    for line in text.splitlines():
        try:
            data: dict[str, Any] = json.loads(line)
            lists = {key: tuple(data.get(key, ())) for key in ("changed", "breaking")}
            records.append(Record(**{**data, **lists}))
        except (json.JSONDecodeError, TypeError, AttributeError):
            continue
    return records


def read(host: Host) -> list[Record]:
    """The releases of a host, oldest first, as they ended. One that was killed after it had taken over is good."""
    written = _last_of_each(host)
    cut = unfinished(written)
    serving = host.serving() if cut else ""
    return [_took_over(host, r) if r.id == serving and r in cut else r for r in written]


def killed(host: Host) -> list[Record]:
    """The releases since the last good one that were killed, whether or not one of them serves."""
    return unfinished(_last_of_each(host))


def unfinished(records: list[Record]) -> list[Record]:
    """Those since the last good one that never ended."""
    good = max((n for n, record in enumerate(records) if record.verdict == "ok"), default=-1)
    return [record for record in records[good + 1 :] if record.verdict == UNFINISHED]


def _last_of_each(host: Host) -> list[Record]:
    text = host.history()
    records = parse(text)
    if "\n" in text and not records:  # a line that was cut has no end
        raise HostError(
            f"{host.machine.name}: {host.root}/state/history.jsonl holds no line that can be read",
            "Without it nobody knows what serves. Put back a copy of it, or upgrade homeport if a newer one wrote it.",
        )
    return list({record.id: record for record in records}.values())


def _took_over(host: Host, record: Record) -> Record:
    return replace(record, verdict="ok", reason=TOOK_OVER, frontend=host.served_frontend())


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
