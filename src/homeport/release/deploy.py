"""A release of a whole stack as one transaction: look, bring images, plan, change, prove, record.

Until the old slots are stopped, going back is turning one link; any failure does that, for all services at once.
A deploy that is killed needs no repair: the next one looks at the world as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from homeport import cures
from homeport.engine.host import Host
from homeport.engine.images import image_ids
from homeport.engine.progress import Progress
from homeport.errors import HomeportError, ReleaseError
from homeport.files import Difference
from homeport.release import earlier, history, parts, preflight, prune, requirements
from homeport.release import plan as planning
from homeport.release.artifacts import Artifacts
from homeport.release.baseline import Baseline, look
from homeport.release.faults import Faults
from homeport.release.migrations.migrate import Migrations, wanted
from homeport.release.notify import Teller
from homeport.release.probe import Prober
from homeport.release.recording import Outcome, Recording
from homeport.release.redacted import Redacted, cleaned
from homeport.release.roll import Roller, observe
from homeport.release.secret_changes import told
from homeport.release.services import Services
from homeport.release.smoke import smoke
from homeport.release.undo import Undo
from homeport.render import dotenv
from homeport.render.compose import config
from homeport.render.render import Rendered, render
from homeport.secrets.deliver import Delivered, deliver
from homeport.secrets.redactor import Redactor
from homeport.secrets.signing import SIGNING, SigningKey
from homeport.secrets.store import Store
from homeport.stack import asked
from homeport.stack.model import Target

T = TypeVar("T")


@dataclass
class Deploy:
    """One deploy of `target` to `host`. `store` holds the secrets; `sources`: where its images come from.

    `agree` is asked before a part that everything stands on is interrupted; a No ends the deploy unharmed.
    """

    host: Host
    target: Target
    store: Store
    sources: Artifacts
    progress: Progress
    agree: Callable[[list[planning.Change]], bool] = lambda changes: True
    migrate: bool = True
    allow_breaking: bool = False  # migrations that the code before does not survive
    keep_data: bool = False  # go on with the volumes of an earlier checkout
    command: Callable[[str], str] = (
        earlier.as_usual
    )  # words -> the line that the caller would type, for cures
    kept: bool = False  # whether there were such volumes
    level_by_level: bool = (
        False  # for want of memory: each level replaces its old slots before the next one starts
    )
    outcome: Outcome = field(default_factory=lambda: Outcome(history.new_id()))
    _migrations: Migrations | None = None
    _teller: Teller = field(init=False)
    _recording: Recording = field(init=False)
    _architecture: str = ""
    redactor: Redactor = field(init=False)
    _key: SigningKey = field(init=False)
    _slots: Services = field(init=False)

    def __post_init__(self) -> None:
        place = f"{self.host.machine.name}: {self.host.root}/state/logs/"
        more = f"{place}; {cures.history(self.target.environment)}"
        self.redactor = Redactor.of(self.store)
        self.progress = Redacted(self.progress, self.redactor)
        self._recording = Recording(
            self.host, self.target.version, self.outcome, self.redactor, back=not self.migrate
        )
        self._teller = Teller(
            self.target, self.store, self.progress, more, self.redactor, back=not self.migrate
        )

    def run(self) -> Outcome:
        """The whole story. Raises HomeportError after everything is back as it was."""
        with history.lock(self.host), self._teller.failures(), cleaned(self.redactor):
            try:
                before = look(self.host)
                if not self.target.local:
                    self._key = self._signing_key()  # first of all: nothing is asked in vain
                self._timed("engine", self._preflight)
                if before.record is None:
                    self.kept = earlier.check(
                        self.host, self.target, self.store, self.keep_data, self.command
                    )
                self._key = self._signing_key()
                self.target = self._timed("images", self._images, before.record)
                rendered, secrets = self._timed("secrets", self._secrets)
                return self._change(before, rendered, secrets)
            except HomeportError as fault:
                self._recording.refused(fault)
                raise

    # -- looking, and bringing everything ----------------------------------------------------------

    def _preflight(self) -> None:
        with self.progress.step("engine", f"asking the Docker engine of {self.host.machine.name}") as step:
            engine = preflight.check_engine(self.host.runner)
            self._architecture = engine.architecture
            runs = observe(self.host, self.target.project)
            edge = any(c.compose == "nginx" and c.up for c in runs)
            own = frozenset(port for container in runs for port in container.ports) if edge else None
            preflight.check(self.host.machine, self.target, engine, own)
            requirements.check_room(self.host)
            step.done(f"Docker {engine.version}, compose {engine.compose}")

    def _images(self, before: history.Record | None) -> Target:
        """Images first: nothing that runs is touched before everything is there."""
        target = self.sources.bring(self.host, self.target, self.progress, before)
        references = {name: target.image(name) for name in target.services}
        requirements.check_images(self.host.runner, self._architecture, references)
        if self.migrate:  # a rollback brings back what ran, as it ran
            requirements.check_users(self.host.runner, target, self.sources.place)
        return target

    def _secrets(self) -> tuple[Rendered, tuple[Delivered, ...]]:
        rendered = render(self.target)
        with self.progress.step("secrets", str(self.store.path)) as step:
            made = self._complete_secrets(rendered.generated)
            files = deliver(rendered.secrets, self.store)
            step.done(f"{len(files)} files" + (f", {len(made)} made" if made else ""))
        return rendered, files

    def _complete_secrets(self, names: Iterable[str]) -> list[str]:
        """Generated secrets that the store lacks are made; in a store kept in git only by `secrets init`."""
        if not self.target.local:
            return []
        made = self.store.generate_missing(names)
        if made:
            self.store.save()
            self.redactor.learn_from(self.store)
        return made

    @property
    def _faults(self) -> Faults:
        return Faults(self.target.environment, self.outcome.release, back=not self.migrate)

    def _signing_key(self) -> SigningKey:
        self._complete_secrets([SIGNING])
        return SigningKey.of(self.store)

    def _tell_of_secrets(self, before: Baseline) -> None:
        """Who may commit may replace a secret: nobody should release one without having seen it."""
        for line in told(self.host, before.record, self.store, self._key) if before.record else ():
            self.progress.line(f"    {line}")

    def plan(self, rendered: Rendered, secrets: tuple[Delivered, ...]) -> planning.Plan:
        """What would change, from the world as it is now."""
        references = [container.image for container in rendered.containers]
        world = planning.World(
            containers=observe(self.host, self.target.project),
            green=self.host.green(),
            images=image_ids(self.host.runner, references),
            configs={c.name: config(c, self.target) for c in rendered.containers},
            touched_secrets=frozenset(f.path.split("/")[0] for f in self.host.secrets_that_differ(secrets)),
        )
        return planning.plan(self.target, rendered.containers, world)

    # -- changing ----------------------------------------------------------------------------------

    def _change(self, before: Baseline, rendered: Rendered, secrets: tuple[Delivered, ...]) -> Outcome:
        self._tell_of_secrets(before)
        if self.kept:
            earlier.end_what_runs(self.host, self.target)
        plan = self.plan(rendered, secrets)
        frontend = self.sources.frontend_differs(self.target, self.host)
        same = not (frontend or rendered.tree.difference(before.tree))
        if plan.empty and same and not before.unfinished:
            return self.outcome
        self._show(plan)
        self._room(rendered, plan, before.unfinished)
        self._ask(before.record, plan)
        if not before.unfinished:
            self.host.forget_secrets()
        try:
            if self.migrate:
                self._timed("rehearse", self._rehearse, before, rendered, secrets, plan)
            self._begin(rendered)
        except BaseException:
            self.host.restore_secrets(self.target.image("nginx"))
            raise
        return self._transaction(before, rendered, secrets, plan)

    def _room(self, rendered: Rendered, plan: planning.Plan, unfinished: bool) -> None:
        """Only told to a rollback, which may be the way out, and after a kill: what that left is put away first."""
        try:
            said = preflight.room(
                self.host.machine, self.target, rendered.containers, plan, self.level_by_level
            )
        except HomeportError as fault:
            if self.migrate and not unfinished:
                raise
            said = fault.message
        if said:
            self.progress.line(f"    {said}")

    def _ask(self, before: history.Record | None, plan: planning.Plan) -> None:
        interrupted = [change for change in plan.in_place if change.interrupts]
        if before and interrupted and not self.agree(interrupted):
            raise ReleaseError(
                f"not agreed to interrupt {', '.join(c.name for c in interrupted)}; nothing was changed",
                "Run it again with --yes when it suits.",
            )

    def _transaction(
        self, before: Baseline, rendered: Rendered, secrets: tuple[Delivered, ...], plan: planning.Plan
    ) -> Outcome:
        self._slots = Services(self.host, self.target, self.progress, self.level_by_level)
        prober = Prober(self.target, asked.requests(self.target))
        if not plan.from_nothing:
            prober.start()
        try:
            self._write_live(rendered, secrets, before, plan)
            self._timed("infrastructure", self._infrastructure, plan)
            self._timed("reload", self._reload, before, rendered.tree.difference(before.tree))
            self._timed("migrate", self._migrate)
            self._timed("services", self._services, plan)
            self._take_over(plan, secrets)
            self._timed("smoke", self._smoke)
            self._timed("watch", self._slots.watch, prober)
        except BaseException as fault:
            verdict = history.UNFINISHED  # until it is back: the next change then cleans up as after a kill
            try:
                self._go_back(before, rendered, plan)
                verdict = "failed"
            except HomeportError as second:
                raise self._faults.half_back(before.record, fault, second) from second
            finally:
                self.outcome.probe = prober.stop()
                with suppress(HomeportError):  # a host that is gone must not hide what is to be said
                    serves = self.host.serving() == self.outcome.release
                    self._record("failed" if serves else verdict, fault, plan)
            raise
        builder, others = self.sources.builder(self.host), self.sources.environments()
        with ThreadPoolExecutor(1) as pool:
            said = pool.submit(prune.of_builds, builder)  # takes the engine half a second
            left = self._timed("drain", self._finish, plan)
        self.outcome.probe = prober.stop()
        self._end(left, plan)
        if left:
            raise left
        prune.prune(self.host, self.target, builder, others, self.progress)
        for trouble in said.result():
            self.progress.line(f"    {trouble}")
        self._teller.end(self.outcome.probe, self.outcome.changed)
        return self.outcome

    def _show(self, plan: planning.Plan) -> None:
        """One line per change, with its reason, before anything is done."""
        for line in plan.words():
            self.progress.line(f"    {line}")
        self._teller.start(plan.words())

    def _write_live(
        self, rendered: Rendered, secrets: tuple[Delivered, ...], before: Baseline, plan: planning.Plan
    ) -> None:
        with self.progress.step("files", self.host.live) as step:
            difference = rendered.tree.difference(before.tree)
            tree = dotenv.as_it_runs(rendered.tree, plan.flags, planning.going_on(self.target, plan))
            self.host.make_live(tree, before.tree, rendered.folders, before.leftovers)
            self._write_secrets(before, self.host.secrets_that_differ(secrets))
            self.sources.certificates(self.target, self.host)
            step.done(f"{len(difference.touched)} of {len(rendered.tree.files)} files changed")

    def _write_secrets(self, before: Baseline, files: list[Delivered]) -> None:
        helper = self.target.image("nginx")
        if files and before.record:
            self.host.keep_secrets(helper)
        self.host.write_secrets(files, helper)

    def _infrastructure(self, plan: planning.Plan) -> None:
        names = [change.name for change in plan.parts]
        if names:
            with self.progress.step("infrastructure", ", ".join(names)) as step:
                parts.apply(self.host, self.target, plan.parts, step)
                step.done(", ".join(names))
            self.outcome.changed += names

    def _reload(self, before: Baseline, difference: Difference) -> None:
        """A changed configuration of the edge: tested, then one reload. A plain release of code never comes here."""
        if before.unfinished or any(path.startswith("nginx/") for path in difference.touched):
            with self.progress.step("edge", "testing its configuration") as step:
                step.done(parts.reload_edge(self.host))

    def _rehearse(
        self, before: Baseline, rendered: Rendered, secrets: tuple[Delivered, ...], plan: planning.Plan
    ) -> None:
        """Try and judge the migrations on a copy of the schema; only files that they alone read are written."""
        services = wanted(self.target, plan.services)
        self._migrations = Migrations(
            self.host,
            self.target,
            services,
            self.outcome.release,
            self.allow_breaking,
            self.sources.migration_files(self.target),
            before.record.migrated if before.record else {},
        )
        folders = {f"{name}-migrate" for name in services}
        early = [f for f in self.host.secrets_that_differ(secrets) if f.path.split("/")[0] in folders]
        self._write_secrets(before, early)
        self._migrations.prepare(rendered, self.progress)

    def _migrate(self) -> None:
        if self._migrations and self._migrations.services:
            services = ", ".join(self._migrations.services)
            with self.progress.step("migrate", services) as step:
                self._migrations.run(step)
                step.done(self._migrations.words() or f"{services}: nothing to do")
            self.outcome.migrations = {name: ran.words() for name, ran in self._migrations.done.items()}

    def _take_over(self, plan: planning.Plan, secrets: tuple[Delivered, ...]) -> None:
        """From this step on the new release serves, all services from the same moment on; its frontend follows."""
        Roller(self.host, self.target).switch(list(plan.rolls), self.outcome.release)
        self.host.secrets_taken(self.host.secrets_that_differ(secrets))
        if self.sources.publish(self.target, self.host, self.outcome.release):
            self.outcome.changed.append("frontend")

    def _services(self, plan: planning.Plan) -> None:
        self._slots.start(plan)
        self.outcome.changed += plan.services

    def _smoke(self) -> None:
        with self.progress.step("smoke", self.target.url) as step:
            step.done(smoke(self.target))

    def _finish(self, plan: planning.Plan) -> HomeportError | None:
        """The release is good by now: a fault here is for the next deploy."""
        try:
            self._slots.finish(plan)
        except HomeportError as fault:
            return self._faults.serves_but("not all old containers are gone", fault)
        return None

    def _end(self, left: HomeportError | None, plan: planning.Plan) -> None:
        """From here on nobody goes back. Where even that cannot be written down, the next change finds it out."""
        try:
            self.host.forget_secrets()
            self._record("ok", left, plan)
        except HomeportError as fault:
            raise self._faults.serves_but("the host could not write that down", fault) from fault

    # -- going back and recording ------------------------------------------------------------------

    def _go_back(self, before: Baseline, rendered: Rendered, plan: planning.Plan) -> None:
        """The release before, whole. Without one, what started stays to be looked at."""
        if before.record is None:
            return
        with self.progress.step("going back", f"to {before.record.id}") as step:
            levels = self._slots.replaced
            back = Undo(self.host, self.target, before, rendered.tree, plan, self._key, levels)
            try:
                back.run(before.record, self._slots.rolled, step)
            finally:
                back.restore(before.record, step)

    def _begin(self, rendered: Rendered) -> None:
        breaking = self._migrations.may_break() if self._migrations else ()
        self._recording.begin(self.target, rendered, breaking, self._key, self.store)

    def _record(self, verdict: str, fault: BaseException | None, plan: planning.Plan) -> None:
        breaking = self._migrations.recorded() if self._migrations else ()
        migrated = self._fingerprints(plan) if verdict == "ok" else {}
        self._recording.end(verdict, fault, breaking, migrated)

    def _fingerprints(self, plan: planning.Plan) -> dict[str, str]:
        """Of migrations, for the next deploy; what does not answer now is asked then."""
        if self._migrations:
            with suppress(HomeportError):
                return self._migrations.fingerprints(plan.services)
        return {}

    def _timed(self, name: str, act: Callable[..., T], *args: object) -> T:
        started = time.monotonic()
        try:
            return act(*args)
        finally:
            self.outcome.seconds[name] = time.monotonic() - started
