"""Where text leaves a release: nothing passes here with the value of a secret in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from homeport.engine.progress import Progress, Step
from homeport.errors import HomeportError
from homeport.secrets.redactor import Redactor


@dataclass(frozen=True)
class Redacted:
    """A Progress for the screen and the log."""

    inner: Progress
    redactor: Redactor

    def line(self, text: str = "") -> None:
        self.inner.line(self.redactor.clean(text))

    @contextmanager
    def step(self, name: str, text: str = "") -> Iterator[Step]:
        with self.inner.step(name, self.redactor.clean(text)) as step, cleaned(self.redactor):
            yield _Redacted(step, self.redactor)


@dataclass(frozen=True)
class _Redacted:
    inner: Step
    redactor: Redactor

    def note(self, text: str) -> None:
        self.inner.note(self.redactor.clean(text))

    def done(self, text: str) -> None:
        self.inner.done(self.redactor.clean(text))


@contextmanager
def cleaned(redactor: Redactor) -> Iterator[None]:
    """Whatever ends the block says nothing secret afterwards, nor do the faults that it came from."""
    try:
        yield
    except BaseException as fault:
        _clean(fault, redactor)
        raise


def _clean(fault: BaseException, redactor: Redactor) -> None:
    one: BaseException | None = fault
    seen: list[BaseException] = []
    while one is not None and one not in seen:
        seen.append(one)
        one.args = tuple(redactor.clean(arg) if isinstance(arg, str) else arg for arg in one.args)
        if isinstance(one, HomeportError):
            one.message, one.hint = redactor.clean(one.message), redactor.clean(one.hint)
            one.details = redactor.clean(one.details)
        one = one.__cause__ or one.__context__
