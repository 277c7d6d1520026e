"""Rules of one service: what its keys mean together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from homeport.stack import inside
from homeport.stack.keys import bare
from homeport.stack.later import LATER
from homeport.stack.model import Stack, is_root
from homeport.stack.part import Part
from homeport.stack.parts import Service
from homeport.stack.problem import KeyPath
from homeport.stack.rules.finding import Finding, Findings

_SELF = "localhost"  # of every container itself
MOST = 150  # services; the app network has 191 blocks of addresses
_SLOT = re.compile(r".*-(blue|green)(-[0-9]+)?")


def _of_parts() -> frozenset[str]:
    """The names that the parts of the file have for what they make."""
    found = (bare(field.annotation) for field in Stack.model_fields.values())
    parts = [part for part in found if isinstance(part, type) and issubclass(part, Part)]
    return frozenset(name for part in parts for name in part.containers)


_COMING = {name: key for key, part in LATER.items() for name in part.containers}
_TAKEN = _of_parts() | {_SELF}
RESERVED = _TAKEN | _COMING.keys()


def reserved_names(stack: Stack) -> Findings:
    for name in stack.services:
        if name in _TAKEN:
            fault = f'"{name}" is a name that homeport uses itself'
            part = name in Stack.model_fields and Stack.model_fields[name].default is None
            cure = f"write `{name}: {{}}` at the top of the file instead" if part else f"call it my-{name}"
            yield Finding(("services", name), fault, cure, key=True)
        elif name in _COMING:
            fault = f'"{name}" will be a container of the part `{_COMING[name]}`, which comes later'
            cure = f"call it my-{name}, also where others call it"
            yield Finding(("services", name), fault, cure, key=True)
        if _SLOT.fullmatch(name):
            fault = "-blue and -green are the ends of homeport's own container names"
            yield Finding(("services", name), fault, "choose another name", key=True)
        for task in _tasks(stack, name):
            yield Finding(
                ("services", name), f"homeport runs {task} under this name", "choose another", key=True
            )


def _tasks(stack: Stack, name: str) -> Iterator[str]:
    """The one-off containers of another service that would have this name."""
    base, _, kind = name.rpartition("-")
    owner = stack.services.get(base)
    if owner and ((kind == "migrate" and owner.migrate) or (kind == "seed" and owner.seed)):
        yield f"services.{base}.{kind}"


def not_too_many(stack: Stack) -> Findings:
    if len(stack.services) > MOST:
        yield Finding(("services",), f"{len(stack.services)} services", f"at most {MOST} fit", key=True)


def image_or_build(stack: Stack) -> Findings:
    for name, service in stack.services.items():
        if bool(service.image) == bool(service.build):
            fault = "has both image and build" if service.image else "has neither image nor build"
            cure = "keep one" if service.image else "write `build: FOLDER` or `image: NAME:VERSION`"
            yield Finding(("services", name), fault, cure, _keys(name, "image", "build"), key=True)


def _keys(service: str, *names: str) -> tuple[KeyPath, ...]:
    return tuple(("services", service, name) for name in names)


def image_version(stack: Stack) -> Findings:
    """An image that can change by itself cannot be rolled back."""
    for name, service in stack.services.items():
        if not service.image or "@sha256:" in service.image:
            continue
        tag = service.image.rpartition("/")[2].partition(":")[2]
        if tag in ("", "latest"):
            fault = f"{service.image} has no fixed version"
            yield Finding(("services", name, "image"), fault, "write NAME:VERSION, not latest, or a digest")


def health(stack: Stack) -> Findings:
    for name, service in stack.services.items():
        for fault, cure, key in _health(service):
            path: KeyPath = ("services", name, key) if key else ("services", name)
            yield Finding(path, fault, cure, _keys(name, "health", "port", "protocol"), key=True)


def _health(service: Service) -> Iterator[tuple[str, str, str]]:
    check = service.health
    if check is None:
        if service.port and service.protocol == "http":
            yield "has a port but no health", "write `health: /PATH` that answers 200 when it can serve", ""
        return
    if bool(check.path) == bool(check.command):
        fault = "has both path and command" if check.path else "has neither path nor command"
        yield fault, "keep one of the two" if check.path else "write `health: /PATH`", "health"
    if check.path and service.port is None:
        yield "a health path needs a port", "add `port`, or write `health: {command: [...]}`", "health"
    if check.path and service.protocol == "tcp":
        yield "a tcp port has no health path", "write `health: {command: [...]}`", "health"


def metrics(stack: Stack) -> Findings:
    """The key is known, so that it has its place when the part `metrics` comes; nobody reads it yet."""
    for name, service in stack.services.items():
        if service.metrics:
            cure = "this homeport does not do Prometheus yet; take the key out"
            yield Finding(("services", name, "metrics"), "not yet", cure, key=True)


def users(stack: Stack) -> Findings:
    """Root in a container is root to the kernel; who `image` is, only the image knows (release/requirements.py)."""
    for name, service in stack.services.items():
        own = service.user == "image"
        if is_root(service.user) and not service.allow_root:
            cure = "write another UID:GID, or say why beside it: `allow_root: REASON`"
            also = _keys(name, "user", "allow_root")
            yield Finding(("services", name, "user"), "runs as root", cure, also)
        elif service.allow_root and not (own or is_root(service.user)):
            fault = f"nothing to allow: it runs as {service.user}"
            also = _keys(name, "user", "allow_root")
            yield Finding(("services", name, "allow_root"), fault, "take it out", also, key=True)


def one_container(stack: Stack) -> Findings:
    """With a volume or a port that nginx cannot drain there is one container at a time."""
    for name, service in stack.services.items():
        if service.replicas == 1:
            continue
        path: KeyPath = ("services", name, "replicas")
        if service.volumes:
            fault = f"{service.replicas} containers cannot share a volume"
            yield Finding(path, fault, "write 1", _keys(name, "volumes"))
        elif service.protocol == "tcp":
            fault = f"a tcp service is one container, not {service.replicas}"
            yield Finding(path, fault, "write 1", _keys(name, "protocol"))


def folders(stack: Stack) -> Findings:
    """Volumes and tmpfs do not cover each other, nor what the container needs."""
    for name, service in stack.services.items():
        places: list[tuple[KeyPath, str]] = [
            (("services", name, "volumes", at, "path"), volume.path)
            for at, volume in enumerate(service.volumes)
        ]
        places += [(("services", name, "tmpfs", at), path) for at, path in enumerate(service.tmpfs)]
        yield from _overlaps(places)


def _overlaps(places: list[tuple[KeyPath, str]]) -> Findings:
    for at, (path, folder) in enumerate(places):
        if taken := inside.held(folder):
            cure = "take it out" if taken == inside.TMP else "choose another folder"
            yield Finding(path, f"{taken} is not yours to mount over: {inside.HELD[taken]}", cure)
        for _, earlier in places[:at]:
            if inside.plain(folder) == inside.plain(earlier):
                yield Finding(path, f"{folder} is mounted twice", "keep one")
