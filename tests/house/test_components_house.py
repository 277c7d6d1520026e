"""Every part of the language has one component, and the reverse."""

from __future__ import annotations

import typing
from pathlib import Path
from types import UnionType

import homeport.components
from homeport.components import COMPONENTS
from homeport.stack.model import Stack
from homeport.stack.part import Part

# Parts that only say something about others: they make no container.
WITHOUT = {"environments", "secrets", "notify", "registry", "smoke"}


def parts_in(annotation: object) -> list[type[Part]]:
    """The part classes in a field's type, within dict, tuple and `| None`."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return [annotation]
    if isinstance(annotation, UnionType) or typing.get_origin(annotation):
        return [part for inner in typing.get_args(annotation) for part in parts_in(inner)]
    return []


def test_every_part_has_one_component_and_the_reverse() -> None:
    fields = {name for name, field in Stack.model_fields.items() if parts_in(field.annotation)}
    named = [component.part for component in COMPONENTS]
    assert len(set(named)) == len(named)
    assert set(named) == fields - WITHOUT


def test_every_component_has_a_folder_and_the_reverse() -> None:
    here = Path(homeport.components.__file__).parent
    folders = {path.parent.name for path in here.glob("*/__init__.py")}
    modules = [component.contribute.__module__.split(".")[2] for component in COMPONENTS]
    assert set(modules) == folders
    assert len(set(modules)) == len(modules)
