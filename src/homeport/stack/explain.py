"""The words of `homeport explain` and of docs/reference.md, both from the models."""

from __future__ import annotations

from difflib import get_close_matches
from typing import get_origin

from pydantic.fields import FieldInfo

from homeport.errors import HomeportError
from homeport.stack.keys import (
    all_parts,
    bare,
    default_text,
    example_text,
    field_at,
    inside,
    part_at,
    type_at,
    type_text,
    whole,
)
from homeport.stack.model import Stack
from homeport.stack.part import Part
from homeport.stack.problem import did_you_mean

PLACEHOLDER = "NAME"


def explain(dotted: str = "") -> str:
    """What `services.health` or `services.web.health` means. Raises HomeportError for what does not exist."""
    path = _path(dotted)
    field = field_at(path)
    words = [_field(".".join(path), path[-1], field)] if field else []
    shown = path if part_at(path) else (*path, PLACEHOLDER)
    part = part_at(shown)
    if part:
        words.append(_part(part, ".".join(shown)))
    return "\n\n".join(words) or explain(".".join(path[:-1]))


def _path(dotted: str) -> tuple[str, ...]:
    """`services.health` -> ("services", "NAME", "health"); a name of your own may stand there or not."""
    path: tuple[str, ...] = ()
    for step in (word for word in dotted.split(".") if word):
        of_many = part_at((*path, PLACEHOLDER)) if path and not part_at(path) else None
        if of_many is None:
            path = (*path, step)
        elif step in of_many.model_fields:
            path = (*path, PLACEHOLDER, step)
        elif get_close_matches(step, of_many.model_fields, 1, 0.75):
            raise _unknown((*path, PLACEHOLDER, step))
        else:
            path = (*path, PLACEHOLDER)
        if type_at(path) is None:
            raise _unknown(path)
    return path


def _unknown(path: tuple[str, ...]) -> HomeportError:
    part = part_at(path[:-1])
    known = list(part.model_fields) if part else []
    return HomeportError(f'there is no "{".".join(path)}"', hint=did_you_mean(path[-1], known))


def _field(path: str, key: str, field: FieldInfo) -> str:
    default = default_text(field)
    lines = [f"{path}: {type_text(whole(field))}", f"  {field.description}"]
    if field.is_required():
        lines.append("  It must be there.")
    if default:
        lines.append(f"  Default: {default}")
    return "\n".join([*lines, f"  Example: {example_text(key, field)}"])


def _part(part: type[Part], path: str) -> str:
    """A part: what it is, its short form and its keys in a column."""
    head = f"{path or 'homeport.yaml'}: {part.about()}"
    short = [f"  Short form: {part.short_example}"] if part.short else []
    width = max(len(key) for key in part.model_fields)
    rows = [
        f"  {key:<{width}}  {field.description}{_note(field)}" for key, field in part.model_fields.items()
    ]
    return "\n".join([head, *short, *rows])


def _note(field: FieldInfo) -> str:
    default = default_text(field)
    return " (required)" if field.is_required() else f" (default {default})" if default else ""


def reference() -> str:
    """docs/reference.md: every part and key."""
    parts = all_parts()
    return "\n".join([_HEAD, *(_section(part, _where(part)) for part in parts)])


_HEAD = """# homeport.yaml: the reference

Made from the models by `python -m homeport.stack.reference`; do not edit. `homeport explain services.health`
prints the same in a terminal, `homeport schema` gives the JSON schema to your editor.
"""


def _section(part: type[Part], where: str) -> str:
    short = f"\n\nShort form: `{part.short_example}`" if part.short else ""
    rows = "\n".join(_row(key, field) for key, field in part.model_fields.items())
    table = "| key | type | default | meaning | example |\n|---|---|---|---|---|\n" + rows
    return f"## {part.__name__} (`{where}`)\n\n{part.about()}{short}\n\n{table}\n"


def _row(key: str, field: FieldInfo) -> str:
    default = (
        f"`{default_text(field)}`" if default_text(field) else "**required**" if field.is_required() else ""
    )
    cells = (
        f"`{key}`",
        type_text(whole(field)),
        default,
        str(field.description),
        f"`{example_text(key, field)}`",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _where(part: type[Part]) -> str:
    """The first place in the file where a part stands: `services.NAME.health`."""
    waiting: list[tuple[type[Part], str]] = [(Stack, "")]
    for holder, path in waiting:
        if holder is part:
            return path.removeprefix(".") or "homeport.yaml"
        for key, field in holder.model_fields.items():
            inner, suffix = _inner(field)
            if inner:
                waiting.append((inner, f"{path}.{key}{suffix}"))
    raise AssertionError(part)


def _inner(field: FieldInfo) -> tuple[type[Part] | None, str]:
    found = bare(field.annotation)
    suffix = f".{PLACEHOLDER}" if get_origin(found) is dict else "[]" if get_origin(found) is tuple else ""
    found = bare(inside(found, 0)) if suffix else found
    return (found if isinstance(found, type) and issubclass(found, Part) else None), suffix
