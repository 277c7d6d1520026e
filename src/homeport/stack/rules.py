"""Rules across parts: small functions that yield findings; `check` gives each its place."""

from __future__ import annotations

from pathlib import Path

from homeport.stack.model import Stack
from homeport.stack.problem import KeyPath, Problem
from homeport.stack.source import Source


def check(stack: Stack, source: Source, broken: tuple[KeyPath, ...], folder: Path) -> list[Problem]:
    """All findings of all rules, but for parts that are broken in shape."""
    return []
