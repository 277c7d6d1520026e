"""A rendered tree in a person's folder: what would change there, and the writing of it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from homeport.errors import StackError
from homeport.files import Difference, File, FileTree
from homeport.render.dotenv import COMPOSE_FILE
from homeport.render.render import Rendered

_MARK = "made by `homeport render`"


@dataclass(frozen=True)
class Output:
    """`difference` is from what is in the folder to what was rendered; `old` holds the files that were there."""

    root: Path
    rendered: Rendered
    old: FileTree
    difference: Difference

    def write(self) -> None:
        """Only what differs is touched. A file that is no longer rendered goes, for nginx reads whole folders."""
        touched = (*self.difference.added, *self.difference.changed)
        FileTree.of(f for f in self.rendered.tree if f.path in touched).write(self.root)
        for path in self.difference.removed:
            (self.root / path).unlink()
        for folder in self.rendered.folders:
            (self.root / folder).mkdir(parents=True, exist_ok=True)

    def diff(self) -> Iterator[str]:
        """Unified, a line each."""
        old, new = ({f.path: f.text for f in tree} for tree in (self.old, self.rendered.tree))
        for path in self.difference.touched:
            before, after = (side.get(path, "").splitlines() for side in (old, new))
            yield from difflib.unified_diff(before, after, f"a/{path}", f"b/{path}", lineterm="")


def compare(rendered: Rendered, root: Path) -> Output:
    """Reads the folder. Raises StackError when it holds something that homeport did not render."""
    _refuse_foreign(root)
    old = FileTree.of(_present(rendered, root))
    return Output(root, rendered, old, rendered.tree.difference(old))


def _refuse_foreign(root: Path) -> None:
    if not root.exists() or (root.is_dir() and not any(root.iterdir())):
        return
    compose = root / COMPOSE_FILE
    if not compose.is_file() or _MARK not in compose.read_text(encoding="utf-8", errors="replace")[:500]:
        raise StackError(
            f"{root} is not empty, and homeport did not write it",
            "Name a new folder: homeport render ENV --output FOLDER",
        )


def _present(rendered: Rendered, root: Path) -> Iterator[File]:
    """What is there of the files homeport writes: the tree's own, and any in the folders that it fills."""
    wanted = {file.path for file in rendered.tree}
    filled = {path.partition("/")[0] for path in wanted if "/" in path}
    inside = (p for top in sorted(filled) for p in (root / top).rglob("*") if p.is_file())
    for path in {*inside, *(root / path for path in wanted)}:
        relative = path.relative_to(root).as_posix()
        if path.is_file() and not relative.startswith(tuple(f"{f}/" for f in (*rendered.folders, "secrets"))):
            yield File(relative, path.read_text(encoding="utf-8"), path.stat().st_mode & 0o777)
