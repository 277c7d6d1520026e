"""Files of this room that are rendered as they stand, or nearly."""

from __future__ import annotations

from importlib import resources


def data(name: str) -> str:
    """The text of a file beside this module."""
    return resources.files("homeport.render").joinpath(name).read_text(encoding="utf-8")
