"""`homeport diff`: what a deploy would change, and why."""

from __future__ import annotations

from pathlib import Path

import click

from homeport.cli.project import file_option


@click.command(short_help="What a deploy would change, and why.")
@click.argument("environment", required=False)
@file_option
@click.option(
    "--images", type=click.Choice(["auto", "local", "upstream"]), default="auto", help="As for `up`."
)
@click.option("--files", is_flag=True, help="Show the changed lines of the rendered files.")
def command(environment: str | None, file: Path | None, images: str, files: bool) -> None:
    """What a deploy would change, and why. Builds the images here to know; touches nothing on the host."""
    from homeport.cli.project import open_project
    from homeport.cli.say import Printer
    from homeport.release.difference import difference
    from homeport.release.redacted import Redacted, cleaned
    from homeport.release.sources import Sources
    from homeport.secrets.redactor import Redactor
    from homeport.secrets.store import open_or_create, store_path

    project = open_project(file)
    name = project.remote(environment)
    target, host, printer = project.target(name), project.host(name), Printer()
    store = open_or_create(store_path(project.folder, name, target.local), name)
    sources = Sources(project.folder, project.folder / ".homeport" / name / "cache", images)
    redactor = Redactor.of(store)
    with cleaned(redactor):
        found = difference(host, target, store, sources, Redacted(printer, redactor))
    for line in found.lines():
        click.echo(line)
    if files:
        click.echo(found.unified())
