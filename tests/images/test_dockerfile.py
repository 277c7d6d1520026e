"""What a Dockerfile asks a registry for."""

from __future__ import annotations

import pytest

from homeport.images.dockerfile import asked_images, directives, expand, instructions, without_syntax

CASES = {
    "one stage": ("FROM python:3.13-slim\n", ["python:3.13-slim"]),
    "lower case and a platform": ("from --platform=$BUILDPLATFORM node:22-slim as web\n", ["node:22-slim"]),
    "own stages and scratch": (
        "FROM node:22-slim AS build\nFROM build AS test\nFROM scratch\nCOPY --from=build /dist /\n",
        ["node:22-slim"],
    ),
    "stage names fold case": ("FROM node:22-slim AS Build\nFROM bUILD\n", ["node:22-slim"]),
    "each image once": ("FROM python:3.13-slim AS a\nFROM python:3.13-slim\n", ["python:3.13-slim"]),
    "a global ARG": ("ARG PY=3.13\nARG TAG=${PY}-slim\nFROM python:$TAG\n", ["python:3.13-slim"]),
    "an ARG inside a stage does not count": (
        "ARG V=22\nFROM node:$V AS a\nARG V=24\nFROM node:${V}-slim\n",
        ["node:22", "node:22-slim"],
    ),
    "a default in the place": ("ARG V\nFROM node:${V:-22-slim}\n", ["node:22-slim"]),
    "a continued FROM": (
        "FROM \\\n  # why\n  python:3.13-slim \\\n  AS app\nFROM app\n",
        ["python:3.13-slim"],
    ),
    "copy from an image": (
        "FROM python:3.13-slim\nCOPY --chmod=755 --from=example/uv:1 /uv /bin/\n",
        ["python:3.13-slim", "example/uv:1"],
    ),
    "copy from a numbered stage": ("FROM a:1\nFROM b:1\nCOPY --from=0 /x /x\n", ["a:1", "b:1"]),
    "a mount from an image": (
        "FROM a:1\nRUN --mount=type=bind,from=tools:2,target=/t --mount=type=cache,target=/c true\n",
        ["a:1", "tools:2"],
    ),
    "a heredoc holds no instruction": ("FROM a:1\nRUN <<EOF cat\nFROM b:1\nEOF\nFROM c:1\n", ["a:1", "c:1"]),
    "a heredoc with tabs and quotes": (
        "FROM a:1\nCOPY <<-'X' /f\n\tFROM b:1\n\tX\nFROM c:1\n",
        ["a:1", "c:1"],
    ),
    "a here-string is no heredoc": ('FROM a:1\nRUN cat <<<"EOF"\nFROM c:1\n', ["a:1", "c:1"]),
    "another escape": ("# escape=`\nFROM `\n  a:1\nRUN c:\\\nFROM b:1\n", ["a:1", "b:1"]),
    "a registry with a port": ("FROM localhost:5000/app:2@sha256:00\n", ["localhost:5000/app:2@sha256:00"]),
}


@pytest.mark.parametrize("name", CASES)
def test_asked_images(name: str) -> None:
    text, expected = CASES[name]
    assert list(asked_images(text)) == expected


def test_build_args_win_over_defaults() -> None:
    assert asked_images("ARG V=22\nFROM node:$V-slim\n", {"V": "24"}) == ("node:24-slim",)


def test_expand_knows_the_forms_of_the_reference() -> None:
    have = {"A": "1"}
    assert expand("$A ${A} ${B:-2} ${A:+3} ${B:+4}$C", have) == "1 1 2 3 "


def test_instructions_leave_comments_out() -> None:
    text = "# a comment\n\nFROM a:1\nRUN one && \\\n# in between\n    two\n"
    assert list(instructions(text)) == ["FROM a:1", "RUN one && two"]


def test_without_syntax_keeps_line_numbers_and_other_directives() -> None:
    text = "# syntax=docker/dockerfile:1\n# escape=`\nFROM a:1\n"
    bare = without_syntax(text)
    assert directives(bare) == {"escape": "`"}
    assert bare.splitlines()[2] == "FROM a:1"


def test_without_syntax_leaves_others_as_they_are() -> None:
    text = "# a comment, then\n# syntax=docker/dockerfile:1\nFROM a:1\n"
    assert without_syntax(text) == text
