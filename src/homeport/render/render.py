"""render(target): all contributions of a stack, in one environment, as plain files. Nothing is touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from homeport.components.contribution import Container, SecretFile
from homeport.components.gather import gather
from homeport.files import File, FileTree
from homeport.render import compose, dotenv, readme, scripts
from homeport.render.data import data
from homeport.stack.model import Target


@dataclass(frozen=True)
class Rendered:
    """The tree, and what the engine must know besides: what runs, and which secret files it needs.

    `generated`: names of secrets that homeport makes itself. `folders`: folders of the tree that must exist
    though no file is in them. `volumes`: named volumes, without the project's prefix.
    """

    tree: FileTree
    containers: tuple[Container, ...]
    secrets: tuple[SecretFile, ...]
    generated: tuple[str, ...]
    folders: tuple[str, ...]
    volumes: tuple[str, ...]

    def container(self, name: str) -> Container:
        """A container by its compose name; KeyError when there is none."""
        return {c.name: c for c in self.containers}[name]


def render(target: Target) -> Rendered:
    """Pure, and the same bytes for the same target. Raises StackError when two parts claim the same."""
    given = gather(target)
    rendered = Rendered(
        tree=FileTree(),
        containers=tuple(compose.with_probe(c) for c in given.containers),
        secrets=given.secrets,
        generated=given.generated,
        folders=given.folders,
        volumes=given.volumes,
    )
    return replace(rendered, tree=FileTree.of((*given.files, *_frame(target, rendered))))


def _frame(target: Target, rendered: Rendered) -> Iterator[File]:
    """The files that hold the parts together."""
    yield File(dotenv.COMPOSE_FILE, compose.render(target, rendered.containers, rendered.volumes))
    yield from dotenv.files(target, rendered.containers)
    yield from scripts.files(rendered.secrets, rendered.generated)
    yield from scripts.releasing(target)
    yield File(".gitignore", _ignored(rendered.folders))
    yield File("health/health.sh", data("health.sh"), 0o755)
    yield File("README.md", readme.render(target, rendered.containers, rendered.secrets, rendered.generated))


def _ignored(folders: tuple[str, ...]) -> str:
    """The tree may be kept in git; what a person or a release puts beside it may not."""
    lines = (f"/{folder}/\n" for folder in sorted({*folders, "logs", "secrets", "secrets.before"}))
    return "# Secrets, and what changes while the stack lives.\n" + "".join(lines)
