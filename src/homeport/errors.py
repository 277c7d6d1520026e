"""Every way homeport can stop, with the exit code and the words a person sees.

HomeportError                 exit 1: the stack, the host or the call is wrong; no traceback
├── StackError                homeport.yaml is wrong: carries every problem at once
├── HostError                 the machine is not ready: engine, disk, port, memory, network
├── BuildError                an image cannot be built or had
├── SecretError               a secret is missing or cannot be read
└── ReleaseError              a service did not become healthy, a step of a release failed
anything else                 exit 3: our fault; a log file is written for an issue
Interrupted                   exit 130 by Ctrl-C, 143 by SIGTERM, 129 by a closed terminal
"""

from __future__ import annotations

import signal


class HomeportError(Exception):
    """A fault a person can cure: `message` says what is wrong and where, `hint` what to do about it."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "", details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details  # the last lines of a log or of a command's output, shown indented


class StackError(HomeportError):
    """The file is wrong; `message` already lists all its problems, one per line."""


class HostError(HomeportError):
    """The machine cannot do what is asked of it."""


class BuildError(HomeportError):
    """An image cannot be built or had."""


class SecretError(HomeportError):
    """A secret is missing, or its store cannot be read."""


class ReleaseError(HomeportError):
    """A step of a release failed; what was running before still runs."""


class Interrupted(KeyboardInterrupt):
    """A signal asked us to end; `number` is the signal's. Everything that is under way goes back, once."""

    def __init__(self, number: int) -> None:
        super().__init__(f"interrupted ({signal.Signals(number).name})")
        self.number = number


def words(fault: BaseException) -> str:
    """Why a release failed, in one line."""
    if isinstance(fault, HomeportError):
        return fault.message
    return str(fault) if isinstance(fault, Interrupted) else type(fault).__name__
