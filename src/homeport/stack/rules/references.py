"""Rules of what names what: databases, dependencies, environments."""

from __future__ import annotations

from homeport.stack.model import Stack
from homeport.stack.problem import KeyPath, did_you_mean
from homeport.stack.rules.finding import Finding, Findings

_SYSTEM_DATABASES = ("postgres", "template0", "template1", "monitor")
_LONGEST = 63 - len("_migrate")  # NAMEDATALEN of PostgreSQL, less the suffix of the role that migrates
_PARTS = ("postgres", "rabbitmq", "edge", "nginx")


def databases(stack: Stack) -> Findings:
    for name, service in stack.services.items():
        if not service.database:
            continue
        path: KeyPath = ("services", name, "database")
        if stack.postgres is None:
            yield Finding(path, "there is no postgres", "add `postgres: {}` to the file", (("postgres",),))
        if service.database in _SYSTEM_DATABASES:
            yield Finding(path, f"{service.database} is taken in every server", f"call it {_own(name)}")
        if len(service.database) > _LONGEST:
            yield Finding(path, f"longer than {_LONGEST} characters", "its migration's role adds _migrate")
        base = service.database.removesuffix("_migrate")
        if base != service.database and base in stack.databases:
            yield Finding(path, f"that is the role of {base}'s migrations", f"call it {_own(name)}")


def _own(service: str) -> str:
    return f"{service.replace('-', '_')}_db"


def migrations(stack: Stack) -> Findings:
    first: dict[str, str] = {}
    for name, service in stack.services.items():
        if service.migrate and not service.database:
            also: tuple[KeyPath, ...] = (("services", name, "database"),)
            path: KeyPath = ("services", name, "migrate")
            yield Finding(path, "there is no database to migrate", f"add `database: {_own(name)}`", also)
        elif service.migrate and first.setdefault(service.database or "", name) != name:
            fault = f"{service.database} is migrated by services.{first[service.database or '']} already"
            yield Finding(("services", name, "migrate"), fault, "leave one of them")
        if service.migrations and not (service.migrate and service.build):
            missing = "migrate" if service.build else "build"
            keys: tuple[KeyPath, ...] = (("services", name, missing),)
            cure = "add the command" if service.build else "an image of others brings its own; take this out"
            yield Finding(("services", name, "migrations"), f"there is no {missing}", cure, keys)


def depends(stack: Stack) -> Findings:
    for name, service in stack.services.items():
        for at, other in enumerate(service.depends):
            path: KeyPath = ("services", name, "depends", at)
            if other == name:
                yield Finding(path, "depends on itself", "take it out")
            elif other in service.depends[:at]:
                yield Finding(path, f"{other} is named twice", "keep one")
            elif other in _PARTS and other not in stack.services:
                yield Finding(path, f"{other} always starts before the services", "take it out")
            elif other not in stack.services:
                cure = did_you_mean(other, (known for known in stack.services if known != name))
                yield Finding(path, f'there is no service "{other}"', cure, (("services", other),))
            else:
                yield from _absent(stack, name, other, path)


def _absent(stack: Stack, name: str, other: str, path: KeyPath) -> Findings:
    """A dependency must run wherever the one that needs it runs."""
    mine = set(stack.services[name].only or stack.environments)
    theirs = set(stack.services[other].only or stack.environments)
    missing = [env for env in stack.environments if env in mine - theirs]
    if missing:
        cure = f"look at `only` of services.{other}"
        also: tuple[KeyPath, ...] = (("services", name, "only"), ("services", other, "only"))
        yield Finding(path, f"{other} does not run in {', '.join(missing)}", cure, also)


def cycles(stack: Stack) -> Findings:
    """Each circle of dependencies once, at the service of it that comes first in the file."""
    reported: set[frozenset[str]] = set()
    for name in stack.services:
        circle = _circle(stack, name)
        if len(circle) > 1 and frozenset(circle) not in reported:
            reported.add(frozenset(circle))
            fault = f"a circle: {' -> '.join((*circle, name))}"
            cure = "take one out; services may call each other without `depends`"
            yield Finding(("services", name, "depends"), fault, cure, key=True)


def _circle(stack: Stack, start: str) -> tuple[str, ...]:
    """The shortest way from a service back to itself, or nothing. Services are few: breadth first."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        for other in stack.services[way[-1]].depends:
            if other == start:
                return way
            if other in stack.services and other not in seen:
                seen.add(other)
                ways.append((*way, other))
    return ()


def only(stack: Stack) -> Findings:
    for name, service in stack.services.items():
        yield from _known(stack, ("services", name, "only"), service.only)
        for at, use in enumerate(service.secrets):
            yield from _known(stack, ("services", name, "secrets", at, "only"), use.only)


def _known(stack: Stack, place: KeyPath, environments: tuple[str, ...]) -> Findings:
    for at, env in enumerate(environments):
        if env not in stack.environments:
            also: tuple[KeyPath, ...] = (("environments", env),)
            cure = did_you_mean(env, stack.environments)
            yield Finding((*place, at), f'there is no environment "{env}"', cure, also)


def broker(stack: Stack) -> Findings:
    for name, service in stack.services.items():
        if service.rabbitmq and not stack.rabbitmq:
            path: KeyPath = ("services", name, "rabbitmq")
            cure = "add `rabbitmq: {}` at the top of the file, or take this out"
            yield Finding(path, "there is no broker", cure, (("rabbitmq",),), key=True)


def migration_networks(stack: Stack) -> Findings:
    for name, service in stack.services.items():
        if service.migrate_networks and not service.migrate:
            path: KeyPath = ("services", name, "migrate_networks")
            also: tuple[KeyPath, ...] = (("services", name, "migrate"),)
            yield Finding(path, "there is no migrate", "add the command, or take this out", also, key=True)
