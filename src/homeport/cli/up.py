"""`homeport up`: build, start or update the stack on this machine, and say where it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import click

from homeport.cli.project import file_option, json_option, level_option


@click.command(short_help="Build, start or update the stack on this machine.")
@click.argument("environment", required=False)
@file_option
@click.option(
    "--images",
    type=click.Choice(["auto", "local", "upstream"]),
    default="auto",
    help="Where nginx, PostgreSQL ... come from: a registry, or built here from Debian packages.",
)
@click.option("--allow-breaking", is_flag=True, help="As for `deploy`: migrations that may break what runs.")
@click.option("--no-seed", is_flag=True, help="Do not run the services' `seed` commands (demo data).")
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
    images: str,
    allow_breaking: bool,
    no_seed: bool,
    keep_data: bool,
    level_by_level: bool,
    as_json: bool,
) -> None:
    """Build, start or update the stack on this machine, in its production form.

    A second `up` changes nothing and says so. What changed is rolled: the new container is healthy before the
    old one goes, and a failure leaves everything as it was.
    """
    from homeport.cli.project import open_project, typed
    from homeport.cli.say import Printer
    from homeport.errors import HostError
    from homeport.release.deploy import Deploy
    from homeport.release.redacted import cleaned
    from homeport.release.seed import seed
    from homeport.release.sources import Sources
    from homeport.secrets.store import open_or_create, store_path

    started = time.monotonic()
    project = open_project(file)
    name = project.environment(environment)
    target = project.target(name)
    if not target.local:
        raise HostError(
            f"{name} is on {target.env.host}: `up` is for this machine",
            "`homeport render` writes its files; run `homeport up` for an environment with `host: local`.",
        )
    host = project.host(name)
    printer = Printer(as_json)
    printer.line(f"{target.project}, environment {name}, version {target.version}")
    store = open_or_create(store_path(project.folder, name, target.local), name)
    sources = Sources(project.folder, Path(host.root) / "cache", images, file=project.path)
    deploy = Deploy(
        host,
        target,
        store,
        sources,
        printer,
        allow_breaking=allow_breaking,
        keep_data=keep_data,
        command=typed(file),
        level_by_level=level_by_level,
    )
    outcome = deploy.run()
    with cleaned(deploy.redactor):
        notes = [] if no_seed else seed(host, deploy.target, printer, deploy.kept)
    seconds = time.monotonic() - started
    if outcome.changed:
        printer.line(f"\nup: {', '.join(outcome.changed)} changed, {seconds:.1f} s")
    else:
        printer.line(f"\nup: nothing to change, {seconds:.1f} s")
    _farewell(printer.line, target.env.domain, target.url, notes)
    printer.result(
        {
            "url": target.url,
            "changed": outcome.changed,
            "seconds": round(seconds, 2),
            "release": outcome.release,
            "steps": {k: round(v, 2) for k, v in outcome.seconds.items()},
        }
    )


def _farewell(say: Callable[[str], None], domain: str, url: str, notes: list[str]) -> None:
    from homeport.engine.authority import Authority

    say(f"\n  {url}")
    for line in notes:
        say(f"  {line}")
    say("\nYour browser will warn about the certificate until it trusts this machine's own CA:")
    say(f"  {Authority.open((domain,)).root}   (homeport open --trust says how)")
    say("Next: homeport status | homeport logs | homeport open | homeport down")
