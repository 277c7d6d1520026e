"""What serves when a change begins, and what a change that was killed has left lying about."""

from __future__ import annotations

from dataclasses import dataclass

from homeport.engine.host import Host
from homeport.files import FileTree
from homeport.release import history


@dataclass(frozen=True)
class Baseline:
    """`record` is None before the first release. `frontend`: the release whose built frontend is served.

    `unfinished`: the last change was killed, whatever it has touched; `leftovers`: files below live/ that only it
    wanted, or was writing.
    """

    record: history.Record | None
    tree: FileTree
    frontend: str
    unfinished: bool = False
    leftovers: tuple[str, ...] = ()


def look(host: Host) -> Baseline:
    """Under the lock. A killed release that had taken over is the one that serves: its record says so from now on."""
    cut = history.killed(host)
    serves = history.current(history.read(host))
    if serves and serves.id in {record.id for record in cut}:
        host.add_history(serves.line())
        host.forget_secrets()  # those of the release before it
    tree = host.read_release(serves.id) if serves else FileTree()
    return Baseline(serves, tree, host.served_frontend(), bool(cut), _leftovers(host, tree, cut))


def _leftovers(host: Host, tree: FileTree, cut: list[history.Record]) -> tuple[str, ...]:
    if not cut:
        return ()
    trees = [host.read_release(record.id) for record in cut]
    wanted = {file.path for file in tree}
    found = {file.path for other in trees for file in other} - wanted
    for other in (tree, *trees):
        found |= set(host.half_written(other))
    return tuple(sorted(found))
