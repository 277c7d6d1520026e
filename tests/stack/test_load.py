"""A good file becomes a Stack: short forms, defaults, text as it was typed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from homeport.errors import StackError
from homeport.stack.around import SecretKind
from homeport.stack.load import find, load
from homeport.stack.model import Stack
from homeport.stack.parts import Build, Health, Route, SecretUse, Volume

EXAMPLES = Path(__file__).parents[2] / "examples"
HEAD = "homeport: 1\nname: shop\nenvironments: {local: {domain: shop.localhost}}\n"


def loaded(tmp_path: Path, text: str) -> Stack:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "homeport.yaml").write_text(HEAD + text)
    return load(tmp_path / "homeport.yaml")


def test_short_forms(tmp_path: Path) -> None:
    stack = loaded(
        tmp_path,
        "edge: {routes: {/: web, /api: {service: web, strip: true}}, rate: 20/s}\n"
        "services:\n"
        "  web: {build: app, port: 8000, health: /h, command: 'a \"b c\"', secrets: [a, {name: b, optional: true}]}\n"
        "  box: {image: 'redis:7.2', volumes: ['data:/data', {name: x, path: /x}], health: {command: redis-cli ping}}\n"
        "secrets: {a: generate, b: {ask: B}}\n",
    )
    web, box = stack.services["web"], stack.services["box"]
    assert stack.edge.routes == {"/": Route(service="web"), "/api": Route(service="web", strip=True)}
    assert (stack.edge.rate.per_second, stack.edge.rate.burst) == (20, 200)
    assert web.build == Build(context="app")
    assert web.health == Health(path="/h")
    assert web.command == ("a", "b c")
    assert web.secrets == (SecretUse(name="a"), SecretUse(name="b", optional=True))
    assert box.volumes == (Volume(name="data", path="/data"), Volume(name="x", path="/x"))
    assert box.health == Health(command=("redis-cli", "ping"))
    assert stack.secrets == {"a": SecretKind(generate=True), "b": SecretKind(ask="B")}


def test_text_is_what_was_typed(tmp_path: Path) -> None:
    stack = loaded(
        tmp_path,
        "edge: {routes: {/: web}}\n"
        "services:\n"
        "  web:\n"
        "    build: app\n"
        "    port: '8000'\n"
        "    health: /h\n"
        "    user: 1000:1000\n"
        "    env: {A: yes, B: 010, C: 12:30:45, D: 1.10, E: '', F: off, G: 1_000, H: ~/x, I: 2026-01-01}\n",
    )
    web = stack.services["web"]
    assert (web.port, web.user) == (8000, "1000:1000")
    assert list(web.env.values()) == [
        "yes",
        "010",
        "12:30:45",
        "1.10",
        "",
        "off",
        "1_000",
        "~/x",
        "2026-01-01",
    ]


def test_anchors_share_settings(tmp_path: Path) -> None:
    stack = loaded(
        tmp_path,
        "edge: {routes: {/: web}}\n"
        "services:\n"
        "  web: &web {build: app, port: 8000, health: /h, memory: 256M}\n"
        "  api: {<<: *web, port: 9000}\n",
    )
    assert (stack.services["api"].port, stack.services["api"].memory) == (9000, 256 * 1024**2)


@pytest.mark.parametrize("example", sorted(path.parent.name for path in EXAMPLES.glob("*/homeport.yaml")))
def test_the_examples_are_right(example: str) -> None:
    assert load(EXAMPLES / example / "homeport.yaml").name == example


def test_budgetcoach_says_who_its_mails_come_from() -> None:
    """In every environment; its notification service does not start without."""
    stack = load(EXAMPLES / "budgetcoach" / "homeport.yaml")
    senders = {name: one.env.get("SMTP_FROM", "") for name, one in stack.environments.items()}
    assert len(senders) == 3
    for name, sender in senders.items():
        assert re.fullmatch(r"[\w.+-]+@[\w.-]+", str(sender)), f"{name}: {sender!r}"


def test_a_stack_cannot_be_changed(tmp_path: Path) -> None:
    stack = loaded(
        tmp_path, "edge: {routes: {/: web}}\nservices: {web: {build: app, port: 80, health: /h}}\n"
    )
    with pytest.raises(ValueError, match="frozen"):
        stack.name = "other"  # type: ignore[misc]


def test_found_above(tmp_path: Path) -> None:
    (tmp_path / "homeport.yaml").touch()
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert find(tmp_path / "a" / "b") == tmp_path / "homeport.yaml"


def test_not_found(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="no such file") as raised:
        load(tmp_path / "homeport.yaml")
    assert "homeport init" in raised.value.hint
    with pytest.raises(StackError, match="is a directory"):
        load(tmp_path)


def test_too_large(tmp_path: Path) -> None:
    (tmp_path / "homeport.yaml").write_text("#" * 2_000_000)
    with pytest.raises(StackError, match="larger than 1 MB"):
        load(tmp_path / "homeport.yaml")


def test_all_problems_at_once_with_their_count() -> None:
    with pytest.raises(StackError) as raised:
        load(Path(__file__).parents[1] / "wrong" / "many.yaml")
    *problems, count = raised.value.message.splitlines()
    assert count.startswith(f"{len(problems)} problems in ")
