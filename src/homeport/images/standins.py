"""What answers the images that a Dockerfile asks for where no container registry can be reached."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from homeport.images.dockerfile import asked_images
from homeport.images.sets import ImageSets, StandIn, load

# HOST/.../library/ is where Docker Hub and its mirrors keep the official images (distribution's reference grammar).
_LIBRARY = re.compile(r"^(?:[\w-]*[.:][\w.:-]*/(?:[\w-]+/)*)?library/")


@dataclass(frozen=True)
class Answer:
    """`contexts`: image as BuildKit looks it up -> local reference; `targets`: bake targets those need;
    `notes`: one line for each stand-in that differs from what was asked; `missing`: image -> reason."""

    contexts: dict[str, str]
    targets: tuple[str, ...]
    notes: tuple[str, ...]
    missing: dict[str, str]


def answer(text: str, build_args: Mapping[str, str] | None = None, sets: ImageSets | None = None) -> Answer:
    """Answer every image that the Dockerfile `text` asks for from the local set, or say why it cannot be."""
    sets = sets or load()
    contexts: dict[str, str] = {}
    targets: dict[str, None] = {}
    notes: list[str] = []
    missing: dict[str, str] = {}
    for asked in asked_images(text, build_args):
        found = stand_in(asked, sets)
        if found is None:
            missing[asked] = why_not(asked, sets)
            continue
        contexts.update(dict.fromkeys(_lookup_names(asked), found.local))
        targets.setdefault(found.target)
        notes += [f"{asked}: {found.note}"] if found.note else []
        notes += [f"{asked}: the digest is not that of the local image"] if "@" in asked else []
    return Answer(contexts, tuple(targets), tuple(notes), missing)


def build_contexts(text: str, build_args: Mapping[str, str] | None = None) -> dict[str, str]:
    """Image as BuildKit looks it up -> what `--build-context` gets for it (`docker-image://homeport/...`)."""
    return {asked: f"docker-image://{local}" for asked, local in answer(text, build_args).contexts.items()}


def stand_in(asked: str, sets: ImageSets) -> StandIn | None:
    """The first stand-in for an image, by its short name."""
    name = short_name(asked)
    if any(c.asked.fullmatch(name) for c in sets.cannot):
        return None
    return next((s for s in sets.stand_ins if s.asked.fullmatch(name)), None)


def _lookup_names(asked: str) -> tuple[str, ...]:
    """BuildKit looks a named context up by the short form of an official image, and without `:latest`."""
    return tuple(dict.fromkeys(n.removesuffix(":latest") for n in (asked, _LIBRARY.sub("", asked))))


def why_not(asked: str, sets: ImageSets) -> str:
    """Why an image cannot be answered from the local set."""
    name = short_name(asked)
    general = "no stand-in in the local set: it takes a registry, or an image of that name on this engine"
    return next((c.reason for c in sets.cannot if c.asked.fullmatch(name)), general)


def short_name(reference: str) -> str:
    """`library/python:3.13@sha256:...` -> `python:3.13`, on whichever registry the official images are named."""
    return _LIBRARY.sub("", reference.split("@", 1)[0])
