"""What deploy and rollback have in common: asking before an interruption, and telling how it went."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from homeport.cli.say import Printer
    from homeport.release.plan import Change
    from homeport.release.recording import Outcome

_LASTS = {
    "nginx": "the whole site, 1 to 3 s",
    "postgres": "everything that uses a database, 3 to 10 s",
    "rabbitmq": "messages wait, 5 to 15 s",
}


def agree(printer: Printer, yes: bool) -> Callable[[list[Change]], bool]:
    """Asks on a terminal; without one, or in JSON, only --yes is a yes."""

    def ask(changes: list[Change]) -> bool:
        printer.line("This interrupts what everything stands on:")
        for change in changes:
            lasts = _LASTS.get(change.name, "this one service, until it is healthy again")
            printer.line(f"    {change.name}: {change.why} ({lasts})")
        return yes or (sys.stdin.isatty() and not printer.json_lines and click.confirm("Go on?"))

    return ask


def report(printer: Printer, what: str, outcome: Outcome, url: str, seconds: float) -> None:
    """The last lines: what changed, how many requests were lost, how long it took."""
    if not outcome.changed:
        printer.line(f"\n{what}: nothing to change, {seconds:.1f} s")
    else:
        printer.line(f"\n{what}: release {outcome.release}: {', '.join(outcome.changed)}, {seconds:.1f} s")
        if outcome.probe.asked:  # a stack that came up from nothing could not be asked
            printer.line(f"  {outcome.probe.words()}")
    printer.line(f"  {url}")
    printer.result(
        {
            "release": outcome.release if outcome.changed else "",
            "changed": outcome.changed,
            "seconds": round(seconds, 2),
            "steps": {name: round(value, 2) for name, value in outcome.seconds.items()},
            "asked": outcome.probe.asked,
            "failed": outcome.probe.failed,
            "first_fault": outcome.probe.first_fault,
            "longest_gap": round(outcome.probe.longest_gap, 3),
            "url": url,
        }
    )
