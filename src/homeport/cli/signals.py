"""Ctrl-C, SIGTERM and a closed terminal: what is under way goes back in good order, and is not cut off in that."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from types import FrameType

import click

from homeport.engine.wait import INTERRUPTION

_ANSWERED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_GIVE_UP = 3  # signals until all is left as it is


class _Signals:
    """Of this process: how many came."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """The first ends what is under way; the next are answered in words; one more leaves all to the next run."""
        del frame
        self.count += 1
        if number == signal.SIGHUP:
            _speak_to_nobody()
        if self.count == 1:
            raise INTERRUPTION.came(number)
        if self.count > _GIVE_UP:
            os._exit(128 + number)
        with suppress(OSError, RuntimeError):  # the terminal may be gone, or in the middle of a line of ours
            more = _GIVE_UP + 1 - self.count
            click.echo(
                f"\nEnding in good order; {more} more to leave it as it is, for the next run.", err=True
            )


def answer_signals() -> None:
    """From here on. What was started to outlive its terminal (nohup) does."""
    answer = _Signals()
    for number in _ANSWERED:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, answer)


def _speak_to_nobody() -> None:
    """Nothing reads any more: a word to a closed terminal is an error, and would end the way back."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
