"""The edge's files as templates in nginx's own syntax, with `@name` where a value goes."""

from __future__ import annotations

import re
from importlib import resources
from string import Template


class NginxTemplate(Template):
    """`@name` or `@{name}`; nginx uses `$` and braces itself."""

    delimiter = "@"


def raw(name: str) -> str:
    """A file of `files/` as it is."""
    return resources.files("homeport.components.edge").joinpath("files", name).read_text()


def fill(name: str, /, **values: object) -> str:
    """A file of `files/` with its values; KeyError when one is missing."""
    return NginxTemplate(raw(name)).substitute({key: str(value) for key, value in values.items()})


def indent(text: str, by: int = 4) -> str:
    """Every line that is not empty moved to the right."""
    return "\n".join(" " * by + line if line else "" for line in text.splitlines())


def quoted(text: str) -> str:
    """`text` for use between double quotes: one line, no quote, and no variable."""
    line = " ".join(text.split())
    return line.replace("\\", "\\\\").replace('"', '\\"').replace("$", "${dollar}")


def literal(path: str) -> str:
    """`path` for use in a regular expression."""
    return re.sub(r"([.*+?^|()\[\]])", r"\\\1", path)
