"""What homeport says: every error names its cure, and speaks of the product, not of this repository."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import homeport
from homeport import errors

SOURCE = Path(homeport.__file__).parent
KINDS = {
    name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)
}
# StackError lists problems, each with a cure of its own.
WITHOUT = {"StackError"}
# A user who installed homeport has none of these.
OURS = re.compile(r"\./run\b|\bdocs/\w+\.md|\bscripts/(machine|clean)")
# In the rendered tree, or a maintainer's option.
ALLOWED = {"cli/explain.py"}
RIDDLES = re.compile(r"cannot be had|how it feels|a container at most|limited a container|set a container")


TREES = {
    p.relative_to(SOURCE).as_posix(): ast.parse(p.read_text(encoding="utf-8")) for p in SOURCE.rglob("*.py")
}


def nodes() -> Iterator[tuple[str, ast.AST]]:
    for place, tree in sorted(TREES.items()):
        yield from ((place, node) for node in ast.walk(tree))


def test_every_error_has_a_cure() -> None:
    bare = []
    for place, node in nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS - WITHOUT:
            cures = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "hint")]
            if not cures or (isinstance(cures[0], ast.Constant) and not cures[0].value):
                bare.append(f"{place}:{node.lineno}: {ast.unparse(node)[:90]}")
    assert not bare


def test_no_message_speaks_of_this_repository() -> None:
    documented = {id(node.body[0].value) for _, node in nodes() if _has_docstring(node)}  # type: ignore[attr-defined]
    texts = [(p, n) for p, n in nodes() if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    found = [
        f"{p}:{n.lineno}: {n.value}"
        for p, n in texts
        if id(n) not in documented and OURS.search(str(n.value))
    ]
    assert not [one for one in found if one.split(":")[0] not in ALLOWED]


def test_words_are_plain() -> None:
    pages = [*SOURCE.rglob("*.py"), *SOURCE.rglob("*.md"), *SOURCE.rglob("*.sh")]
    assert not [f"{p.name}: {m[0]}" for p in pages for m in RIDDLES.finditer(p.read_text(encoding="utf-8"))]


def _has_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and bool(node.body)
        and isinstance(node.body[0], ast.Expr)
        and isinstance(node.body[0].value, ast.Constant)
    )
