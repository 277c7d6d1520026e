"""Part: the base of all parts of the language."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator


class Part(BaseModel):
    """Base of all parts: frozen, and an unknown key is an error. `short` names the key that a single
    text stands for (`build: app` is `build: {context: app}`)."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    short: ClassVar[str] = ""
    containers: ClassVar[tuple[str, ...]] = ()  # names that no service has: of what the part makes, or will
    short_example: ClassVar[str] = ""

    @classmethod
    def about(cls) -> str:
        """What the part is, in one line: its docstring."""
        return " ".join((cls.__doc__ or "").split())

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        """The long form of a single text; only called for parts that have a short form."""
        return {cls.short: text}

    @model_validator(mode="before")
    @classmethod
    def _lengthen(cls, value: Any) -> Any:
        return cls.from_text(value) if cls.short and isinstance(value, str) else value
