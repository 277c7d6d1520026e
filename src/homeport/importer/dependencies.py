"""Who needs whom: `depends_on`, jobs that run once before others, and stores with their documented ways."""

from __future__ import annotations

import re

from homeport.importer import dockerfile, images, program
from homeport.importer.draft import DraftService, Secret, Work, identifier_of
from homeport.importer.value import Value

_JOB = re.compile(
    r"migrat|alembic|upgrade head|db:|prisma|flyway|liquibase|goose|init|setup|seed|prestart", re.IGNORECASE
)


def find_jobs(work: Work) -> list[DraftService]:
    """Services that end: others wait for them with service_completed_successfully, or `restart: "no"` says so.

    They are no longer services; `place_jobs` finds what they become.
    """
    found = []
    awaited = _awaited(work)
    for service in list(work.kept()):
        restart = service.value.string("restart")
        if service.origin in awaited or (restart in ("no", "false") and _JOB.search(_said(service))):
            service.kept = False
            found.append(service)
    return found


def place_jobs(work: Work, jobs: list[DraftService]) -> None:
    """When it is known who has which database."""
    for service in jobs:
        _job(work, service)


def _awaited(work: Work) -> set[str]:
    found = set()
    for service in work.services.values():
        depends = service.value.get("depends_on")
        for name, value in ((depends.entries if depends else None) or {}).items():
            if value.string("condition") == "service_completed_successfully":
                found.add(name)
    return found


def _said(service: DraftService) -> str:
    command = service.value.get("command") or service.value.get("entrypoint")
    return f"{service.origin} {' '.join(program.words(command)) if command else ''}"


def _job(work: Work, service: DraftService) -> None:
    """A job of an image that is also a service becomes its `migrate`; others have no place yet."""
    path, place = f"services.{service.origin}", service.value.place
    owner = next(
        (s for s in work.kept() if s is not service and _same_image(s, service) and "database" in s.keys),
        None,
    )
    command = service.value.get("command") or service.value.get("entrypoint")
    words = program.words(command) if command else []
    text = program.script(words) or " ".join(_quoted(word) for word in words)
    if owner and text and "\n" not in text and "migrate" not in owner.keys:
        owner.keys["migrate"] = text
        why = f"a job that ends: it is `migrate` of {owner.name}, run once before its new code starts"
        work.findings.changed(place, path, why, "the code of before must run on the new schema")
        return
    cure = "let the service that needs it do this at its start, or run it by hand"
    work.findings.dropped(place, path, "a job that ends; services run for good", cure)


def _quoted(word: str) -> str:
    return word if re.fullmatch(r"[\w./:=@%+,-]+", word) else "'" + word.replace("'", "'\\''") + "'"


def _same_image(one: DraftService, other: DraftService) -> bool:
    first, second = one.value.get("build"), other.value.get("build")
    if first and second:
        return (first.text or first.string("context")) == (second.text or second.string("context"))
    return bool(one.image) and one.image == other.image


def depends(work: Work, service: DraftService) -> None:
    """Order is carried for services; parts are always there first."""
    value = service.value.get("depends_on")
    if value is None:
        return
    pairs = list((value.entries or {}).items()) or [(item.text or "", item) for item in value.items or ()]
    for name, item in pairs:
        _depend(work, service, name, item)


def _depend(work: Work, service: DraftService, name: str, item: Value) -> None:
    path, other = service.at(f"depends_on[{name}]"), work.services.get(name)
    if other is None:
        work.findings.dropped(item.place, path, f"there is no service {name}")
    elif other.role in ("postgres", "rabbitmq"):
        work.findings.carried(item.place, path, f"the part `{other.role}` always starts before the services")
    elif not other.kept:
        work.findings.changed(item.place, path, f"{name} is not in homeport.yaml")
    elif "only" in other.keys and other.keys["only"] != service.keys.get("only"):
        work.findings.changed(item.place, path, f"{name} runs in the local environment only")
    elif other.name == service.name or _reaches(work, other, service):
        work.findings.changed(item.place, path, "a circle: services may call each other without it")
    elif other.name not in service.keys.get("depends", []):
        service.keys.setdefault("depends", []).append(other.name)
        work.findings.carried(item.place, path, "it waits until the other is healthy")


