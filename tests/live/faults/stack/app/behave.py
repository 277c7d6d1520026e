"""How this release behaves: `behaviour` holds its version and, below it, what is wrong with it (empty: nothing)."""

from __future__ import annotations

from pathlib import Path

VERSION, FAULT = (Path(__file__).with_name("behaviour").read_text() + "\n\n").splitlines()[:2]
