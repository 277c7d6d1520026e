"""`homeport rollback`: back to an earlier release, as a whole."""

from __future__ import annotations

import time
from pathlib import Path

import click

from homeport.cli.project import file_option, json_option, level_option


@click.command(short_help="Back to an earlier release, as a whole.")
@click.argument("environment", required=False)
@click.argument("release", required=False)
@file_option
@click.option("--yes", is_flag=True, help="Do not ask before a part is interrupted.")
@level_option
@json_option
def command(  # noqa: PLR0913 (click gives one argument an option)
    environment: str | None,
    release: str | None,
    file: Path | None,
    yes: bool,
    level_by_level: bool,
    as_json: bool,
) -> None:
    """Back to the release before, or to one by id or version (`homeport history` lists them).

    The same transaction as a deploy: all services go back in one step, and no request is lost. Code goes back,
    data stays as it is.
    """
    from homeport.cli.project import open_project
    from homeport.cli.releasing import agree, report
    from homeport.cli.say import Printer
    from homeport.release import rollback
    from homeport.release.log import Logged
    from homeport.secrets.store import open_or_create, store_path

    started = time.monotonic()
    project = open_project(file)
    name = project.remote(environment)
    host, target, printer = project.host(name), project.target(name), Printer(as_json)
    record = rollback.choose(host, release, name)
    printer.line(f"{target.project} in {name} back to {record.id}, version {record.version}")
    store = open_or_create(store_path(project.folder, name, target.local), name)
    with Logged(printer, host) as progress:
        outcome = rollback.rollback(
            host, record, target, store, progress, agree(printer, yes), level_by_level
        )
        progress.release = outcome.release
    report(printer, "rollback", outcome, target.url, time.monotonic() - started)
