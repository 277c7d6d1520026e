"""YAML text -> a tree in which every value knows its place and keeps the text it was written with.

Built from the parser's events, not from loaded objects: so `on`, `010` and `1:30` stay what was typed,
duplicate keys are seen, and no tag can make an object.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from homeport.stack.problem import KeyPath, Place, Problem

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 40  # levels; the language needs seven
_LARGEST = 20_000  # values, aliases counted as often as they are used
_NULLS = ("", "~", "null", "Null", "NULL")
_YAML_TAGS = ("!", "tag:yaml.org,2002:str")  # "this is text" is all that a tag may say


@dataclass(frozen=True)
class Scalar:
    """A single value as it was typed. `null` is a value that is not there (`key:` and nothing)."""

    place: Place
    text: str
    null: bool = False
    size: int = 1


@dataclass(frozen=True)
class Sequence:
    """A list."""

    place: Place
    items: tuple[Node, ...]
    size: int = 1

    def child(self, step: str | int) -> tuple[Place, Node] | None:
        if isinstance(step, int) and step < len(self.items):
            return self.items[step].place, self.items[step]
        return None


@dataclass(frozen=True)
class Mapping:
    """Keys and values, in the order of the file."""

    place: Place
    entries: tuple[tuple[Scalar, Node], ...]
    size: int = 1

    def child(self, step: str | int) -> tuple[Place, Node] | None:
        return next(((key.place, value) for key, value in self.entries if key.text == step), None)


Node = Scalar | Sequence | Mapping


@dataclass(frozen=True)
class Source:
    """A file that was read: its tree (None when it is not YAML at all), and what is wrong with its YAML."""

    file: str
    root: Mapping | None
    problems: tuple[Problem, ...] = ()

    def locate(self, path: KeyPath, key: bool = False) -> Place:
        """Where `path` is: its scalar, else its key, else the nearest thing around it that exists."""
        node: Node | None = self.root
        place = Place(self.file, 1, 1)
        for at, step in enumerate(path):
            found = None if node is None or isinstance(node, Scalar) else node.child(step)
            if found is None:
                return place
            key_place, node = found
            last_key = key and at == len(path) - 1
            place = node.place if isinstance(node, Scalar) and not last_key else key_place
        return place

    def written(self, path: KeyPath) -> KeyPath:
        """`path` without the steps that a short form (`build: app`) leaves out."""
        node: Node | None = self.root
        for at, step in enumerate(path):
            if isinstance(node, Scalar):
                return path[:at]
            found = node.child(step) if node else None
            if found is None:
                return path[: at + 1]
            node = found[1]
        return path


class _NotYamlError(Exception):
    """The text cannot be read any further."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read(text: str, file: str) -> Source:
    """Read one document. Never raises: what is wrong is in `problems`."""
    reader = _Reader(text.removeprefix("\ufeff"), file)
    try:
        root = reader.document()
    except _NotYamlError as stop:
        return Source(file, None, (*reader.problems, stop.problem))
    except yaml.YAMLError as fault:
        return Source(file, None, (*reader.problems, _syntax(fault, reader)))
    return Source(file, root, tuple(reader.problems))


def read_bytes(content: bytes, file: str) -> Source:
    """As `read`, from the bytes of a file."""
    try:
        return read(content.decode("utf-8"), file)
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        column = fault.start - content.rfind(b"\n", 0, fault.start)
        problem = Problem(Place(file, line, column), (), "not UTF-8 text", "save the file as UTF-8")
        return Source(file, None, (problem,))


