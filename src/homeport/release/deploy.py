"""A release of a whole stack as one transaction: look, bring images, plan, change, prove, record.

Until the old slots are stopped, going back is flipping flags; any failure does that, for all services at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from homeport.commands import compose, docker
from homeport.engine import builds
from homeport.engine.host import Host
from homeport.engine.progress import Progress
from homeport.engine.wait import Seen, WaitedTooLong, wait_until
from homeport.errors import HomeportError, ReleaseError
from homeport.files import FileTree
from homeport.release import history, preflight
from homeport.release import plan as planning
from homeport.release.roll import Roller, observe
from homeport.release.smoke import smoke
from homeport.release.sources import Sources
from homeport.render.compose import config
from homeport.render.render import Rendered, render
from homeport.secrets.deliver import Delivered, deliver
from homeport.secrets.store import Store
from homeport.stack.model import Target

T = TypeVar("T")
KEEP_RELEASES = 5
_INFRA_SECONDS = 120.0
_MIGRATE_SECONDS = 600.0


@dataclass
class Outcome:
    """What a deploy did: `changed` names services and parts, empty when all was as wanted."""

    release: str
    changed: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass
class Deploy:
    """One deploy of `target` to `host`. `store` holds the secrets; `sources` knows what is to be built."""

    host: Host
    target: Target
    store: Store
    sources: Sources
    progress: Progress
    outcome: Outcome = field(default_factory=lambda: Outcome(history.new_id()))
    rolled: list[planning.Roll] = field(default_factory=list)

    def run(self) -> Outcome:
        """The whole story. Raises HomeportError after everything is back as it was."""
        with self.host.lock():
            before = history.current(self.host.records())
            self._timed("engine", self._preflight)
            secrets_wanted = self._timed("images", self._build, before)
            return self._change(before, *secrets_wanted)

    # -- looking and building ----------------------------------------------------------------------

    def _preflight(self) -> None:
        with self.progress.step("engine", "asking the Docker engine") as step:
            engine = preflight.check_engine(self.host.runner)
            ours = any(c.compose == "nginx" and c.up for c in observe(self.host, self.target.project))
            preflight.check(self.host.runner, self.target, engine, ours)
            step.done(f"Docker {engine.version}, compose {engine.compose}")

    def _build(self, before: history.Record | None) -> tuple[Rendered, tuple[Delivered, ...]]:
        """Images first: nothing that runs is touched before everything is here."""
        self.target = self.sources.build(self.host.runner, self.target, self.progress, before)
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

    # -- changing ----------------------------------------------------------------------------------

    def _change(
        self, before: history.Record | None, rendered: Rendered, secrets: tuple[Delivered, ...]
    ) -> Outcome:
        old_tree = self.host.read_release(before.id) if before else FileTree()
        plan = self._plan(rendered, secrets, old_tree)
        frontend = self.sources.frontend_differs(self.target, self.host)
        if plan.empty and not frontend and not rendered.tree.difference(old_tree):
            return self.outcome
        self._show(plan)
        served = self.host.served_frontend()
        self.host.write_release(self.outcome.release, rendered.tree)
        try:
            self._write_live(rendered, secrets, old_tree, plan)
            self._timed("infrastructure", self._infrastructure, plan)
            self._timed("migrate", self._migrate, plan)
            self._timed("services", self._services, plan)
            self._publish()
            self._timed("smoke", self._smoke)
        except BaseException as fault:
            self._go_back(fault, before, old_tree, rendered, served)
            raise
        self._timed("drain", self._finish, plan)
        self._record("ok", rendered)
        return self.outcome

    def _plan(self, rendered: Rendered, secrets: tuple[Delivered, ...], old_tree: FileTree) -> planning.Plan:
        references = [container.image for container in rendered.containers]
        world = planning.World(
            containers=observe(self.host, self.target.project),
            green=self.host.green(),
            images=builds.image_ids(self.host.runner, references),
            configs={c.name: config(c, self.target) for c in rendered.containers},
            touched_folders=frozenset(
                path.split("/")[0] for path in rendered.tree.difference(old_tree).touched if "/" in path
            ),
            touched_secrets=frozenset(
                file.path.split("/")[0] for file in self.host.secrets_that_differ(secrets)
            ),
        )
        return planning.plan(self.target, rendered.containers, world)

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
            self.host.write_secrets(self.host.secrets_that_differ(secrets), self.target.image("nginx"))
            self.sources.certificates(self.target, self.host)
            step.done(f"{len(difference.touched)} of {len(rendered.tree.files)} files changed")

    def _infrastructure(self, plan: planning.Plan) -> None:
        if not plan.infrastructure:
            return
        names = [change.name for change in plan.infrastructure]
        with self.progress.step("infrastructure", ", ".join(names)) as step:
            runner = self.host.runner
            existing = {c.compose: c for c in observe(self.host, self.target.project)}
            again = [c.name for c in plan.infrastructure if c.name in existing and _needs_restart(c.why)]
            result = runner.run(compose.up(self.host.live, *names))
            if not result.ok:
                raise ReleaseError(
                    "the engine could not start a part", "The engine's own words are above.", result.tail()
                )
            for name in again:
                runner.run(docker.restart(existing[name].id))
            for name in names:
                step.note(f"waiting for {name}")
                self._wait_part(name)
            step.done(", ".join(names))
            self.outcome.changed += names

    def _wait_part(self, name: str) -> None:
        def look() -> Seen:
            found = [
                c for c in observe(self.host, self.target.project) if c.compose == name and not c.one_off
            ]
            if not found:
                return Seen(False, "no container")
            if found[0].restarts > 2:
                raise self._part_failure(name, f"{name} ends by itself again and again")
            return Seen(found[0].health in ("healthy", "") and found[0].up, found[0].health or found[0].state)

        try:
            wait_until(f"{name} is healthy", look, _INFRA_SECONDS, every=0.3)
        except WaitedTooLong as fault:
            raise self._part_failure(name, f"{name} did not become healthy: {fault.state}") from fault

    def _part_failure(self, name: str, message: str) -> ReleaseError:
        found = [c for c in observe(self.host, self.target.project) if c.compose == name]
        lines = self.host.runner.run(docker.logs(found[0].id)).tail() if found else ""
        return ReleaseError(message, f"The lines above are the last that {name} said.", lines)

    def _migrate(self, plan: planning.Plan) -> None:
        wanted = [r.service for r in plan.rolls if self.target.services[r.service].migrate]
        if not wanted:
            return
        with self.progress.step("migrate", ", ".join(wanted)) as step:
            for service in wanted:
                step.note(service)
                self._run_once(f"{service}-migrate", f"the migration of {service} failed")
            step.done(f"{len(wanted)} databases are up to date")

    def _run_once(self, name: str, message: str) -> None:
        result = self.host.runner.run(compose.run_once(self.host.live, name, _MIGRATE_SECONDS))
        if not result.ok:
            raise ReleaseError(
                message, "The old code still runs on the old schema. Mend it, then run again.", result.tail()
            )

    def _services(self, plan: planning.Plan) -> None:
        if not plan.rolls:
            return
        roller = Roller(self.host, self.target)
        by_name = {roll.service: roll for roll in plan.rolls}
        with self.progress.step("services", ", ".join(by_name)) as step:
            for level in planning.levels(self.target, list(by_name)):
                rolls = [by_name[name] for name in level]
                self.rolled += rolls
                roller.start_level(rolls, step)
            step.done(f"{', '.join(by_name)} healthy")
            self.outcome.changed += list(by_name)

    def _publish(self) -> None:
        if self.sources.publish(self.target, self.host, self.outcome.release):
            self.outcome.changed.append("frontend")

    def _smoke(self) -> None:
        with self.progress.step("smoke", self.target.url) as step:
            step.done(smoke(self.target, self.host))

    def _finish(self, plan: planning.Plan) -> None:
        old = [roll.service for roll in plan.rolls if roll.old]
        if not (old or plan.stale):
            return
        with self.progress.step("drain", ", ".join(old)) as step:
            Roller(self.host, self.target).finish(list(plan.rolls), step)
            if plan.stale:
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
        """The release before, whole: flags, files, frontend. Without one, what started stays to be looked at."""
        reason = fault.message if isinstance(fault, HomeportError) else type(fault).__name__
        if before is not None:
            with self.progress.step("going back", f"to {before.id}") as step:
                Roller(self.host, self.target).undo(self.rolled)
                self.host.make_live(old_tree, rendered.tree, ())
                self.host.set_profiles({name: self._slot_now(name) for name in before.versions})
                if served:
                    self.host.serve_frontend(served)
                step.done(f"release {before.id} ({before.version}) serves as before")
        self._record("failed", rendered, reason)

    def _slot_now(self, service: str) -> str:
        return "green" if service in self.host.green() else "blue"

    def _record(self, verdict: str, rendered: Rendered, reason: str = "") -> None:
        references = {name: self.target.image(name) for name in self.target.services}
        ids = builds.image_ids(self.host.runner, list(references.values()))
        self.host.record(
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
                reason=reason,
            )
        )
        if verdict == "ok":
            good = [record.id for record in self.host.records() if record.verdict == "ok"]
            self.host.prune_releases([*good[-KEEP_RELEASES:], self.outcome.release])

    def _timed(self, name: str, act: Callable[..., T], *args: object) -> T:
        started = time.monotonic()
        try:
            return act(*args)
        finally:
            self.outcome.seconds[name] = time.monotonic() - started


def _needs_restart(why: str) -> bool:
    """Compose replaces a container whose spec changed; changed files and secrets need a restart of ours."""
    return why.startswith(("its files", "its secrets"))
