"""`homeport render`: the stack of an environment as plain files."""

from __future__ import annotations

from pathlib import Path

import click

from homeport.cli.project import file_option


@click.command(short_help="Write the stack of an environment as plain files.")
@click.argument("environment", required=False)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder (default: rendered/ENVIRONMENT beside homeport.yaml).",
)
@click.option(
    "--images",
    type=click.Choice(["upstream", "local"]),
    default="upstream",
    show_default=True,
    help="Which nginx, PostgreSQL ... the files name: the official ones, or those that `up` builds here.",
)
@click.option("--diff", is_flag=True, help="Only show what would change.")
@file_option
def command(environment: str | None, output: Path | None, images: str, diff: bool, file: Path | None) -> None:
    """Write the stack of an environment as plain files, which run with `docker compose` alone.

    The same file gives the same bytes. Its README.md says how to start, watch, roll and restore the stack by hand.
    """
    from dataclasses import replace

    from homeport.cli.project import open_project
    from homeport.images.sets import load
    from homeport.render.output import compare
    from homeport.render.render import render

    project = open_project(file)
    name = project.environment(environment)
    parts = {p: i.local if images == "local" else i.upstream for p, i in load().parts.items()}
    target = replace(project.target(name), images=parts)
    found = compare(render(target), output or project.folder / "rendered" / name)
    if diff:
        click.echo("\n".join(found.diff()) or "nothing would change")
        return
    found.write()
    _say(found.difference.added, "+", "green")
    _say(found.difference.changed, "~", "yellow")
    _say(found.difference.removed, "-", "red")
    count = len(found.rendered.tree.files)
    click.echo(f"{found.root}: {count} files, {len(found.difference.touched) or 'none'} changed")


def _say(paths: tuple[str, ...], mark: str, colour: str) -> None:
    for path in paths:
        click.echo(click.style(f"  {mark} {path}", fg=colour))
