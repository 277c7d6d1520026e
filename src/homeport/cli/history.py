"""`homeport history`: the releases of an environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from homeport.cli.project import file_option


@click.command(short_help="The releases: who, when, what changed, requests that failed.")
@click.argument("environment", required=False)
@file_option
@click.option("-n", "--last", default=20, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line, oldest first.")
def command(environment: str | None, file: Path | None, last: int, as_json: bool) -> None:
    """The releases of an environment, newest last: who, when, what changed, how many requests failed."""
    from homeport.cli.project import open_project
    from homeport.release import history

    project = open_project(file)
    name = project.remote(environment)
    records = history.read(project.host(name))[-last:]
    current = history.current(records)
    if as_json:
        for record in records:
            click.echo(record.line(), nl=False)
        return
    if not records:
        click.echo("no release yet")
    for record in records:
        mark = "→" if current and record.id == current.id else " "
        verdict = (
            click.style("ok    ", fg="green") if record.verdict == "ok" else click.style("failed", fg="red")
        )
        what = ", ".join(record.changed) if record.verdict == "ok" else record.reason
        click.echo(
            f"{mark} {record.id}  {verdict}  {record.version:<20} {record.when}  {record.who}  "
            f"{counted(record.probe)}  {what}"
        )


def counted(probe: dict[str, Any]) -> str:
    """What the prober of a release saw: the same words as at its end, without the gap."""
    asked, failed = int(probe.get("asked", 0)), int(probe.get("failed", 0))
    first = f" (first: {probe['first_fault']})" if probe.get("first_fault") else ""
    return f"{asked} asked, {asked - failed} as expected, {failed} failed{first}"
