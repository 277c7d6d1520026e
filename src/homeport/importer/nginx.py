"""A simple reading of an nginx configuration: which location leads to which service."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"#[^\n]*|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|\$\{\w+\}|[{};]|(?:\$\{\w+\}|[^\s{};\"'])+"
)


@dataclass
class Directive:
    """A line, or a block with its `inner` directives."""

    name: str
    words: list[str]
    line: int
    inner: list[Directive] = field(default_factory=list)

    def find(self, *names: str) -> Iterator[Directive]:
        """All directives of these names at any depth, in order."""
        for directive in self.inner:
            if directive.name in names:
                yield directive
            yield from directive.find(*names)


@dataclass(frozen=True)
class Location:
    """A location that was read. `host` and `port` are of its proxy_pass; `root` means that it serves files."""

    path: str
    line: int
    host: str = ""
    port: int = 0
    strip: bool = False
    root: str = ""
    refused: str = ""  # why it is not carried


@dataclass(frozen=True)
class Reading:
    """What a configuration says that the edge can do too."""

    locations: tuple[Location, ...]
    max_body: str = ""
    directives: tuple[tuple[str, int], ...] = ()  # names and first lines of all others


_UNDERSTOOD = {"http", "server", "upstream", "location", "proxy_pass", "events", "root", "client_max_body_size",
               "listen", "server_name", "index", "try_files"}  # fmt: skip


def parse(text: str) -> Directive:
    """Any text -> a tree; what is not nginx's grammar is read as far as it goes."""
    root = Directive("", [], 1)
    stack, first = [root], 1
    words: list[str] = []
    for match in _TOKEN.finditer(text):
        word, line = match[0], text.count("\n", 0, match.start()) + 1
        if word.startswith("#"):
            continue
        if word in ("{", ";"):
            directive = Directive(words[0] if words else "", words[1:], first)
            stack[-1].inner.append(directive)
            stack += [directive] if word == "{" and len(stack) < 40 else []
            words = []
        elif word == "}":
            words = []
            stack = stack[:-1] or [root]
        else:
            first = first if words else line
            words.append(word.strip("\"'"))
    return root


def read(text: str) -> Reading:
    """The locations of all servers; the same path is taken once."""
    root = parse(text)
    upstreams = {u.words[0]: _server(u) for u in root.find("upstream") if u.words}
    variables = {s.words[0]: s.words[1] for s in root.find("set") if len(s.words) == 2}
    locations: dict[str, Location] = {}
    for directive in root.find("location"):
        found = _location(directive, upstreams, variables)
        if not locations.get(found.path) or locations[found.path].refused:
            locations[found.path] = found
    body = [d.words[0] for d in root.find("client_max_body_size") if d.words]
    others: dict[str, int] = {}
    for directive in _all(root):
        if directive.name not in _UNDERSTOOD:
            others.setdefault(directive.name, directive.line)
    return Reading(tuple(locations.values()), body[0] if body else "", tuple(others.items()))


def _all(root: Directive) -> Iterator[Directive]:
    for directive in root.inner:
        yield directive
        yield from _all(directive)


def _server(upstream: Directive) -> str:
    return next((s.words[0] for s in upstream.inner if s.name == "server" and s.words), "")


def _location(directive: Directive, upstreams: dict[str, str], variables: dict[str, str]) -> Location:
    modifier = directive.words[0] if len(directive.words) > 1 else ""
    path = directive.words[-1] if directive.words else "/"
    if modifier in ("~", "~*") or path.startswith("@"):
        return Location(path, directive.line, refused="the edge knows prefixes, not patterns")
    if modifier == "=":
        return Location(path, directive.line, refused="the edge knows prefixes, not single paths")
    target = next((d.words[0] for d in directive.find("proxy_pass") if d.words), "")
    if not target:
        return _other(directive, path)
    for name, value in variables.items():
        target = target.replace(name, value)
    match = re.fullmatch(r"https?://([^/:]+)(?::(\d+))?(/.*)?", target)
    if not match:
        return Location(path, directive.line, refused=f"proxy_pass {target} names no service")
    host, port, rest = match[1], match[2], match[3]
    if host in upstreams:
        host, _, port = upstreams[host].partition(":")
    strip = path != "/" and (
        rest == "/" or any(re.match(r"\^/?", r.words[0]) for r in directive.find("rewrite") if r.words)
    )
    return Location(path, directive.line, host, int(port) if (port or "").isdigit() else 80, strip)


def _other(directive: Directive, path: str) -> Location:
    names = {d.name for d in directive.inner}
    if foreign := names & {"fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass"}:
        return Location(path, directive.line, refused=f"{min(foreign)}: the edge speaks HTTP to services")
    if names & {"root", "try_files", "alias", "index"}:
        return Location(path, directive.line, root=path)
    return Location(path, directive.line, refused="it leads to no service")
