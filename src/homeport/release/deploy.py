"""A release of a whole stack as one transaction: look, bring images, plan, change, prove, record.

Until the old slots are stopped, going back is turning one link; any failure does that, for all services at once.
A deploy that is killed needs no repair: the next one looks at the world as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from homeport.commands import docker
from homeport.engine import builds
from homeport.engine.host import Host
from homeport.engine.progress import Progress
from homeport.errors import HomeportError, ReleaseError
from homeport.files import Difference, FileTree
from homeport.release import history, kept, parts, preflight, prune
from homeport.release import plan as planning
from homeport.release.origin import Origin
from homeport.release.probe import Count, Prober, path_of
from homeport.release.roll import Roller, observe
from homeport.release.smoke import smoke
from homeport.render.compose import config
from homeport.render.render import Rendered, render
from homeport.secrets.deliver import Delivered, deliver
from homeport.secrets.store import Store
from homeport.stack.model import Target

T = TypeVar("T")


@dataclass
class Outcome:
    """What a deploy did: `changed` names services and parts, empty when all was as wanted."""

    release: str
    changed: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    probe: Count = field(default_factory=Count)


@dataclass
class Deploy:
    """One deploy of `target` to `host`. `store` holds the secrets; `sources`: where its images come from.

    `agree` is asked before a part that everything stands on is interrupted; a No ends the deploy unharmed.
    """

    host: Host
    target: Target
    store: Store
    sources: Origin
    progress: Progress
    agree: Callable[[list[planning.Change]], bool] = lambda changes: True
    migrate: bool = True
    outcome: Outcome = field(default_factory=lambda: Outcome(history.new_id()))
    _rolled: list[planning.Roll] = field(default_factory=list)
    _touched: bool = False

    def run(self) -> Outcome:
        """The whole story. Raises HomeportError after everything is back as it was."""
        with history.lock(self.host):
            before = history.current(history.read(self.host))
            self._timed("engine", self._preflight)
            self.target = self._timed("images", self._images, before)
            rendered, secrets = self._timed("secrets", self._secrets)
            return self._change(before, rendered, secrets)

    # -- looking, and bringing everything ----------------------------------------------------------

    def _preflight(self) -> None:
        with self.progress.step("engine", f"asking the Docker engine of {self.host.machine.name}") as step:
            engine = preflight.check_engine(self.host.runner)
            ours = any(c.compose == "nginx" and c.up for c in observe(self.host, self.target.project))
            preflight.check(self.host.machine, self.target, engine, ours)
            step.done(f"Docker {engine.version}, compose {engine.compose}")

    def _images(self, before: history.Record | None) -> Target:
        """Images first: nothing that runs is touched before everything is there."""
        return self.sources.bring(self.host, self.target, self.progress, before)

    def _secrets(self) -> tuple[Rendered, tuple[Delivered, ...]]:
        rendered = render(self.target)
        with self.progress.step("secrets", str(self.store.path)) as step:
            made = self._complete_secrets(rendered)
            files = deliver(rendered.secrets, self.store)
            step.done(f"{len(files)} files" + (f", {len(made)} made" if made else ""))
        return rendered, files

    def _complete_secrets(self, rendered: Rendered) -> list[str]:
        """Generated secrets that the store lacks are made; in a store kept in git only by `secrets init`."""
        if not self.target.local:
            return []
        made = self.store.generate_missing(rendered.generated)
        if made:
            self.store.save()
        return made

    def plan(self, rendered: Rendered, secrets: tuple[Delivered, ...]) -> planning.Plan:
        """What would change, from the world as it is now."""
        references = [container.image for container in rendered.containers]
        world = planning.World(
            containers=observe(self.host, self.target.project),
            green=self.host.green(),
            images=builds.image_ids(self.host.runner, references),
            configs={c.name: config(c, self.target) for c in rendered.containers},
            touched_secrets=frozenset(f.path.split("/")[0] for f in self.host.secrets_that_differ(secrets)),
        )
        return planning.plan(self.target, rendered.containers, world)

    # -- changing ----------------------------------------------------------------------------------

    def _change(
        self, before: history.Record | None, rendered: Rendered, secrets: tuple[Delivered, ...]
    ) -> Outcome:
        old_tree = self.host.read_release(before.id) if before else FileTree()
        plan = self.plan(rendered, secrets)
        frontend = self.sources.frontend_differs(self.target, self.host)
        if plan.empty and not frontend and not rendered.tree.difference(old_tree):
            return self.outcome
        self._show(plan)
        self._ask(before, plan)
        return self._transaction(before, old_tree, rendered, secrets, plan)

    def _ask(self, before: history.Record | None, plan: planning.Plan) -> None:
        interrupted = [change for change in plan.infrastructure if change.interrupts]
        if before and interrupted and not self.agree(interrupted):
            raise ReleaseError(
                f"not agreed to interrupt {', '.join(c.name for c in interrupted)}; nothing was changed",
                "Run it again with --yes when it suits.",
            )

    def _transaction(
        self,
        before: history.Record | None,
        old_tree: FileTree,
        rendered: Rendered,
        secrets: tuple[Delivered, ...],
        plan: planning.Plan,
    ) -> Outcome:
        served, prober = self.host.served_frontend(), Prober(self.target, path_of(self.target))
        self.host.write_release(self.outcome.release, rendered.tree)
        self.host.write_target(self.outcome.release, kept.dump(self.target))
        if not self._starting(plan):
            prober.start()
        try:
            self._write_live(rendered, secrets, old_tree, plan)
            self._timed("infrastructure", self._infrastructure, plan)
            self._timed("reload", self._reload, rendered.tree.difference(old_tree))
            self._timed("migrate", self._migrate, plan)
            self._timed("services", self._services, plan)
            self._publish()
            self._timed("smoke", self._smoke)
            self._timed("watch", self._watch, prober)
        except BaseException as fault:
            self._go_back(fault, before, old_tree, rendered, served)
            self.outcome.probe = prober.stop()
            self._record("failed", rendered, fault)
            raise
        self._timed("drain", self._finish, plan)
        self.outcome.probe = prober.stop()
        self._record("ok", rendered)
        prune.prune(self.host, self.target, self.progress)
        return self.outcome

    @staticmethod
    def _starting(plan: planning.Plan) -> bool:
        """Whether the stack comes up from nothing: then nobody can be asked yet."""
        return any(change.name == "nginx" and not change.interrupts for change in plan.infrastructure)

    def _show(self, plan: planning.Plan) -> None:
        """One line a change, with its reason, before anything is done."""
        for change in plan.infrastructure:
            self.progress.line(f"    {change.name}: {change.why}")
        for roll in plan.rolls:
            how = f"{roll.slot} takes over" if roll.old else f"starts in {roll.slot}"
            self.progress.line(f"    {roll.service}: {roll.why}; {how}")

    def _write_live(
        self, rendered: Rendered, secrets: tuple[Delivered, ...], old: FileTree, plan: planning.Plan
    ) -> None:
        with self.progress.step("files", self.host.live) as step:
            difference = rendered.tree.difference(old)
            self.host.make_live(rendered.tree, old, rendered.folders)
            self.host.set_profiles(dict(plan.flags))
            differing = self.host.secrets_that_differ(secrets)
            self.host.write_secrets(differing, self.target.image("nginx"))
            self.sources.certificates(self.target, self.host)
            step.done(f"{len(difference.touched)} of {len(rendered.tree.files)} files changed")

    def _infrastructure(self, plan: planning.Plan) -> None:
        names = [change.name for change in plan.infrastructure]
        if names:
            with self.progress.step("infrastructure", ", ".join(names)) as step:
                parts.apply(self.host, self.target, plan.infrastructure, step)
                step.done(", ".join(names))
            self.outcome.changed += names

    def _reload(self, difference: Difference) -> None:
        """A changed configuration of the edge: tested, then one reload. A plain release of code never comes here."""
        if any(path.startswith("nginx/") for path in difference.touched):
            with self.progress.step("edge", "testing its configuration") as step:
                step.done(parts.reload_edge(self.host))

    def _migrate(self, plan: planning.Plan) -> None:
        wanted = [r.service for r in plan.rolls if self.migrate and self.target.services[r.service].migrate]
        if wanted:
            with self.progress.step("migrate", ", ".join(wanted)) as step:
                parts.migrate(self.host, wanted, step)
                step.done(f"{len(wanted)} databases are up to date")

    def _services(self, plan: planning.Plan) -> None:
        """Every new slot is good before the first one serves; then all serve from the same moment on."""
        if not plan.rolls:
            return
        roller = Roller(self.host, self.target)
        by_name = {roll.service: roll for roll in plan.rolls}
        with self.progress.step("services", ", ".join(by_name)) as step:
            for level in planning.levels(self.target, list(by_name)):
                rolls = [by_name[name] for name in level]
                self._rolled += rolls
                roller.start_level(rolls, step)
            roller.switch(list(plan.rolls))
            step.done(f"{', '.join(by_name)} healthy")
            self.outcome.changed += list(by_name)

    def _publish(self) -> None:
        if self.sources.publish(self.target, self.host, self.outcome.release):
            self.outcome.changed.append("frontend")

    def _smoke(self) -> None:
        with self.progress.step("smoke", self.target.url) as step:
            step.done(smoke(self.target))

    def _watch(self, prober: Prober) -> None:
        if any(roll.old for roll in self._rolled):
            with self.progress.step("watch", "the new containers while they serve") as step:
                Roller(self.host, self.target).watch(self._rolled, step)
                step.done(prober.count.words())

    def _finish(self, plan: planning.Plan) -> None:
        old = [roll.service for roll in plan.rolls if roll.old]
        if not (old or plan.stale):
            return
        with self.progress.step("drain", ", ".join(old)) as step:
            Roller(self.host, self.target).finish(list(plan.rolls), step)
            if plan.stale:
                self.host.runner.run(docker.stop(*plan.stale, grace=10))
                self.host.runner.run(docker.remove(*plan.stale))
            step.done(f"{len(old)} old slots drained and stopped" if old else f"{len(plan.stale)} left over")

    # -- going back and recording ------------------------------------------------------------------

    def _go_back(
        self,
        fault: BaseException,
        before: history.Record | None,
        old_tree: FileTree,
        rendered: Rendered,
        served: str,
    ) -> None:
        """The release before, whole: flags, files, frontend; then asked through the edge whether it serves.

        Without a release before, what started stays to be looked at.
        """
        if before is None:
            return
        with self.progress.step("going back", f"to {before.id}") as step:
            Roller(self.host, self.target).undo(self._rolled)
            self.host.make_live(old_tree, rendered.tree, ())
            self.host.set_profiles({name: self._slot_now(name) for name in before.versions})
            if served:
                self.host.serve_frontend(served)
            step.note("asking it through the edge")
            smoke(self.target)
            step.done(f"release {before.id} ({before.version}) serves as before")

    def _slot_now(self, service: str) -> str:
        return "green" if service in self.host.green() else "blue"

    def _record(self, verdict: str, rendered: Rendered, fault: BaseException | None = None) -> None:
        references = {name: self.target.image(name) for name in self.target.services}
        ids = builds.image_ids(self.host.runner, list(references.values()))
        reason = fault.message if isinstance(fault, HomeportError) else type(fault).__name__ if fault else ""
        probe = self.outcome.probe
        self.host.add_history(
            history.Record(
                id=self.outcome.release,
                version=self.target.version,
                who=history.who(),
                when=history.now(),
                verdict=verdict,
                images={n: {"ref": ref, "id": ids.get(ref, "")} for n, ref in references.items()},
                versions={name: self.target.service_version(name) for name in self.target.services},
                changed=tuple(self.outcome.changed),
                tree=rendered.tree.digest(),
                seconds={name: round(value, 2) for name, value in self.outcome.seconds.items()},
                probe={
                    "asked": probe.asked,
                    "failed": probe.failed,
                    "longest_gap": round(probe.longest_gap, 3),
                },
                reason=reason,
                frontend=self.host.served_frontend(),
            ).line()
        )

    def _timed(self, name: str, act: Callable[..., T], *args: object) -> T:
        started = time.monotonic()
        try:
            return act(*args)
        finally:
            self.outcome.seconds[name] = time.monotonic() - started
