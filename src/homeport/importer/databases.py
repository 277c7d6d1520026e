"""PostgreSQL and RabbitMQ of the compose file become homeport's own parts; their users get the contract's files."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from homeport.importer import body, images
from homeport.importer.draft import DraftService, Work, identifier_of
from homeport.importer.value import Value
from homeport.stack.problem import Place
from homeport.stack.words import size_text

_NAME = re.compile(r"(^|.*_)(DB_?NAME|DATABASE(_NAME)?|POSTGRES(QL)?_(DB|DATABASE|NAME)|PG_?DATABASE|PG_DBNAME|DB|DBNAME"
                   r"|DB_DATABASE(_NAME)?|DB_DATABASE)", re.IGNORECASE)  # fmt: skip
_PART = re.compile(
    r"(^|.*_)(POSTGRES(QL)?|PG|DB|DATABASE|DATASOURCE|SQL|AMQP|RABBIT(MQ)?|BROKER|MQ)_?\w*", re.IGNORECASE
)
_ROLE = re.compile(r".*(USER|USERNAME|PASS|PASSWORD|PASSWD|PWD|PORT|HOST|HOSTNAME|SERVER|ADDRESS|ADDR|VHOST)(_FILE)?",
                   re.IGNORECASE)  # fmt: skip
_SYSTEM = ("postgres", "template0", "template1", "")
_OWN_SETTINGS = {"listen_addresses", "port", "data_directory", "hba_file", "ident_file", "config_file", "ssl",
                 "unix_socket_directories", "password_encryption", "shared_preload_libraries",
                 "logging_collector"}  # fmt: skip


def assign(work: Work) -> None:
    """Make the parts, then take the connections out of every service's variables."""
    for service in work.of_role("postgres"):
        _postgres(work, service)
    for service in work.of_role("rabbitmq"):
        _rabbitmq(work, service)
    owners: dict[str, str] = {}
    for service in work.kept():
        if work.postgres is not None:
            _connect(work, service, owners)
        if work.rabbitmq is not None:
            _broker(work, service)


def _postgres(work: Work, service: DraftService) -> None:
    service.kept = False
    work.postgres = work.postgres if work.postgres is not None else {}
    path, major = f"services.{service.origin}", images.reference(service.image).major
    work.findings.changed(
        service.value.place, path, "it is now the part `postgres`, with its own volume and backups"
    )
    if major is None or major == 17:
        work.findings.changed(work.place(service, "image"), service.at("image"), "PostgreSQL 17")
    else:
        word = "is older" if major < 17 else "is newer"
        cure = "take the data over with pg_dump and psql, not by copying its files"
        why = f"PostgreSQL 17; {service.image} {word}"
        work.findings.changed(work.place(service, "image"), service.at("image"), why, cure)
    _part_keys(work, service, work.postgres, "postgres")


def _rabbitmq(work: Work, service: DraftService) -> None:
    service.kept = False
    work.rabbitmq = work.rabbitmq if work.rabbitmq is not None else {}
    path, major = f"services.{service.origin}", images.reference(service.image).major
    work.findings.changed(service.value.place, path, "it is now the part `rabbitmq`")
    cure = "" if major in (None, 4) else "empty its queues before you move: messages are not copied"
    work.findings.changed(work.place(service, "image"), service.at("image"), "RabbitMQ 4", cure)
    _part_keys(work, service, work.rabbitmq, "rabbitmq")


def _part_keys(work: Work, service: DraftService, part: dict[str, object], name: str) -> None:
    """What a part takes of its service: limits, and settings given to postgres on its command line."""
    scratch = DraftService(service.origin, service.name, service.value)
    for key, value in (service.value.entries or {}).items():
        path = service.at(key)
        if key in ("mem_limit", "deploy", "cpus"):
            {"mem_limit": body.memory, "deploy": body.deploy, "cpus": body.cpus}[key](work, scratch, value)
        elif key == "command" and name == "postgres":
            _settings(work, service, value, part)
        elif key == "ports":
            why = "nothing but the edge is reachable from outside; a database on a public port is found within hours"
            work.findings.dropped(value.place, path, why, f"services reach it as {name}")
        elif key == "environment":
            _part_environment(work, service, value, name)
        elif key in ("volumes", "secrets", "env_file", "configs"):
            _part_files(work, service, key, value, name)
        elif key not in ("image", "profiles"):
            work.findings.changed(value.place, path, f"the part `{name}` has its own")
    part |= {key: value for key, value in scratch.keys.items() if key in ("memory", "cpus")}
    if name == "postgres" and "memory" in part and _too_small(str(part["memory"])):
        part["memory"] = size_text(128 * 1024 * 1024)


