"""A rollback believes of a host only what an operator has signed: altered files, on a real disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from homeport.engine.host import Host
from homeport.engine.machine import LocalMachine
from homeport.errors import HostError, ReleaseError, SecretError
from homeport.release import history
from homeport.release.deploy import Deploy
from homeport.release.history import Record
from homeport.release.recording import Outcome, Recording
from homeport.release.rollback import choose, rollback
from homeport.release.sources import Sources
from homeport.render.render import render
from homeport.secrets.deliver import deliver
from homeport.secrets.redactor import Redactor
from homeport.secrets.signing import SIGNING, SigningKey
from homeport.secrets.store import Store, open_or_create
from homeport.secrets.value import Secret, generate
from homeport.stack.load import load
from homeport.stack.model import Stack, Target
from tests.recording import RecordingRunner
from tests.release.quiet import Quiet

STACK = """\
homeport: 1
name: shop
environments:
  local: {domain: shop.localhost}
edge: {routes: {/: web}}
services:
  web: {image: "web:1", port: 8000, health: /ok, secrets: [jwt_key]}
notify: {to: [slack_webhook]}
registry: {server: registry.example.com, user: shop, password: registry_token}
secrets:
  jwt_key: generate
"""


class Shop:
    """A project on the disk, with two releases that an operator made; no engine answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "homeport.yaml").write_text(STACK)
        self.runner = RecordingRunner({})
        self.host = Host(str(folder / ".homeport" / "local"), LocalMachine(self.runner))
        self.store = open_or_create(folder / ".homeport" / "local" / "secrets.yaml", "local")
        for name in (SIGNING, "jwt_key", "slack_webhook", "registry_token"):
            self.store.set(name, generate())
        self.store.save()
        self.own = Target(load(folder / "homeport.yaml"), "local", "v3")
        self.first, self.second = self.released("1", "v1"), self.released("2", "v2")

    @property
    def state(self) -> Path:
        return Path(self.host.root) / "state"

    @property
    def kept(self) -> Path:
        return self.state / "targets" / f"{self.first.id}.json"

    def released(self, id_: str, version: str, breaking: tuple[str, ...] = ()) -> Record:
        """A good release, as a deploy leaves it."""
        target = replace(self.own, version=version)
        recorded = Recording(self.host, version, Outcome(id_), Redactor.of(self.store))
        images = [{"Id": f"sha256:{version}", "RepoTags": ["web:1"], "RepoDigests": [], "Created": version}]
        images[0] |= {"RootFS": {"Layers": []}, "Config": {}}  # type: ignore[dict-item]
        self.runner.answers = {"docker image inspect": json.dumps(images)}
        recorded.begin(target, render(target), breaking, SigningKey.of(self.store), self.store)
        recorded.end("ok", None, breaking, {})
        self.runner.answers, self.runner.asked = {}, []
        return history.read(self.host)[-1]

    def alter(self, change: Callable[[dict[str, object]], object]) -> None:
        """As somebody on the host could: change the kept target."""
        data = json.loads(self.kept.read_text())
        change(data)
        self.kept.write_text(json.dumps(data))

    def alter_record(self, id_: str, **changes: object) -> None:
        path = self.state / "history.jsonl"
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        written = [{**one, **changes} if one["id"] == id_ else one for one in lines]
        path.write_text("".join(json.dumps(one) + "\n" for one in written))

    def back(self, record: Record | None = None) -> None:
        rollback(
            self.host,
            record or choose(self.host, self.first.id, "local"),
            self.own,
            self.store,
            Quiet(),
            lambda _: True,
        )

    def refused(self, words: str, record: Record | None = None) -> ReleaseError:
        """Going back is refused with these words, and by then nobody was asked and nothing was written."""
        before = {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        with pytest.raises(ReleaseError, match=words) as caught:
            self.back(record)
        assert "nothing was changed" in caught.value.message
        assert "from its tag" in caught.value.hint
        assert self.runner.asked == []
        assert {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()} == before
        return caught.value


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("HOMEPORT_IDENTITY", str(tmp_path / "identity.txt"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "shop"
    folder.mkdir()
    return Shop(folder)


def test_what_an_operator_released_is_believed(shop: Shop) -> None:
    """It goes on to ask the engine, of which there is none here."""
    with pytest.raises(HostError, match="no Docker engine answers"):
        shop.back()
    assert shop.runner.asked


def test_more_secrets_for_a_service(shop: Shop) -> None:
    names = [{"name": name, "optional": False} for name in ("jwt_key", "slack_webhook", "registry_token")]
    shop.alter(lambda data: data["stack"]["services"]["web"].update(secrets=names))  # type: ignore[index]
    wanted = Stack.model_validate(json.loads(shop.kept.read_text())["stack"])
    found = deliver(render(Target(wanted, "local")).secrets, shop.store)
    assert {"web/slack_webhook", "web/registry_token"} <= {file.path for file in found}, (
        "it would be delivered"
    )
    shop.refused(r"state/targets/1.json is not what was released as release 1 \(v1\)")


def test_one_more_name_for_the_certificate(shop: Shop) -> None:
    aliases = {"aliases": ["vault.localhost"]}
    shop.alter(lambda data: data["stack"]["environments"]["local"].update(aliases))  # type: ignore[index]
    shop.refused("is not what was released")
    assert not list(Path(os.environ["XDG_CONFIG_HOME"]).rglob("*.pem")), "no authority was made"


@pytest.mark.parametrize(
    "changes",
    [
        {"images": {"web": {"ref": "evil.example.com/web@sha256:00", "id": "sha256:00"}}},
        {"frontend": "another"},
        {"breaking": ["ALTER TABLE"]},
        {"target": "00"},
        {"signature": "00"},
        {"signature": "é"},
        {"signature": 7},
        {"version": "v9"},
    ],
    ids=str,
)
def test_an_altered_record(shop: Shop, changes: dict[str, object]) -> None:
    shop.alter_record(shop.first.id, **changes)
    shop.refused("state/history.jsonl: the record of release 1 .* is not signed with homeport_signing")


def test_another_release_under_this_name(shop: Shop) -> None:
    """Both are signed; each for its own id."""
    shop.kept.write_text((shop.state / "targets/2.json").read_text())
    shop.refused("state/targets/1.json is not what was released")


def test_a_release_that_failed_is_not_made_good(shop: Shop) -> None:
    failed = Recording(shop.host, "v0", Outcome("0"), Redactor())
    shop.runner.answers = {"docker image inspect": "[]"}
    failed.begin(shop.own, render(shop.own), (), SigningKey.of(shop.store), shop.store)
    failed.end("failed", ReleaseError("web is unwell"), (), {})
    shop.runner.answers, shop.runner.asked = {}, []
    shop.alter_record("0", verdict="ok")
    shop.refused("the record of release 0", choose(shop.host, "0", "local"))


def test_breaking_migrations_since_are_not_made_harmless(shop: Shop) -> None:
    third = shop.released("3", "v3", breaking=("book: DROP COLUMN",))
    with pytest.raises(ReleaseError, match="cannot run on the schema since 3"):
        choose(shop.host, shop.first.id, "local")
    shop.alter_record(third.id, breaking=[])
    shop.refused("the record of release 3 .* nobody knows whether release 1")


def test_one_that_was_killed_after_it_took_over_is_believed(shop: Shop) -> None:
    text = (shop.state / "history.jsonl").read_text().splitlines()
    begun = [line for line in text if '"unfinished"' in line][-1]
    (shop.state / "history.jsonl").write_text(f"{text[0]}\n{text[1]}\n{begun}\n")
    shop.host.switch({}, "2")
    assert choose(shop.host, "2", "local").reason == history.TOOK_OVER
    with pytest.raises(HostError, match="no Docker engine answers"):
        shop.back(choose(shop.host, "2", "local"))


def test_a_new_key_forgets_the_old_releases(shop: Shop) -> None:
    shop.store.set(SIGNING, generate())
    shop.refused("is not signed with homeport_signing: it was altered, or the key is another one now")


def test_a_release_of_an_earlier_homeport_is_refused_by_the_command(shop: Shop) -> None:
    for record in (shop.first, shop.second):
        shop.alter_record(record.id, signature="", target="")
    said = subprocess.run(
        [sys.executable, "-m", "homeport", "rollback", "local", "1", "--yes"],
        capture_output=True, text=True, cwd=shop.folder, check=False, env=dict(os.environ),
    )  # fmt: skip
    assert said.returncode == 1
    assert "release 1 (v1) was released by an earlier homeport" in said.stderr, said.stdout + said.stderr
    assert "git checkout TAG" in said.stderr
    assert not (Path(shop.host.root) / "live").exists()


def test_a_certificate_is_only_for_names_of_the_own_file_as_it_is_now(shop: Shop) -> None:
    """A rollback to a release of another domain, which was rightly signed then."""
    env = shop.own.env.model_copy(update={"domain": "new.localhost", "aliases": ("www.shop.localhost",)})
    stack = shop.own.stack.model_copy(update={"environments": {"local": env}})
    shop.own = replace(shop.own, stack=stack)
    fault = shop.refused("environments.local of homeport.yaml does not have shop.localhost,")
    assert "`aliases`" in fault.hint


def test_a_release_of_another_environment_with_the_same_secrets(shop: Shop) -> None:
    stack = shop.own.stack.model_copy(
        update={"environments": {**shop.own.stack.environments, "stage": shop.own.env}}
    )
    shop.own = Target(stack, "stage")
    with pytest.raises(ReleaseError, match="is of the environment local; nothing was changed"):
        shop.back()


def test_the_key_goes_to_no_host(shop: Shop) -> None:
    service = shop.own.stack.services["web"]
    use = service.secrets[0].model_copy(update={"name": SIGNING})
    stack = shop.own.stack.model_copy(
        update={"services": {"web": service.model_copy(update={"secrets": (use,)})}}
    )
    with pytest.raises(SecretError, match="homeport_signing, which no host may have"):
        deliver(render(Target(stack, "local")).secrets, shop.store)
    held = "".join(path.read_text() for path in shop.state.rglob("*") if path.is_file())
    assert shop.store.get(SIGNING).reveal() not in held


def test_a_deploy_with_a_store_of_git_that_has_no_key_says_the_cure(shop: Shop) -> None:
    """Before the engine is asked; a local environment makes it by itself."""
    env = shop.own.env.model_copy(update={"host": "deploy@shop.example.com"})
    stack = shop.own.stack.model_copy(update={"environments": {"production": env}, "notify": None})
    store = open_or_create(shop.folder / "secrets/production.yaml", "production")
    sources = Sources(shop.folder, shop.folder / "cache")
    with pytest.raises(SecretError, match="homeport_signing is missing") as caught:
        Deploy(shop.host, Target(stack, "production"), store, sources, Quiet()).run()
    assert caught.value.hint == "homeport secrets init production"
    assert shop.runner.asked == []
    assert history.read(shop.host)[-1].reason == caught.value.message


def test_without_a_key_the_cure_is_said(tmp_path: Path) -> None:
    store = Store(tmp_path / "production.yaml", "production")
    with pytest.raises(SecretError, match="homeport_signing is missing") as caught:
        SigningKey.of(store)
    assert caught.value.hint == "homeport secrets init production"


def test_a_digest_tells_only_those_who_have_the_key(shop: Shop) -> None:
    key, other = SigningKey.of(shop.store), SigningKey(generate())
    value = Secret("hunter2hunter2")
    assert key.digest("a", value) == key.digest("a", Secret("hunter2hunter2"))
    assert len({key.digest("a", value), key.digest("b", value), other.digest("a", value)}) == 3
