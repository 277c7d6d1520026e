"""What runs now, against what the last release wanted."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from homeport import cures
from homeport.commands import docker
from homeport.engine.host import Host
from homeport.release import history
from homeport.release.plan import Running
from homeport.release.roll import observe
from homeport.stack.model import Target, is_root


@dataclass(frozen=True)
class Row:
    """One part or service. `memory` and `limit` in bytes, 0 when unknown."""

    name: str
    slot: str
    version: str
    state: str
    restarts: int
    memory: int
    limit: int
    well: bool
    root: bool = False  # runs as root


@dataclass(frozen=True)
class Status:
    """The whole stack; `release` is empty before the first one."""

    project: str
    url: str
    release: str
    version: str
    when: str
    start: str  # the command that starts it
    rows: tuple[Row, ...]

    @property
    def well(self) -> bool:
        return bool(self.rows) and all(row.well for row in self.rows)

    def as_dict(self) -> dict[str, object]:
        return {**asdict(self), "well": self.well}

    def lines(self) -> list[tuple[str, ...]]:
        """Rows of cells for a table; single cells are headings."""
        if not self.rows:
            return [(f"{self.project}: nothing runs; `{self.start}` starts it",)]
        head = (
            f"{self.project}  {self.url}  release {self.release or '-'} ({self.version or '-'}) {self.when}"
        )
        return [(head,), *(self._cells(row) for row in self.rows)]

    def _cells(self, row: Row) -> tuple[str, ...]:
        restarts = f"{row.restarts} restarts" if row.restarts else ""
        memory = f"{row.memory / 1024**2:.0f} of {row.limit / 1024**2:.0f} MB" if row.memory else ""
        root = "runs as root" if row.root else ""
        return (
            "ok" if row.well else "bad",
            row.name,
            row.slot,
            row.version,
            row.state,
            memory,
            restarts,
            root,
        )


def status(host: Host, target: Target) -> Status:
    """Ask the engine and the history."""
    record = history.current(history.read(host))
    running = [c for c in observe(host, target.project) if not c.one_off]
    used = _memory(host, [c for c in running if c.up])
    rows = [_part(c, used) for c in running if not _service_of(c, target)]
    versions, green = (record.versions if record else {}), host.green()
    for name in target.services:
        mine = [c for c in running if _service_of(c, target) == name]
        active = "green" if name in green else "blue"
        rows += [_service_row(c, name, target, active, versions.get(name, ""), used) for c in mine]
    missing = [name for name in target.services if name not in {row.name for row in rows}]
    if rows:
        rows += [Row(name, "", "", "does not run", 0, 0, 0, False) for name in missing]
    return Status(
        target.project,
        target.url,
        record.id if record else "",
        record.version if record else "",
        record.when if record else "",
        cures.start(target.environment, target.local),
        tuple(rows),
    )


def _service_of(container: Running, target: Target) -> str:
    """The service a container belongs to; empty for a part of the infrastructure, or a task."""
    return container.service if container.service in target.services and not container.task else ""


def _service_row(  # noqa: PLR0913
    container: Running, name: str, target: Target, active: str, version: str, used: dict[str, tuple[int, int]]
) -> Row:
    slot = container.slot or ""
    serves = not target.services[name].port or not slot or slot == active
    return _row(container, name, slot if serves else f"{slot} (idle)", container.version or version, used)


def _part(container: Running, used: dict[str, tuple[int, int]]) -> Row:
    return _row(container, container.compose, "", "", used)


def _row(container: Running, name: str, slot: str, version: str, used: dict[str, tuple[int, int]]) -> Row:
    memory, limit = used.get(container.id, (0, 0))
    state = container.health or container.state
    well = container.up and container.health in ("healthy", "")
    root = is_root(container.user)
    return Row(name, slot, version, state, container.restarts, memory, limit, well, root)


def _memory(host: Host, containers: list[Running]) -> dict[str, tuple[int, int]]:
    """Container id -> bytes used and allowed."""
    if not containers:
        return {}
    result = host.runner.run(docker.stats(*(c.id for c in containers)))
    found: dict[str, tuple[int, int]] = {}
    for line in result.out.splitlines():
        data = json.loads(line)
        used, _, limit = data["MemUsage"].partition(" / ")
        found[data["ID"]] = (_bytes(used), _bytes(limit))
    return {c.id: next((v for k, v in found.items() if c.id.startswith(k)), (0, 0)) for c in containers}


def _bytes(text: str) -> int:
    units = {"GiB": 1024**3, "MiB": 1024**2, "KiB": 1024, "kB": 1000, "B": 1}
    unit = next((u for u in units if text.endswith(u)), "B")
    return int(float(text.removesuffix(unit) or 0) * units[unit])
