"""Questions to git about one file: which commits changed it, and what it was in each."""

from __future__ import annotations

from pathlib import Path

from homeport.commands.command import Command, asks


def commits(file: Path, most: int) -> Command:
    """`SHORT ID AUTHOR` a line, of the last commits that changed the file, newest first."""
    words = ("log", "--topo-order", f"--max-count={most}", "--format=%h %an", "--", f"./{file.name}")
    return asks("git", "-C", str(file.parent), *words)


def shown(file: Path, commit: str) -> Command:
    """The file as it was in a commit."""
    return asks("git", "-C", str(file.parent), "show", f"{commit}:./{file.name}")


def is_shallow(folder: Path) -> Command:
    """`true` where the checkout lacks older commits."""
    return asks("git", "-C", str(folder), "rev-parse", "--is-shallow-repository")
