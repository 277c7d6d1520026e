"""A Draft as text: homeport.yaml as a person would have written it, with no key that says its default."""

from __future__ import annotations

import re
from typing import Any

from homeport.importer import smoke
from homeport.importer.draft import DraftService, Work

_ORDER = ("image", "build", "command", "entrypoint", "port", "protocol", "health", "database", "migrate", "seed", "env",
          "secrets", "memory", "cpus", "replicas", "stop_grace", "depends", "volumes", "user", "writable", "tmpfs",
          "egress", "only", "metrics")  # fmt: skip
_DEFAULTS: dict[str, Any] = {
    "protocol": "http", "memory": "512M", "cpus": 0.5, "replicas": 1, "stop_grace": "10s", "user": "10001:10001",
    "writable": False, "egress": False, "command": [], "env": {},
}  # fmt: skip
_WORD = r"(-{0,2}[A-Za-z0-9_/.][A-Za-z0-9_./@+=-]*(:[A-Za-z0-9_./@+=-]+)*)"
_PLAIN = re.compile(rf"(?![0-9.+-]*$|0[xo]|\d+:\d|\d{{4}}-)(-{{1,2}}[A-Za-z]|[A-Za-z_/.]){_WORD}?( {_WORD})*")
_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n", "~", ".", ".."}
_WIDTH = 110


def text(work: Work) -> str:
    """The whole file."""
    blocks = [_head(work), _environments(work), _edge(work), _services(work), smoke.text(work),
              _parts(work), _secrets(work)]  # fmt: skip
    return "\n".join(block for block in blocks if block)


def scalar(value: Any) -> str:
    """One value on one line, quoted when it must be."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    word = str(value)
    if re.fullmatch(r"[1-9]\d{0,8}|0|\d+(\.\d+)?([KMGT]B?|ms|s|m|h|d)", word):
        return word
    if _PLAIN.fullmatch(word) and word.lower() not in _WORDS and not word.endswith(":"):
        return word
    if not word.isprintable():
        word = "".join(char if char.isprintable() else " " for char in word)
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def flow(value: Any) -> str:
    """A value in one line: `{a: 1}`, `[a, b]`."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    if isinstance(value, str) and re.search(r"[,\[\]{}]", value):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return scalar(value)


def entry(key: str, value: Any, indent: int, note: str = "") -> str:
    """`key: value`, in one line when it fits, else as a block."""
    pad, comment = " " * indent, f"  # {note}" if note else ""
    line = f"{pad}{scalar(key)}: {flow(value)}"
    if not isinstance(value, dict | list) or (
        len(line) <= _WIDTH and not (isinstance(value, dict) and len(value) > 3)
    ):
        return f"{line}{comment}\n"
    if isinstance(value, list):
        items = "".join(f"{pad}  - {flow(item)}\n" for item in value)
    else:
        items = "".join(entry(k, v, indent + 2) for k, v in value.items())
    return f"{pad}{scalar(key)}:{comment}\n{items}"


def _head(work: Work) -> str:
    files = " and ".join(work.project.files)
    return (f"# Written by `homeport init` from {files}. `homeport check` says what is still to do,\n"
            f"# `homeport explain services.health` what a key means.\n"
            f"homeport: 1\nname: {work.name}\n")  # fmt: skip


def _environments(work: Work) -> str:
    local: dict[str, Any] = {"domain": f"{work.name}.localhost"}
    if work.local_env:
        local["env"] = work.local_env
    lines = ["environments:\n", entry("local", local, 2)]
    domain = work.domain or "example.com"
    line = f"production: {{domain: {domain}, host: deploy@{domain}}}\n"
    lines.append(f"  {line}" if work.domain else f"  # {line}")
    return "".join(lines)


def _edge(work: Work) -> str:
    if not (work.edge or work.routes):
        return ""
    lines = ["edge:\n"]
    for key, value in work.edge.items():
        if (key, value) != ("max_body", "10M"):
            lines.append(entry(key, value, 2))
    if work.routes or work.suggested_routes:
        lines.append("  routes:\n")
        lines += [
            entry(path, route, 4, work.route_notes.get(path, "")) for path, route in work.routes.items()
        ]
        lines += [f"    # {line}\n" for line in work.suggested_routes]
    return "".join(lines)


def _services(work: Work) -> str:
    kept = work.kept()
    return "services:\n" + "\n".join(_service(service) for service in kept) if kept else "services: {}\n"


def _service(service: DraftService) -> str:
    if not service.keys:
        return f"  {service.name}: {{}}\n"
    lines = [f"  {service.name}:\n"]
    for key in _ORDER:
        value = service.keys.get(key)
        if key == "env" and value:
            value = dict(sorted(value.items(), key=lambda pair: pair[0].endswith("_FILE")))
        if value is None or (key in _DEFAULTS and value == _DEFAULTS[key]):
            continue
        lines.append(entry(key, value, 4, service.notes.get(key, "")))
    return "".join(lines)


def _parts(work: Work) -> str:
    lines = []
    if work.postgres is not None:
        lines.append(entry("postgres", work.postgres, 0))
    if work.rabbitmq is not None:
        lines.append(entry("rabbitmq", work.rabbitmq, 0))
    return "".join(lines)


def _secrets(work: Work) -> str:
    if not work.secrets:
        return ""
    lines = ["secrets:\n"]
    for name, secret in work.secrets.items():
        lines.append(entry(name, "generate" if secret.generate else {"ask": secret.ask}, 2))
    return "".join(lines)
