"""The files a service finds in /run/secrets: its own secrets, and the way to its database and broker."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from homeport.components.contribution import SecretFile
from homeport.stack import inside
from homeport.stack.model import Target
from homeport.stack.parts import SecretUse, Service

ROOT = inside.SECRETS


def uid(service: Service) -> int:
    """The owner of the service's secret files; root's where only the image knows its user."""
    return 0 if service.user == "image" else int(service.user.partition(":")[0])


def broker_secret(service: str) -> str:
    """The name, in the secret store, of a service's password at the broker."""
    return "rabbitmq_" + service.replace("-", "_")


def migrator(database: str) -> str:
    """The role that migrations log in as: it acts as the database's owner, and waits for no lock for long."""
    return f"{database}_migrate"


def migrate_folder(name: str) -> str:
    """What a service's migration reads instead of the service's own folder: the same, with another role."""
    return f"{name}-migrate"


def files(name: str, service: Service, target: Target) -> tuple[SecretFile, ...]:
    own = tuple(_files(name, service, target, service.database or ""))
    if not (service.migrate and service.database):
        return own
    return (*own, *_files(migrate_folder(name), service, target, migrator(service.database), name))


def used(service: Service, target: Target) -> tuple[SecretUse, ...]:
    """The secrets that the service gets in this environment."""
    return tuple(use for use in service.secrets if not use.only or target.environment in use.only)


def _files(name: str, service: Service, target: Target, role: str, caller: str = "") -> Iterator[SecretFile]:
    """`name` is the folder; `caller` the service that the broker knows, when it has another name."""
    owner = uid(service)
    mode = 0o444 if service.user == "image" else 0o400
    for use in used(service, target):
        yield SecretFile(name, use.name, owner, f"{{{use.name}}}", use.optional, mode)
    if service.database:
        db = service.database
        # libpq ignores a password file that others can read, so this one stays 0400 in any case.
        yield SecretFile(name, "pgpass", owner, f"postgres:5432:{db}:{role}:{{postgres_{db}}}\n")
        url = f"postgresql://{role}:{{postgres_{db}}}@postgres:5432/{db}"
        yield SecretFile(name, "database_url", owner, url, mode=mode)
    if target.stack.rabbitmq:
        caller = caller or name
        secret, vhost = broker_secret(caller), quote(target.stack.name, safe="")
        url = f"amqp://{caller}:{{{secret}}}@rabbitmq:5672/{vhost}"
        yield SecretFile(name, "rabbitmq_url", owner, url, mode=mode)


def generated(service: Service, target: Target) -> tuple[str, ...]:
    """Those of the service's own secrets that nobody chooses."""
    kinds = target.stack.secrets
    return tuple(u.name for u in used(service, target) if u.name in kinds and kinds[u.name].generate)
