"""The YAML writer: what it writes is what YAML 1.1 readers read, and comments stand above their key."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from homeport.render.yaml import Anchor, Flow, Note, Raw, dump, scalar

TRICKY = (
    *(
        "",
        " ",
        "no",
        "Yes",
        "ON",
        "y",
        "null",
        "~",
        "1",
        "1.0",
        "1e3",
        "0x1f",
        "010",
        "12:30",
        "2026-11-22",
        "1_000",
    ),
    *(
        "-",
        "- a",
        "a: b",
        "a #b",
        "#a",
        "&a",
        "*a",
        "!a",
        "%a",
        "@a",
        "`a",
        "'",
        '"',
        "\\",
        "=",
        "{a}",
        "[a]",
        "a,b",
    ),
    *("a\nb", "\t", "\x00", "\x7f", "\x85", "\u2028", "\ufeff", "é", "😀"),
    *("10m", "5s", ".5", "0b", "e12", "c:d", "c:", "/run/a:/b:ro", "a.b", "ALL"),
)


@pytest.mark.parametrize("text", TRICKY)
def test_strings_stay_strings(text: str) -> None:
    document: dict[str, Any] = {
        "key": text,
        "list": [text],
        "flow": Flow([text]),
        "map": Flow({"a": text}),
        text: 1,
    }
    read = yaml.safe_load(dump(document))
    assert read == {"key": text, "list": [text], "flow": [text], "map": {"a": text}, text: 1}


def test_comments_anchors_and_empty_values() -> None:
    written = dump(
        {
            "x": Note("why\nand how", Anchor("base", {"a": 1, "b": Note("inner", True)}), gap=True),
            "other": {"<<": Raw("*base"), "c": Raw("")},
            "empty": {},
        }
    )
    assert (
        written
        == "\n# why\n# and how\nx: &base\n  a: 1\n  # inner\n  b: true\nother:\n  <<: *base\n  c: \nempty: {}\n"
    )
    assert yaml.safe_load(written)["other"] == {"a": 1, "b": True, "c": None}


def test_numbers() -> None:
    assert [scalar(value) for value in (1, 0.5, True, None)] == ["1", "0.5", "true", "null"]
