"""Secrets: readable names, unreadable values, and nothing that shows one by accident."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from pyrage import x25519

from homeport.components.contribution import SecretFile
from homeport.errors import SecretError
from homeport.secrets.deliver import deliver, missing
from homeport.secrets.store import Store, open_or_create, store_path
from homeport.secrets.value import Secret, generate


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("HOMEPORT_IDENTITY", str(tmp_path / "identity.txt"))
    return open_or_create(tmp_path / "secrets" / "production.yaml", "production")


def test_a_value_survives_the_file_and_is_not_in_it(store: Store) -> None:
    store.set("jwt_key", Secret("correct horse"))
    store.save()
    text = store.path.read_text()
    assert "jwt_key" in text
    assert "correct horse" not in text
    assert store.path.stat().st_mode & 0o777 == 0o600
    assert Store.open(store.path, "production").get("jwt_key").reveal() == "correct horse"


def test_a_second_reader_opens_everything(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.set("one", Secret("1"))
    other = x25519.Identity.generate()
    store.add_recipient(str(other.to_public()))
    store.save()
    key = tmp_path / "other.txt"
    key.write_text(f"{other}\n")
    key.chmod(0o600)
    monkeypatch.setenv("HOMEPORT_IDENTITY", str(key))
    assert Store.open(store.path, "production").get("one").reveal() == "1"


def test_a_stranger_opens_nothing(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.set("one", Secret("1"))
    key = tmp_path / "stranger.txt"
    key.write_text(f"{x25519.Identity.generate()}\n")
    key.chmod(0o600)
    monkeypatch.setenv("HOMEPORT_IDENTITY", str(key))
    with pytest.raises(SecretError, match="not readable"):
        store.get("one")


def test_a_key_that_others_can_read_is_refused(store: Store, tmp_path: Path) -> None:
    store.set("one", Secret("1"))
    (tmp_path / "identity.txt").chmod(0o644)
    with pytest.raises(SecretError, match="others can read"):
        store.get("one")


def test_a_file_that_was_merged_by_hand_says_so(store: Store) -> None:
    store.path.parent.mkdir(parents=True, exist_ok=True)
    store.path.write_text("<<<<<<< HEAD\nvalues: {}\n")
    with pytest.raises(SecretError, match="not a file of homeport secrets"):
        Store.open(store.path, "production")


def test_a_secret_never_shows_itself() -> None:
    secret = Secret("tell-nobody")
    shown = f"{secret} {secret!r} {secret:>10} {[secret]} {json.dumps(str(secret))}"
    assert "tell-nobody" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_generated_values_are_strong_and_safe_in_a_url() -> None:
    values = {generate().reveal() for _ in range(50)}
    assert len(values) == 50
    assert all(len(v) >= 43 and v.replace("-", "").replace("_", "").isalnum() for v in values)


def test_templates_are_filled_and_all_missing_names_are_said(store: Store) -> None:
    files = [
        SecretFile("web", "url", 10001, "postgresql://web:{pg}@postgres/db"),
        SecretFile("web", "key", 10001, "{api_key}"),
        SecretFile("web", "extra", 10001, "{extra}", optional=True),
        SecretFile("web", "token", 10001, "{token}"),
    ]
    store.set("pg", Secret("pass"))
    assert missing(files, store) == ["api_key", "token"]
    with pytest.raises(SecretError, match=r"2 secret.s. missing: api_key, token"):
        deliver(files, store)
    store.set("api_key", Secret("a"))
    store.set("token", Secret("t"))
    found = {file.path: file.text.reveal() for file in deliver(files, store)}
    assert found == {"web/url": "postgresql://web:pass@postgres/db", "web/key": "a", "web/token": "t"}


def test_local_secrets_stay_out_of_git_until_there_is_a_file_for_them(tmp_path: Path) -> None:
    assert store_path(tmp_path, "local", local=True) == tmp_path / ".homeport" / "local" / "secrets.yaml"
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "local.yaml").touch()
    assert store_path(tmp_path, "local", local=True) == tmp_path / "secrets" / "local.yaml"
    assert store_path(tmp_path, "production", local=False) == tmp_path / "secrets" / "production.yaml"
