"""The rule that looks at the disk: folders and Dockerfiles that the file names are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from homeport.stack.model import Stack
from homeport.stack.parts import Build
from homeport.stack.problem import KeyPath
from homeport.stack.rules.finding import Finding, Findings


def exist(stack: Stack, folder: Path) -> Findings:
    for path, build in builds(stack):
        yield from _build(path, build, folder)
    for name, service in stack.services.items():
        for at, place in enumerate(service.migrations):
            if not (folder / place).exists():
                yield Finding(("services", name, "migrations", at), f"there is no {place} beside the file")
    frontend = stack.edge.frontend
    if frontend and frontend.files:
        path = ("edge", "frontend", "files")
        if not (folder / frontend.files).is_dir():
            yield Finding(path, f"there is no folder {frontend.files} beside the file")
        elif not (folder / frontend.files / "index.html").is_file():
            yield Finding(path, f"there is no index.html in {frontend.files}", "is the frontend built?")


def builds(stack: Stack) -> Iterator[tuple[KeyPath, Build]]:
    """Everything that is built, with the place of its key."""
    for name, service in stack.services.items():
        if service.build:
            yield ("services", name, "build"), service.build
    if stack.edge.frontend and stack.edge.frontend.build:
        yield ("edge", "frontend", "build"), stack.edge.frontend.build


def _build(path: KeyPath, build: Build, folder: Path) -> Findings:
    context = folder / build.context
    if not context.is_dir():
        yield Finding((*path, "context"), f"there is no folder {build.context} beside the file")
    elif not (context / build.dockerfile).is_file():
        where = "beside the file" if build.context == "." else f"in {build.context}"
        fault = f"there is no {build.dockerfile} {where}"
        yield Finding((*path, "dockerfile"), fault, "name it with `dockerfile:`")
