"""The one place that prints: a line per step with its time, errors with their cure, JSON lines for machines."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import click

from homeport.errors import HomeportError, StackError

_QUIET_AFTER = 10.0  # seconds without a word, off a terminal, before a sign of life
_WIDTH = 15


class Step:
    """One step under way; `note()` says where it is, `done()` what came of it."""

    def __init__(self, printer: Printer, name: str, text: str) -> None:
        self._printer, self.name, self.text = printer, name, text
        self.started = time.monotonic()
        self.outcome = ""

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def note(self, text: str) -> None:
        """Where the step is now; overwrites itself on a terminal."""
        self._printer.progress(self, text)

    def done(self, text: str) -> None:
        """What came of it: shown in the step's line."""
        self.outcome = text


class Printer:
    """Prints steps for people (default) or one JSON object per line (`json_lines`)."""

    def __init__(self, json_lines: bool = False) -> None:
        self.json_lines = json_lines
        self.terminal = sys.stdout.isatty() and not json_lines
        self._spoke = time.monotonic()
        self._lock = threading.Lock()

    @contextmanager
    def step(self, name: str, text: str = "") -> Iterator[Step]:
        """A step: its line is printed at its end, with the seconds it took."""
        step = Step(self, name, text)
        if self.terminal:
            self._over(f"  · {name:<{_WIDTH}} {text}")
        elif self.json_lines:
            self._event(step, "start", text)
        try:
            yield step
        except BaseException:
            self._close(step, "✗", "failed")
            raise
        self._close(step, "✓", "done")

    def progress(self, step: Step, text: str) -> None:
        if self.json_lines:
            self._event(step, "note", text)
        elif self.terminal:
            self._over(f"  · {step.name:<{_WIDTH}} {text}")
        elif time.monotonic() - self._spoke > _QUIET_AFTER:
            self.line(f"  · {step.name:<{_WIDTH}} {text} ({step.seconds:.0f} s so far)")

    def line(self, text: str = "") -> None:
        """A line for people; nothing in JSON."""
        if not self.json_lines:
            with self._lock:
                self._spoke = time.monotonic()
                _echo(("\r\x1b[2K" if self.terminal else "") + text)

    def result(self, value: dict[str, object]) -> None:
        """The last object for machines; nothing for people."""
        if self.json_lines:
            _echo(json.dumps({"event": "result", **value}))

    def _close(self, step: Step, mark: str, state: str) -> None:
        text = step.outcome or step.text
        if self.json_lines:
            self._event(step, state, text)
        else:
            self.line(f"  {mark} {step.name:<{_WIDTH}} {text:<58} {step.seconds:6.1f} s")

    def _event(self, step: Step, state: str, text: str) -> None:
        with self._lock:
            _echo(
                json.dumps(
                    {
                        "event": "step",
                        "name": step.name,
                        "state": state,
                        "text": text,
                        "seconds": round(step.seconds, 3),
                    }
                )
            )

    def _over(self, text: str) -> None:
        with self._lock:
            columns = shutil.get_terminal_size().columns - 1
            _echo("\r\x1b[2K" + text[:columns], nl=False)


def _echo(text: str, nl: bool = True) -> None:
    """Print; a reader that went away (`| head`, a closed terminal) does not end a deploy half-way."""
    try:
        click.echo(text, nl=nl)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def show_error(fault: HomeportError) -> None:
    """Place and fault, the details indented, then the cure."""
    # A wrong file is shown as FILE:LINE:COL: ..., which editors jump to; nothing may stand before it.
    prefix = "" if isinstance(fault, StackError) else f"{click.style('error', fg='red', bold=True)}: "
    click.echo(prefix + fault.message, err=True)
    if fault.details:
        click.echo("\n".join(f"    {line}" for line in fault.details.splitlines()), err=True)
    if fault.hint:
        click.echo(f"{click.style('cure', fg='green')}: {fault.hint}", err=True)


def show_crash(fault: BaseException) -> None:
    """Our own fault: the traceback goes to a file that is ready for an issue."""
    trace: TracebackType | None = fault.__traceback__
    with tempfile.NamedTemporaryFile("w", prefix="homeport-crash-", suffix=".log", delete=False) as log:
        log.write("".join(traceback.format_exception(type(fault), fault, trace)))
    click.echo(f"homeport made a mistake: {type(fault).__name__}: {fault}", err=True)
    click.echo(f"Please open an issue with this file: {Path(log.name)}", err=True)
