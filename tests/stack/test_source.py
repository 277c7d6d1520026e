"""Every value knows its place, and keeps the text it was typed with."""

from __future__ import annotations

import pytest

from homeport.stack.problem import KeyPath
from homeport.stack.source import Scalar, Sequence, read, read_bytes

TEXT = """\
name: shop
web:
  env: {A: yes, B: 010, C: 1:30, D: 1_000, E: .5, F: 2001-01-01, G: "on", H: 1e3, I: 0x1F}
  list:
    - one
    - {deep: two}
  text: |
    a
    b
"""


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        (("name",), 1, 7),
        (("web",), 2, 1),  # keys and values: the place of their key
        (("web", "env", "B"), 3, 20),
        (("web", "list", 0), 5, 7),
        (("web", "list", 1, "deep"), 6, 14),
        (("web", "list", 9), 4, 3),  # not there: what is around it
        (("web", "nothing", "below"), 2, 1),
        (("web", "text"), 7, 9),
    ],
)
def test_places(path: KeyPath, line: int, column: int) -> None:
    place = read(TEXT, "f.yaml").locate(path)
    assert (place.line, place.column) == (line, column)


def test_the_place_of_a_key() -> None:
    place = read(TEXT, "f.yaml").locate(("web", "env", "B"), key=True)
    assert (place.line, place.column) == (3, 17)


def test_scalars_keep_what_was_typed() -> None:
    source = read(TEXT, "f.yaml")
    assert source.root is not None
    web = source.root.child("web")
    assert web is not None and not isinstance(web[1], Scalar)
    env = web[1].child("env")
    assert env is not None and not isinstance(env[1], Scalar | Sequence)
    typed = {key.text: value.text for key, value in env[1].entries if isinstance(value, Scalar)}
    assert typed == {
        "A": "yes",
        "B": "010",
        "C": "1:30",
        "D": "1_000",
        "E": ".5",
        "F": "2001-01-01",
        "G": "on",
        "H": "1e3",
        "I": "0x1F",
    }


@pytest.mark.parametrize("nothing", ["", "~", "null", "Null", "NULL"])
def test_nothing_is_not_a_text(nothing: str) -> None:
    root = read(f"a: {nothing}\nb: '{nothing}'\n", "f.yaml").root
    assert root is not None
    assert [value.null for _, value in root.entries if isinstance(value, Scalar)] == [True, False]


def test_anchors_and_merge_keys() -> None:
    text = (
        "base: &base {port: 80, health: /h}\nweb: {<<: *base, port: 81}\nboth: {<<: [{a: 1}, {a: 2, b: 3}]}\n"
    )
    root = read(text, "f.yaml").root
    assert root is not None

    def texts(name: str) -> dict[str, str]:
        found = root.child(name)
        assert found is not None and not isinstance(found[1], Scalar | Sequence)
        return {key.text: value.text for key, value in found[1].entries if isinstance(value, Scalar)}

    assert texts("web") == {"port": "81", "health": "/h"}
    assert texts("both") == {"a": "1", "b": "3"}


def test_crlf_and_a_byte_order_mark_change_no_place() -> None:
    source = read_bytes(b"\xef\xbb\xbfa: 1\r\nb:\r\n  c: 2\r\n", "f.yaml")
    assert not source.problems
    assert str(source.locate(("a",))) == "f.yaml:1:4"
    assert str(source.locate(("b", "c"))) == "f.yaml:3:6"


@pytest.mark.parametrize(
    "text", ["", "#", "\n\n", "---\n", "a", "[", "{", "'", "&", "*", "!", "%", "@", "\t", "- -", "? ?", ": :"]
)
def test_nothing_raises(text: str) -> None:
    source = read(text, "f.yaml")
    assert source.root is None or source.problems == ()


def test_the_short_form_hides_no_step() -> None:
    source = read("web: {build: app}\n", "f.yaml")
    assert source.written(("web", "build", "context")) == ("web", "build")
    assert source.written(("web", "health", "path")) == ("web", "health")
