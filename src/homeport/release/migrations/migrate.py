"""Migrations: asked, rehearsed and judged before anything is touched; then run once, in the new image, beside the old
code, which goes on. A lock that is not granted within a second is given up, and tried for again a little later."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from homeport.commands import compose, docker, postgres
from homeport.engine.host import Host
from homeport.engine.progress import Progress, Step
from homeport.engine.runner import Result
from homeport.engine.wait import SLOWNESS, now, pause
from homeport.errors import ReleaseError
from homeport.release.migrations.fingerprints import fingerprints
from homeport.release.migrations.lint import Finding, Size, lint
from homeport.release.migrations.ran import Ran, ToolTables, ran
from homeport.release.migrations.rehearse import AT_ONCE, Rehearsal, Tried, once_name
from homeport.release.roll import observe
from homeport.render.render import Rendered
from homeport.stack.model import Target

_RUN_SECONDS = 600.0  # one attempt
_LOCK_SECONDS = 180.0  # all attempts together, when only a lock is in the way
_PAUSE = (2.0, 5.0)  # between two: each may hold others up for a second, so that this is their share
_KEEP = 5  # restore points


@dataclass
class Migrations:
    """The migrations of one release. `breaking`: statements that the code before does not survive, for the record.

    `files`: service -> digest of its migrations' files; `known`: service -> fingerprint in the release that serves.
    """

    host: Host
    target: Target
    services: list[str]
    release: str
    allow_breaking: bool = False
    files: dict[str, str] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    breaking: list[Finding] = field(default_factory=list)
    indexes: dict[str, set[str]] = field(default_factory=dict)  # database -> invalid ones from before
    ran: bool = False
    done: dict[str, Ran] = field(default_factory=dict)  # service -> what its migration did
    _looked: bool = False

    def prepare(self, rendered: Rendered, progress: Progress) -> None:
        """Find out what will run, on a copy, and judge it. Raises ReleaseError; nothing is touched by then."""
        live = self._server()
        if not (self.services and live):
            return  # a stack that starts from nothing: nothing can break, nobody can be in the way
        with progress.step("rehearse", ", ".join(self.services)) as step:
            same = self._leave_out(live)
            if not self.services:
                step.done(f"nothing new: {', '.join(same)}")
                return
            tasks = {name: rendered.container(f"{name}-migrate") for name in self.services}
            rehearsal = Rehearsal(self.host, self.target, live, tasks)
            self.services = rehearsal.pending(self.services, step)
            if not self.services:
                step.done("no migration is pending")
                return
            tried = rehearsal.try_all(self.services, step)
            self._judge(tried, live)
            count = sum(len(one.statements) for one in tried)
            step.done(f"{', '.join(self.services)}: {count} statements went through on a copy")

    def _leave_out(self, live: str) -> list[str]:
        """The services whose files and tool tables are as the release that serves had them: they need not be asked."""
        found = fingerprints(self.host, live, self.target, self._files_of(self.services))
        same = [name for name, fingerprint in found.items() if self.known.get(name) == fingerprint]
        self.services = [name for name in self.services if name not in same]
        self._looked = True
        return same

    def _files_of(self, services: list[str]) -> dict[str, str]:
        return {name: self.files[name] for name in services if name in self.files}

    def fingerprints(self, rolled: list[str]) -> dict[str, str]:
        """What the next deploy compares with: of the services whose image is new, and as known of the others."""
        kept = {name: known for name, known in self.known.items() if name not in rolled}
        live = self._server() if self._files_of(rolled) else ""
        return kept | (fingerprints(self.host, live, self.target, self._files_of(rolled)) if live else {})

    def run(self, step: Step) -> None:
        """Run what is pending: several at once, as each has a database of its own."""
        if not self._looked:
            self._leave_out(self._server())
        self._restore_points(step)
        self.ran = True
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            faults = [f for f in pool.map(lambda name: self._one(name, step), self.services) if f]
        if faults:
            raise faults[0]

    def words(self) -> str:
        """What was done, in words: `user: 2 migrations (0003_age, 0004_city); mail: nothing to do`."""
        return "; ".join(f"{name}: {done.words()}" for name, done in sorted(self.done.items()))

    def recorded(self) -> tuple[str, ...]:
        """What a rollback must know of this release."""
        return tuple(finding.line() for finding in self.breaking) if self.ran else ()

    def may_break(self) -> tuple[str, ...]:
        """The same before they run: what a rollback must know if we are killed."""
        return tuple(finding.line() for finding in self.breaking)

    # -- judging -----------------------------------------------------------------------------------

    def _judge(self, tried: list[Tried], live: str) -> None:
        found: list[Finding] = []
        for one in tried:
            found += lint(one.database, list(one.statements), self._tables(live, one.database))
            self.indexes[one.database] = self._invalid(live, one.database)
        if found and not self.allow_breaking:
            raise ReleaseError(
                f"{len(found)} statement(s) of the migrations do not go with the code that runs; nothing was changed",
                "As said above each; or --allow-breaking, which takes a restore point before.",
                "\n".join(finding.text() for finding in found),
            )
        self.breaking = [finding for finding in found if finding.kind == "breaks"]

    def _tables(self, live: str, database: str) -> dict[str, Size]:
        rows = (line.split("|") for line in self._ask(live, postgres.TABLES, database))
        return {name: Size(int(count), int(size)) for name, count, size in rows}

    # -- restore points ----------------------------------------------------------------------------

    def _restore_points(self, step: Step) -> None:
        """The databases that lose something, as they are now, in a file of the host."""
        folder = f"{self.host.root}/backups/restore-points"
        for database in sorted({finding.database for finding in self.breaking}):
            step.note(f"restore point of {database}")
            path = f"{folder}/{self.release}-{database}.dump"
            result = self.host.runner.run(postgres.dump(self._server(), database, path))
            if not result.ok:
                raise ReleaseError(f"{database} could not be dumped", "Nothing was migrated.", result.tail())
            mine = [n for n in self.host.machine.names(folder) if n.endswith(f"-{database}.dump")]
            self.host.machine.remove(f"{folder}/{name}" for name in mine[:-_KEEP])

    # -- running -----------------------------------------------------------------------------------

    def _one(self, service: str, step: Step) -> ReleaseError | None:
        """Attempts until it is done, or fails for another reason than a lock, or the time is over."""
        ends, attempt = now() + _LOCK_SECONDS * SLOWNESS, 0
        database = self.target.services[service].database or ""
        live = self._server()
        before = self._tool_tables(live, database)
        while True:
            attempt += 1
            step.note(service if attempt == 1 else f"{service}: attempt {attempt}")
            result = self._attempt(service)
            if result.ok:
                said = f"{result.out}\n{result.err}"
                self.done[service] = ran(said, before, self._tool_tables(live, database), attempt)
                return None
            if not postgres.LOCK_TIMEOUT.search(result.out + result.err):
                return _failed(service, result)
            holders = self._holders(database)
            step.note(
                f"{service}: waits for a lock held by {holders[0]}" if holders else f"{service}: a lock"
            )
            if now() > ends:
                return _locked(service, attempt, holders, result)
            self._drop_half_made(database)
            pause(random.uniform(*_PAUSE))  # noqa: S311 (jitter, not a secret)

    def _attempt(self, service: str) -> Result:
        """One run under a name of its own: what a killed deploy left running is ended first, and a late one too."""
        name = once_name(self.target, "migration", service)
        self.host.runner.run(docker.remove(name))
        try:
            task = compose.run_once(self.host.live, f"{service}-migrate", _RUN_SECONDS, name)
            return self.host.runner.run(task)
        finally:
            self.host.runner.run(docker.remove(name))

    def _drop_half_made(self, database: str) -> None:
        """CREATE INDEX CONCURRENTLY that gave up leaves an invalid index, which the next attempt would stumble over."""
        live = self._server()
        for index in self._invalid(live, database) - self.indexes.get(database, set()):
            self.host.runner.run(
                postgres.psql(live, f"DROP INDEX CONCURRENTLY IF EXISTS {index};", database, 120)
            )

    def _tool_tables(self, live: str, database: str) -> ToolTables:
        """What the tools have written down; nothing where PostgreSQL does not say it: it is only for the words."""
        said = self.host.runner.run(postgres.book_rows(live, database)) if live and database else None
        return ToolTables.parse(said.out) if said and said.ok else ToolTables()

    def _holders(self, database: str) -> list[str]:
        """Who has been in a transaction for long, oldest first."""
        return [line.replace("|", ", ") for line in self._ask(self._server(), postgres.HOLDERS, database)]

    def _invalid(self, live: str, database: str) -> set[str]:
        return set(self._ask(live, postgres.INVALID_INDEXES, database))

    def _ask(self, live: str, sql: str, database: str) -> list[str]:
        return self.host.runner.run(postgres.psql(live, sql, database)).out.splitlines()

    def _server(self) -> str:
        """Id of the PostgreSQL that serves; empty when none does."""
        found = observe(self.host, self.target.project)
        return next((c.id for c in found if c.compose == "postgres" and c.up and c.health != "starting"), "")


def wanted(target: Target, services: list[str]) -> list[str]:
    """Those that have a migration."""
    return [name for name in services if target.services[name].migrate]


def _failed(service: str, result: Result) -> ReleaseError:
    return ReleaseError(
        f"the migration of {service} failed",
        "The old code still serves. Mend the migration, then run again.",
        result.tail(),
    )


def _locked(service: str, attempts: int, holders: list[str], result: Result) -> ReleaseError:
    who = (
        "\n".join(["in a transaction (pid, role, program, for, state, statement):", *holders])
        if holders
        else ""
    )
    return ReleaseError(
        f"the migration of {service} did not get its locks in {attempts} attempts within {_LOCK_SECONDS:.0f} s",
        "The old code still serves. End the long transaction, or wait for it, then run again.",
        "\n".join(part for part in (who, result.tail(6)) if part),
    )
