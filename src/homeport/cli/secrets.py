"""`homeport secrets`: init, set, edit, list, rotate, readers; values never on the command line, never on the screen."""

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
_NO_WAY_BACK = "releases from before were signed with the old key: a rollback refuses them"


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
    from homeport.secrets.signing import SIGNING

    project, name, store, rendered = _open(environment, file, in_git=True)
    for key in add:
        store.add_recipient(key)
    made = store.generate_missing([*rendered.generated, SIGNING])
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

    project, env, store, rendered = _open(environment, file)
    _must_be_known(name, rendered, project)
    _must_not_sign(name, env)
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

    project, env, store, rendered = _open(environment, file)
    before = {name: store.get(name).reveal() for name in store.names}
    text = edit_text(yaml.safe_dump(before, sort_keys=True) if before else "# name: value\n")
    try:
        after = yaml.safe_load(text) or {}
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)  # the fault itself shows the line, and what is in it
        place = f", line {mark.line + 1}" if mark else ""
        raise SecretError(
            f"what you wrote is not YAML{place}", "Nothing was changed; run it again."
        ) from None
    if not isinstance(after, dict) or not all(isinstance(v, str) for v in after.values()):
        raise SecretError(
            "each line must be `name: value`, values in quotes if they are numbers", "Nothing was changed."
        )
    for name in before.keys() | after.keys():
        if before.get(name) != after.get(name):
            _must_not_sign(name, env)
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

    from homeport.secrets.signing import SIGNING

    project, _, store, rendered = _open(environment, file)
    rows = [
        {"name": name, "set": name in store, "readers": found, "made": name in (*rendered.generated, SIGNING)}
        for name, found in sorted(_readers(rendered, project).items())
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
@click.option("--yes", is_flag=True, help="Also the key that releases are signed with.")
def rotate(name: str, environment: str | None, file: Path | None, yes: bool) -> None:
    """Make a new value for a generated secret; the next `up` brings it to the services that read it."""
    from homeport.errors import SecretError
    from homeport.secrets.signing import SIGNING
    from homeport.secrets.value import generate

    project, env, store, rendered = _open(environment, file)
    _must_be_known(name, rendered, project)
    if name == SIGNING:
        if not yes:
            raise SecretError(
                f"{SIGNING} signs releases: with a new one nobody can go back to a release from before",
                cures.secrets_rotate(SIGNING, env, sure=True),
            )
        store.set(name, generate())
        store.save()
        click.echo(f"{SIGNING} has a new value in {store.path}; {_NO_WAY_BACK}")
        return
    if name not in rendered.generated:
        raise SecretError(
            f"{name} is given by you, so homeport cannot make a new one",
            cures.secrets_set(name, environment or ""),
        )
    store.set(name, generate())
    store.save()
    click.echo(
        f"{name} has a new value in {store.path}; `{cures.start(env, project.target(env).local)}` brings it to "
        f"{', '.join(_readers(rendered, project)[name])}"
    )


class _Readers(click.Group):
    """`readers ENV` is `readers list ENV`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        first = args[0] if args else ""
        return super().parse_args(ctx, args if first in (*self.commands, "-h", "--help") else ["list", *args])


@command.group("readers", cls=_Readers)
def readers() -> None:
    """Who can open the secrets of an environment: `readers [ENV]`, `readers add|remove KEY [ENV]`."""


@readers.command("list")
@environment_argument
@file_option
def readers_list(environment: str | None, file: Path | None) -> None:
    """The public keys that the secrets are encrypted to, since which commit, and your own."""
    from homeport.release.secret_changes import Authors
    from homeport.secrets.identity import load_identity

    _, name, store, _ = _open(environment, file)
    own, authors = str(load_identity(create=True).to_public()), Authors(store)
    for key in store.recipients:
        click.echo(f"  {key}  {authors.of_reader(key)}{'  (you)' if key == own else ''}")
    if own not in store.recipients:
        click.echo(f"You are no reader. Let one run: {cures.readers_add(own, name)}")


@readers.command("add")
@click.argument("key")
@environment_argument
@file_option
def readers_add(key: str, environment: str | None, file: Path | None) -> None:
    """Let another person's key (age1...) open all values, those of now and later ones."""
    _, _, store, _ = _open(environment, file)
    store.add_recipient(key)
    store.save()
    click.echo(f"{key} can open the {len(store.names)} secrets of {store.path}")


@readers.command("remove")
@click.argument("key")
@environment_argument
@file_option
def readers_remove(key: str, environment: str | None, file: Path | None) -> None:
    """Encrypt all values anew, without this key; make new ones where homeport can, and say what is left to you.

    The old values stay open to whoever has the key: in git's history, in copies, and on what still runs.
    """
    from homeport.secrets.signing import SIGNING
    from homeport.secrets.value import generate

    project, env, store, rendered = _open(environment, file)
    _must_be_another(key, store)
    store.remove_recipient(key)
    made = [name for name in store.names if name in (*rendered.generated, SIGNING)]
    for name in made:
        store.set(name, generate())
    store.save()
    click.echo(f"{key} opens nothing in {store.path} from now on, but knows each value that was there.")
    click.echo(f"New values: {', '.join(made) or 'none'}{f'; {_NO_WAY_BACK}' if SIGNING in made else ''}")
    given = [name for name in store.names if name not in made]
    read = _readers(rendered, project)
    for name in given:
        cure = cures.secrets_set(name, env) if name in read else cures.secrets_edit(env)
        why = "" if name in read else ", and take it out: no service reads it"
        click.echo(f"  still as it was: {name}: get a new one, then {cure}{why}")
    click.echo(
        f"Until the next deploy what runs has the old ones: {cures.start(env, project.target(env).local)}"
    )


def _must_be_another(key: str, store: Store) -> None:
    from homeport.errors import SecretError
    from homeport.secrets.identity import load_identity

    if key not in store.recipients:
        raise SecretError(
            f"{store.path}: {key} is no reader",
            f"There are: {', '.join(store.recipients)}. Nothing was changed.",
        )
    if key == str(load_identity().to_public()):
        raise SecretError(
            f"{store.path}: {key} is your own key, and who makes the new values knows them",
            "Let another reader remove it. Nothing was changed.",
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
    from homeport.secrets.signing import SIGNING

    notify, registry = project.stack.notify, project.stack.registry
    own = (*(notify.to if notify else ()), *((registry.password or "",) if registry else ()))
    found: dict[str, list[str]] = {name: ["homeport"] for name in (*own, SIGNING) if name}
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


def _must_not_sign(name: str, environment: str) -> None:
    """Nobody chooses the key that releases are signed with."""
    from homeport.errors import SecretError
    from homeport.secrets.signing import SIGNING

    if name == SIGNING:
        raise SecretError(
            f"{SIGNING} is made by homeport, and signs releases. Nothing was changed",
            f"A new one: {cures.secrets_rotate(SIGNING, environment, sure=True)}",
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
