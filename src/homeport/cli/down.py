"""`homeport down`: stop the stack on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from homeport.cli.project import file_option, json_option


@click.command(short_help="Stop the stack on this machine; data is kept.")
@click.argument("environment", required=False)
@file_option
@click.option("--volumes", is_flag=True, help="Delete its data too: databases, queues, volumes. Asks first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def command(environment: str | None, file: Path | None, volumes: bool, yes: bool, as_json: bool) -> None:
    """Stop and remove the containers and networks of the stack. Volumes, secrets and history are kept."""
    from homeport.cli.project import open_project
    from homeport.cli.say import Printer
    from homeport.release.down import take_down

    project = open_project(file)
    name = project.environment(environment)
    target, host, printer = project.target(name), project.host(name), Printer(as_json)
    if volumes and not yes:
        click.confirm(f"Delete all data of {target.project} ({name}) on {host.machine.name}?", abort=True)
    with printer.step("down", target.project) as step:
        count = take_down(host, target, volumes)
        step.done(f"{count} containers removed" + (", data deleted" if volumes else ", data kept"))
    printer.result({"removed": count, "volumes": volumes})
