"""A deploy's log: what was said on the screen, kept on the host beside the history."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from homeport.engine.host import Host
from homeport.engine.progress import Progress, Step
from homeport.errors import HomeportError
from homeport.release import history


class Logged:
    """A Progress that also keeps every line; written when it is left, whatever happened."""

    def __init__(self, inner: Progress, host: Host) -> None:
        self._inner, self._host = inner, host
        self._lines: list[str] = []
        self.release = history.new_id()

    def __enter__(self) -> Logged:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(fault, HomeportError):
            self._keep(f"error: {fault.message}\n{fault.details}\ncure: {fault.hint}")
        elif fault is not None:
            self._keep(f"ended by {type(fault).__name__}")
        try:
            text = "\n".join(self._lines) + "\n"
            self._host.write_log(self.release, text)
        except HomeportError:
            self._inner.line("    the log could not be written to the host")

    def line(self, text: str = "") -> None:
        self._keep(text)
        self._inner.line(text)

    @contextmanager
    def step(self, name: str, text: str = "") -> Iterator[Step]:
        with self._inner.step(name, text) as inner:
            step = _Kept(inner, text)
            try:
                yield step
            except BaseException as fault:
                self._keep(f"{name}: failed: {fault}")
                raise
            self._keep(f"{name}: {step.outcome}")

    def _keep(self, text: str) -> None:
        if text:
            self._lines.append(f"{history.now()} {text}")


class _Kept:
    """A step that remembers its outcome."""

    def __init__(self, inner: Step, text: str) -> None:
        self._inner, self.outcome = inner, text

    def note(self, text: str) -> None:
        self._inner.note(text)

    def done(self, text: str) -> None:
        self.outcome = text
        self._inner.done(text)
