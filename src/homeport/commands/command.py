"""Command: words to run, and whether they ask or act. Only engine/ runs one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """`argv` never holds a secret; what is secret goes in by `stdin`. `acts` is False for a question."""

    argv: tuple[str, ...]
    acts: bool = True
    stdin: bytes | None = None
    timeout: float = 60.0  # seconds
    cwd: str | None = None
    env: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """The words as a person would type them (for logs; stdin is not shown)."""
        import shlex  # noqa: PLC0415

        return shlex.join(self.argv)


def asks(*argv: str, timeout: float = 20.0) -> Command:
    """A question: changes nothing, may be run in a dry run."""
    return Command(argv, acts=False, timeout=timeout)


def acts(*argv: str, timeout: float = 60.0, stdin: bytes | None = None) -> Command:
    """An act."""
    return Command(argv, timeout=timeout, stdin=stdin)
