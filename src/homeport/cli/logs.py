"""`homeport logs`: what the services say."""

from __future__ import annotations

from pathlib import Path

import click

from homeport.cli.project import file_option


@click.command(short_help="What the services say.")
@click.argument("services", nargs=-1)
@click.option("-e", "--environment", help="The environment (default: the first local one).")
@file_option
@click.option("-F", "--follow", is_flag=True, help="Go on as they speak.")
@click.option("-n", "--tail", default="100", help="Lines from the end of each (`all` for all).")
@click.option("--since", default="", help="Only what is newer, e.g. 10m or 2026-01-31T12:00:00.")
def command(  # noqa: PLR0913 (click gives one argument an option)
    services: tuple[str, ...], environment: str | None, file: Path | None, follow: bool, tail: str, since: str
) -> None:
    """What the services say, or some of them: homeport logs gateway nginx -F."""
    from homeport import cures
    from homeport.cli.project import open_project
    from homeport.commands import compose
    from homeport.errors import HostError, StackError
    from homeport.release.plan import called
    from homeport.release.roll import observe

    project = open_project(file)
    name = project.environment(environment)
    target, host = project.target(name), project.host(name)
    containers = [c for c in observe(host, target.project) if not c.one_off]
    running = sorted({c.compose for c in containers})
    if not running:
        raise HostError(
            f"{target.project}: nothing runs, so nothing speaks",
            f"`{cures.start(name, target.local)}` starts it.",
        )
    wanted: list[str] = []
    for service in services:
        found = sorted({c.compose for c in called(containers, service)})
        if not found:
            raise StackError(f"{service}: no such service runs", f"There are: {', '.join(running)}")
        wanted += found
    host.runner.stream(
        compose.logs(str(host.live), *wanted, follow=follow, tail=tail, since=since), click.echo
    )
