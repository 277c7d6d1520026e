"""The golden trees: each case is a homeport.yaml, here or in examples/, and the tree of each of its environments.

`python tests/golden/golden_cases.py` writes them anew; read the diff before you commit it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from homeport.files import FileTree
from homeport.images.sets import load as load_sets
from homeport.render.render import Rendered, render
from homeport.stack.load import load
from homeport.stack.model import Target

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
VERSION = "v1.0.0"


@dataclass(frozen=True)
class Case:
    """`source` is the homeport.yaml, `expected` the folder of the tree."""

    name: str
    environment: str
    source: Path

    @property
    def expected(self) -> Path:
        return HERE / self.name / self.environment

    def target(self) -> Target:
        images = {part: image.upstream for part, image in load_sets().parts.items()}
        return Target(load(self.source), self.environment, VERSION, images)

    def rendered(self) -> Rendered:
        return render(self.target())


def cases() -> Iterator[Case]:
    """The examples, and every folder here that holds a homeport.yaml."""
    sources = {
        path.parent.name: path for path in (*EXAMPLES.glob("*/homeport.yaml"), *HERE.glob("*/homeport.yaml"))
    }
    for name, source in sorted(sources.items()):
        for environment in load(source).environments:
            yield Case(name, environment, source)


def update() -> None:
    for case in cases():
        tree = case.rendered().tree
        change = tree.difference(FileTree.read(case.expected))
        shutil.rmtree(case.expected, ignore_errors=True)
        tree.write(case.expected)
        print(f"{case.name}/{case.environment}: {len(tree.files)} files, {len(change.touched)} changed")


if __name__ == "__main__":
    update()