def _too_small(memory: str) -> bool:
    from homeport.stack.words import parse_size  # noqa: PLC0415

    return parse_size(memory) < 128 * 1024 * 1024


def _part_environment(work: Work, service: DraftService, value: Value, name: str) -> None:
    for key, inner in value.pairs():
        path = service.at(f"environment.{key}")
        if re.search(r"PASSWORD|USER|COOKIE", key):
            why = "homeport makes a role and a password for each service itself"
            work.findings.changed(inner.place, path, why)
        elif key in ("POSTGRES_DB", "RABBITMQ_DEFAULT_VHOST"):
            work.findings.changed(inner.place, path, "each service that uses it has its own")
        else:
            cure = "say it in postgres.settings if there is one" if name == "postgres" else ""
            work.findings.dropped(inner.place, path, f"the part `{name}` is set up by homeport", cure)


def _part_files(work: Work, service: DraftService, key: str, value: Value, name: str) -> None:
    for item in value.list():
        text = item.text or item.string("source")
        path = service.at(f"{key}[{text}]")
        if "initdb" in (item.text or item.string("target")):
            why = "scripts for an empty database are not run"
            work.findings.dropped(
                item.place, path, why, "make roles and tables in `migrate` of the service that owns them"
            )
        elif key == "volumes" and not text.startswith((".", "/", "~")):
            cure = "take the data over once: pg_dump there, psql here" if name == "postgres" else ""
            work.findings.changed(item.place, path, f"the part `{name}` has its own volume", cure)
        else:
            work.findings.dropped(item.place, path, f"the part `{name}` is set up by homeport")


def _settings(work: Work, service: DraftService, value: Value, part: dict[str, object]) -> None:
    """`postgres -c max_connections=200 -c work_mem=16MB`."""
    path, settings = service.at("command"), {}
    words = body.words(value)
    for text in (words[at + 1] for at, word in enumerate(words[:-1]) if word == "-c"):
        name, _, setting = text.partition("=")
        if name == "max_connections" and setting.isdigit() and int(setting) >= 10:
            part["max_connections"] = int(setting)
        elif (
            name in _OWN_SETTINGS
            or not re.fullmatch(r"[A-Za-z0-9 _.,:+/%*()-]+", setting)
            or not re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?", name)
        ):
            work.findings.dropped(value.place, path, f"{name}: homeport sets this one itself")
            continue
        else:
            settings[name] = setting
        work.findings.changed(value.place, path, f"{name} is in `postgres`")
    if settings:
        part["settings"] = settings
    if "-c" not in words:
        work.findings.dropped(value.place, path, "the part `postgres` starts PostgreSQL itself")


def _connect(work: Work, service: DraftService, owners: dict[str, str]) -> None:
    """Find the service's database, and take out the variables that lead to it."""
    host, database = _from_variables(work, service)
    server = work.called(host) if host else _depended_server(work, service)
    if server is None:
        return
    if database in _SYSTEM:
        database = server.value.get("environment") and dict(server.value.get("environment").pairs()).get(
            "POSTGRES_DB"
        )  # type: ignore[union-attr]
        database = (database.text or "") if database else ""
    if (database or "") in _SYSTEM:
        database = service.name
    name = identifier_of(database or service.name, "db")
    service.keys["database"] = name
    _take_connection(work, service, server)
    place = service.value.place
    if owners.setdefault(name, service.name) != service.name:
        why = f"the database {name} is shared with {owners[name]}: in homeport a database has one owner"
        cure = f"give {service.name} its own, or let it ask {owners[name]}, or run both in one service"
        work.findings.asks(place, f"services.{service.origin}", why, cure)
        service.notes["database"] = f"is {owners[name]}'s: which one is {service.name}'s own?"
    else:
        cure = "let the app read DATABASE_URL_FILE, or libpq's PGHOST, PGDATABASE, PGUSER and PGPASSFILE"
        work.findings.changed(place, f"services.{service.origin}", f"its database is {name}", cure)


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


def _depended_server(work: Work, service: DraftService) -> DraftService | None:
    """The server that a service depends on without naming it in a variable."""
    depends = service.value.get("depends_on")
    names = (
        [item.text or "" for item in depends.items or ()] or list(depends.entries or {}) if depends else []
    )
    links = service.value.get("links")
    names += [(item.text or "").partition(":")[0] for item in (links.items or () if links else ())]
    if service.role != "service":
        return None
    return next((s for s in work.of_role("postgres") if s.origin in names), None)


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
        place: Place = service.value.place
        work.findings.changed(place, f"services.{service.origin}", "it uses RabbitMQ", cure)


def _depends_names(service: DraftService) -> list[str]:
    depends = service.value.get("depends_on")
    if depends is None:
        return []
    return [item.text or "" for item in depends.items or ()] or list(depends.entries or {})
