"""The house rules: imports point back along the arrow, pure rooms touch nothing, files stay small."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import homeport

SOURCE = Path(homeport.__file__).parent
# Room -> the rooms it may import. Data flows from homeport.yaml to the host; an import points back along it.
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "cures": set(),
    "files": set(),
    "stack": {"errors", "files"},
    "importer": {"errors", "files", "stack"},
    "images": {"errors", "files", "commands"},
    "components": {"errors", "files", "stack"},
    "render": {"errors", "files", "stack", "components"},
    "commands": {"errors", "files", "stack", "render", "components"},
    "secrets": {"errors", "files", "stack", "components"},
    "engine": {"errors", "files", "stack", "components", "commands", "images", "secrets"},
    "release": {
        "errors",
        "files",
        "stack",
        "components",
        "render",
        "commands",
        "engine",
        "images",
        "secrets",
    },
}
PURE = ("stack", "components", "render", "commands")
EFFECTS = {"subprocess", "socket", "urllib.request", "http.client", "asyncio", "requests", "httpx"}
PURE_FILES = ("release/plan.py", "release/memory.py")
LONGEST = 400


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Dotted names of all imports, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def rooms_imported(path: Path) -> set[str]:
    known = {room(module) for module in modules()} - {"__init__", "__main__"}
    names = (name.split(".") for name in imports(path))
    return {parts[1] for parts in names if parts[0] == "homeport" and len(parts) > 1 and parts[1] in known}


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_imports_point_back_along_the_arrow(path: Path) -> None:
    mine = room(path)
    if mine in ("cli", "__init__", "__main__"):
        return  # the command line is at the end of the arrow: it may use every room
    assert mine in ALLOWED, f"a new room: say here what {mine} may import"
    assert rooms_imported(path) <= ALLOWED[mine] | {mine, "cures"}


@pytest.mark.parametrize("name", PURE)
def test_pure_rooms_touch_no_machine(name: str) -> None:
    for path in sorted((SOURCE / name).rglob("*.py")):
        assert not EFFECTS & set(imports(path)), path


@pytest.mark.parametrize("name", PURE_FILES)
def test_pure_files_touch_no_machine(name: str) -> None:
    found = set(imports(SOURCE / name))
    assert not EFFECTS & found
    assert not [module for module in found if module.startswith("homeport.engine")]


def test_no_room_imports_the_command_line() -> None:
    outside = [path for path in modules() if room(path) not in ("cli", "__main__")]
    assert not [path for path in outside if "cli" in rooms_imported(path)]


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_a_file_is_short_and_says_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST
    assert ast.get_docstring(ast.parse(text)), "what is this room for? One to three sentences at the top"
