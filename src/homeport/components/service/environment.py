"""The variables of a service, as docs/service-contract.md promises them; none of them is a secret."""

from __future__ import annotations

from collections.abc import Iterator

from homeport.components.service.secrets import ROOT, used
from homeport.stack.model import Target
from homeport.stack.parts import Service


def variables(name: str, service: Service, target: Target) -> tuple[tuple[str, str], ...]:
    """Name and value, in a fixed order.

    Of two that set the same variable, homeport's own wins, then the environment's `env` (it stands in
    .env.prod), then the service's `env`: the environment is what tells staging from production.
    """
    own = dict(_own(name, service, target))
    above = own.keys() | target.env.env.keys()
    return (*own.items(), *((k, v) for k, v in service.env.items() if k not in above))


def _own(name: str, service: Service, target: Target) -> Iterator[tuple[str, str]]:
    yield "SERVICE_NAME", name
    yield "SERVICE_VERSION", target.service_version(name)
    yield "ENVIRONMENT", target.environment
    if service.port:
        yield "PORT", str(service.port)
    yield "PUBLIC_URL", target.url
    if service.database:
        yield from _database(service.database)
    if target.stack.rabbitmq:
        yield "RABBITMQ_URL_FILE", f"{ROOT}/rabbitmq_url"
    for use in used(service, target):
        yield f"{use.name.upper()}_FILE", f"{ROOT}/{use.name}"


def _database(database: str) -> Iterator[tuple[str, str]]:
    yield "PGHOST", "postgres"
    yield "PGPORT", "5432"
    yield "PGDATABASE", database
    yield "PGUSER", database
    yield "PGPASSFILE", f"{ROOT}/pgpass"
    yield "DATABASE_URL_FILE", f"{ROOT}/database_url"
