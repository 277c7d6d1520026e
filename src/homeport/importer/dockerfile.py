"""What a Dockerfile says that a compose file leaves out: stages, port, user, command."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field

from homeport.importer.folder import Folder, join
from homeport.importer.value import Value

_CONFIG = re.compile(
    r"^\s*(COPY|ADD)\s+.*\.(conf|cfg|json|yml|yaml|template|toml)\b|Caddyfile", re.IGNORECASE
)


@dataclass
class Stage:
    """One FROM: its base, its name, and the last word of each instruction that matters here."""

    base: str
    name: str = ""
    ports: list[int] = field(default_factory=list)
    user: str = ""
    runs: bool = False  # has CMD or ENTRYPOINT
    command: str = ""
    copies: list[str] = field(default_factory=list)


@dataclass
class Dockerfile:
    """The stages in the order of the file."""

    path: str
    stages: list[Stage] = field(default_factory=list)

    def stage(self, target: str = "") -> Stage | None:
        """The stage to be built: the named one, else the last."""
        named = [s for s in self.stages if s.name.lower() == target.lower()] if target else self.stages[-1:]
        return named[0] if named else None

    def line(self, target: str = "") -> list[Stage]:
        """A stage and those of this file that it is made from, itself first."""
        found: list[Stage] = []
        at = self.stage(target)
        while at and at not in found:
            found.append(at)
            at = next((s for s in self.stages if s.name and s.name == at.base), None)
        return found

    def port(self, target: str = "") -> int | None:
        return next((s.ports[0] for s in self.line(target) if s.ports), None)

    def user(self, target: str = "") -> str:
        return next((s.user for s in self.line(target) if s.user), "")

    def runs(self, target: str = "") -> bool:
        return any(s.runs for s in self.line(target))

    @property
    def last_base(self) -> str:
        line = self.line()
        return line[-1].base if line else ""

    @property
    def only_files(self) -> bool:
        """The last stage holds nothing but files that another stage made: a frontend for the edge."""
        last = self.stages[-1] if self.stages else None
        return bool(last and last.base == "scratch" and not last.runs and last.copies)

    @property
    def only_config(self) -> bool:
        """One stage that adds nothing but configuration: a proxy, not an app."""
        stage = self.stages[0] if len(self.stages) == 1 else None
        return bool(stage and all(_CONFIG.search(line) for line in stage.copies))


def location(build: Value | None) -> tuple[str, str, str]:
    """Context, Dockerfile (both relative to the compose file) and target of a `build:`."""
    if build is None:
        return "", "", ""
    context = join("", build.text or build.string("context", "."))
    file = build.string("dockerfile", "Dockerfile")
    return context, join(context, file), build.string("target")


def read(folder: Folder, build: Value | None) -> Dockerfile | None:
    """The Dockerfile of a `build:`, or None where there is none to read."""
    if build is None:
        return None
    inline = build.string("dockerfile_inline")
    text = inline or folder.text(join(posixpath.dirname(""), location(build)[1]))
    return parse(text, location(build)[1]) if text else None


def parse(text: str, path: str = "Dockerfile") -> Dockerfile:
    """Read the instructions that matter. Continued lines are joined; what is not understood is passed over."""
    result = Dockerfile(path)
    arguments: dict[str, str] = {}
    for line in re.sub(r"\\\s*\n", " ", text).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word.upper() == "ARG" and "=" in rest and not result.stages:
            name, _, value = rest.strip().partition("=")
            arguments[name] = value.strip("\"'")
        _instruction(result, word.upper(), rest.strip(), arguments, line)
    return result


def _instruction(result: Dockerfile, word: str, rest: str, arguments: dict[str, str], line: str) -> None:
    if word == "FROM":
        words = [w for w in rest.split() if not w.startswith("--")]
        base = re.sub(r"\$\{?(\w+)[^}]*\}?", lambda m: arguments.get(m[1], ""), words[0]) if words else ""
        result.stages.append(Stage(base, words[2] if len(words) > 2 else ""))
        return
    if not result.stages:
        return
    stage = result.stages[-1]
    if word == "EXPOSE":
        stage.ports += [
            int(p) for p in re.findall(r"(?<![\w/])(\d{1,5})(?=/tcp|\s|$)", rest) if 0 < int(p) < 65536
        ]
    elif word == "USER":
        stage.user = rest
    elif word in ("CMD", "ENTRYPOINT"):
        stage.runs, stage.command = True, rest
    elif word in ("COPY", "ADD"):
        stage.copies.append(line)
