"""Who uses PostgreSQL or RabbitMQ gets the contract's files; the variables that led there are taken out."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from homeport.importer.draft import DraftService, Work, identifier_of

_NAME = re.compile(r"(^|.*_)(DB_?NAME|DATABASE(_NAME)?|POSTGRES(QL)?_(DB|DATABASE|NAME)|PG_?DATABASE|PG_DBNAME|DBNAME"
                   r"|DB_DATABASE(_NAME)?|DB_DATABASE)", re.IGNORECASE)  # fmt: skip
_PART = re.compile(
    r"(^|.*_)(POSTGRES(QL)?|PG|DB|DATABASE|DATASOURCE|SQL|AMQP|RABBIT(MQ)?|BROKER|MQ)_?\w*", re.IGNORECASE
)
_ROLE = re.compile(r".*(USER|USERNAME|PASS|PASSWORD|PASSWD|PWD|PORT|HOST|HOSTNAME|SERVER|ADDRESS|ADDR|VHOST)(_FILE)?",
                   re.IGNORECASE)  # fmt: skip
_SYSTEM = ("postgres", "template0", "template1", "")


def assign(work: Work) -> None:
    """Take the connections out of every service's variables; homeport gives its own."""
    owners: dict[str, str] = {}
    for service in work.kept():
        if work.postgres is not None and (found := _from_variables(work, service))[0]:
            _connect(work, service, found, owners)
        if work.rabbitmq is not None:
            _broker(work, service)
    if not owners:
        _by_other_signs(work, owners)


def one_migration(work: Work) -> None:
    """Of services that share a database the first that migrates does it for all."""
    first: dict[object, DraftService] = {}
    for service in work.kept():
        migrate, database = service.keys.get("migrate"), service.keys.get("database")
        owner = first.setdefault(database, service) if migrate and database else service
        if owner is service:
            continue
        place, path = service.value.place, f"services.{service.origin}"
        if owner.keys["migrate"] == migrate:
            del service.keys["migrate"]
            work.findings.changed(place, path, f"{owner.name} migrates {database} for both", "")
        else:
            why = f"{owner.name} migrates {database} too, with another command"
            work.findings.asks(place, path, why, "leave `migrate` in one of them")


def _by_other_signs(work: Work, owners: dict[str, str]) -> None:
    """When no variable leads to a server: who depends on it, names its database, or is the only one there."""
    for server in work.of_role("postgres"):
        apps = [service for service in work.kept() if service.role == "service"]
        users = [service for service in apps if _depends_on(service, server)]
        users = users or [service for service in apps if _names_its_database(service, server)]
        users = users or (apps if len(apps) == 1 else [])
        for service in users:
            _connect(work, service, (server.origin, ""), owners)
        if not users:
            path, why = f"services.{server.origin}", "no service is known to use it"
            work.findings.changed(server.value.place, path, why, "give the one that does `database: NAME`")


def _names_its_database(service: DraftService, server: DraftService) -> bool:
    made = _database_of(server)
    return bool(made) and any(_NAME.fullmatch(name) and v.text == made for name, v in service.env.items())


def _database_of(server: DraftService) -> str:
    environment = server.value.get("environment")
    made = dict(environment.pairs()).get("POSTGRES_DB") if environment else None
    return (made.text or "") if made else ""


def _connect(work: Work, service: DraftService, found: tuple[str, str], owners: dict[str, str]) -> None:
    """Name the service's database, and take out the variables that lead to it."""
    host, database = found
    server = work.called(host)
    if server is None:
        return
    name = _database(service, server, database, owners)
    service.keys["database"] = name
    _take_connection(work, service, server)
    place, path = service.value.place, f"services.{service.origin}"
    owner = owners.setdefault(name, service.name)
    too = "" if owner == service.name else f", as is {owner}'s: both log in as the same role"
    work.findings.changed(place, path, f"its database is {name}{too}", _how_to_read(service))


def _database(service: DraftService, server: DraftService, named: str, owners: dict[str, str]) -> str:
    """The database's name: as the service says, else as the server does, else after the first that uses it."""
    for candidate in (named, _database_of(server)):
        if candidate not in _SYSTEM:
            return identifier_of(candidate, "db")
    return owners.setdefault(f"of server {server.origin}", identifier_of(service.name, "db"))


def _how_to_read(service: DraftService) -> str:
    if service.builds:
        return "let the app read DATABASE_URL_FILE, or libpq's PGHOST, PGDATABASE, PGUSER and PGPASSFILE"
    return (
        "does the image read DATABASE_URL_FILE or PGPASSFILE? If not, build one on it whose entrypoint does "
        'export DATABASE_URL="$(cat "$DATABASE_URL_FILE")"'
    )


def _is_server(work: Work, host: str | None, role: str) -> bool:
    found = work.called(host) if host else None
    return bool(found and found.role == role)


