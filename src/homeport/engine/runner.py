"""Runner: the one thing that runs a Command. `LocalRunner` here; a recording one serves the tests."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Timer
from typing import Protocol

from homeport.commands.command import Command
from homeport.errors import HostError

_ENDED_MEANWHILE = 1.0  # seconds to hear of the end of a command whose deadline has passed


@dataclass(frozen=True)
class Result:
    """What a command printed, as text, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def ok(self) -> bool:
        return self.code == 0

    def tail(self, lines: int = 15) -> str:
        """The last lines of what it printed, errors last."""
        return "\n".join((self.out + "\n" + self.err).strip().splitlines()[-lines:])


class DeadlineError(HostError):
    """A command gave no answer in its time."""

    def __init__(self, command: Command, where: str = "") -> None:
        super().__init__(
            f"{where}`{command.text()}` gave no answer within {command.timeout:g} s",
            "Is the machine overloaded, or the Docker engine stuck? Try the same command by hand.",
        )


class Runner(Protocol):
    """Runs commands on one host."""

    def run(self, command: Command) -> Result: ...

    def stream(self, command: Command, line: Callable[[str], None]) -> Result: ...


def together(runner: Runner, *questions: Command) -> list[Result]:
    """The answers to questions that do not need each other, asked at the same time."""
    with ThreadPoolExecutor(len(questions)) as pool:
        return list(pool.map(runner.run, questions))


class LocalRunner:
    """This machine."""

    def run(self, command: Command) -> Result:
        """Run to the end and keep what it prints. A deadline that passes is a DeadlineError."""
        try:
            with subprocess.Popen(
                command.argv,
                stdin=subprocess.DEVNULL if command.stdin is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=command.cwd,
                env=_environment(command),
                close_fds=False,  # the lock goes with what we start (machine.py); all else is closed at exec
                start_new_session=True,  # Ctrl-C and a closed terminal are ours to answer, not the command's
            ) as process:
                return _result(process, command)
        except FileNotFoundError as fault:
            raise HostError(
                f"{command.argv[0]}: no such program here", "Install it, then run again."
            ) from fault

    def stream(self, command: Command, line: Callable[[str], None]) -> Result:
        """Run and hand over each line as it comes (stderr joined in). A deadline that passes is a DeadlineError."""
        lines: list[str] = []
        late = Event()
        with subprocess.Popen(
            command.argv,
            stdin=subprocess.PIPE if command.stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=command.cwd,
            env=_environment(command),
            close_fds=False,
            start_new_session=True,
        ) as process:

            def end() -> None:
                late.set()
                process.terminate()

            deadline = Timer(command.timeout, end)
            deadline.daemon = True
            deadline.start()
            try:
                if command.stdin is not None and process.stdin:
                    process.stdin.write(command.stdin)
                    process.stdin.close()
                for raw in process.stdout or ():
                    text = raw.decode(errors="replace").rstrip("\n")
                    lines.append(text)
                    line(text)
                code = process.wait()
            except BaseException:
                _end(process)
                raise
            finally:
                deadline.cancel()
        if late.is_set() and code:
            raise DeadlineError(command)
        return Result(code, "\n".join(lines), "")


def _result(process: subprocess.Popen[bytes], command: Command) -> Result:
    """What it prints, to its end. One that ended while we were stopped (SIGSTOP, a suspended machine) ended in time."""
    try:
        try:
            out, err = process.communicate(command.stdin, command.timeout)
        except subprocess.TimeoutExpired:
            out, err = process.communicate(timeout=_ENDED_MEANWHILE)
    except subprocess.TimeoutExpired as fault:
        _end(process)
        raise DeadlineError(command) from fault
    except BaseException:
        _end(process)
        raise
    return Result(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))


def _end(process: subprocess.Popen[bytes]) -> None:
    """With all that it has started: the docker client's plug-ins are programs of their own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _environment(command: Command) -> dict[str, str] | None:
    return {**os.environ, **dict(command.env)} if command.env else None
