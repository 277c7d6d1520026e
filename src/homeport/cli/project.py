"""What every command needs first: the stack's file, the environment, the host and the secrets that belong to it."""

from __future__ import annotations

import difflib
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from homeport.engine.host import Host
from homeport.errors import StackError
from homeport.stack.load import find, load
from homeport.stack.model import Stack, Target

file_option = click.option(
    "-f",
    "--file",
    type=click.Path(path_type=Path),
    help="homeport.yaml (default: here or in a folder above).",
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object per line, for machines.")
level_option = click.option(
    "--level-by-level",
    is_flag=True,
    help="For want of memory: services replace the old ones level by level (`depends`), not all at once.",
)


@dataclass(frozen=True)
class Project:
    """homeport.yaml and the folder it lies in."""

    path: Path
    stack: Stack

    @property
    def folder(self) -> Path:
        return self.path.absolute().parent

    def environment(self, name: str | None) -> str:
        """The named environment, or the first local one. Raises StackError with a did-you-mean."""
        known = self.stack.environments
        if name is None:
            found = next((n for n, e in known.items() if e.host == "local"), None)
            if found is None:
                raise StackError(
                    f"{self.path.name}: no environment has `host: local`",
                    "Add one: environments.local: {domain: NAME.localhost}",
                )
            return found
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise StackError(
                f"{self.path.name}: no environment {name}; there are {', '.join(known)}",
                f"Did you mean {near[0]}?" if near else "",
            )
        return name

    def target(self, environment: str) -> Target:
        return Target(self.stack, environment, version=git_version(self.folder))

    def host(self, environment: str) -> Host:
        """Where it runs: .homeport/ENV beside homeport.yaml for this machine, /opt/PROJECT behind ssh."""
        target = self.target(environment)
        if target.local:
            return Host(str(self.folder / ".homeport" / environment))
        from homeport.engine.ssh import SshMachine

        return Host(f"/opt/{target.project}", SshMachine.connect(target.env.host))

    def remote(self, name: str | None) -> str:
        """The environment to deploy to: the named one, or the only one that is not on this machine."""
        if name is not None:
            return self.environment(name)
        others = [n for n, e in self.stack.environments.items() if e.host != "local"]
        if len(others) != 1:
            raise StackError(
                f"{self.path.name}: say which environment: {', '.join(self.stack.environments)}",
                "homeport deploy production",
            )
        return others[0]


def open_project(file: Path | None) -> Project:
    path = file or find()
    return Project(path, load(path))


def typed(file: Path | None) -> Callable[[str], str]:
    """Words -> the line that the caller would type: with the same file, by a path where homeport is not on the PATH."""
    program = "homeport" if shutil.which("homeport") else _own_path()
    named = f" -f {shlex.quote(str(file))}" if file else ""
    return lambda words: f"{program} {words}{named}"


def _own_path() -> str:
    called = Path(sys.argv[0])
    return shlex.quote(str(called)) if called.name == "homeport" else "homeport"


def git_version(folder: Path) -> str:
    """Tag or commit of the folder, `-dirty` when it has changes; `dev` outside of git."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), "describe", "--tags", "--always", "--dirty"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "dev"
    return done.stdout.strip() or "dev"
