"""A small YAML writer for files that people read: block style, comments above keys, always the same bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_PLAIN = re.compile(r"[A-Za-z./_][A-Za-z0-9./_@+=,-]*(?::[A-Za-z0-9./_@+=,-]+)*")
_MEASURE = re.compile(r"\d+(?:ms|[smhbkg])")  # 10s, 512m: no number to any YAML
_UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", ".nan", ".inf"}


@dataclass(frozen=True)
class Note:
    """A value with a comment above its key; an empty line before it when `gap`."""

    text: str
    value: Any
    gap: bool = False


@dataclass(frozen=True)
class Flow:
    """A list or mapping on one line."""

    value: Sequence[Any] | Mapping[str, Any]


@dataclass(frozen=True)
class Raw:
    """Text as it stands: an alias, or a word that is quoted for a reason."""

    text: str


def scalar(value: Any) -> str:
    """A scalar in YAML 1.1 and 1.2 alike: whatever could be read as another type is quoted."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, bool | int | float) or value is None:
        return json.dumps(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS and not text.startswith("."):
        return text
    if _MEASURE.fullmatch(text):
        return text
    return quoted(text)


def quoted(text: str) -> str:
    """In double quotes; JSON's escapes are YAML's, but for the characters that YAML takes for line ends."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(k)}: {_item(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_item(v) for v in value) + "]"
    return scalar(value)


def _item(value: Any) -> str:
    """On one line a comma ends the item, so whatever holds one is quoted."""
    if isinstance(value, str) and "," in value:
        return quoted(value)
    return _flow(value)


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _entry(key, inner, indent)
    else:
        for inner in value:
            yield f"{indent}- {_flow(inner.value) if isinstance(inner, Flow) else scalar(inner)}"


def _entry(key: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Note):
        if value.gap:
            yield ""
        yield from (f"{indent}# {line}".rstrip() for line in value.text.splitlines())
        value = value.value
    anchor = ""
    if isinstance(value, Anchor):
        anchor, value = f" &{value.name}", value.value
    name = key if key == "<<" else scalar(key)
    if isinstance(value, Flow):
        yield f"{indent}{name}:{anchor} {_flow(value.value)}"
    elif isinstance(value, Mapping | list | tuple):
        yield f"{indent}{name}:{anchor}" + ("" if value else " {}" if isinstance(value, Mapping) else " []")
        yield from _lines(value, indent + "  ")
    else:
        yield f"{indent}{name}: {scalar(value)}"


@dataclass(frozen=True)
class Anchor:
    """A mapping that others merge by `<<: *name`."""

    name: str
    value: Mapping[str, Any]


def dump(document: Mapping[str, Any]) -> str:
    """The document as text, with a final newline."""
    return "\n".join(_lines(document, "")) + "\n"
