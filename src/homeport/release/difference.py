"""What a deploy would change: the plan and the files, without touching the host."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from homeport.engine.host import Host
from homeport.engine.progress import Progress
from homeport.engine.runner import LocalRunner
from homeport.files import FileTree
from homeport.release import history
from homeport.release.deploy import Deploy
from homeport.release.plan import Plan
from homeport.release.sources import Sources
from homeport.render.render import render
from homeport.secrets.deliver import deliver, missing
from homeport.secrets.store import Store
from homeport.stack.model import Target


@dataclass(frozen=True)
class Difference:
    """The plan and both trees."""

    plan: Plan
    old: FileTree
    new: FileTree
    frontend: bool

    def lines(self) -> Iterator[str]:
        """For people, one change a line."""
        changes = self.new.difference(self.old)
        if self.plan.empty and not self.frontend and not changes:
            yield "nothing would change"
            return
        for change in self.plan.in_place:
            yield f"  {change.name}: {change.why}{' (interrupts)' if change.interrupts else ''}"
        for roll in self.plan.rolls:
            yield f"  {roll.service}: {roll.why}"
        if self.frontend:
            yield "  frontend: its files changed"
        for mark, paths in (("+", changes.added), ("~", changes.changed), ("-", changes.removed)):
            yield from (f"  {mark} {path}" for path in paths)

    def unified(self) -> str:
        """The changed lines of the files, as diff -u shows them."""
        before = {file.path: file.text for file in self.old}
        after = {file.path: file.text for file in self.new}
        out: list[str] = []
        for path in self.new.difference(self.old).touched:
            old, new = before.get(path, "").splitlines(), after.get(path, "").splitlines()
            out += difflib.unified_diff(old, new, f"now/{path}", f"next/{path}", lineterm="")
        return "\n".join(out)


def difference(host: Host, target: Target, store: Store, sources: Sources, progress: Progress) -> Difference:
    """Build here, render, and compare with the world."""
    before = history.current(history.read(host))
    built = sources.build(LocalRunner(), target, progress, host.runner, before)
    rendered = render(built)
    secrets = () if missing(rendered.secrets, store) else deliver(rendered.secrets, store)
    old = host.read_release(before.id) if before else FileTree()
    plan = Deploy(host, built, store, sources, progress).plan(rendered, secrets)
    return Difference(plan, old, rendered.tree, sources.frontend_differs(built, host))
