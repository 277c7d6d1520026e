"""Rules of variables, secrets and settings: no secret stands in the file, and nobody sets what homeport sets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from homeport.stack.model import Stack
from homeport.stack.problem import KeyPath
from homeport.stack.rules.finding import Finding, Findings

HOMEPORT_SETS = frozenset(
    {
        "PORT",
        "SERVICE_NAME",
        "SERVICE_VERSION",
        "ENVIRONMENT",
        "PUBLIC_URL",
        "DATABASE_URL_FILE",
        "RABBITMQ_URL_FILE",
        "PGHOST",
        "PGPORT",
        "PGDATABASE",
        "PGUSER",
        "PGPASSFILE",
        "PGPASSWORD",
    }
)
DATABASE_SETS = frozenset(name for name in HOMEPORT_SETS if name.startswith(("PG", "DATABASE_URL")))
_SECRET_NAME = re.compile(
    r"(^|.*_)(PASSWORD|PASSWD|PASSPHRASE|PWD|TOKEN|SECRET|SECRET_KEY|API_?KEY|KEY|CREDENTIALS?)",
    re.IGNORECASE,
)
_PUBLIC_NAME = re.compile(r".*(PUBLIC|PUBLISHABLE|SITE|PARTITION|SORT|PRIMARY)_KEY", re.IGNORECASE)
_HARMLESS = re.compile(r"|true|false|none|[0-9]{1,6}|/[\w./-]*", re.IGNORECASE)
_SECRET_VALUE = re.compile(
    r"[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@.*"  # a URL with a password
    r"|.*-----BEGIN .*|AKIA[A-Z0-9]{16}"
    r"|(sk|rk)[-_](live|test|proj|ant)[-_].*|gh[pousr]_\w{30,}|xox[abprs]-.*"
)
_OWN_SECRETS = re.compile(r"postgres_.*|rabbitmq_.*|homeport_.*|database_url|pgpass|rabbitmq_url")
_OWN_SETTINGS = frozenset(
    {
        "listen_addresses",
        "port",
        "data_directory",
        "hba_file",
        "ident_file",
        "config_file",
        "unix_socket_directories",
        "ssl",
        "password_encryption",
        "shared_preload_libraries",
        "max_connections",
        "logging_collector",
    }
)

Variable = tuple[KeyPath, str, str]  # path, name, value


def reserved(stack: Stack) -> Findings:
    for name, service in stack.services.items():
        ours = _sets(bool(service.database), stack)
        files = {f"{secret.name.upper()}_FILE": secret.name for secret in service.secrets}
        for variable in service.env:
            path: KeyPath = ("services", name, "env", variable)
            if variable in ours:
                yield Finding(path, "homeport sets this one itself", "take it out", key=True)
            elif variable in files:
                fault = f"homeport sets this one for the secret {files[variable]}"
                yield Finding(path, fault, "take it out", key=True)
    ours = _sets(any(service.database for service in stack.services.values()), stack)
    for path, variable, _ in _environment_variables(stack):
        if variable in ours:
            yield Finding(path, "homeport sets this one itself", "take it out", key=True)


def _sets(database: bool, stack: Stack) -> frozenset[str]:
    """The variables that homeport sets for a service with or without a database."""
    ours = HOMEPORT_SETS if database else HOMEPORT_SETS - DATABASE_SETS
    return ours if stack.rabbitmq else ours - {"RABBITMQ_URL_FILE"}


def looks_secret(stack: Stack) -> Findings:
    """The message never shows the value."""
    for path, name, value in (*_service_variables(stack), *_environment_variables(stack)):
        if _is_secret(name, value):
            yield Finding(path, "looks like a secret, and this file is for git", _cure(name), key=True)
    for path, name, value in _build_arguments(stack):
        if _is_secret(name, value):
            cure = "take it out; a build that needs one mounts it"
            yield Finding(path, "looks like a secret, and arguments stay in the image", cure, key=True)


def _cure(variable: str) -> str:
    name = re.sub(r"[^a-z0-9_]", "_", variable.lower()).lstrip("_0123456789") or "my_secret"
    if name == "database_url":
        return "write `database: NAME` and read DATABASE_URL_FILE"
    if _OWN_SECRETS.fullmatch(name):
        name = f"my_{name}"
    return f"add {name} to `secrets`, set it with `homeport secrets set`, read {name.upper()}_FILE"


def _is_secret(name: str, value: str) -> bool:
    if _SECRET_VALUE.fullmatch(value):
        return True
    named = _SECRET_NAME.fullmatch(name) and not _PUBLIC_NAME.fullmatch(name)
    return bool(named) and not _HARMLESS.fullmatch(value)


def _service_variables(stack: Stack) -> Iterator[Variable]:
    for service_name, service in stack.services.items():
        for name, value in service.env.items():
            yield ("services", service_name, "env", name), name, value


def _environment_variables(stack: Stack) -> Iterator[Variable]:
    for env_name, env in stack.environments.items():
        for name, value in env.env.items():
            yield ("environments", env_name, "env", name), name, value


def _build_arguments(stack: Stack) -> Iterator[Variable]:
    for service_name, service in stack.services.items():
        for name, value in (service.build.args if service.build else {}).items():
            yield ("services", service_name, "build", "args", name), name, value
    frontend = stack.edge.frontend
    for name, value in (frontend.build.args if frontend and frontend.build else {}).items():
        yield ("edge", "frontend", "build", "args", name), name, value


def unused_secrets(stack: Stack) -> Findings:
    """A secret that a service uses need not be declared (then it is set by hand); the reverse is a slip."""
    used = {secret.name for service in stack.services.values() for secret in service.secrets}
    used |= set(stack.notify.to if stack.notify else ())
    used |= {stack.registry.password} if stack.registry and stack.registry.password else set()
    for name in stack.secrets:
        if name not in used:
            cure = f"add {name} to `secrets` of the service that reads it, or take it out"
            yield Finding(("secrets", name), "no service uses it", cure, (("services",),), key=True)
    for name, kind in stack.secrets.items():
        if kind.generate and kind.ask:
            yield Finding(("secrets", name), "is both generated and asked for", "keep one", key=True)


def secret_names(stack: Stack) -> Findings:
    for service_name, service in stack.services.items():
        names = [secret.name for secret in service.secrets]
        for at, name in enumerate(names):
            path: KeyPath = ("services", service_name, "secrets", at)
            if name in names[:at]:
                yield Finding(path, f"{name} is named twice", "keep one")
            if _OWN_SECRETS.fullmatch(name):
                yield Finding(path, f"{name} is a name of homeport's own secrets", "choose another name")


def notified(stack: Stack) -> Findings:
    """An address is a person's to give, and one that nobody else has."""
    names = stack.notify.to if stack.notify else ()
    if stack.notify and not names:
        yield Finding(
            ("notify", "to"), "nobody is named", "name the secret of an address, or take `notify` out"
        )
    for at, name in enumerate(names):
        path: KeyPath = ("notify", "to", at)
        if name in names[:at]:
            yield Finding(path, f"{name} is named twice", "keep one")
        if _OWN_SECRETS.fullmatch(name):
            yield Finding(path, f"{name} is a name of homeport's own secrets", "choose another name")
        if name in stack.secrets and stack.secrets[name].generate:
            yield Finding(
                path, "an address cannot be generated", f"write `{name}: {{ask: ...}}` in `secrets`"
            )


def registry(stack: Stack) -> Findings:
    """A login is a user and a password, which somebody else has made."""
    if stack.registry is None:
        return
    user, password = stack.registry.user, stack.registry.password
    if bool(user) != bool(password):
        there, lacks = ("user", "password") if user else ("password", "user")
        yield Finding(("registry", there), f"has no {lacks} beside it", f"add `{lacks}:`, or take both out")
    if password and _OWN_SECRETS.fullmatch(password):
        cure = "choose another name"
        yield Finding(("registry", "password"), f"{password} is a name of homeport's own secrets", cure)
    if password and password in stack.secrets and stack.secrets[password].generate:
        cure = f"write `{password}: {{ask: ...}}` in `secrets`"
        yield Finding(("registry", "password"), "the registry's password cannot be generated", cure)


def settings(stack: Stack) -> Findings:
    for name in stack.postgres.settings if stack.postgres else ():
        if name in _OWN_SETTINGS:
            cure = "write `postgres: {max_connections: N}`" if name == "max_connections" else "take it out"
            yield Finding(("postgres", "settings", name), "homeport sets this one itself", cure, key=True)
