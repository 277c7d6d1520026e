"""The rule that looks at the disk: folders and Dockerfiles that the file names are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from homeport.stack.model import Stack
from homeport.stack.parts import Build
from homeport.stack.problem import KeyPath
from homeport.stack.published import CURE, look_through
from homeport.stack.rules.finding import Finding, Findings


def exist(stack: Stack, folder: Path) -> Findings:
    for path, build in builds(stack):
        yield from _build(path, build, folder)
    for name, service in stack.services.items():
        for at, place in enumerate(service.migrations):
            if not (folder / place).exists():
                yield Finding(("services", name, "migrations", at), f"there is no {place} beside the file")
    if stack.edge.frontend and stack.edge.frontend.files:
        yield from _frontend(stack.edge.frontend.files, folder)


def _frontend(files: str, folder: Path) -> Findings:
    path = ("edge", "frontend", "files")
    place = folder / files
    if not place.is_dir():
        yield Finding(path, f"there is no folder {files} beside the file")
        return
    if not place.resolve().is_relative_to(folder.resolve()):
        yield Finding(path, f"{files} leads to {place.resolve()}", "name a folder below that of the file")
        return
    if not (place / "index.html").is_file():
        yield Finding(path, f"there is no index.html in {files}", "is the frontend built?")
    if (found := look_through(place)).faults:
        yield Finding(path, f"what must not be published is in {files}: {found.words()}", CURE)
    elif place.samefile(folder):
        yield Finding(path, f"{files} is the folder of the file itself", CURE)


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
