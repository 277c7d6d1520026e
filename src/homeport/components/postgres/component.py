"""Turns the `postgres:` part into one container, its configuration and its passwords."""

from __future__ import annotations

from homeport.components.contribution import (
    Attachment,
    Container,
    Contribution,
    HealthCheck,
    Mount,
    SecretFile,
)
from homeport.components.postgres import settings
from homeport.components.read import digest, template
from homeport.files import File
from homeport.stack.model import Target
from homeport.stack.parts import MIB, Postgres

UID = 999  # `postgres` in the official image and in the local one
VOLUME = "postgres_data"  # an underscore: no volume of a service can have this name
MONITOR = "postgres_monitor"
_DATA = "/var/lib/postgresql/data"
_ABOUT = """\
PostgreSQL {version}: a role for each database, which the services that name it log in as; see postgres/databases.
SIGINT is its fast shutdown: it ends transactions and writes everything down."""


def contribute(part: Postgres, target: Target) -> Contribution:
    databases = tuple(dict.fromkeys(s.database for s in target.services.values() if s.database))
    files = _files(part, databases)
    return Contribution(
        containers=(_container(part, target, files),),
        files=files,
        volumes=(VOLUME,),
        secrets=(
            *(SecretFile("postgres", role, UID, f"{{postgres_{role}}}") for role in databases),
            SecretFile("postgres", "monitor", UID, f"{{{MONITOR}}}"),
        ),
        generated=(*(f"postgres_{role}" for role in databases), MONITOR),
    )


def _files(part: Postgres, databases: tuple[str, ...]) -> tuple[File, ...]:
    return (
        File("postgres/entry.sh", template("postgres", "entry.sh"), 0o755),
        File("postgres/postgresql.conf", settings.render(part)),
        File("postgres/pg_hba.conf", template("postgres", "pg_hba.conf")),
        File("postgres/databases", "".join(f"{name} {name}\n" for name in sorted(databases))),
    )


def _container(part: Postgres, target: Target, files: tuple[File, ...]) -> Container:
    owner = f"uid={UID},gid={UID}"
    return Container(
        name="postgres",
        image=target.image("postgres"),
        about=_ABOUT.format(version=part.version),
        memory=part.memory,
        cpus=part.cpus,
        user=f"{UID}:{UID}",
        entrypoint=("sh", "/etc/postgres/entry.sh"),
        environment=(("PGDATA", f"{_DATA}/{part.version}"),),
        mounts=(
            Mount("./postgres", "/etc/postgres"),
            Mount("./secrets/postgres", "/run/secrets"),
            Mount(VOLUME, _DATA, read_only=False),
        ),
        tmpfs=(f"/tmp:{owner},mode=0700,size=64m", f"/run/postgresql:{owner},mode=0755,size=1m"),  # noqa: S108
        networks=(Attachment("data"),),
        health=_health(part),
        pids=part.max_connections + 100,
        shm=max(64 * MIB, part.memory // 4 // MIB * MIB),
        stop_signal="SIGINT",
        stop_grace=60.0,
        labels=(("homeport.files", digest(files)),),
    )


def _health(part: Postgres) -> HealthCheck:
    """Over TCP, because the private server that entry.sh starts first listens on the socket only.

    As `monitor`: a refused `postgres` would be a line in the log each time.
    """
    path = f"PATH=/usr/lib/postgresql/{part.version}/bin:$PATH"
    test = ("CMD-SHELL", f"{path} pg_isready -q -h 127.0.0.1 -U monitor -d postgres")
    return HealthCheck(test, start_period=300.0)
