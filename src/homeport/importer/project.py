"""Project: one or more compose files as one, with `.env`, `include` and `extends` resolved."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace

from homeport import cures
from homeport.errors import HomeportError
from homeport.importer import value as values
from homeport.importer.finding import Findings
from homeport.importer.folder import Folder, join
from homeport.importer.value import Value
from homeport.importer.variables import fill, read_env
from homeport.stack import source
from homeport.stack.problem import Place

NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
OVERRIDES = (
    "compose.override.yaml", "compose.override.yml", "docker-compose.override.yaml", "docker-compose.override.yml",
)  # fmt: skip
EXAMPLES = (
    ".env.example",
    "env.example",
    "example.env",
    ".env.sample",
    "sample.env",
    ".env.dist",
    ".env.template",
)
_SECTIONS = ("services", "volumes", "networks", "secrets", "configs")
_DEEPEST = 8


@dataclass
class Project:
    """What the files say together. The sections map a name to its Value; `env` is what .env gives."""

    folder: Folder
    files: tuple[str, ...]
    findings: Findings
    name: str = ""
    env: dict[str, str] = field(default_factory=dict)
    env_file: str = ""
    sections: dict[str, dict[str, Value]] = field(default_factory=lambda: {name: {} for name in _SECTIONS})

    @property
    def services(self) -> dict[str, Value]:
        return self.sections["services"]


def read(folder: Folder, files: tuple[str, ...], findings: Findings) -> Project:
    """Read compose files, each laid over the one before. Raises HomeportError when one is not a compose file."""
    project = Project(folder, files, findings)
    _read_env(project)
    for file in files:
        _lay(project, file)
    for name in list(project.services):
        project.services[name] = _extended(project, name, files[0], ())
    if not project.services:
        raise HomeportError(f"{files[0]} has no services", "give the compose file that starts your app")
    _mention_others(project)
    return project


def _read_env(project: Project) -> None:
    """.env next to the file, or the example that stands for it. The shell's variables are not looked at."""
    where = posixpath.dirname(project.files[0])
    for name in (".env", *EXAMPLES):
        path = join(where, name)
        text = project.folder.text(path)
        if text is not None:
            project.env_file = path
            for key, (value, _) in read_env(text).items():
                project.env[key] = fill(value, project.env).text
            if name != ".env":
                why = f"there is no .env; its variables are taken from {path}"
                project.findings.changed(
                    Place(path, 1, 1), ".env", why, "look at the values in homeport.yaml"
                )
            return


def levels_up(folder: Folder, file: str) -> int:
    """How many folders above its own the builds of a compose file reach: 1 for `build: ..`, 0 for `build: app`."""
    found = source.read_bytes(folder.bytes(file) or b"", file)
    services = values.of(found.root, {}).get("services") if found.root else None
    builds = [s.get("build") for s in ((services.entries if services else None) or {}).values()]
    contexts = [posixpath.normpath(b.text or b.string("context", ".")) for b in builds if b]
    return min(3, max((c.split("/").count("..") for c in contexts if "://" not in c), default=0))


def _mention_others(project: Project) -> None:
    where = posixpath.dirname(project.files[0])
    for name in OVERRIDES:
        path = join(where, name)
        if path not in project.files and project.folder.kind(path) == "file":
            why = "not read: an override file is for development"
            cure = f"to read both: {cures.init(*project.files, str(path))}"
            project.findings.dropped(Place(path, 1, 1), path, why, cure)


def parse(project: Project, file: str) -> Value:
    """One file as a Value. Tags and doubled keys become findings; anything worse is an error."""
    content = project.folder.bytes(file)
    if content is None:
        raise HomeportError(
            f"{file} cannot be read", "give the path of a compose file, in this folder or below"
        )
    read_file = source.read_bytes(content, file)
    if read_file.root is None:
        raise HomeportError(
            "\n".join(map(str, read_file.problems)) or f"{file} is not YAML",
            "Mend the file, then run init again; `docker compose config` reads it too.",
        )
    for problem in read_file.problems:
        path = ".".join(map(str, problem.path)) or file
        project.findings.dropped(problem.place, path, problem.fault, problem.cure)
    return values.of(read_file.root, project.env)


