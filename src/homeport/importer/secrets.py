"""Secrets: variables that look like one, and compose's own `secrets:`, become files and `NAME_FILE`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from homeport import cures
from homeport.importer import images
from homeport.importer.draft import DraftService, Secret, Work, identifier_of
from homeport.importer.value import Value

_NAME = re.compile(
    r"(^|.*_)(PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|TOKEN|SECRET|SECRETS?_KEY(_BASE)?|API_?KEY|KEY|KEY_BASE|CREDENTIALS?"
    r"|SALT|DSN|WEBHOOK_URL|OTP_SECRET|ENCRYPTION_KEY|(PRIVATE|SIGNING|ACCESS|MASTER|ROOT)_?KEY)",
    re.IGNORECASE,
)
_EMBEDDED = re.compile(
    r"PASSWORD|PASSWD|SECRET|PRIVATE_?KEY|ENCRYPTION_?KEY|API_?KEY|AUTH_?TOKEN", re.IGNORECASE
)
_NOT = re.compile(
    r".*((PUBLIC|PUBLISHABLE|SITE|PARTITION|SORT|PRIMARY)_KEY|_FILE|_PATH|_DIR|_HOST|_PORT|_NAME|_TTL"
    r"|_USER(NAME)?|_LENGTH|_MIN|_MAX|_AGE|_ALGORITHM|_HEADER|_ISSUER|_(EXPIR|LIFETIME|MINUTES|SECONDS|DAYS)\w*"
    r"|_(RESET|POLICY|ENABLED|REQUIRED|AUTH|HASH|SALT_ROUNDS)|_KEY_ID|ALLOW_EMPTY\w*|RANDOM\w*|AUTH_METHOD)",
    re.IGNORECASE,
)
_HARMLESS = re.compile(r"true|false|yes|no|none|null|[0-9]{1,6}|/[\w./-]*", re.IGNORECASE)
_VALUE = re.compile(
    r"(?P<url>[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@.*)"
    r"|.*-----BEGIN .*|(sk|rk|pk)[-_](live|test|proj|ant)[-_].*|gh[pousr]_\w{30,}|xox[abprs]-.*|AKIA[A-Z0-9]{16}"
)
# Secrets that somebody else gives; all others homeport can make.
_GIVEN = re.compile(
    r"SMTP|MAIL|OPENAI|ANTHROPIC|STRIPE|TWILIO|SENDGRID|AWS|S3|AZURE|GCP|GOOGLE|GITHUB|GITLAB|FACEBOOK|TWITTER|SLACK"
    r"|DISCORD|OAUTH|OIDC|CLIENT|DSN|WEBHOOK|LICENSE|PAYPAL|CLOUDFLARE|DNS|VPN|API_?KEY|TELEGRAM|MAPBOX|RECAPTCHA|LDAP",
    re.IGNORECASE,
)
_RESERVED = re.compile(r"postgres_.*|rabbitmq_.*|homeport_.*|database_url|pgpass|rabbitmq_url")


@dataclass(frozen=True)
class Use:
    """One variable of one service that holds a secret."""

    service: DraftService
    variable: str
    value: Value

    @property
    def same(self) -> str:
        """What two uses of one secret have in common: the value, or the variables that it is made of."""
        return self.value.text or "".join(f"${{{name}}}" for name in self.value.used)


def looks_secret(name: str, text: str | None) -> bool:
    """Whether a variable holds something that must not stand in a file for git."""
    if text and _VALUE.fullmatch(text):
        return True
    if text and _HARMLESS.fullmatch(text):
        return False
    return bool((_NAME.fullmatch(name) or _EMBEDDED.search(name)) and not _NOT.fullmatch(name))


def holds_secret(value: Value) -> bool:
    """Whether a text was made with a variable that looks like a secret: `--password ${DB_PASSWORD}`."""
    inner = (*(value.items or ()), *(value.entries or {}).values())
    return any(looks_secret(name, None) for name in value.used) or any(holds_secret(item) for item in inner)


def assign(work: Work) -> None:
    """Take the secrets out of the variables of all services; one value in two places is one secret."""
    for use in sorted(_uses(work), key=_stores_first):
        del use.service.env[use.variable]
        if _optional(work, use):
            continue
        name = _shared(work, use) or _new(work, use)
        for same in {_origin(work, use), use.same} - {""}:
            work.secret_values.setdefault(same, []).append(name)
        _give(work, use, name)
    for service in work.kept():
        _compose_secrets(work, service)


def _origin(work: Work, use: Use) -> str:
    """The variable of .env that a value is, as `$NAME`; empty when it is made otherwise."""
    env = work.project.env
    if len(use.value.used) == 1 and use.value.text == env.get(use.value.used[0], ""):
        return f"${use.value.used[0]}"
    return f"${use.variable}" if use.variable in env and env[use.variable] == use.value.text else ""


def _uses(work: Work) -> Iterator[Use]:
    for service in work.kept():
        for name, value in service.env.items():
            if looks_secret(name, value.text) or (value.text and holds_secret(value)):
                yield Use(service, name, value)


def _stores_first(use: Use) -> bool:
    return use.service.role != "store"


def _optional(work: Work, use: Use) -> bool:
    """A secret without a value, which the app seems to do without."""
    if use.value.text or not _GIVEN.search(use.variable):
        return False
    name = _name(work, use)
    _calls_out(use.service, use.variable)
    use.service.keys.setdefault("secrets", []).append({"name": name, "optional": True})
    work.secrets.setdefault(
        name, Secret(name, False, f"{use.variable} of {use.service.name}, when it has one")
    )
    why = f"a secret without a value here: {name}, optional"
    cure = f"if it has one: `{cures.secrets_set(name)}`, and read {name.upper()}_FILE"
    work.findings.changed(use.value.place, use.service.at(f"environment.{use.variable}"), why, cure)
    return True


def _calls_out(service: DraftService, variable: str) -> None:
    """A secret that somebody else gives is for calling them."""
    if (
        _GIVEN.search(variable)
        and service.role == "service"
        and not re.search(r"LICENSE|CLIENT|DNS|VPN", variable)
    ):
        service.keys["egress"] = True
        service.notes.setdefault("egress", f"for {variable}")


def _shared(work: Work, use: Use) -> str:
    """The secret that this value already is: of the same variable, or of the same text in another service.

    Of several the one that is called alike, else not the one of root. A service with the same text twice means two.
    """
    if found := work.secret_values.get(_origin(work, use)):
        return found[0]
    same = work.secret_values.get(use.same, []) if use.same else []
    names = [name for name in same if name not in _names(use.service)]
    alike = identifier_of(use.variable)
    return min(names, key=lambda name: (name != alike, "root" in name), default="")


def _names(service: DraftService) -> list[str]:
    return [use if isinstance(use, str) else use["name"] for use in service.keys.get("secrets", [])]


def _name(work: Work, use: Use) -> str:
    name = identifier_of(use.variable)
    if _RESERVED.fullmatch(name) or name in work.secrets:
        name = identifier_of(f"{use.service.name}_{name}")
    return name if name not in work.secrets else identifier_of(f"{name}_2")


def _new(work: Work, use: Use) -> str:
    name = _name(work, use)
    url = _VALUE.fullmatch(use.value.text or "")
    if (url and url["url"]) or "://" in (use.value.text or ""):
        shape = re.sub(r"://[^/]*@", "://USER:PASSWORD@", use.value.text or "")
        work.secrets[name] = Secret(
            name, False, f"{use.variable} of {use.service.name}, like {_plain(shape)}"
        )
    elif _GIVEN.search(use.variable):
        work.secrets[name] = Secret(name, False, f"{use.variable} of {use.service.name}")
    else:
        work.secrets[name] = Secret(name, True)
    return name


def _plain(text: str) -> str:
    return "".join(char for char in text if char.isprintable())


def _give(work: Work, use: Use, name: str) -> None:
    """Let the service read the secret, and say how."""
    service, variable = use.service, f"{use.variable}_FILE"
    service.secret_variables[use.variable] = name
    _calls_out(service, use.variable)
    if name not in _names(service):
        service.keys.setdefault("secrets", []).append(name)
    if f"{name}_file".upper() != variable:
        service.keys.setdefault("env", {})[variable] = f"/run/secrets/{name}"
    made = "made by homeport" if work.secrets[name].generate else f"set it with `{cures.secrets_set(name)}`"
    why = f"a secret: {name}, {made}"
    work.findings.changed(
        use.value.place, service.at(f"environment.{use.variable}"), why, _cure(service, use.variable)
    )


def _cure(service: DraftService, variable: str) -> str:
    known = images.known(service.image) if service.image else None
    if known and variable in known.secrets:
        return f"nothing: the image reads {variable}_FILE"
    if service.builds:
        return f"let the app read the file that {variable}_FILE names"
    return f"does the image read {variable}_FILE? If not, let its entrypoint read the file"


def _compose_secrets(work: Work, service: DraftService) -> None:
    """`secrets:` of a service: the file stays where compose puts it, under an identifier."""
    found = service.value.get("secrets")
    for item in (found.items if found else None) or ():
        source = item.text or item.string("source")
        if not source:
            continue
        target = item.string("target") or source
        if "database" in service.keys and source in _servers_own(work):
            why = "the database's password: homeport makes one for each database"
            cure = "let the app read DATABASE_URL_FILE or PGPASSFILE"
            work.findings.changed(item.place, service.at(f"secrets[{source}]"), why, cure)
            continue
        name = _declare(work, source)
        if name not in _names(service):
            service.keys.setdefault("secrets", []).append(name)
        path = service.at(f"secrets[{source}]")
        if target.rpartition("/")[2] == name and not target.startswith("/"):
            work.findings.carried(item.place, path)
        else:
            cure = f"let the app read {name.upper()}_FILE"
            work.findings.changed(item.place, path, f"it is the file /run/secrets/{name}", cure)


def _servers_own(work: Work) -> set[str]:
    """Compose secrets that a PostgreSQL or RabbitMQ of the compose file reads itself."""
    values = [s.value.get("secrets") for s in work.of_role("postgres", "rabbitmq")]
    return {item.text or item.string("source") for value in values if value for item in value.list()}


def _declare(work: Work, source: str) -> str:
    """The secret of a compose secret; its old value is not read."""
    name = identifier_of(source)
    if _RESERVED.fullmatch(name):
        name = identifier_of(f"app_{name}")
    generate = (
        looks_secret(name, "x") and not _GIVEN.search(name) and not re.search(r"cert|crt|pem|ca$", name)
    )
    work.secrets.setdefault(name, Secret(name, generate, "" if generate else f"the content of {source}"))
    return name


def top_level(work: Work) -> None:
    """The `secrets:` and `configs:` sections."""
    used = {name for service in work.kept() for name in _names(service)}
    for source, value in work.project.sections["secrets"].items():
        name = next((n for n in (identifier_of(source), f"app_{identifier_of(source)}") if n in used), None)
        path = f"secrets.{source}"
        if name is None:
            part = source in _servers_own(work)
            why = "the part has its own" if part else "no service of homeport.yaml uses it"
            (work.findings.changed if part else work.findings.dropped)(value.place, path, why)
            continue
        origin = value.string("file") or value.string("environment") or "its old value"
        cure = f"to keep the old value: `{cures.secrets_set(name)}` and give what is in {origin}"
        work.findings.changed(value.place, path, f"declared as {name}; {origin} is not read", cure)
    for source, value in work.project.sections["configs"].items():
        why = "a server has only what images hold"
        work.findings.dropped(
            value.place, f"configs.{source}", why, "COPY it in the Dockerfile of who reads it"
        )


def unused(work: Work) -> None:
    """Declared secrets that no service reads any more are not written."""
    used = {name for service in work.kept() for name in _names(service)}
    work.secrets = {name: secret for name, secret in work.secrets.items() if name in used}
