"""Run init and check on compose files that other people wrote, and print the table of docs/init.md.

    python tests/importer/survey.py FOLDER [--docs docs/init.md]

FOLDER holds checkouts (git clone ...), one folder each. Nothing is written into them: the files of each compose
file's project are linked into a temporary folder. With --docs the table between the two marks is replaced.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from homeport.cli.init import where
from homeport.errors import HomeportError, StackError
from homeport.importer.convert import Draft, convert
from homeport.importer.finding import Fate, Findings
from homeport.importer.folder import Folder
from homeport.importer.project import NAMES, read
from homeport.stack.load import load

BEGIN, END = "<!-- survey: made by tests/importer/survey.py -->", "<!-- end of survey -->"
_FILE = re.compile(r"(docker-)?compose[\w.-]*\.ya?ml")


@dataclass(frozen=True)
class Row:
    """What came of one compose file (or of one with its overlay)."""

    name: str
    draft: Draft | None
    problems: tuple[str, ...]

    @property
    def passes(self) -> bool:
        return self.draft is not None and not self.problems

    def cells(self) -> list[str]:
        """The row's cells, as they are shown."""
        if self.draft is None:
            return [self.name, "", "", "", "", "no", "<br>".join(self.problems)]
        counts = [len(self.draft.of(fate)) for fate in (Fate.CARRIED, Fate.CHANGED, Fate.DROPPED)]
        words = "<br>".join(_shown(problem) for problem in self.problems)
        return [self.name, str(self.draft.services), *map(str, counts), "yes" if self.passes else "no", words]


def _shown(problem: str) -> str:
    """A problem without its place, and without the cure that is the same for all."""
    words = re.sub(r"^\S+: ", "", problem)
    return words.split("; ")[0].replace("|", "\\|")


def compose_files(root: Path) -> list[Path]:
    """All compose files below a folder, but those of continuous integration."""
    found = [path for path in root.rglob("*.y*ml") if _FILE.fullmatch(path.name)]
    return sorted(path for path in found if ".github" not in path.parts)


def with_base(path: Path) -> list[Path]:
    """A file that only adds to the services of another one comes with that one, as `-f A -f B` does."""
    for base in (path.with_name(name) for name in NAMES):
        if base.is_file() and base != path and _only_adds(path, base):
            return [base, path]
    return [path]


def _only_adds(path: Path, base: Path) -> bool:
    try:
        mine = read(Folder(path.parent), (path.name,), Findings()).services
        theirs = read(Folder(base.parent), (base.name,), Findings()).services
    except HomeportError:
        return False
    bare = [name for name, value in mine.items() if not (value.get("image") or value.get("build"))]
    return any(name in theirs for name in bare)


def survey(path: Path, root: Path) -> Row:
    """Init and check of one compose file."""
    files = with_base(path)
    name = " + ".join([str(files[0].relative_to(root)), *(file.name for file in files[1:])])
    try:
        folder, relative = where(tuple(map(str, files)))
        draft = convert(Folder(folder), relative)
    except HomeportError as fault:
        return Row(name, None, (fault.message.splitlines()[0],))
    with tempfile.TemporaryDirectory() as scratch:
        for item in folder.resolve().iterdir():
            if item.name != "homeport.yaml":
                (Path(scratch) / item.name).symlink_to(item)
        target = Path(scratch) / "homeport.yaml"
        target.write_text(draft.text)
        try:
            load(target)
        except StackError as fault:
            return Row(name, draft, tuple(fault.message.splitlines()[:-1]))
    return Row(name, draft, ())


def table(rows: list[Row]) -> str:
    """The rows as Markdown, and their sum."""
    names = ["compose file", "services", "carried", "changed", "not carried", "passes check", "why not"]
    lines = [names, ["---"] * len(names), *(row.cells() for row in rows)]
    text = "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
    passing = sum(row.passes for row in rows)
    reasons = Counter(_kind(problem) for row in rows for problem in row.problems)
    said = "\n".join(f"- {count} times: {reason}" for reason, count in reasons.most_common())
    head = f"{len(rows)} files, {passing} pass `homeport check` as they come out. What the others ask:"
    return f"{head}\n\n{said}\n\n{text}"


def _kind(problem: str) -> str:
    """The sort of a problem, without the names in it."""
    for words, kind in (
        ("no fixed version", "an image without a fixed version"),
        ("nothing can be reached", "nothing that answers HTTP"),
        ("no service and no frontend", "no service is left (tools and proxies only)"),
        ("is migrated by", "a database that two services migrate"),
        ("neither image nor build", "a service without image and build (an overlay, or a profile's part)"),
    ):
        if words in problem:
            return kind
    return _shown(problem)


def main() -> int:
    """Print the table, or put it into the docs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--docs", type=Path)
    options = parser.parse_args()
    root: Path = options.folder.resolve()
    rows = [survey(path, root) for path in compose_files(root)]
    text = table(rows)
    if options.docs:
        before, _, rest = options.docs.read_text().partition(BEGIN)
        options.docs.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}")
    else:
        sys.stdout.write(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