def _lay(project: Project, file: str, depth: int = 0) -> None:
    """Lay a file over what is there; what it includes comes first."""
    root = parse(project, file)
    include = root.get("include")
    for item in include.list() if include else ():
        _include(project, file, item, depth)
    project.name = root.string("name") or project.name
    for section in _SECTIONS:
        _lay_section(project, section, root.get(section), file)
    _top_level(project, root)


def _lay_section(project: Project, section: str, found: Value | None, file: str) -> None:
    known = project.sections[section]
    if found is not None and found.entries is None and not found.empty:
        project.findings.dropped(
            found.place, section, "not keys and values, so nothing of it is known", "look at it"
        )
    for name, value in ((found.entries if found else None) or {}).items():
        here = _rebased(project, section, value, file)
        known[name] = values.merge(known[name], here) if name in known else here


def _top_level(project: Project, root: Value) -> None:
    for key, value in (root.entries or {}).items():
        if key.startswith("x-"):
            project.findings.carried(value.place, key, "what services take from it by << is there")
        elif key == "version":
            project.findings.dropped(value.place, key, "compose itself no longer reads it")
        elif key not in (*_SECTIONS, "name", "include"):
            project.findings.dropped(value.place, key, "not a key of the compose specification")


def _include(project: Project, file: str, item: Value, depth: int) -> None:
    paths = item.get("path") if item.entries is not None else item
    for path in paths.list() if paths else ():
        text = path.text or ""
        local = join(posixpath.dirname(file), text)
        if "://" in text or project.folder.kind(local) != "file" or depth > _DEEPEST:
            why = f"{text} is not a file in this folder"
            project.findings.dropped(path.place, "include", why, "copy it here and run init again")
            continue
        project.findings.carried(path.place, "include", f"{local} was read")
        _lay(project, local, depth + 1)


def _extended(project: Project, name: str, file: str, seen: tuple[tuple[str, str], ...]) -> Value:
    """A service with what it extends laid below it."""
    service = project.services[name]
    return _extend(project, service, name, file, (*seen, (file, name)))


def _extend(
    project: Project, service: Value, name: str, file: str, seen: tuple[tuple[str, str], ...]
) -> Value:
    wish = service.get("extends")
    if wish is None:
        return service
    own = replace(service, entries={k: v for k, v in (service.entries or {}).items() if k != "extends"})
    other = wish.text or wish.string("service")
    base_file = join(posixpath.dirname(file), wish.string("file")) if wish.get("file") else file
    base = _base(project, base_file, other, file)
    if base is None or (base_file, other) in seen or len(seen) > _DEEPEST:
        why = f"{other} in {base_file} cannot be read, or extends itself"
        project.findings.dropped(wish.place, f"services.{name}.extends", why, "write its keys here")
        return own
    project.findings.carried(
        wish.place, f"services.{name}.extends", f"the keys of {other} ({base_file}) are here"
    )
    return values.merge(_extend(project, base, name, base_file, (*seen, (base_file, other))), own)


def _base(project: Project, file: str, name: str, from_file: str) -> Value | None:
    if file == from_file and name in project.services:
        return project.services[name]
    if project.folder.kind(file) != "file":
        return None
    found = (parse(project, file).get("services") or Value(Place(file, 1, 1))).get(name)
    return _rebased(project, "services", found, file) if found else None


def _rebased(project: Project, section: str, value: Value, file: str) -> Value:
    """A service of a file in another folder: its relative paths as seen from the project's folder."""
    prefix = posixpath.dirname(file) or "."
    if prefix == "." or value.entries is None:
        return value
    entries = dict(value.entries)
    for key in ("build", "env_file", "volumes", "file"):
        if key in entries:
            entries[key] = _moved(entries[key], prefix, section == "services" and key == "volumes")
    return replace(value, entries=entries)


def _moved(value: Value, prefix: str, mounts: bool) -> Value:
    if value.items is not None:
        return replace(value, items=tuple(_moved(item, prefix, mounts) for item in value.items))
    if value.entries is not None:
        keys = ("source",) if mounts else ("context", "path")
        return replace(
            value,
            entries={k: _moved(v, prefix, mounts) if k in keys else v for k, v in value.entries.items()},
        )
    if value.text is None or (mounts and not value.text.startswith(".")) or value.text.startswith(("/", "~")):
        return value
    head, colon, rest = value.text.partition(":") if mounts else (value.text, "", "")
    return replace(value, text="./" + join(prefix, head) + colon + rest)
