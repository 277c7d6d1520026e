"""homeport with an accident: its acts are counted, and at one of them something happens to it.

    python -m tests.live.faults.driver COMMAND ...     with, in the environment,
    FAULTS_AT=N        the act (from 1) that it happens at; 0 for never
    FAULTS_HOW=before  it is killed (SIGKILL) before the act; `during`: a moment after a command began
    FAULTS_HOW=fill    before a write, FAULTS_FILL becomes a file that takes all room of its disk
    FAULTS_HOW=TERM    (or another signal, or several) it gets this signal before the act
    FAULTS_HOW=timeout that command gives no answer; `fails`: the engine refuses it
    FAULTS_MATCH=TEXT  count only acts with this text in their words
    FAULTS_JOURNAL=F   a file that gets one line per act

An act is a command that changes something, or a write to the host. Questions count only where FAULTS_QUESTIONS is set.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from homeport.cli.main import main as homeport
from homeport.commands.command import Command
from homeport.engine import machine, runner
from homeport.errors import HostError

AT = int(os.environ.get("FAULTS_AT", "0"))
HOW = os.environ.get("FAULTS_HOW", "before")
MATCH = os.environ.get("FAULTS_MATCH", "")
JOURNAL = os.environ.get("FAULTS_JOURNAL", "")
QUESTIONS = bool(os.environ.get("FAULTS_QUESTIONS"))
MOMENT = 0.15  # seconds from a command's start to the kill
WRITES = ("append", "make_folders", "remove", "link", "send", "copy")
_lock, _count = threading.Lock(), [0]


def due(words: str) -> bool:
    """Count this act; whether it is the one."""
    if MATCH not in words:
        return False
    with _lock:
        _count[0] += 1
        if JOURNAL:
            with Path(JOURNAL).open("a") as journal:
                journal.write(f"{_count[0]} {words[:150]}\n")
        return _count[0] == AT


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def signals() -> bool:
    """Send what FAULTS_HOW names, as another process would; whether it names any."""
    numbers = [signal.Signals[f"SIG{name}"] for name in HOW.split() if name.isupper()]
    for place, number in reversed(list(enumerate(numbers))):  # the first one ends this loop at once
        threading.Timer(place * MOMENT, os.kill, (os.getpid(), number)).start()
    if numbers:
        time.sleep(len(numbers) * MOMENT)
    return bool(numbers)


def accident() -> None:
    """At a write to the host."""
    if signals():
        return
    if HOW in ("before", "during"):
        kill()
    if HOW == "fill":
        fill()


def command(inner: Callable[..., runner.Result]) -> Callable[..., runner.Result]:
    def run(self: runner.LocalRunner, asked: Command, *rest: Any) -> runner.Result:
        if (asked.acts or QUESTIONS) and due(" ".join(asked.argv)):
            if HOW == "before":
                kill()
            if signals():
                return inner(self, asked, *rest)
            if HOW == "timeout":
                raise HostError(
                    f"`{asked.text()}` gave no answer within {asked.timeout:.0f} s", "Try it by hand."
                )
            if HOW == "fails":
                return runner.Result(1, "", "Error response from daemon: the accident of the test")
            threading.Timer(MOMENT, kill).start()
        return inner(self, asked, *rest)

    return run


def act(name: str, inner: Callable[..., None]) -> Callable[..., None]:
    def run(self: machine.LocalMachine, *words: Any, **more: Any) -> None:
        listed = [
            list(word) if name in ("make_folders", "remove") and n == 0 else word
            for n, word in enumerate(words)
        ]
        if listed[0] and due(f"{name} {listed[0]}"):
            accident()
        inner(self, *listed, **more)

    return run


def write(inner: Callable[..., None]) -> Callable[..., None]:
    """Two points for each set of files: before the first, and in the middle of them."""

    def run(self: machine.LocalMachine, files: Any) -> None:
        puts = list(files)
        for half in (puts[: len(puts) // 2], puts[len(puts) // 2 :]):
            if half and due(f"write {half[0].path}"):
                accident()
            if half:
                inner(self, half)

    return run


def fill() -> None:
    """Now the disk is full."""
    with Path(os.environ["FAULTS_FILL"]).open("wb", buffering=0) as stream, suppress(OSError):
        while stream.write(bytes(4096)):
            pass


def main() -> None:
    runner.LocalRunner.run = command(runner.LocalRunner.run)  # type: ignore[method-assign]
    runner.LocalRunner.stream = command(runner.LocalRunner.stream)  # type: ignore[method-assign]
    machine.LocalMachine.write = write(machine.LocalMachine.write)  # type: ignore[method-assign]
    for name in WRITES:
        setattr(machine.LocalMachine, name, act(name, getattr(machine.LocalMachine, name)))
    homeport()


if __name__ == "__main__":
    main()
