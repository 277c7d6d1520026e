"""Volumes of a service: named ones are carried; what lies on the host cannot be, and each gets its reason."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from homeport.importer import dockerfile
from homeport.importer.draft import DraftService, Work, name_of
from homeport.importer.folder import join
from homeport.importer.value import Value

SOCKETS = re.compile(r"(docker|podman|containerd|crio)(\.sock|/|$)")
_HOST = re.compile(r"^/(proc|sys|dev|lib|lib/modules|usr|boot|run|etc|var/(run|lib/docker|log)|root)?(/.*)?$")
_CLOCK = ("/etc/localtime", "/etc/timezone")
_CONFIG = re.compile(r"\.(conf|cnf|cfg|ini|ya?ml|json|xml|toml|properties|env|sql|sh|py|js|ts|crt|pem|key|tpl|template"
                     r"|html|php|lua|rules|txt|acl)$|file$", re.IGNORECASE)  # fmt: skip
_PATH = re.compile(r"(/[A-Za-z0-9._@+-]+)+")
_TAKEN = ("/run/secrets", "/proc", "/sys", "/dev", "/tmp")  # noqa: S108
_CACHES = re.compile(r"/(node_modules|target|\.venv|venv|__pycache__|\.next|\.cache|vendor|bin|obj)(/|$)")


@dataclass(frozen=True)
class Mount:
    """One entry of `volumes:`; `source` is empty for an anonymous volume."""

    value: Value
    kind: str
    source: str
    target: str


def read(value: Value) -> list[Mount]:
    """Both forms of all entries."""
    return [_long(item) if item.entries is not None else _short(item) for item in value.items or ()]


def _long(value: Value) -> Mount:
    return Mount(value, value.string("type", "volume"), value.string("source"), value.string("target"))


def _short(value: Value) -> Mount:
    text = value.text or ""
    if re.match(r"[A-Za-z]:[\\/]", text):  # a drive of Windows
        source, _, rest = text[2:].partition(":")
        return Mount(value, "bind", text[:2] + source, rest.partition(":")[0])
    parts = text.split(":")
    if len(parts) == 1:
        return Mount(value, "volume", "", parts[0])
    kind = "bind" if parts[0].startswith((".", "/", "~")) or not parts[0] else "volume"
    return Mount(value, kind, parts[0], parts[1])


def volumes(work: Work, service: DraftService, value: Value) -> None:
    """All mounts of a service; each gets its finding."""
    mounts = read(value)
    service.dev = service.dev or any(_is_source(work, service, m) for m in mounts if m.kind == "bind")
    for mount in mounts:
        if mount.kind == "bind":
            _bind(work, service, mount)
        elif mount.kind == "volume" and mount.source:
            _named(work, service, mount, mount.source)
        elif mount.kind == "volume":
            _anonymous(work, service, mount)
        elif mount.kind == "tmpfs" and _PATH.fullmatch(mount.target):
            service.keys.setdefault("tmpfs", []).append(mount.target)
            work.findings.carried(
                mount.value.place, service.at(f"volumes[{mount.target}]"), "64 MB of memory"
            )
        else:
            why = f"a mount of type {mount.kind}: only named volumes are carried"
            work.findings.dropped(mount.value.place, service.at(f"volumes[{mount.target}]"), why)


def _named(work: Work, service: DraftService, mount: Mount, source: str, changed: str = "") -> None:
    path = service.at(f"volumes[{mount.target}]")
    place = mount.value.place
    subpath = (mount.value.get("volume") or Value(place)).get("subpath")
    target = posixpath.normpath(mount.target or "/")
    if not _PATH.fullmatch(target) or any(target == t or target.startswith(t + "/") for t in _TAKEN):
        why = f"{mount.target} is no folder that a volume can be mounted on"
        work.findings.dropped(place, path, why, "choose another folder")
        return
    if service.dev and _CACHES.search(target + "/"):
        work.findings.dropped(place, path, "a cache for development: the image holds what it needs")
        return
    if any(entry.partition(":")[2] == target for entry in service.keys.get("volumes", [])):
        work.findings.dropped(place, path, f"{target} is already mounted")
        return
    service.keys.setdefault("volumes", []).append(f"{_volume_name(source)}:{target}")
    if subpath is not None:
        work.findings.dropped(subpath.place, f"{path}.volume.subpath", "a volume is mounted as a whole")
    if changed:
        cure = f"copy the data of {mount.source} into it once" if mount.source else ""
        work.findings.changed(place, path, changed, cure)
    else:
        cure = "" if source == _volume_name(source) else f"it is called {_volume_name(source)}"
        work.findings.carried(place, path, "a named volume; its data is not copied by itself", cure)


def _volume_name(source: str) -> str:
    return name_of(source, "data")


def _anonymous(work: Work, service: DraftService, mount: Mount) -> None:
    path, place = service.at(f"volumes[{mount.target}]"), mount.value.place
    if service.dev or _CACHES.search(mount.target + "/"):
        work.findings.dropped(
            place, path, "it only kept the mounted source from hiding a folder of the image"
        )
    else:
        source = f"{service.name}-{posixpath.basename(mount.target) or 'data'}"
        _named(
            work,
            service,
            mount,
            source,
            f"a volume without a name is lost with its container: {name_of(source)}",
        )


def _is_source(work: Work, service: DraftService, mount: Mount) -> bool:
    """Whether a mount lays the folder that the image is built from over the image."""
    build = service.value.get("build")
    if build is None or mount.source.startswith(("/", "~")) or _CONFIG.search(mount.source):
        return False
    context = dockerfile.location(build)[0]
    source = join("", mount.source)
    if context == ".":
        return source == "." or work.project.folder.kind(source) == "folder"
    return source == context or source.startswith(f"{context}/")


def _bind(work: Work, service: DraftService, mount: Mount) -> None:
    path, place, source = service.at(f"volumes[{mount.target}]"), mount.value.place, mount.source
    if SOCKETS.search(source) and source.startswith(("/", "~", ".")) and ".sock" in source + mount.target:
        why = "the Docker socket makes whoever has it root of the host; homeport mounts it nowhere"
        work.findings.dropped(
            place, path, why, "do what it is for with homeport's commands, or outside of containers"
        )
    elif source in _CLOCK:
        work.findings.dropped(
            place, path, "servers keep UTC", "set TZ in env if the program must know another"
        )
    elif source.startswith("/") and _HOST.match(source):
        why = f"{source} is the host's own: a container that sees it is not kept apart from it"
        work.findings.dropped(place, path, why, "run a program that watches the host outside of homeport")
    elif _is_source(work, service, mount):
        why = f"source code of {source}: the image holds it; code is changed by a release"
        work.findings.dropped(place, path, why)
    elif not source:
        work.findings.dropped(
            place, path, "the source has no value here", f"write volumes: [NAME:{mount.target}]"
        )
    else:
        _configuration_or_data(work, service, mount)


def _configuration_or_data(work: Work, service: DraftService, mount: Mount) -> None:
    source = mount.source
    local = join("", source)
    inside = not source.startswith(("/", "~")) and not local.startswith("..")
    kind = work.project.folder.kind(local) if inside else "missing"
    read_only = mount.value.get("read_only") or (mount.value.text or "").endswith((":ro", ":ro,z", ":ro,Z"))
    if (
        kind == "file"
        or _CONFIG.search(mount.target)
        or (kind == "folder" and _has_files(work, local))
        or read_only
    ):
        _configuration(work, service, mount)
        return
    name = _name_for(work, service, source)
    _named(
        work,
        service,
        mount,
        name,
        f"the folder {source} of the host is now the volume {name_of(name, 'data')}",
    )


def _name_for(work: Work, service: DraftService, source: str) -> str:
    """The volume that stands for a folder of the host: the same for all who mount it, another for each folder."""
    folder = posixpath.normpath(source)
    parts = [part for part in folder.split("/") if part not in ("", ".", "~", "..")] or ["data"]
    for length in range(1, len(parts) + 1):
        name = name_of("-".join([service.name, *parts[-length:]]), "data")
        known = work.volume_sources.get(folder)
        if known or work.volume_sources.setdefault(name, folder) == folder:
            work.volume_sources.setdefault(folder, known or name)
            return known or name
    return name_of(f"{service.name}-{len(work.volume_sources)}", "data")


def _has_files(work: Work, folder: str) -> bool:
    return any(
        not name.endswith((".gitkeep", ".gitignore"))
        for name in work.project.folder.find(folder, "*", most=9)
    )


def _configuration(work: Work, service: DraftService, mount: Mount) -> None:
    """A file of the host: only an image can carry it."""
    path, place = service.at(f"volumes[{mount.target}]"), mount.value.place
    why = f"{mount.source} lies on the host, and a server has only what images hold"
    if service.builds:
        cure = f"COPY it to {mount.target} in the Dockerfile"
    elif mount.target.startswith("/docker-entrypoint-initdb.d"):
        cure = "run it once by hand, or build an image that holds it"
    else:
        folder = f"images/{service.name}"
        name = posixpath.basename(join("", mount.source))
        lines = f"`FROM {service.image or 'IMAGE'}` and `COPY {name} {mount.target}`"
        cure = f"write {folder}/Dockerfile: {lines}, and `build: {folder}` here"
    work.findings.dropped(place, path, why, cure)


def _part_mounts(work: Work) -> list[str]:
    values = [s.value.get("volumes") for s in work.of_role("postgres", "rabbitmq")]
    return [item.text or item.string("source") for value in values if value for item in value.list()]


def top_level(work: Work) -> None:
    """The `volumes:` section: what a volume is made of."""
    for name, value in work.project.sections["volumes"].items():
        path = f"volumes.{name}"
        plain = {key: inner for key, inner in (value.entries or {}).items() if not key.startswith("x-")}
        used = any(
            _volume_name(name) == entry.partition(":")[0]
            for s in work.kept()
            for entry in s.keys.get("volumes", [])
        )
        if not used:
            part = any(f":{name}:" in f":{text}:" for text in _part_mounts(work))
            why = "the part has its own volume" if part else "no service of homeport.yaml uses it"
            record = work.findings.changed if part else work.findings.dropped
            record(value.place, path, why)
            continue
        work.findings.carried(value.place, path)
        for key, inner in plain.items():
            if (key, inner.text) == ("driver", "local"):
                work.findings.carried(inner.place, f"{path}.driver")
            else:
                cure = (
                    "copy its data into the volume of this stack once" if key in ("external", "name") else ""
                )
                work.findings.dropped(
                    inner.place, f"{path}.{key}", "volumes are the stack's own, on local disk", cure
                )