class _Reader:
    """Turns the events of one document into nodes."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.problems: list[Problem] = []
        self._events: Iterator[Event] = iter(())
        self._anchors: dict[str, Node] = {}

    def document(self) -> Mapping:
        self._events = iter(yaml.parse(self.text, Loader=_LOADER))
        event = self._next()
        while isinstance(event, (StreamStartEvent, DocumentStartEvent)):
            event = self._next()
        if isinstance(event, StreamEndEvent):
            raise _NotYamlError(self._empty())
        root = self._node(event, ())
        self._only_one()
        if isinstance(root, Scalar) and root.null:
            raise _NotYamlError(self._empty())
        if not isinstance(root, Mapping):
            fault = f"must be keys and values, not {kind(root)}"
            raise _NotYamlError(Problem(root.place, (), fault, "begin with `homeport: 1`"))
        return root

    def _only_one(self) -> None:
        for event in self._events:
            if not isinstance(event, (DocumentEndEvent, StreamEndEvent)):
                raise _NotYamlError(
                    Problem(
                        self._place(event),
                        (),
                        "a second document begins here",
                        "keep one, without a --- in the middle",
                    )
                )

    def _empty(self) -> Problem:
        cure = "`homeport init` writes one from a compose file"
        return Problem(Place(self.file, 1, 1), (), "the file is empty", cure)

    def _next(self) -> Event:
        return next(self._events)

    def _place(self, event: Event) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1) if mark else Place(self.file, 1, 1)

    def _node(self, event: Event, path: KeyPath) -> Node:
        if len(path) > _DEEPEST:
            raise _NotYamlError(Problem(self._place(event), (), "nested too deeply"))
        if isinstance(event, AliasEvent):
            return self._alias(event, path)
        self._no_tag(event, path)
        node = self._inner(event, path)
        if node.size > _LARGEST:
            raise _NotYamlError(Problem(node.place, (), f"more than {_LARGEST} values"))
        if isinstance(event, NodeEvent) and event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _inner(self, event: Event, path: KeyPath) -> Node:
        if isinstance(event, ScalarEvent):
            plain = event.style in (None, "") and event.tag is None
            return Scalar(self._place(event), event.value, null=plain and event.value in _NULLS)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(event, path)
        return self._mapping(event, path)

    def _alias(self, event: AliasEvent, path: KeyPath) -> Node:
        place = self._place(event)
        if event.anchor not in self._anchors:
            fault = f"*{event.anchor} is used, but no &{event.anchor} is complete before it"
            raise _NotYamlError(Problem(place, path, fault))
        return replace(self._anchors[event.anchor], place=place)

    def _no_tag(self, event: Event, path: KeyPath) -> None:
        tag = getattr(event, "tag", None)
        if tag is not None and tag not in _YAML_TAGS:
            shown = tag.replace("tag:yaml.org,2002:", "!!")
            fault = f"the tag {shown} means nothing here"
            self.problems.append(Problem(self._place(event), path, fault, "take it out"))

    def _sequence(self, event: Event, path: KeyPath) -> Sequence:
        items: list[Node] = []
        while not isinstance(inner := self._next(), SequenceEndEvent):
            items.append(self._node(inner, (*path, len(items))))
        return Sequence(self._place(event), tuple(items), 1 + sum(item.size for item in items))

    def _mapping(self, event: Event, path: KeyPath) -> Mapping:
        entries: dict[str, tuple[Scalar, Node]] = {}
        merged: list[Node] = []
        while not isinstance(inner := self._next(), MappingEndEvent):
            key = self._key(inner, path)
            value = self._node(self._next(), (*path, key.text))
            if key.text == "<<":
                merged.append(value)
            elif key.text in entries:
                first = entries[key.text][0].place.line
                fault = f"the key is already in line {first}"
                self.problems.append(Problem(key.place, (*path, key.text), fault, "keep one of the two"))
            else:
                entries[key.text] = (key, value)
        for key, value in self._merge(merged, path):
            entries.setdefault(key.text, (key, value))
        size = 1 + sum(1 + value.size for _, value in entries.values())
        return Mapping(self._place(event), tuple(entries.values()), size)

    def _key(self, event: Event, path: KeyPath) -> Scalar:
        node = self._node(event, path)
        if isinstance(node, Scalar):
            return node
        cure = "quote it if it holds braces or brackets"
        raise _NotYamlError(Problem(node.place, path, f"a key must be text, not {kind(node)}", cure))

    def _merge(self, values: list[Node], path: KeyPath) -> Iterator[tuple[Scalar, Node]]:
        """The entries behind `<<`; the first mapping of a list wins, as YAML's merge key says."""
        for value in values:
            for node in value.items if isinstance(value, Sequence) else (value,):
                if isinstance(node, Mapping):
                    yield from node.entries
                else:
                    fault = f"<< must name a mapping, not {kind(node)}"
                    self.problems.append(Problem(node.place, path, fault, "write <<: *name"))


def kind(node: Node) -> str:
    """What a person would call it."""
    if isinstance(node, Scalar):
        return "nothing" if node.null else f'the text "{node.text[:40]}"'
    return "a list" if isinstance(node, Sequence) else "keys and values"


def _syntax(fault: yaml.YAMLError, reader: _Reader) -> Problem:
    """The parser's complaint in plain words, at its place."""
    mark = getattr(fault, "problem_mark", None) or getattr(fault, "context_mark", None)
    if mark is None:
        return _control_character(reader)
    place = Place(reader.file, mark.line + 1, mark.column + 1)
    words = str(getattr(fault, "problem", "") or getattr(fault, "context", ""))
    line = reader.text.splitlines()[mark.line : mark.line + 1]
    if line and "\t" in line[0][: mark.column + 1]:
        return Problem(place, (), "a tab", "indent with spaces")
    return Problem(place, (), f"not YAML: {words}", _CURES.get(words, ""))


_CURES = {
    "mapping values are not allowed in this context": "quote text that holds `: `, look at the indentation",
    "did not find expected key": "look at the indentation, and for a quote or bracket left open above",
    "did not find expected <document start>": "look at the indentation of the lines above",
    "found unexpected end of stream": "a quote or bracket is left open",
    "did not find expected ',' or ']'": "a bracket is left open",
    "did not find expected ',' or '}'": "a brace is left open",
}


def _control_character(reader: _Reader) -> Problem:
    for number, line in enumerate(reader.text.split("\n"), 1):
        for column, char in enumerate(line, 1):
            if not (char.isprintable() or char in "\t\r"):
                place = Place(reader.file, number, column)
                return Problem(place, (), f"the character U+{ord(char):04X} cannot be in YAML", "take it out")
    return Problem(Place(reader.file, 1, 1), (), "not YAML")
