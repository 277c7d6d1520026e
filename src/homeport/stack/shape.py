"""The shape of the file: a tree becomes a `Stack`, or problems in plain words, all of them at once.

When something is wrong, the wrong values are taken out and the rest is looked at again, so that the rules
across parts can speak too; `broken` names what was taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from homeport import cures
from homeport.stack.from_compose import SERVICE_KEYS, TOP_KEYS
from homeport.stack.keys import example_text, field_at, kind_of, part_at, type_at
from homeport.stack.later import LATER
from homeport.stack.model import Stack
from homeport.stack.parts import Service
from homeport.stack.problem import KeyPath, Problem, did_you_mean
from homeport.stack.source import Mapping, Node, Scalar, Source
from homeport.stack.words import duration_text, size_text

_ROUNDS = 20  # taking out a wrong value may show one that it hid; each round takes at least one
_OPTIONAL = ("edge", "postgres", "rabbitmq")  # parts that are good without a key
_FEW = 10  # keys that a message can list
_FALLBACK: dict[str, Any] = {
    "homeport": 1,
    "name": "stack",
    "environments": {},
    "services": {},
}


@dataclass(frozen=True)
class Shaped:
    """`stack` is what could be understood (None: nothing); complete when there is no problem."""

    stack: Stack | None
    problems: tuple[Problem, ...]
    broken: tuple[KeyPath, ...]


def shape(source: Source) -> Shaped:
    """A tree -> a Stack and its problems of shape."""
    if source.root is None:
        return Shaped(None, source.problems, ())
    work = _Shaping(source)
    stack = work.stack()
    return Shaped(stack, (*source.problems, *work.problems), tuple(work.broken))


class _Shaping:
    """One file on its way to a Stack."""

    def __init__(self, source: Source) -> None:
        assert source.root is not None  # noqa: S101 (shape() looked)
        self.source = source
        self.problems: list[Problem] = []
        self.broken: list[KeyPath] = [problem.path for problem in source.problems]
        self.data = dict(self._plain_entries(source.root, ()))

    def stack(self) -> Stack | None:
        self._refuse_what_comes_later()
        for _ in range(_ROUNDS):
            try:
                return Stack.model_validate(self.data)
            except ValidationError as fault:
                for error in fault.errors():
                    self._note(error)
        return None

    def _plain(self, node: Node, path: KeyPath) -> Any:
        if isinstance(node, Scalar):
            return node.text
        if isinstance(node, Mapping):
            return dict(self._plain_entries(node, path))
        return [self._item(item, (*path, at)) for at, item in enumerate(node.items)]

    def _item(self, node: Node, path: KeyPath) -> Any:
        return "" if self._is_nothing(node, path) else self._plain(node, path)

    def _plain_entries(self, node: Mapping, path: KeyPath) -> Iterator[tuple[str, Any]]:
        for key, value in node.entries:
            if not self._is_nothing(value, (*path, key.text)):
                yield key.text, self._plain(value, (*path, key.text))

    def _is_nothing(self, node: Node, path: KeyPath) -> bool:
        if not (isinstance(node, Scalar) and node.null):
            return False
        cure = (
            "write {} for the defaults, or take the key out"
            if path[1:] == () and path[0] in _OPTIONAL
            else _EMPTY_CURE
        )
        self._problem(path, "is empty", cure, key=True)
        return True

    def _refuse_what_comes_later(self) -> None:
        for key, part in LATER.items():
            if key in self.data:
                del self.data[key]
                cure = f"this homeport does not do {part.what} yet; {part.cure}"
                self.problems.append(Problem(self.source.locate((key,), key=True), (key,), "not yet", cure))

    def _problem(self, path: KeyPath, fault: str, cure: str = "", key: bool = False) -> None:
        """Note a problem, unless the same place already has one."""
        if path not in self.broken:
            self.broken.append(path)
            place = self.source.locate(path, key)
            self.problems.append(Problem(place, self.source.written(path), fault, cure))

    def _note(self, error: ErrorDetails) -> None:
        """One complaint of pydantic: say it in plain words, and take its value out of the data."""
        path: KeyPath = tuple(step for step in error["loc"] if step != "[key]")
        is_key = len(path) < len(error["loc"]) or error["type"] == "extra_forbidden"
        fault, cure = _words(error, path)
        self._problem(path, fault, cure, key=is_key)
        self._take_out(path, missing=error["type"] == "missing")

    def _take_out(self, path: KeyPath, missing: bool) -> None:
        """Remove the value at `path`; what is around it when it must be there, or is an item of a list."""
        if len(path) == 1:
            self.data.pop(str(path[0]), None)
            if path[0] in _FALLBACK:
                self.data[str(path[0])] = _FALLBACK[str(path[0])]
            return
        around: Any = self.data
        for step in path[:-1]:
            inner = around[step] if _has(around, step) else None
            if not isinstance(inner, dict | list):
                break
            around = inner
        else:
            if isinstance(around, dict) and path[-1] in around and not missing and not _required(path):
                del around[path[-1]]
                return
        self.broken.append(path[:-1])
        self._take_out(path[:-1], missing=False)


def _has(around: Any, step: str | int) -> bool:
    if isinstance(around, list):
        return isinstance(step, int) and step < len(around)
    return step in around


def _required(path: KeyPath) -> bool:
    field = field_at(path)
    return field is not None and field.is_required()


_EMPTY_CURE = 'write a value (`""` for an empty text), or take the key out'


Describe = Callable[[ErrorDetails, KeyPath], tuple[str, str]]
_SHOWN: dict[str, Callable[[Any], str]] = {"size": size_text, "duration": duration_text}


def _words(error: ErrorDetails, path: KeyPath) -> tuple[str, str]:
    """Fault and cure of one complaint."""
    describe = _WORDS.get(error["type"])
    return describe(error, path) if describe else (str(error["msg"]), "")


def _value_error(error: ErrorDetails, _path: KeyPath) -> tuple[str, str]:
    fault, _, cure = str(error.get("ctx", {}).get("error", error["msg"])).partition("; ")
    return fault, cure


def _unknown(_: ErrorDetails, path: KeyPath) -> tuple[str, str]:
    part = part_at(path[:-1])
    known = list(part.model_fields) if part else []
    compose = SERVICE_KEYS if part is Service else TOP_KEYS if part is Stack else {}
    if path[-1] in compose:
        return "unknown key", compose[str(path[-1])]
    cure = did_you_mean(str(path[-1]), known)
    if not cure.startswith("did") and len(known) > _FEW:
        cure = f"`{cures.explain(_generic(path[:-1]))}` lists the known ones"
    return "unknown key", cure


def _generic(path: KeyPath) -> str:
    """services.web -> services, the path that `homeport explain` takes."""
    return ".".join(str(step) for at, step in enumerate(path) if part_at(path[:at]) or at == 0)


def _missing(error: ErrorDetails, path: KeyPath) -> tuple[str, str]:
    field = field_at(path)
    if path == ("homeport",) and "services" in error["input"] and "environments" not in error["input"]:
        return "missing", "is this a compose file? `homeport init` makes a homeport.yaml of it"
    if field is None:
        return "missing", ""
    return "missing", f"write `{example_text(str(path[-1]), field)}` ({str(field.description).rstrip('.')})"


def _choice(error: ErrorDetails, path: KeyPath) -> tuple[str, str]:
    expected = str(error.get("ctx", {}).get("expected", "")).replace("'", "").replace(" or ", ", ")
    choices = [choice for choice in expected.split(", ") if choice]
    wrong = error["input"]
    if path == ("homeport",):
        return f'language version "{wrong}" is unknown', "this homeport reads version 1"
    near = did_you_mean(str(wrong), choices)
    cure = near if near.startswith("did") else ""
    return f'must be {" or ".join(choices)}, not "{wrong}"', cure


def _bound(words: str, key: str) -> Describe:
    def describe(error: ErrorDetails, path: KeyPath) -> tuple[str, str]:
        kind = kind_of(type_at(path))
        show = _SHOWN.get(kind.name if kind else "", "{:g}".format)
        value = error["input"]
        typed = value if isinstance(value, str) else show(value)
        return f"must be {words} {show(error.get('ctx', {}).get(key))}, not {typed}", ""

    return describe


def _expected(what: str) -> Describe:
    def describe(error: ErrorDetails, path: KeyPath) -> tuple[str, str]:
        value = error["input"]
        if isinstance(value, str):
            cure = f"write [{value}]" if what == "a list" else ""
            return f'must be {what}, not the text "{value[:40]}"', cure
        part = part_at(path)
        wanted = f"one text or {what}" if part and part.short else what
        return f"must be {wanted}, not {'a list' if isinstance(value, list) else 'keys and values'}", ""

    return describe


_WORDS: dict[str, Describe] = {
    "value_error": _value_error,
    "extra_forbidden": _unknown,
    "missing": _missing,
    "literal_error": _choice,
    "greater_than_equal": _bound("at least", "ge"),
    "greater_than": _bound("more than", "gt"),
    "less_than_equal": _bound("at most", "le"),
    "less_than": _bound("less than", "lt"),
    "string_type": _expected("one text"),
    "tuple_type": _expected("a list"),
    "dict_type": _expected("keys and values"),
    "model_type": _expected("keys and values"),
    "model_attributes_type": _expected("keys and values"),
}
