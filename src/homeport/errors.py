"""Every way homeport can stop, with the exit code and the words a person sees.

HomeportError                 exit 1: the stack, the host or the call is wrong; no traceback
├── StackError                homeport.yaml is wrong: carries every problem at once
├── HostError                 the machine is not ready: engine, disk, port, memory, network
├── BuildError                an image cannot be built or had
├── SecretError               a secret is missing or cannot be read
└── ReleaseError              a service did not become healthy, a step of a release failed
anything else                 exit 3: our fault; a log file is written for an issue
KeyboardInterrupt             exit 130
"""

from __future__ import annotations


class HomeportError(Exception):
    """A fault a person can cure: `message` says what is wrong and where, `hint` what to do about it."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "", details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details  # the last lines of a log or of a command's output, shown indented


class StackError(HomeportError):
    """The file is wrong; `message` already lists all its problems, one a line."""


class HostError(HomeportError):
    """The machine cannot do what is asked of it."""


class BuildError(HomeportError):
    """An image cannot be built or had."""


class SecretError(HomeportError):
    """A secret is missing, or its store cannot be read."""


class ReleaseError(HomeportError):
    """A step of a release failed; what was running before still runs."""
