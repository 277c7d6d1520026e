"""The JSON schema of the language, made from the models; editors complete and check with it."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic.fields import FieldInfo

from homeport.stack.keys import all_parts, bare, default_text, kind_of, whole
from homeport.stack.model import Stack
from homeport.stack.part import Part

Schema = dict[str, Any]


def schema() -> Schema:
    """JSON schema, draft 2020-12, with the short forms and a description for every key."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "homeport.yaml",
        **_long(Stack),
        "$defs": {part.__name__: _part(part) for part in all_parts() if part is not Stack},
    }


def _part(part: type[Part]) -> Schema:
    if not part.short:
        return _long(part)
    text = {"type": "string", "description": f"Short form: {part.short_example}."}
    return {"description": part.about(), "anyOf": [text, _long(part)]}


def _long(part: type[Part]) -> Schema:
    fields = part.model_fields
    made: Schema = {
        "description": part.about(),
        "type": "object",
        "additionalProperties": False,
        "properties": {key: _field(field) for key, field in fields.items()},
    }
    required = [key for key, field in fields.items() if field.is_required()]
    return {**made, "required": required} if required else made


def _field(field: FieldInfo) -> Schema:
    default = default_text(field)
    about = f"{field.description} Default: {default}." if default else str(field.description)
    made = {**_type(whole(field)), "description": about}
    if (kind_of(whole(field)) and "integer" in made.get("type", ())) or made.get("type") == "number":
        made |= _bounds(field)
    return made


def _bounds(field: FieldInfo) -> Schema:
    made: Schema = {}
    for limit in field.metadata:
        match limit:
            case Ge(ge=value):
                made["minimum"] = value
            case Gt(gt=value):
                made["exclusiveMinimum"] = value
            case Le(le=value):
                made["maximum"] = value
    return made


def _type(annotation: Any) -> Schema:
    kind = kind_of(annotation)
    inner = bare(annotation)
    if get_origin(inner) is Literal:
        return {"enum": list(get_args(inner))}
    if kind:
        return dict(kind.schema)
    if get_origin(inner) is dict:
        key, value = get_args(inner)
        pattern = kind_of(key)
        pattern_text = pattern.schema["pattern"] if pattern else ".*"
        return {
            "type": "object",
            "patternProperties": {pattern_text: _type(value)},
            "additionalProperties": False,
        }
    if get_origin(inner) is tuple:
        return {"type": "array", "items": _type(get_args(inner)[0])}
    return {"$ref": f"#/$defs/{inner.__name__}"}
