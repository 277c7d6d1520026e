"""How long the local image set takes to build: cold, warm, cached, and one plain `docker build` after another.

Run `./run bench images`; with `--write` the tables in docs/images.md are replaced by what was measured.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from homeport.commands.command import Command
from homeport.engine.runner import LocalRunner
from homeport.images import localset, sets

PAGE = Path(__file__).parent.parent / "docs" / "images.md"
TARGETS = ("nginx", "postgres", "rabbitmq", "python", "node")
DEBIAN_NODE = f"FROM {sets.BASE}\nRUN apt-get update -qq && inst nodejs npm && rm -rf /var/lib/apt/lists/*\n"
RUN_ID = uuid.uuid4().hex[:6]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/images.md")
    parser.add_argument("--versions", action="store_true", help="only the versions table, nothing is built")
    options = parser.parse_args()
    tables = {"versions": versions_table()}
    if not options.versions:
        with tempfile.TemporaryDirectory() as folder:
            tables["build"] = table(("what", "seconds (load average)"), measure(Path(folder)))
            tables["node"] = table(
                ("Node.js and npm from", "seconds (load average)", "MB over the base"), node(Path(folder))
            )
    for name, text in tables.items():
        print(f"\n{name}\n\n{text}")
        if options.write:
            write(name, text)
    return 0


def measure(folder: Path) -> list[tuple[str, ...]]:
    """Rows of the build table. The set of this machine is not touched: other tags, other cache mounts."""
    sources = localset.Sources(ca=localset.ca_bundle())
    recipes = copy_recipes(folder)
    tags = [f"--set={t}.tags={tag(t)}" for t in TARGETS]

    def bake(*flags: str) -> Command:
        command = localset.bake(TARGETS, sources)
        return Command(
            (*command.argv[:3], *flags, *tags, *command.argv[3:]), cwd=str(recipes), env=command.env
        )

    def one_after_another() -> None:
        for target in TARGETS:
            words = ["docker", "build", "--no-cache", "--target", target, "-t", tag(target), str(recipes)]
            run(Command((*words, *(("--secret", f"id=ca,src={sources.ca}") if sources.ca else ()))))

    base = localset.base(sources)
    base = Command((*base.argv[:2], tag("base"), *base.argv[3:]))
    try:
        return [
            ("base image with mmdebstrap", timed(lambda: run(base))),
            (
                f"{len(TARGETS)} images in parallel, nothing downloaded yet",
                timed(lambda: run(bake("--no-cache"))),
            ),
            ("the same, packages in the cache mounts", timed(lambda: run(bake("--no-cache")))),
            ("the same, nothing changed", timed(lambda: run(bake()))),
            ("is the set there? (what `homeport up` asks)", timed(ask)),
            (
                "one `docker build --no-cache` after another, packages in the cache mounts",
                timed(one_after_another),
            ),
        ]
    finally:
        forget()


def node(folder: Path) -> list[tuple[str, ...]]:
    """Rows for the two ways to get Node.js: PyPI's wheel (what the set uses) and Debian's packages."""
    (folder / "debian-node").mkdir()
    (folder / "debian-node" / "Dockerfile").write_text(DEBIAN_NODE)
    recipes = folder / "local"
    ca = localset.ca_bundle()
    secret = ("--secret", f"id=ca,src={ca}") if ca else ()
    base = size(sets.BASE)
    wheel = ("docker", "build", "--no-cache-filter", "node,node-download", "--target", "node", *secret)
    debian = ("docker", "build", "--no-cache", *secret, "-t", tag("debian-node"), str(folder / "debian-node"))
    try:
        seconds = timed(lambda: run(Command((*wheel, "-t", tag("node"), str(recipes)))))
        rows = [("PyPI's wheel", seconds, f"{size(tag('node')) - base:.0f}")]
        seconds = timed(lambda: run(Command(debian)))
        return [*rows, ("Debian's packages", seconds, f"{size(tag('debian-node')) - base:.0f}")]
    finally:
        forget()


def copy_recipes(folder: Path) -> Path:
    """A copy of the recipes with cache mounts of its own, so that the first build has nothing downloaded."""
    recipes = Path(shutil.copytree(localset.FOLDER, folder / "local"))
    dockerfile = recipes / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text().replace("id=homeport-", f"id=homeport-bench-{RUN_ID}-"))
    return recipes


def ask() -> None:
    runner = LocalRunner()
    listings = [runner.run(localset.present(r)).out for r in (localset.recipe(), localset.base_recipe())]
    localset.missing(*listings, targets=TARGETS)


def versions_table() -> str:
    """Part, official image, and the version that the local image on this engine really has."""
    rows = []
    for name, part in sets.load().parts.items():
        package = {"nginx": "nginx", "postgres": "postgresql-17", "rabbitmq": "rabbitmq-server"}[name]
        installed = dict(x.split(" ", 1) for x in run(localset.versions(part.local)).splitlines())
        reference, digest = part.upstream.split("@")
        rows.append(
            (name, f"`{reference}`", f"`{digest}`", f"`{part.local}`", f"{package} {installed[package]}")
        )
    return table(("part", "official image", "digest", "local image", "package in it"), rows)


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def write(name: str, text: str) -> None:
    """Replace what stands between the markers of this table in docs/images.md."""
    begin, end = f"<!-- bench:{name} -->", "<!-- /bench -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    page = PAGE.read_text("utf-8")
    if not pattern.search(page):
        sys.exit(f"{PAGE.name} has no place for the table {name}")
    PAGE.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n{end}", page), "utf-8")


def timed(act: Callable[[], object]) -> str:
    """Seconds, and the load average at the end: on a machine that does other work the times are too long."""
    started = time.monotonic()
    act()
    return f"{time.monotonic() - started:.1f} (load {os.getloadavg()[0]:.0f})"


def run(command: Command) -> str:
    result = LocalRunner().run(Command(command.argv, timeout=1800, cwd=command.cwd, env=command.env))
    if not result.ok:
        sys.exit(f"{command.text()}\n{result.tail(30)}")
    return result.out


def size(reference: str) -> float:
    """Megabytes of an image, its base included."""
    shown = run(Command(("docker", "image", "inspect", "--format", "{{.Size}}", reference)))
    return int(shown) / 1e6


def tag(target: str) -> str:
    return f"homeport-bench-{RUN_ID}/{target}:1"


def forget() -> None:
    """Remove the images of this run, by name: an id may be shared with an image of somebody else."""
    listing = ("docker", "image", "ls", "--filter", f"reference=homeport-bench-{RUN_ID}/*", "--format")
    names = run(Command((*listing, "{{.Repository}}:{{.Tag}}"))).split()
    if names:
        run(Command(("docker", "rmi", *names)))


if __name__ == "__main__":
    sys.exit(main())
