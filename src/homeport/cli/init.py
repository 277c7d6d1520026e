"""homeport init: write homeport.yaml from a compose file, and say what became of every key of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from homeport.importer.convert import Draft
    from homeport.importer.finding import Finding


@click.command(short_help="Write homeport.yaml from an existing compose file.")
@click.argument("compose", nargs=-1, type=click.Path())
@click.option("--name", default="", help="The stack's name. Default: compose's `name`, else the folder's.")
@click.option("--domain", default="", help="The domain in production, e.g. example.com.")
@click.option(
    "--output",
    type=click.Path(),
    help="The file to write. Default: homeport.yaml beside the first file, or above it where its builds lie.",
)
@click.option("--force", is_flag=True, help="Write over a homeport.yaml that is already there.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: file, passes, problems, findings.")
def command(  # noqa: PLR0913
    compose: tuple[str, ...], name: str, domain: str, output: str | None, force: bool, as_json: bool
) -> None:
    """Read COMPOSE (several are laid over each other, as `docker compose -f A -f B` does; default: the compose file
    of this folder) and write homeport.yaml.

    Every key of the compose file is reported: carried, changed, or not carried, and why. Without a compose file
    a starter is written for the Dockerfiles of this folder. The shell's variables are not looked at; .env is.

    Exit code 0: the file passes `homeport check`. 1: it is written, and the list says what to answer first.
    """
    from pathlib import Path

    from homeport.importer import starter
    from homeport.importer.convert import convert
    from homeport.importer.folder import Folder

    root, files = where(compose)
    target = Path(output) if output else root / "homeport.yaml"
    _guard(target, force, domain)
    folder = Folder(root)
    draft = convert(folder, files, name, domain) if files else starter.convert(folder, name, domain)
    problems = _write(target, draft)
    _show_json(target, draft, problems) if as_json else _show(target, draft, problems)
    sys.exit(1 if problems else 0)


def where(compose: tuple[str, ...]) -> tuple[Path, tuple[str, ...]]:
    """The folder that homeport.yaml belongs in (above all that is built), and the files as seen from it.

    No files: none was given or found.
    """
    import os
    from pathlib import Path

    from homeport.errors import HomeportError
    from homeport.importer.folder import Folder
    from homeport.importer.project import NAMES, levels_up

    if not compose or Path(compose[0]).is_dir():
        root = Path(compose[0]) if compose else Path()
        compose = tuple(str(root / name) for name in NAMES if (root / name).is_file())[:1]
        if not compose:
            return root, ()
    for given in compose:
        if not Path(given).is_file():
            raise HomeportError(f"there is no file {given}", "give the path of your compose file")
    first = Path(compose[0])
    up = levels_up(Folder(first.parent), first.name)
    homes = [str(Path(path).resolve().parent) for path in compose]
    base = Path(os.path.commonpath([*homes, str(Path(homes[0], *[".."] * up).resolve())]))
    return Path(os.path.relpath(base)), tuple(os.path.relpath(path, base) for path in compose)


def _guard(target: Path, force: bool, domain: str) -> None:
    """Refuse before anything is read or written."""
    from pydantic import TypeAdapter, ValidationError

    from homeport.errors import HomeportError
    from homeport.stack.words import Domain

    if target.exists() and not force:
        message = f"{target} is already there, and is not written over"
        raise HomeportError(message, "give --force, or --output OTHER")
    try:
        TypeAdapter(Domain).validate_python(domain or "example.com")
    except ValidationError as fault:
        raise HomeportError(
            f'"{domain}" is not a domain', "write it in lower case with a dot: example.com"
        ) from fault


def _write(target: Path, draft: Draft) -> list[str]:
    """Write the file; what `check` says of it, one problem an item."""
    from homeport.errors import HomeportError, StackError
    from homeport.files import write_atomically
    from homeport.stack.load import load
    from homeport.stack.rules.files import builds

    try:
        write_atomically(target, draft.text)
    except OSError as fault:
        raise HomeportError(
            f"{target} cannot be written: {fault.strerror}",
            "May you write in this folder, and has the disk room? Then run the same again.",
        ) from fault
    try:
        stack = load(target)
    except StackError as fault:
        return fault.message.splitlines()[:-1]
    if any(build.context == "." for _, build in builds(stack)):
        _leave_out(target.parent / ".dockerignore")
    return []


def _leave_out(file: Path) -> None:
    """What runs on this machine is kept beside homeport.yaml, with its secrets: no build may take it in."""
    from homeport.files import write_atomically

    before = file.read_text() if file.is_file() else ""
    if ".homeport" not in before.split():
        gap = "" if not before or before.endswith("\n") else "\n"
        write_atomically(file, f"{before}{gap}.homeport\n")
        click.echo(f"{file}: .homeport added, as secrets are kept there", err=True)


def _show(target: Path, draft: Draft, problems: list[str]) -> None:
    """The least important first: a person reads a terminal from its end."""
    from homeport.importer.finding import Fate

    changed, dropped = draft.of(Fate.CHANGED), draft.of(Fate.DROPPED)
    _group("Changed, nothing to do", [finding for finding in changed if not finding.cure])
    _group("Changed, with something for you", [finding for finding in changed if finding.cure])
    _group("Not carried", [finding for finding in dropped if not finding.asks])
    _group("Could not be carried without you", draft.questions)
    counts = f"{len(draft.of(Fate.CARRIED))} keys carried, {len(changed)} changed, {len(dropped)} not carried"
    click.echo(f"{target}: {draft.services} services read; {counts}.")
    if problems:
        click.echo(f"\nIt does not pass `homeport check` yet ({len(problems)} to answer):")
        click.echo("\n".join(f"  {problem}" for problem in problems))
    else:
        click.echo("It passes `homeport check`. Next: read it, then `homeport up`.")


def _group(title: str, findings: Sequence[Finding]) -> None:
    """One entry for what is the same in several services: six services have six findings, and one cure."""
    if not findings:
        return
    click.echo(f"{title} ({len(findings)}):")
    alike: dict[tuple[str, str, str, str], list[Finding]] = {}
    for finding in findings:
        key = finding.path.split(".", 2)[-1] if finding.path.startswith("services.") else finding.path
        alike.setdefault((finding.place.file, key, finding.why, finding.cure), []).append(finding)
    for (_, _, why, cure), same in alike.items():
        others = ", ".join(f"{f.path.split('.')[1]}:{f.place.line}" for f in same[1:] if "." in f.path)
        also = f" (and {others})" if others else ""
        click.echo(f"  {same[0].place.file}:{same[0].place.line}: {same[0].path}{also}\n      {why}")
        if cure:
            click.echo(f"      -> {cure}")
    click.echo()


def _show_json(target: Path, draft: Draft, problems: list[str]) -> None:
    import json

    found = [
        {"file": f.place.file, "line": f.place.line, "path": f.path, "fate": str(f.fate), "why": f.why,
         "cure": f.cure, "asks": f.asks}
        for f in draft.findings
    ]  # fmt: skip
    result = {
        "file": str(target),
        "name": draft.name,
        "passes": not problems,
        "problems": problems,
        "findings": found,
    }
    click.echo(json.dumps(result, indent=2))
