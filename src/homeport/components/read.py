"""Reads the files that a component keeps beside its code, and digests what it renders."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources

from homeport.files import File, FileTree


def template(component: str, name: str) -> str:
    """The text of a file in the component's folder."""
    return resources.files(f"homeport.components.{component}").joinpath(name).read_text(encoding="utf-8")


def digest(files: Iterable[File]) -> str:
    """Of files that a container reads at its start: as a label, it makes a changed file a new container."""
    return FileTree.of(files).digest()[:16]
