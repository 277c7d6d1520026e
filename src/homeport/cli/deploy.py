"""`homeport deploy`: a new release of the whole stack, without losing a request."""

from __future__ import annotations

import time
from pathlib import Path

import click

from homeport.cli.project import file_option, json_option, level_option


@click.command(short_help="A new release of the whole stack, without losing a request.")
@click.argument("environment", required=False)
@file_option
@click.option("--version", "version", help="Its name (default: the git tag or commit).")
@click.option("--dirty", is_flag=True, help="Deploy though the folder has changes that are not committed.")
@click.option(
    "--yes", is_flag=True, help="Do not ask before a database, the broker or the edge is interrupted."
)
@click.option(
    "--allow-breaking",
    is_flag=True,
    help="Run migrations that the code before does not survive, or that lock a large table for long.",
)
@click.option(
    "--images", type=click.Choice(["auto", "local", "upstream"]), default="auto", help="As for `up`."
)
@click.option(
    "--keep-data",
    is_flag=True,
    help="Go on with the volumes of an earlier checkout, of which no release is known here.",
)
@level_option
@json_option
def command(  # noqa: PLR0913 (click gives one argument an option)
    environment: str | None,
    file: Path | None,
    version: str | None,
    dirty: bool,
    yes: bool,
    allow_breaking: bool,
    images: str,
    keep_data: bool,
    level_by_level: bool,
    as_json: bool,
) -> None:
    """A new release of the whole stack, as one transaction.

    Images are built here and only the layers that the host lacks are sent. New containers start beside the old
    ones; when all are good they take over in one step; then the old ones are drained and stopped. Any failure
    before that returns the whole stack to the release before. A second deploy of the same version does nothing.
    """
    from dataclasses import replace

    from homeport.cli.project import open_project, typed
    from homeport.cli.releasing import agree, report
    from homeport.cli.say import Printer
    from homeport.errors import ReleaseError
    from homeport.release.deploy import Deploy
    from homeport.release.log import Logged
    from homeport.release.sources import Sources
    from homeport.secrets.store import open_or_create, store_path

    started = time.monotonic()
    project = open_project(file)
    name = project.remote(environment)
    target = project.target(name)
    if version is None and target.version.endswith("-dirty") and not dirty:
        raise ReleaseError(
            f"the folder has changes that are not committed ({target.version})",
            "Commit them, so that the release has a name that says what it is; or --dirty, or --version NAME.",
        )
    target = replace(target, version=version or target.version)
    printer = Printer(as_json)
    printer.line(f"{target.project} to {name} ({target.env.host}), version {target.version}")
    host = project.host(name)
    store = open_or_create(store_path(project.folder, name, target.local), name)
    sources = Sources(
        project.folder, project.folder / ".homeport" / name / "cache", images, store, project.path
    )
    with Logged(printer, host) as progress:
        deploy = Deploy(
            host,
            target,
            store,
            sources,
            progress,
            agree(printer, yes),
            allow_breaking=allow_breaking,
            keep_data=keep_data,
            command=typed(file),
            level_by_level=level_by_level,
        )
        outcome = deploy.run()
        progress.release = outcome.release
    report(printer, "deploy", outcome, target.url, time.monotonic() - started)
