"""Reads a Dockerfile just far enough to know which images it asks a registry for.

Source: the Dockerfile reference of BuildKit (parser directives, ARG before FROM, heredocs, COPY --from, RUN --mount).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_DIRECTIVE = re.compile(r"^#\s*(\w+)\s*=\s*(.+?)\s*$")
_HEREDOC = re.compile(r"(?<!<)<<(-?)([\"']?)([A-Za-z_][A-Za-z0-9_]*)\2")
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?:(:?[-+])([^}]*))?\}|(\w+))")
_FROM = re.compile(r"^FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?\s*$", re.IGNORECASE)
_COPY_FROM = re.compile(r"^(?:COPY|ADD)\s.*?--from=(\S+)", re.IGNORECASE)
_MOUNT = re.compile(r"--mount=(\S+)")


def asked_images(text: str, build_args: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Every image that the build looks up, in order and once: FROM, `COPY --from`, `RUN --mount=...,from=`.

    Stages of the file itself and `scratch` are left out. `build_args` win over the defaults of ARG lines.
    """
    variables: dict[str, str] = {}
    own = {"", "scratch"}  # names that no registry is asked for: grows with the stages
    found: dict[str, None] = {}
    before_first_stage = True
    for line in instructions(text):
        match = _FROM.match(line)
        if before_first_stage and not match:
            _take_arg(line, variables, build_args or {})
        before_first_stage = before_first_stage and not match
        names = [expand(match[1], variables)] if match else _other_sources(line)
        found.update(dict.fromkeys(n for n in names if n.lower() not in own))
        if match and match[2]:
            own.add(match[2].lower())
    return tuple(found)


def instructions(text: str) -> Iterator[str]:
    """The instructions of a Dockerfile, continuation lines joined, comments and heredoc bodies left out."""
    escape = directives(text).get("escape", "\\")
    lines = iter(text.splitlines())
    for first in lines:
        line = first.strip()
        if not line or line.startswith("#"):
            continue
        while line.endswith(escape):
            following = next((x.strip() for x in lines if x.strip() and not x.strip().startswith("#")), "")
            line = f"{line[:-1].rstrip()} {following}".rstrip()
            if not following:
                break
        _skip_heredocs(line, lines)
        yield line


def directives(text: str) -> dict[str, str]:
    """Parser directives at the very top (`# syntax=...`, `# escape=...`), names in lower case."""
    result: dict[str, str] = {}
    for line in text.lstrip("\ufeff").splitlines():
        match = _DIRECTIVE.match(line)
        if not match:
            break
        result.setdefault(match[1].lower(), match[2])
    return result


def without_syntax(text: str) -> str:
    """The Dockerfile without its `# syntax=` line, which would ask a registry for a frontend image.

    An empty comment takes its place, so that line numbers in error messages stay true. Other directives,
    which are read only at the very top, move before it.
    """
    if "syntax" not in directives(text):
        return text
    lines = text.lstrip("\ufeff").splitlines(keepends=True)
    head = len(directives(text))
    kept = [x for x in lines[:head] if not re.match(r"^#\s*syntax\s*=", x, re.IGNORECASE)]
    return "".join([*kept, "#\n" * (head - len(kept)), *lines[head:]])


def expand(word: str, variables: Mapping[str, str]) -> str:
    """$NAME, ${NAME}, ${NAME:-default}, ${NAME:+other}; an unknown name becomes empty, as in BuildKit."""

    def value(match: re.Match[str]) -> str:
        have = variables.get(match[1] or match[4], "")
        if match[2] and match[2].endswith("-"):
            return have or expand(match[3], variables)
        if match[2] and match[2].endswith("+"):
            return expand(match[3], variables) if have else ""
        return have

    return _VARIABLE.sub(value, word)


def _take_arg(line: str, variables: dict[str, str], build_args: Mapping[str, str]) -> None:
    words = line.split()
    if words[0].upper() != "ARG":
        return
    for word in words[1:]:
        name, _, default = word.partition("=")
        variables[name] = build_args.get(name, expand(default.strip("\"'"), variables))


def _other_sources(line: str) -> list[str]:
    """Names after `from=`; a number is a stage, and a variable is not expanded there by BuildKit either."""
    copied = _COPY_FROM.match(line)
    names = [copied[1]] if copied else []
    if line[:4].upper() == "RUN ":
        options = (x for mount in _MOUNT.findall(line) for x in mount.split(","))
        names += [x.removeprefix("from=") for x in options if x.startswith("from=")]
    return [n for n in names if not n.isdigit() and "$" not in n]


def _skip_heredocs(line: str, lines: Iterator[str]) -> None:
    if line.split(None, 1)[0].upper() not in {"RUN", "COPY", "ADD"}:
        return
    for dash, _, word in _HEREDOC.findall(line):
        for body in lines:
            if (body.lstrip("\t") if dash else body) == word:
                break
