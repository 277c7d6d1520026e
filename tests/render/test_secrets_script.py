"""scripts/secrets.sh: makes what is missing, never changes what is there, asks a person for the rest."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from homeport.components.contribution import SecretFile
from homeport.render.scripts import files

SECRETS = (
    SecretFile("postgres", "shop", 999, "{postgres_shop}"),
    SecretFile("web", "pgpass", 10001, "postgres:5432:shop:shop:{postgres_shop}\n"),
    SecretFile("web", "odd", 10001, "100%\\n'{postgres_shop}'"),
    SecretFile("web", "mail", 10001, "{mail}"),
    SecretFile("api", "mail", 0, "{mail}", mode=0o444),
    SecretFile("api", "extra", 0, "{extra}", optional=True),
)
AS_ROOT = os.geteuid() == 0


@pytest.fixture
def script(tmp_path: Path) -> Path:
    [file] = files(SECRETS, ("postgres_shop",))
    path = tmp_path / file.path
    path.parent.mkdir()
    path.write_text(file.text)
    return path


def run(script: Path, shell: str = "sh") -> subprocess.CompletedProcess[str]:
    return subprocess.run([shell, str(script)], capture_output=True, text=True, check=False, timeout=30)


def test_who_is_not_root_is_told(script: Path) -> None:
    script.parent.parent.chmod(0o755)
    as_nobody = ["setpriv", "--reuid", "65534", "--clear-groups"] if AS_ROOT else []
    text = script.read_text()
    done = subprocess.run(
        [*as_nobody, "sh", "-c", text, "."], capture_output=True, text=True, check=False, cwd="/"
    )
    assert done.returncode == 1
    assert "run it as root" in done.stderr


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_made_once_and_the_same_everywhere(script: Path, shell: str) -> None:
    done = run(script, shell)
    root = script.parent.parent / "secrets"
    if not AS_ROOT:
        assert done.returncode == 1
        assert not root.exists()
        return
    value = (root / "postgres/shop").read_text()
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", value), "32 bytes, in letters that need no quoting"
    assert (root / "web/pgpass").read_text() == f"postgres:5432:shop:shop:{value}\n"
    assert (root / "web/odd").read_text() == f"100%\\n'{value}'"
    assert not (root / "api/extra").exists()
    assert done.returncode == 1
    assert "secrets/web/mail (mail)" in done.stderr
    assert value not in done.stdout + done.stderr
    assert [oct((root / n).stat().st_mode & 0o777) for n in ("", "web", "web/pgpass")] == [
        "0o700",
        "0o755",
        "0o400",
    ]

    (root / "web/mail").write_text("given by me")
    second = run(script, shell)
    assert second.returncode == 0, second.stderr
    assert (root / "postgres/shop").read_text() == value
    assert (root / "api/mail").read_text() == "given by me"
    assert ((root / "api/mail").stat().st_uid, (root / "api/mail").stat().st_mode & 0o777) == (0, 0o444)
    assert ((root / "web/mail").stat().st_uid, (root / "web/mail").stat().st_mode & 0o777) == (10001, 0o400)
    assert run(script, shell).stdout == "secrets.sh: 0 files made\n"


def test_no_secret_no_script() -> None:
    assert files((), ()) == ()


def test_a_file_of_two_secrets_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="exactly one secret"):
        files((SecretFile("web", "both", 1, "{one}:{two}"),), ())
