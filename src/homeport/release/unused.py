"""What no kept release names any more: assets of old frontends, logs of old deploys. It goes after a day, since a page
that was opened before may still ask for it.

Since when it is out of use is written down beside the history. The time of the file would not do: it says when a build
made it, and what was made a year ago may have been served until now.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from homeport.engine.host import Host
from homeport.engine.machine import Put
from homeport.release.history import Record

_A_DAY = timedelta(days=1)
_RECORD = "state/unused.json"  # path below the host's root -> since when


def prune(host: Host, kept: Iterable[Record], now: datetime | None = None) -> int:
    """Remove what is out of use for a day; how much that was. `kept`: the releases that one can go back to."""
    good = list(kept)
    found = {
        *_assets(host, {record.frontend for record in good}),
        *_logs(host, {record.id for record in good}),
    }
    known = _known(host)
    gone, left = due(found, known, now or datetime.now(UTC))
    host.machine.remove(f"{host.root}/{path}" for path in gone)
    if left != known:
        host.machine.write([Put(f"{host.root}/{_RECORD}", json.dumps(left, sort_keys=True).encode())])
    return len(gone)


def due(unused: Iterable[str], known: Mapping[str, str], now: datetime) -> tuple[list[str], dict[str, str]]:
    """What goes now, and since when the rest is out of use. What is used again in between begins anew."""
    since = {path: _time(known.get(path), now) for path in unused}
    gone = sorted(path for path, at in since.items() if now - at >= _A_DAY)
    return gone, {path: at.isoformat() for path, at in sorted(since.items()) if now - at < _A_DAY}


def _assets(host: Host, frontends: set[str]) -> set[str]:
    """The files beside the frontends that none of those kept has; none while one of them cannot be looked at."""
    served = (frontends | {host.served_frontend()}) - {""}
    paths = host.machine.files(f"{host.live}/www")
    named: dict[str, set[str]] = {}
    for path in paths:
        top, _, rest = path.partition("/")
        release, _, name = rest.partition("/")
        if top == "releases" and release in served:
            named.setdefault(release, set()).add(name)
    if served - named.keys():
        return set()
    wanted = {name for names in named.values() for name in names}
    return {f"live/www/{path}" for path in paths if not path.startswith("releases/") and path not in wanted}


def _logs(host: Host, releases: set[str]) -> set[str]:
    names = host.machine.names(f"{host.root}/state/logs")
    return {f"state/logs/{n}" for n in names if n.endswith(".log") and n.removesuffix(".log") not in releases}


def _known(host: Host) -> dict[str, str]:
    """The record; what is damaged is begun anew, and all of it stays another day."""
    try:
        found = json.loads(host.machine.read(f"{host.root}/{_RECORD}") or "{}")
        return {str(path): str(since) for path, since in found.items()}
    except (ValueError, AttributeError):
        return {}


def _time(written: str | None, now: datetime) -> datetime:
    """Never later than now: the clocks of operators differ."""
    try:
        return min(datetime.fromisoformat(written or ""), now)
    except (ValueError, TypeError):
        return now
