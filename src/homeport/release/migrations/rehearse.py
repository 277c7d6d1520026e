"""Migrations are tried before anything is touched: on a throwaway PostgreSQL, in memory, without a network, that holds
the live schema and what the migration tool has written down. What the server logs is the SQL that will run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from homeport.commands import docker, postgres
from homeport.components.contribution import Container
from homeport.components.service.secrets import migrator
from homeport.engine.host import Host
from homeport.engine.progress import Step
from homeport.engine.runner import Result
from homeport.engine.wait import Seen, WaitedTooLong, wait_until
from homeport.errors import ReleaseError
from homeport.stack.model import Target

AT_ONCE = 3
_START_SECONDS = 60.0
_LOGGED = re.compile(r"(?:statement|execute [^:]*): (.*)", re.S)


@dataclass(frozen=True)
class Tried:
    """A migration that went through on the copy, and the statements that it ran there, in order."""

    service: str
    database: str
    statements: tuple[str, ...]


@dataclass(frozen=True)
class Rehearsal:
    """`tasks`: service -> its migration's container in the new image. `live`: id of the PostgreSQL that serves."""

    host: Host
    target: Target
    live: str
    tasks: dict[str, Container]

    @property
    def name(self) -> str:
        return once_name(self.target, "rehearsal")

    def pending(self, services: list[str], step: Step) -> list[str]:
        """Those with something to do: each migration is run on the live database by a role that may only read.

        What ends well, and was refused nothing by the server, has nothing to do and need not run again.
        """
        by_role = {migrator(self._database(name)): name for name in services}
        known = self._sql("SELECT rolname FROM pg_roles").split()
        asked = {role: name for role, name in by_role.items() if role in known}
        since = self._sql(
            "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        ).strip()
        self._sql(postgres.read_only(list(asked), on=True))
        try:
            done = self._run_all(list(asked.values()), f"{self.target.project}_data", "asks", step)
        finally:
            self._sql(postgres.read_only(list(asked), on=False))
        refused = self._refused(since)
        idle = {n for role, n in asked.items() if done[n].ok and role not in refused}
        return [name for name in services if name not in idle]

    def try_all(self, services: list[str], step: Step) -> list[Tried]:
        """Run these migrations on copies. Raises ReleaseError with what the first that fails said."""
        with self._server(step):
            there = self._sql("SELECT datname FROM pg_database").split()
            wanted = [name for name in services if self._database(name) in there]
            self._copy(wanted, step)
            done = self._run_all(wanted, self.name, "tries", step)
            for name, result in done.items():
                if not result.ok:
                    raise self._failure(name, result)
            logged = self._statements()
        return [self._tried(name, logged) for name in wanted]

    # -- the throwaway server ----------------------------------------------------------------------

    @contextmanager
    def _server(self, step: Step) -> Iterator[None]:
        step.note("starting a PostgreSQL to try on")
        run = self.host.runner.run
        run(docker.remove(self.name))  # what a killed deploy left
        run(postgres.network(self.name))
        try:
            started = run(postgres.serve(self.target.image("postgres"), self.name))
            if not started.ok:
                raise ReleaseError(
                    "the PostgreSQL to try migrations on did not start; nothing was changed",
                    "Is there memory and disk for one more container? `docker system df` shows the disk.",
                    started.tail(),
                )
            self._wait()
            yield
        finally:
            run(docker.remove(self.name))
            run(postgres.remove_network(self.name))

    def _wait(self) -> None:
        def look() -> Seen:
            return Seen(self.host.runner.run(postgres.ready(self.name)).ok, "not ready")

        try:
            wait_until("the PostgreSQL to try on", look, _START_SECONDS)
        except WaitedTooLong as fault:
            lines = self.host.runner.run(docker.logs(self.name)).tail()
            raise ReleaseError(f"{fault}", "Is there memory left on the host?", lines) from fault

    def _copy(self, services: list[str], step: Step) -> None:
        step.note("copying schemas")
        self.host.runner.run(postgres.roles(self.live, self.name))
        made = "".join(_role(migrator(self._database(n)), self._database(n)) for n in services)
        self.host.runner.run(postgres.psql(self.name, made))
        for name in services:
            result = self.host.runner.run(postgres.copy_schema(self.live, self.name, self._database(name)))
            if not result.ok:
                raise ReleaseError(
                    f"the schema of {self._database(name)} could not be copied; nothing was changed",
                    "The lines above are PostgreSQL's own.",
                    result.tail(),
                )

    def _statements(self) -> list[dict[str, str]]:
        lines = self.host.runner.run(postgres.statements(self.name)).out.splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def _tried(self, service: str, logged: list[dict[str, str]]) -> Tried:
        database = self._database(service)
        mine = (
            e["message"] for e in logged if (e.get("user"), e.get("dbname")) == (migrator(database), database)
        )
        texts = (match[1] for message in mine if (match := _LOGGED.match(message)))
        return Tried(service, database, tuple(texts))

    # -- running -----------------------------------------------------------------------------------

    def _run_all(self, services: list[str], network: str, verb: str, step: Step) -> dict[str, Result]:
        def run(service: str) -> Result:
            step.note(f"{service} {verb}")
            return self._run(service, network)

        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            return dict(zip(services, pool.map(run, services), strict=True))

    def _run(self, service: str, network: str) -> Result:
        env, name = self.target.env.env, once_name(self.target, "rehearsal", service)
        self.host.runner.run(docker.remove(name))
        command = postgres.task(self.tasks[service], network, self.host.live, env, name)
        try:
            return self.host.runner.run(command)
        finally:
            self.host.runner.run(docker.remove(name))

    def _refused(self, since: str) -> set[str]:
        """Roles that the live server refused a change since then, whatever their program made of it."""
        lines = self.host.runner.run(postgres.log_since(self.live, since))
        found = (line for line in (lines.out + lines.err).splitlines() if postgres.READ_ONLY.search(line))
        return {match[1] for line in found if (match := re.search(r'user="([^"]*)"', line))}

    def _sql(self, sql: str) -> str:
        result = self.host.runner.run(postgres.psql(self.live, sql))
        if not result.ok:
            raise ReleaseError(
                "PostgreSQL could not be asked", "Does `homeport status` show it?", result.tail()
            )
        return result.out

    def _database(self, service: str) -> str:
        return self.target.services[service].database or ""

    def _failure(self, service: str, result: Result) -> ReleaseError:
        return ReleaseError(
            f"the migration of {service} fails on a copy of the schema; nothing was changed",
            "Mend it, then run again. The copy holds no rows, and nothing but PostgreSQL can be reached from it.",
            result.tail(),
        )


def once_name(target: Target, kind: str, service: str = "") -> str:
    """What a container that runs once is called. It is removed by this name, so that no container of any stack may
    have it: Compose and the language join words by `-`, and know no `_`."""
    return "_".join(part for part in (target.project, kind, service) if part)


def _role(role: str, owner: str) -> str:
    """The role that migrates, for a live server that was started by an older release and has none."""
    quoted = postgres.identifier(role)
    return (  # names of the language: no quote can be in them
        f"SELECT 'CREATE ROLE {quoted}' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') \\gexec\n"  # noqa: S608
        f"ALTER ROLE {quoted} LOGIN;\nGRANT {postgres.identifier(owner)} TO {quoted};\n"
        f"ALTER ROLE {quoted} SET role = '{owner}';\n{postgres.read_only([role], on=False)}"
    )
