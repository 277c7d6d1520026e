"""PostgreSQL and RabbitMQ of the compose file become homeport's own parts."""

from __future__ import annotations

import re

from homeport.importer import images, program
from homeport.importer.draft import DraftService, Work
from homeport.importer.value import Value
from homeport.stack.words import size_text

_OWN_SETTINGS = {"listen_addresses", "port", "data_directory", "hba_file", "ident_file", "config_file", "ssl",
                 "unix_socket_directories", "password_encryption", "shared_preload_libraries",
                 "logging_collector"}  # fmt: skip


def assign(work: Work) -> None:
    """Make the parts `postgres` and `rabbitmq` of the services of these roles."""
    for service in work.of_role("postgres"):
        _postgres(work, service)
    for service in work.of_role("rabbitmq"):
        _rabbitmq(work, service)


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
            {"mem_limit": program.memory, "deploy": program.deploy, "cpus": program.cpus}[key](
                work, scratch, value
            )
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
        if re.search(r"PASS|USER|COOKIE", key):
            why = "homeport makes a role and a password for each database itself"
            work.findings.changed(inner.place, path, why)
        elif key in ("POSTGRES_DB", "RABBITMQ_DEFAULT_VHOST"):
            work.findings.changed(inner.place, path, "services name the database that they use")
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
    words = program.words(value)
    for text in (words[at + 1] for at, word in enumerate(words[:-1]) if word == "-c"):
        name, _, setting = text.partition("=")
        if name in ("fsync", "full_page_writes", "synchronous_commit") and setting.lower() in (
            "off",
            "false",
            "no",
            "0",
        ):
            work.findings.dropped(value.place, path, f"{name}={setting} loses data when the machine stops")
            continue
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
