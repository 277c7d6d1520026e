"""Value: a node of a compose file after interpolation, forgiving about its shape: odd input has no children."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from homeport.importer import variables
from homeport.stack import source
from homeport.stack.problem import Place

_TRUE = ("true", "yes", "on", "1")


@dataclass(frozen=True)
class Value:
    """`text` for a scalar (None: no value), `entries` for a mapping, `items` for a list; the others are None."""

    place: Place
    text: str | None = None
    entries: dict[str, Value] | None = None
    items: tuple[Value, ...] | None = None
    used: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()

    def get(self, key: str) -> Value | None:
        return (self.entries or {}).get(key)

    def string(self, key: str, default: str = "") -> str:
        """The text below a key; `default` when it is not there or no text."""
        found = self.get(key)
        return default if found is None or found.text is None else found.text

    def pairs(self) -> Iterator[tuple[str, Value]]:
        """A mapping's entries, or a list's `NAME=value` texts: compose allows both for env, labels and args."""
        if self.entries is not None:
            yield from self.entries.items()
        for item in self.items or ():
            if item.text is None:
                yield from (item.entries or {}).items()
                continue
            name, sign, text = item.text.partition("=")
            yield name.strip(), replace(item, text=text if sign else None)

    def list(self) -> tuple[Value, ...]:
        """A list's items, or a single text as a list of one."""
        if self.items is not None:
            return self.items
        return (self,) if self.text is not None else ()

    @property
    def true(self) -> bool:
        return (self.text or "").lower() in _TRUE

    @property
    def empty(self) -> bool:
        return not (self.text or self.entries or self.items)

    def spoken(self) -> str:
        """A short form for a message."""
        if self.text is not None:
            return self.text
        if self.entries is not None:
            return "{" + ", ".join(f"{k}: {v.spoken()}" for k, v in self.entries.items()) + "}"
        return "[" + ", ".join(item.spoken() for item in self.items or ()) + "]"


def of(node: source.Node, values: Mapping[str, str], place: Place | None = None) -> Value:
    """A node of the file as a Value; a mapping's child has the place of its key."""
    place = place or node.place
    if isinstance(node, source.Scalar):
        if node.null:
            return Value(place)
        filled = variables.fill(node.text, values)
        return Value(place, filled.text, used=tuple(filled.used), unset=tuple(filled.unset))
    if isinstance(node, source.Sequence):
        return Value(place, items=tuple(of(item, values) for item in node.items))
    return Value(place, entries={k.text: of(v, values, k.place) for k, v in node.entries})


_REPLACED = {"command", "entrypoint", "test"}  # lists that a later file replaces as a whole
_KEYED = {"environment": "=", "labels": "=", "args": "=", "extra_hosts": ":"}


def merge(old: Value, new: Value, key: str = "") -> Value:
    """`new` laid over `old` by the rules of compose: mappings merge, lists are joined, scalars replace."""
    if key in _REPLACED or new.text is not None:
        return new
    if key in _KEYED and (old.items or new.items):
        return Value(new.place, entries={**dict(old.pairs()), **dict(new.pairs())})
    if key == "depends_on" and (old.items or new.items):
        return Value(new.place, entries={**_named(old), **_named(new)})
    if old.entries is not None and new.entries is not None:
        return Value(old.place, entries=_merged(old.entries, new.entries))
    if old.items is not None and new.items is not None:
        return Value(old.place, items=_joined(old.items, new.items, key))
    return old if new.empty else new


def _named(value: Value) -> dict[str, Value]:
    if value.entries is not None:
        return value.entries
    return {item.text: Value(item.place) for item in value.items or () if item.text}


def _merged(old: dict[str, Value], new: dict[str, Value]) -> dict[str, Value]:
    result = dict(old)
    for key, value in new.items():
        result[key] = merge(old[key], value, key) if key in old else value
    return result


def _joined(old: tuple[Value, ...], new: tuple[Value, ...], key: str) -> tuple[Value, ...]:
    """Lists one after the other; a volume on the same path replaces the earlier one."""
    if key != "volumes":
        return (*old, *(item for item in new if item.spoken() not in {o.spoken() for o in old}))
    paths = {mount_target(item) for item in new}
    return (*(item for item in old if mount_target(item) not in paths), *new)


def mount_target(value: Value) -> str:
    """The path in the container of a volume entry."""
    if value.entries is not None:
        return value.string("target")
    parts = (value.text or "").split(":")
    return parts[1] if len(parts) > 1 else parts[0]
