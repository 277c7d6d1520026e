"""What answers a FROM line where no registry can be reached, and what cannot be answered."""

from __future__ import annotations

import pytest

from homeport.images import sets
from homeport.images.standins import answer, build_contexts, short_name

ANSWERED = {
    "python:3.13-slim": "homeport/python:3.13-slim",
    "python:3.13.5-slim-trixie": "homeport/python:3.13-slim",
    "library/python:3.13-slim": "homeport/python:3.13-slim",
    "mirror.example:5000/hub/library/python:3.13-slim": "homeport/python:3.13-slim",
    "python:3.13": "homeport/python:3.13",
    "node:22-slim": "homeport/node:22-slim",
    "node:22.20.0-bookworm-slim": "homeport/node:22-slim",
    "node:24-slim": "homeport/node:24-slim",
    "node:lts-slim": "homeport/node:24-slim",
    "node:22": "homeport/node:22",
    "debian:trixie-slim": "homeport/base-debian:trixie",
}
WITH_A_NOTE = {
    "python:3.12-slim": "homeport/python:3.13-slim",
    "python:3.11-slim-bookworm": "homeport/python:3.13-slim",
    "python:3": "homeport/python:3.13",
    "python": "homeport/python:3.13",
    "node:20-slim": "homeport/node:24-slim",
    "node:20": "homeport/node:22",
    "debian:bookworm-slim": "homeport/base-debian:trixie",
}
NOT = [
    "node:22-alpine",
    "python:3.13-alpine",
    "nginx:alpine",
    "golang:1.25",
    "mirror.example/python:3.13-slim",
]


@pytest.mark.parametrize("asked", ANSWERED)
def test_an_exact_stand_in_has_no_note(asked: str) -> None:
    given = answer(f"FROM {asked}\n")
    assert given.contexts[asked] == ANSWERED[asked]
    assert (set(given.contexts.values()), given.notes, given.missing) == ({ANSWERED[asked]}, (), {})


@pytest.mark.parametrize("asked", WITH_A_NOTE)
def test_another_version_is_said_aloud(asked: str) -> None:
    given = answer(f"FROM {asked}\n")
    assert given.contexts == {asked: WITH_A_NOTE[asked]}
    assert "in place of" in given.notes[0]


@pytest.mark.parametrize("asked", NOT)
def test_what_cannot_be_answered_has_a_reason(asked: str) -> None:
    given = answer(f"FROM {asked}\n")
    assert given.contexts == {}
    assert given.missing[asked]
    assert ("apk" in given.missing[asked] or "-slim" in given.missing[asked]) == ("alpine" in asked)


def test_a_digest_that_is_not_kept_is_said_aloud() -> None:
    asked = "python:3.13-slim@sha256:" + "0" * 64
    given = answer(f"FROM {asked}\n")
    assert given.contexts == {asked: "homeport/python:3.13-slim"}
    assert given.notes == (f"{asked}: the digest is not that of the local image",)


def test_build_contexts_are_what_docker_build_takes() -> None:
    text = "ARG V=3.13\nFROM python:$V-slim AS a\nFROM node:22-slim\nCOPY --from=a /x /x\n"
    assert build_contexts(text) == {
        "python:3.13-slim": "docker-image://homeport/python:3.13-slim",
        "node:22-slim": "docker-image://homeport/node:22-slim",
    }


def test_every_target_has_one_reference() -> None:
    made: dict[str, set[str]] = {}
    images = (*sets.load().parts.values(), *sets.load().stand_ins)
    for image in images:
        made.setdefault(image.target, set()).add(image.local)
    assert all(len(references) == 1 for references in made.values()), made


def test_short_names() -> None:
    assert short_name("registry.example/library/python:3.13@sha256:00") == "python:3.13"
    assert short_name("library/python:3.13") == "python:3.13"
    assert short_name("mylibrary/python:3.13") == "mylibrary/python:3.13"
    assert short_name("example.org/python:3.13") == "example.org/python:3.13"


def test_an_official_image_is_looked_up_by_its_short_name() -> None:
    short = {"python:3.13-slim": "homeport/python:3.13-slim"}
    assert answer("FROM library/python:3.13-slim\n").contexts.items() >= short.items()
    assert answer("FROM registry.example/library/python:3.13-slim\n").contexts.items() >= short.items()
    assert answer("FROM python:latest\n").contexts == {"python": "homeport/python:3.13"}
