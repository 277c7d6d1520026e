"""Cases are folders: what a team has, the homeport.yaml that init writes for it, and every finding.

To accept a change: UPDATE_GOLDENS=1 pytest tests/importer, and read the difference.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from homeport.errors import StackError
from homeport.importer import starter
from homeport.importer.convert import Draft, convert
from homeport.importer.finding import Fate
from homeport.importer.folder import Folder
from homeport.importer.project import NAMES
from homeport.stack.load import load

CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir() if path.is_dir())


def draft_of(case: Path) -> Draft:
    """What init makes of a case: of the files in `arguments`, else of its compose file, else of its Dockerfiles."""
    given = case / "arguments"
    files = given.read_text().split() if given.exists() else [n for n in NAMES if (case / n).exists()][:1]
    return convert(Folder(case), tuple(files)) if files else starter.convert(Folder(case))


def problems(case: Path, text: str) -> list[str]:
    """What `homeport check` says of a text beside the case's files."""
    target = case / ".homeport.yaml.tmp"
    target.write_text(text)
    try:
        load(target)
    except StackError as fault:
        return [re.sub(r"^.*\.tmp:", "homeport.yaml:", line) for line in fault.message.splitlines()[:-1]]
    finally:
        target.unlink()
    return []


def said(case: Path, draft: Draft) -> str:
    """All findings, and what check says, as text."""
    lines = [
        *map(str, draft.findings),
        "",
        *(f"check: {line}" for line in problems(case, draft.text) or ["passes"]),
    ]
    return "\n".join(lines) + "\n"


def test_a_scheme_is_no_host(tmp_path: Path) -> None:
    """A service called redis has another name here; what its address begins with has not."""
    (tmp_path / "compose.yaml").write_text(
        "services:\n  redis: {image: 'redis:7.4'}\n"
        "  web: {image: 'web:1', ports: ['80:80'], environment: {A: 'redis://redis:6379/0', B: 'redis:6379'}}\n"
    )
    text = convert(Folder(tmp_path), ("compose.yaml",)).text
    assert "redis://my-redis:6379/0" in text
    assert "my-redis://" not in text


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_what_init_makes_of_it(case: Path) -> None:
    draft = draft_of(case)
    for name, text in (("homeport.yaml", draft.text), ("findings.txt", said(case, draft))):
        if os.environ.get("UPDATE_GOLDENS"):
            (case / name).write_text(text)
        assert (case / name).read_text() == text


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_it_passes_check_or_asks(case: Path) -> None:
    """Everything that check refuses is one of the questions, and a question is something that check refuses."""
    draft = draft_of(case)
    assert len(problems(case, draft.text)) == len(draft.questions)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_no_secret_value_is_written(case: Path) -> None:
    draft = draft_of(case)
    for value in ("hunter2", "hunter3", "changeme", "sk_live_", "3b1f7c8e5a", "guest:guest"):
        assert value not in draft.text
        assert all(value not in str(finding) for finding in draft.findings)


def test_the_refusals_are_said_with_a_reason() -> None:
    draft = draft_of(Path(__file__).parent / "cases" / "refusals")
    refused = {finding.path: finding for finding in draft.findings if finding.fate is not Fate.CARRIED}
    for path in (
        "services.web.container_name",
        "services.web.network_mode",
        "services.web.privileged",
        "services.web.cap_add",
        "services.web.volumes[/var/run/docker.sock]",
        "services.database.ports",
        "services.cache.ports[0.0.0.0:6379:6379]",
    ):
        assert len(refused[path].why) > 30, path
