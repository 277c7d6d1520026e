"""scripts/: what a person without homeport runs in the rendered folder: secrets, a release, the way back."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterable, Iterator

from homeport.components.contribution import SecretFile
from homeport.files import File
from homeport.render.data import data
from homeport.stack import asked
from homeport.stack.model import SLOTS, Target, has_slots, slot_container
from homeport.stack.parts import Service
from homeport.stack.smoke import Smoke

_UNSAFE = re.compile(r"[^A-Za-z0-9_.:/@+-]")  # in a version, for a shell
_PLACE = re.compile(r"\{([A-Za-z0-9_]+)\}")


def files(secrets: Iterable[SecretFile], generated: Iterable[str]) -> tuple[File, ...]:
    """scripts/secrets.sh; none when the stack has no secret."""
    by_name: dict[str, list[SecretFile]] = {}
    for file in secrets:
        by_name.setdefault(secret_of(file), []).append(file)
    if not by_name:
        return ()
    made = set(generated)
    table = "".join(line for name in sorted(by_name) for line in _block(name, by_name[name], name in made))
    text = data("secrets.sh").replace("{table}", table.rstrip("\n"))
    return (File("scripts/secrets.sh", text, 0o755),)


def releasing(target: Target) -> tuple[File, ...]:
    """scripts/deploy.sh and rollback.sh; none when no service has slots."""
    table = [_row(name, service, target) for name, service in target.services.items() if has_slots(service)]
    if not table:
        return ()
    given = {
        "table": "\n".join(table),
        "repeatable": _calls(_requests(target, True)),
        "once": _calls(_requests(target, False)),
        "domain": target.env.domain,
        "address": "127.0.0.1" if target.bind == "0.0.0.0" else target.bind,  # noqa: S104
        "https": str(target.env.ports.https),
        "environment": target.environment,
    }
    text = data("deploy.sh")
    for key, value in given.items():
        text = text.replace(f"{{{key}}}", value, 1)
    return (File("scripts/deploy.sh", text, 0o755), File("scripts/rollback.sh", data("rollback.sh"), 0o755))


def _calls(lines: Iterable[str]) -> str:
    return "\n".join(f"  {line} || return 1" for line in lines) or "  :"


def _requests(target: Target, repeatable: bool) -> Iterator[str]:
    """The smoke test as calls of `visit`, `header` and `json_field` in deploy.sh."""
    for request in (r for r in asked.requests(target) if r.repeatable == repeatable):
        words = (f"{request.within:g}", ",".join(map(str, request.status)), request.contains)
        yield _visit(request, *words, *_for_curl(request))
        for name, text in request.headers.items():
            yield shlex.join(("header", name, text))
        for path, value in request.fields.items():
            yield shlex.join(("json_field", path, value))
    for path in asked.untold(target) if repeatable else ():
        yield _visit(Smoke(path=path), "5", "", "")


def _visit(request: Smoke, *words: str) -> str:
    host = shlex.quote(request.alias) if request.alias else '"$domain"'
    return f"visit {shlex.quote(request.name)} {host} {shlex.join((request.path, *words))}"


def _for_curl(request: Smoke) -> Iterator[str]:
    """Options for the method, the headers and the body."""
    if request.method == "HEAD":
        yield "--head"
    elif request.method != "GET":
        yield from ("-X", request.method)
    kind = {"Content-Type": "application/json"} if request.body else {}
    given = {name.lower() for name in request.send}
    headers = {name: value for name, value in kind.items() if name.lower() not in given} | request.send
    for name, value in headers.items():
        yield from ("-H", f"{name}: {value}")
    if request.body:
        yield from ("--data-raw", request.body)


def _row(name: str, service: Service, target: Target) -> str:
    """One line of the table in deploy.sh; times in whole seconds."""
    start = math.ceil(service.health.start if service.health else 60)
    slots = [",".join(slot_container(name, slot, n + 1) for n in range(service.replicas)) for slot in SLOTS]
    migrate = "yes" if service.migrate else "no"
    words = (name, service.port or 0, start, max(1, math.ceil(service.stop_grace)), migrate, *slots)
    version = _UNSAFE.sub("-", target.service_version(name)) or "-"
    return " ".join(map(str, (*words, target.image(name), version)))


def secret_of(file: SecretFile) -> str:
    """The one secret in a file's template; a script this small could not mend a file of two."""
    names = set(_PLACE.findall(file.template))
    if len(names) != 1:
        raise ValueError(
            f"secrets/{file.folder}/{file.name} must hold exactly one secret, not {sorted(names)}"
        )
    return str(names.pop())


def is_raw(file: SecretFile) -> bool:
    """Whether the file holds the value and nothing else."""
    return _PLACE.fullmatch(file.template) is not None


def path(file: SecretFile) -> str:
    return f"secrets/{file.folder}/{file.name}"


def _block(name: str, group: list[SecretFile], generated: bool) -> Iterator[str]:
    kind = "generated" if generated else "optional" if all(f.optional for f in group) else "given"
    raw = " ".join(path(file) for file in group if is_raw(file))
    yield f"\nsecret {name} {kind} {raw}\n"
    for file in group:
        form = _PLACE.sub("%s", file.template.replace("%", "%%").replace("\\", "\\\\")).replace("\n", "\\n")
        yield f"file {path(file)} {file.uid} {file.mode:04o} {shlex.quote(form)}\n"
