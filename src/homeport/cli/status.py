"""`homeport status`: what runs: release, slot, health, memory."""

from __future__ import annotations

from pathlib import Path

import click

from homeport.cli.project import file_option


@click.command(short_help="What runs: release, slot, health, memory.")
@click.argument("environment", required=False)
@file_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for machines.")
def command(environment: str | None, file: Path | None, as_json: bool) -> None:
    """What runs, in which slot and version, its health, restarts and memory. Exit 1 when something is unwell."""
    import json
    import sys

    from homeport.cli.project import open_project
    from homeport.release.status import status

    project = open_project(file)
    name = project.environment(environment)
    seen = status(project.host(name), project.target(name))
    if as_json:
        click.echo(json.dumps(seen.as_dict()))
    else:
        _show(seen.lines())
    sys.exit(0 if seen.well else 1)


def _show(lines: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[n]) for row in lines if len(row) > n) for n in range(max(map(len, lines)))]
    for row in lines:
        if len(row) == 1:
            click.echo(row[0])
            continue
        mark = click.style("●", fg="green" if row[0] == "ok" else "red")
        cells = "  ".join(cell.ljust(width) for cell, width in zip(row[1:], widths[1:], strict=False))
        click.echo(f"  {mark} {cells}".rstrip())
