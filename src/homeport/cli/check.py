"""`homeport check`: all that is wrong with homeport.yaml, or what was understood, on one screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from homeport.components import Component
    from homeport.stack.load import Examined
    from homeport.stack.model import Stack
    from homeport.stack.parts import Service
    from homeport.stack.problem import Problem


@click.command("check")
@click.option("--json", "as_json", is_flag=True, help="Problems, or what was understood, as one JSON object.")
@click.option("-f", "--file", type=click.Path(path_type=Path), help="Default: homeport.yaml here or above.")
def command(as_json: bool, file: Path | None) -> None:
    """Read homeport.yaml and say all that is wrong with it.

    Each problem comes with its place, its path, the fault and the cure. Exit code 1 when there is any. What is allowed
    and worth a look (a service that runs as root, say) is a notice with its line, and no problem.
    """
    from homeport.stack.load import examine, find

    examined = with_clashes(examine(file or find()))
    if as_json:
        _print_json(examined)
    elif examined.problems:
        click.echo(examined.text())
    elif examined.stack:
        click.echo(summary(examined.stack, examined.notices))
    if examined.problems:
        raise click.exceptions.Exit(1)


def with_clashes(examined: Examined, components: Sequence[Component] | None = None) -> Examined:
    """A file that is right so far is gathered as well: what two places claim is a problem at the later one."""
    from homeport.components import COMPONENTS
    from homeport.components.gather import clashes
    from homeport.stack.model import Target
    from homeport.stack.rules.finding import Finding

    stack = examined.stack
    if examined.problems or stack is None:
        return examined
    targets = (Target(stack, name) for name in stack.environments)
    found = dict.fromkeys(clash for target in targets for clash in clashes(target, components or COMPONENTS))
    return examined.adding(Finding(clash.other, clash.fault, clash.cure, key=True) for clash in found)


def _print_json(examined: Examined) -> None:
    import json

    found, stack = [_as_dict(problem) for problem in examined.problems], examined.stack
    understood = stack.model_dump(mode="json") if stack and not found else None
    notices = [_as_dict(notice) for notice in examined.notices] if not found else []
    click.echo(
        json.dumps({"ok": not found, "problems": found, "notices": notices, "stack": understood}, indent=2)
    )


def _as_dict(problem: Problem) -> dict[str, object]:
    from homeport.stack.problem import dotted

    return {
        "file": problem.place.file,
        "line": problem.place.line,
        "column": problem.place.column,
        "path": dotted(problem.path),
        "fault": problem.fault,
        "cure": problem.cure,
    }


def summary(stack: Stack, notices: Sequence[Problem] = ()) -> str:
    """What was understood: services, databases, environments with their addresses; then the notices, a line each."""
    count = "" if not notices else ", 1 notice" if len(notices) == 1 else f", {len(notices)} notices"
    lines = [f"{stack.name}: no problems{count}", "", *_services(stack), "", *_environments(stack)]
    parts = [
        f"postgres {stack.postgres.version}" if stack.postgres else "",
        "rabbitmq" if stack.rabbitmq else "",
    ]
    if any(parts):
        lines += ["", f"with {' and '.join(part for part in parts if part)}"]
    if notices:
        lines += ["", *map(_notice, notices)]
    return "\n".join(lines)


def _notice(notice: Problem) -> str:
    """`homeport.yaml:12:5: notice: services.web.writable: ...`, which editors jump to as well."""
    place = str(notice.place)
    return f"{place}: notice:{str(notice).removeprefix(place).removeprefix(':')}"


def _services(stack: Stack) -> list[str]:
    routes = {route.service: prefix for prefix, route in stack.edge.routes.items()}
    rows = [(name, *_cells(service, routes.get(name, ""))) for name, service in stack.services.items()]
    if stack.edge.frontend:
        rows.insert(0, ("frontend", "", "", "/"))
    return ["services", *_table(rows)]


def _cells(service: Service, route: str) -> tuple[str, str, str]:
    where = f"{service.protocol} {service.port}" if service.port else "worker"
    where += f" x{service.replicas}" if service.replicas > 1 else ""
    return where, service.database or "", route or (f"only {', '.join(service.only)}" if service.only else "")


def _environments(stack: Stack) -> list[str]:
    from homeport.stack.model import Target

    rows = [(name, Target(stack, name).url, env.host, env.tls) for name, env in stack.environments.items()]
    return ["environments", *_table(rows)]


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))] if rows else []
    return [
        "  " + "  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
