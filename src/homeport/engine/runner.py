"""Runner: the one thing that runs a Command. `LocalRunner` here; a recording one serves the tests."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event, Timer
from typing import Protocol

from homeport.commands.command import Command
from homeport.errors import HostError


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
            done = subprocess.run(
                command.argv,
                input=command.stdin,
                stdin=subprocess.DEVNULL if command.stdin is None else None,
                capture_output=True,
                timeout=command.timeout,
                cwd=command.cwd,
                env=_environment(command),
                check=False,
                close_fds=False,  # the lock goes with what we start (machine.py); all else is closed at exec
            )
        except FileNotFoundError as fault:
            raise HostError(
                f"{command.argv[0]}: no such program here", "Install it, then run again."
            ) from fault
        except subprocess.TimeoutExpired as fault:
            raise DeadlineError(command) from fault
        return Result(
            done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        )

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
        ) as process:

            def end() -> None:
                late.set()
                process.terminate()

            deadline = Timer(command.timeout, end)
            deadline.daemon = True
            deadline.start()
            if command.stdin is not None and process.stdin:
                process.stdin.write(command.stdin)
                process.stdin.close()
            for raw in process.stdout or ():
                text = raw.decode(errors="replace").rstrip("\n")
                lines.append(text)
                line(text)
            code = process.wait()
            deadline.cancel()
        if late.is_set():
            raise DeadlineError(command)
        return Result(code, "\n".join(lines), "")


def _environment(command: Command) -> dict[str, str] | None:
    import os  # noqa: PLC0415

    return {**os.environ, **dict(command.env)} if command.env else None
