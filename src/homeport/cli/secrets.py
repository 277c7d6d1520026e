"""`homeport secrets`: init, set, edit, list, rotate; values never on the command line, never on the screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from homeport import cures
from homeport.cli.project import file_option

if TYPE_CHECKING:
    from homeport.cli.project import Project
    from homeport.render.render import Rendered
    from homeport.secrets.store import Store

environment_argument = click.argument("environment", required=False)


@click.group(short_help="Secrets, encrypted in git.", no_args_is_help=True)
def command() -> None:
    """Secrets, encrypted with age in secrets/ENV.yaml, which belongs in git.

    Names can be read there, values cannot. On the host they are files of mode 0400 under /run/secrets.
    """


@command.command("init")
@environment_argument
@file_option
@click.option("--add", multiple=True, metavar="age1...", help="Let another person's key open them too.")
def init(environment: str | None, file: Path | None, add: tuple[str, ...]) -> None:
    """Make what is missing and can be made; say what only you can give."""
    project, name, store, rendered = _open(environment, file, in_git=True)
    for key in add:
        store.add_recipient(key)
    made = store.generate_missing(rendered.generated)
    store.save()
    click.echo(
        f"{store.path}: {len(made)} made, {len(store.names)} in all, {len(store.recipients)} reader(s)"
    )
    _ask_for(project, name, store, rendered)


@command.command("set")
@click.argument("name")
@click.argument("environment", required=False)
@file_option
def set_(name: str, environment: str | None, file: Path | None) -> None:
    """Set one secret, asked for without echo, or read from standard input."""
    import sys

    from homeport.secrets.value import Secret

    project, _, store, rendered = _open(environment, file)
    _must_be_known(name, rendered, project)
    kind = project.stack.secrets.get(name)
    prompt = (kind.ask if kind else "") or name
    given = sys.stdin.read().rstrip("\n") if not sys.stdin.isatty() else _prompt(prompt)
    _must_be_usable(name, given)
    store.set(name, Secret(given))
    store.save()
    click.echo(f"{name} is set in {store.path}")


@command.command("edit")
@environment_argument
@file_option
def edit(environment: str | None, file: Path | None) -> None:
    """Open all of them in $EDITOR, decrypted in memory-backed storage, and encrypt what changed."""
    import yaml

    from homeport.errors import SecretError
    from homeport.secrets.edit import edit_text
    from homeport.secrets.value import Secret

    project, _, store, rendered = _open(environment, file)
    before = {name: store.get(name).reveal() for name in store.names}
    text = edit_text(yaml.safe_dump(before, sort_keys=True) if before else "# name: value\n")
    try:
        after = yaml.safe_load(text) or {}
    except yaml.YAMLError as fault:
        raise SecretError(
            f"what you wrote is not YAML: {fault}", "Nothing was changed; run it again."
        ) from fault
    if not isinstance(after, dict) or not all(isinstance(v, str) for v in after.values()):
        raise SecretError(
            "each line must be `name: value`, values in quotes if they are numbers", "Nothing was changed."
        )
    for name, value in after.items():
        if before.get(name) != value:
            _must_be_known(name, rendered, project)
            _must_be_usable(name, value)
            store.set(name, Secret(value))
    for name in before.keys() - after.keys():
        store.remove(name)
    store.save()
    changed = sum(before.get(n) != after.get(n) for n in before.keys() | after.keys())
    click.echo(f"{changed} changed in {store.path}")


@command.command("list")
@environment_argument
@file_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for machines.")
def list_(environment: str | None, file: Path | None, as_json: bool) -> None:
    """Names, who reads them, and whether they are set; never a value."""
    import json

    project, _, store, rendered = _open(environment, file)
    rows = [
        {"name": name, "set": name in store, "readers": readers, "made": name in rendered.generated}
        for name, readers in sorted(_readers(rendered, project).items())
    ]
    if as_json:
        click.echo(json.dumps({"path": str(store.path), "secrets": rows}))
        return
    for row in rows:
        mark = click.style("set    ", fg="green") if row["set"] else click.style("missing", fg="red")
        kind = "made" if row["made"] else "given"
        click.echo(f"  {mark}  {row['name']!s:<34} {kind:<6} {', '.join(map(str, row['readers']))}")  # type: ignore[call-overload]


@command.command("rotate")
@click.argument("name")
@click.argument("environment", required=False)
@file_option
def rotate(name: str, environment: str | None, file: Path | None) -> None:
    """Make a new value for a generated secret; the next `up` brings it to the services that read it."""
    from homeport.errors import SecretError
    from homeport.secrets.value import generate

    project, _, store, rendered = _open(environment, file)
    _must_be_known(name, rendered, project)
    if name not in rendered.generated:
        raise SecretError(
            f"{name} is given by you, so homeport cannot make a new one",
            cures.secrets_set(name, environment or ""),
        )
    store.set(name, generate())
    store.save()
    click.echo(
        f"{name} has a new value in {store.path}; `homeport up` brings it to {_readers(rendered, project)[name]}"
    )


def _open(
    environment: str | None, file: Path | None, in_git: bool = False
) -> tuple[Project, str, Store, Rendered]:
    from homeport.cli.project import open_project
    from homeport.render.render import render
    from homeport.secrets.store import open_or_create, store_path

    project = open_project(file)
    name = project.environment(environment)
    target = project.target(name)
    store = open_or_create(store_path(project.folder, name, target.local and not in_git), name)
    return project, name, store, render(target)


def _readers(rendered: Rendered, project: Project) -> dict[str, list[str]]:
    """Secret -> folders (services) that read it; some are read by homeport itself."""
    from homeport.secrets.deliver import names_in

    notify, registry = project.stack.notify, project.stack.registry
    own = (*(notify.to if notify else ()), *((registry.password or "",) if registry else ()))
    found: dict[str, list[str]] = {name: ["homeport"] for name in own if name}
    for file in rendered.secrets:
        for name in names_in(file):
            if file.folder not in found.setdefault(name, []):
                found[name].append(file.folder)
    return found


def _ask_for(project: Project, name: str, store: Store, rendered: Rendered) -> None:
    from homeport.secrets.deliver import missing

    for secret in missing(rendered.secrets, store):
        kind = project.stack.secrets.get(secret)
        why = f"  ({kind.ask})" if kind and kind.ask else ""
        click.echo(f"  still missing: {cures.secrets_set(secret, name)}{why}")


def _must_be_known(name: str, rendered: Rendered, project: Project) -> None:
    import difflib

    from homeport.errors import SecretError

    known = _readers(rendered, project)
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        raise SecretError(
            f"{project.path.name}: no service reads a secret {name}",
            f'Did you mean "{near[0]}"?' if near else f"There are: {', '.join(sorted(known))}",
        )


def _must_be_usable(name: str, value: str) -> None:
    from homeport.errors import SecretError

    if not value:
        raise SecretError(f"{name}: empty", "Nothing was changed.")
    if "\0" in value:
        raise SecretError(f"{name}: it holds a NUL byte", "Nothing was changed.")


def _prompt(text: str) -> str:
    value: str = click.prompt(text, hide_input=True, confirmation_prompt=True)
    return value
