"""`homeport open`: the app in the browser."""

from __future__ import annotations

from pathlib import Path

import click

from homeport.cli.project import file_option


@click.command(short_help="Open the app in the browser.")
@click.argument("environment", required=False)
@file_option
@click.option("--print", "only_print", is_flag=True, help="Only print the address.")
@click.option("--trust", is_flag=True, help="How to make this machine's browsers trust the local CA.")
def command(environment: str | None, file: Path | None, only_print: bool, trust: bool) -> None:
    """Open the app in the browser, or say how to trust its certificate."""
    from homeport.cli.project import open_project
    from homeport.engine.authority import Authority
    from homeport.engine.trust import trust_instructions

    project = open_project(file)
    target = project.target(project.environment(environment))
    if trust:
        click.echo(trust_instructions(Authority.open((target.env.domain,)), target.url))
        return
    click.echo(target.url)
    if not only_print:
        click.launch(target.url)