def _from_variables(work: Work, service: DraftService) -> tuple[str, str]:
    """Host (as named in the compose file) and database, from a URL or from single variables."""
    for value in service.env.values():
        host, database = _url(value.text or "", "postgres")
        if host and _is_server(work, host, "postgres"):
            return host, database
    hosts = [
        v.text.split(":")[0]
        for v in service.env.values()
        if v.text and _is_server(work, v.text.split(":")[0], "postgres")
    ]
    if not hosts:
        return "", ""
    names = [
        v.text
        for n, v in service.env.items()
        if _NAME.fullmatch(n) and v.text and re.fullmatch(r"[\w-]+", v.text)
    ]
    return hosts[0], next((n for n in names if n not in hosts and n not in _SYSTEM), "")


def _url(text: str, scheme: str) -> tuple[str, str]:
    """Host and path of a URL such as `postgresql+asyncpg://u:p@db:5432/app?x` or `jdbc:postgresql://db/app`."""
    text = text.removeprefix("jdbc:").strip("\"'")
    if not text.startswith((scheme, "ecto" if scheme == "postgres" else scheme)):
        return "", ""
    try:
        parts = urlsplit(text)
        return parts.hostname or "", unquote(parts.path.strip("/"))
    except ValueError:
        return "", ""


def _depends_on(service: DraftService, server: DraftService) -> bool:
    """Whether a service needs a server without naming it in a variable: its configuration may be in its image."""
    links = service.value.get("links")
    names = [
        *_depends_names(service),
        *((i.text or "").partition(":")[0] for i in (links.list() if links else ())),
    ]
    return service.role == "service" and server.origin in names


def _take_connection(work: Work, service: DraftService, server: DraftService) -> None:
    """Take out what homeport gives in its own way: URL, host, port, user, password, name."""
    database = str(service.keys["database"])
    for name, value in list(service.env.items()):
        text = value.text or ""
        host, _ = _url(text, "postgres")
        path = service.at(f"environment.{name}")
        if host and _is_server(work, host, "postgres"):
            why, cure = (
                "homeport writes this URL into a file",
                f"read the file that DATABASE_URL_FILE names, not {name}",
            )
        elif text.split(":")[0] in server.names:
            service.keys.setdefault("env", {})[name] = text.replace(text.split(":")[0], "postgres", 1)
            why, cure = "the host is `postgres`", ""
        elif _PART.fullmatch(name) and re.search(r"PASS|PWD", name, re.I):
            why, cure = (
                "homeport makes the password",
                "read it from the URL in DATABASE_URL_FILE, or let libpq do it (PGPASSFILE)",
            )
        elif _PART.fullmatch(name) and re.search(r"USER", name, re.I):
            service.keys.setdefault("env", {})[name] = database
            why, cure = f"the role is {database}, as PGUSER says", ""
        elif _NAME.fullmatch(name) and text:
            service.keys.setdefault("env", {})[name] = database
            why, cure = f"the database is {database}, as PGDATABASE says", ""
        else:
            continue
        del service.env[name]
        _no_own(service, name)
        work.findings.changed(value.place, path, why, cure)


def _no_own(service: DraftService, name: str) -> None:
    """PGHOST and its kin are homeport's to set."""
    if name in ("PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGPASSWORD", "PGPASSFILE"):
        service.keys.get("env", {}).pop(name, None)


def _broker(work: Work, service: DraftService) -> None:
    """The way to RabbitMQ is RABBITMQ_URL_FILE."""
    users = {s.origin for s in work.of_role("rabbitmq")}
    names = {name for s in work.of_role("rabbitmq") for name in s.names}
    touched = False
    for name, value in list(service.env.items()):
        text = value.text or ""
        host, _ = _url(text, "amqp")
        cure = ""
        if host in names:
            why, cure = (
                "homeport writes this URL into a file",
                f"read the file that RABBITMQ_URL_FILE names, not {name}",
            )
        elif text.split(":")[0] in names and text:
            service.keys.setdefault("env", {})[name] = text.replace(text.split(":")[0], "rabbitmq", 1)
            why = "the host is `rabbitmq`"
        elif re.match(r"(RABBIT(MQ)?|AMQP|MQ|BROKER)_", name) and re.search(r"PASS|USER|VHOST", name):
            why, cure = (
                "homeport makes user, password and virtual host",
                "read them from the URL in RABBITMQ_URL_FILE",
            )
        else:
            continue
        touched = True
        del service.env[name]
        work.findings.changed(value.place, service.at(f"environment.{name}"), why, cure)
    if not touched and users & set(_depends_names(service)):
        cure = "let the app read RABBITMQ_URL_FILE"
        work.findings.changed(service.value.place, f"services.{service.origin}", "it uses RabbitMQ", cure)


def _depends_names(service: DraftService) -> list[str]:
    depends = service.value.get("depends_on")
    if depends is None:
        return []
    return [item.text or "" for item in depends.items or ()] or list(depends.entries or {})
