"""What may stand where: walks the models along a path. Did-you-mean, explain and the reference ask here."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from homeport.stack.model import Stack
from homeport.stack.part import Part
from homeport.stack.problem import KeyPath
from homeport.stack.words import Kind, duration_text, size_text


def bare(annotation: Any) -> Any:
    """A type without Annotated and without None."""
    if get_origin(annotation) is Annotated:
        return bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return bare(next(arg for arg in get_args(annotation) if arg is not NoneType))
    return annotation


def inside(annotation: Any, step: str | int) -> Any:
    """The type of one key or item of a type; None when there is none."""
    bare_type = bare(annotation)
    if isinstance(bare_type, type) and issubclass(bare_type, Part):
        field = bare_type.model_fields.get(str(step))
        return whole(field) if field else None
    arguments = get_args(bare_type)
    if get_origin(bare_type) is dict:
        return arguments[1]
    return arguments[0] if get_origin(bare_type) is tuple else None


def whole(field: FieldInfo) -> Any:
    """A field's type with its metadata, as it was written."""
    annotation: Any = field.annotation
    for item in field.metadata:
        annotation = Annotated[annotation, item]
    return annotation


def type_at(path: KeyPath) -> Any:
    """The type at a path of homeport.yaml, or None where nothing can be."""
    found: Any = Stack
    for step in path:
        found = inside(found, step)
        if found is None:
            return None
    return found


def part_at(path: KeyPath) -> type[Part] | None:
    """The model at a path, when a part stands there."""
    found = bare(type_at(path))
    return found if isinstance(found, type) and issubclass(found, Part) else None


def field_at(path: KeyPath) -> FieldInfo | None:
    """The field that a path's last key is."""
    part = part_at(path[:-1]) if path else None
    return part.model_fields.get(str(path[-1])) if part else None


def inner_parts(part: type[Part]) -> list[type[Part]]:
    """The models that stand directly below a part, in the order of its keys."""
    found: list[type[Part]] = []
    for field in part.model_fields.values():
        inner = bare(field.annotation)
        while get_origin(inner) in (dict, tuple):
            inner = bare(get_args(inner)[1 if get_origin(inner) is dict else 0])
        if isinstance(inner, type) and issubclass(inner, Part) and inner not in found:
            found.append(inner)
    return found


def all_parts(start: type[Part] = Stack) -> list[type[Part]]:
    """All models, each once, a part before what stands below it."""
    found = [start]
    for part in found:
        found += [inner for inner in inner_parts(part) if inner not in found]
    return found


def default_text(field: FieldInfo) -> str:
    """A field's default as a person would type it; empty when it has none, or is empty."""
    default = field.default
    if field.is_required() or isinstance(default, Part) or default in (None, (), "") or default == {}:
        return ""
    kind = kind_of(whole(field))
    if kind and kind.name == "size":
        return size_text(default)
    if kind and kind.name == "duration":
        return duration_text(default)
    if isinstance(default, tuple):
        return ", ".join(map(str, default))
    return (
        str(default).lower()
        if isinstance(default, bool)
        else f"{default:g}"
        if isinstance(default, float)
        else str(default)
    )


def example_text(key: str, field: FieldInfo) -> str:
    """One line of YAML with a good value for a key."""
    annotation = whole(field)
    inner = bare(annotation)
    kind = kind_of(annotation)
    if field.examples:
        return f"{key}: {field.examples[0]}"
    if get_origin(inner) is Literal:
        return f"{key}: {get_args(inner)[-1]}"
    return f"{key}: {kind.example if kind else ''}"


def kind_of(annotation: Any) -> Kind | None:
    """The word of the language that a type is, if it is one."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        found = next((item for item in metadata if isinstance(item, Kind)), None)
        return found or kind_of(inner)
    if get_origin(annotation) in (Union, UnionType):
        return next((kind for arg in get_args(annotation) if (kind := kind_of(arg))), None)
    return None


def type_text(annotation: Any) -> str:
    """A type in the words of the reference: `size`, `list of name`, `http or tcp`, `Build`."""
    kind = kind_of(annotation)
    inner = bare(annotation)
    if get_origin(inner) is Literal:
        return " or ".join(str(choice) for choice in get_args(inner))
    if kind:
        return kind.name
    if get_origin(inner) is dict:
        key, value = get_args(inner)
        return f"{type_text(key)}: {type_text(value)}, any number"
    if get_origin(inner) is tuple:
        return f"list of {type_text(get_args(inner)[0])}"
    return str(inner.__name__)