def _reaches(work: Work, start: DraftService, goal: DraftService) -> bool:
    """Whether a way of `depends` leads from one service to another."""
    ways, seen = [start.name], set()
    by_name = {s.name: s for s in work.kept()}
    while ways:
        at = ways.pop()
        if at == goal.name:
            return True
        if at not in seen and at in by_name:
            seen.add(at)
            ways += by_name[at].keys.get("depends", [])
    return False


def store(work: Work, service: DraftService) -> None:
    """User, writable folders and password of a store, as its image documents them."""
    known = images.known(service.image)
    if service.role != "store" or known is None:
        _foreign(work, service)
        return
    base = images.reference(service.image).base
    service.keys.setdefault("user", known.user)
    if known.tmpfs:
        service.keys.setdefault("tmpfs", list(known.tmpfs))
    if known.writable:
        service.keys.setdefault("writable", True)
    if known.memory:
        service.keys.setdefault("memory", known.memory)
    if base in ("redis", "valkey"):
        _redis(work, service, base)
    if known.port == 5432:
        why = "a PostgreSQL with extensions that the part `postgres` does not have, so it stays a service"
        work.findings.changed(
            work.place(service, "image"), service.at("image"), why, "it is not in homeport's backups"
        )
    else:
        why = f"{base} stays a service: one container, replaced in place, as user {service.keys['user']}"
        work.findings.changed(work.place(service, "image"), service.at("image"), why)


def _foreign(work: Work, service: DraftService) -> None:
    """Somebody else's image: its own user, and a root that it may write to unless it was read-only."""
    if service.builds:
        _own_image(work, service)
    if service.builds or "image" not in service.keys:
        return
    path, place = service.at("image"), work.place(service, "image")
    service.keys.setdefault("user", "image")
    if service.keys.get("writable") is not False:
        service.keys["writable"] = True
        why = "somebody else's image: it keeps its own user and may write to its root, but has no capability"
        cure = "if it begins as root to change its user, write user: UID:GID of that user; root is refused at `up`"
        work.findings.changed(place, path, why, cure)


def _own_image(work: Work, service: DraftService) -> None:
    """What an image that was made for compose may not expect."""
    build = service.value.get("build")
    place = build.place if build else service.value.place
    file = dockerfile.read(work.project.folder, build)
    user = file.user(dockerfile.location(build)[2]) if file else ""
    runs_as = service.keys.get("user", "10001:10001")
    why = f"it runs as {runs_as}, on a root that it cannot write to, without capabilities"
    if user and runs_as not in (user, "image", f"{user}:{user}"):
        why += f"; USER {user} of the Dockerfile is not used"
    cure = "a folder that it writes to needs `volumes`, `tmpfs`, or `writable: true`"
    work.findings.changed(place, service.at("build"), why, cure)


def _redis(work: Work, service: DraftService, base: str) -> None:
    """Redis has no _FILE variable: a password on its command line is read from a file that only it can read."""
    command = list(service.keys.get("command", []))
    given = program.script(command)
    words = given.split() if given else command
    if "--requirepass" not in words:
        return
    at = words.index("--requirepass")
    name = _password(work, service, words[at + 1] if at + 1 < len(words) else "")
    rest = [word for word in (*words[:at], *words[at + 2 :]) if word not in (f"{base}-server", "exec")]
    file = f"/tmp/{base}.conf"  # noqa: S108 (in the container, whose /tmp is its own)
    line = f'umask 077; echo "requirepass $(cat /run/secrets/{name})" > {file}; '
    run = " ".join(["exec", f"{base}-server", file, *rest])
    service.keys["command"] = ["sh", "-c", line + run]
    check = f'REDISCLI_AUTH="$(cat /run/secrets/{name})" {base}-cli ping | grep -q PONG'
    service.keys["health"] = {"command": ["sh", "-c", check]}
    why = f"the password is the secret {name}, in a file in memory: a command line can be read by all of the host"
    work.findings.changed(work.place(service, "command"), service.at("command"), why,
                          f"let its users read /run/secrets/{name}: add {name} to their `secrets`")  # fmt: skip


def _password(work: Work, service: DraftService, value: str) -> str:
    """The secret that holds a store's password: the one that others have for this value, else a new one."""
    names = work.secret_values.get(value) if value else None
    name = names[0] if names else identifier_of(f"{service.name}_password")
    work.secrets.setdefault(name, Secret(name, True))
    if name not in service.keys.setdefault("secrets", []):
        service.keys["secrets"].append(name)
    return name
