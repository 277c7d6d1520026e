"""What examples/budgetcoach says in two places is the same in both, and production gets nothing that it must not."""

from __future__ import annotations

import ast
import re
import runpy
from collections.abc import Mapping
from pathlib import Path

from homeport.components.contribution import Container, SecretFile
from homeport.components.gather import gather
from homeport.components.rabbitmq.component import whole
from homeport.stack.load import load
from homeport.stack.model import Target

APP = Path(__file__).parents[2] / "examples" / "budgetcoach"
STACK = load(APP / "homeport.yaml")
READERS: Mapping[str, tuple[str, ...]] = runpy.run_path(str(APP / "backend/coachlib/topology.py"))["READERS"]
NAMES = [f"{service}.{kind}" for service in STACK.services for kind in ("events", "dead")]


def may(pattern: str, *names: str) -> set[str]:
    """The names that RabbitMQ, which searches, finds the rendered pattern in."""
    return {name for name in names if re.search(whole(pattern), name)}


def test_rights_at_the_broker_are_those_that_the_topology_needs() -> None:
    for name, service in STACK.services.items():
        assert service.rabbitmq, f"{name} may do everything"
        rights = service.rabbitmq
        reads = {kind for kind, readers in READERS.items() if name in readers}
        own = {f"{name}.events", f"{name}.dead"} if reads else set()
        for pattern in (rights.configure, rights.write, rights.read):
            assert may(pattern, *NAMES, "amq.default", "amq.topic") == own, name
        topics = rights.topics.get("events")
        assert bool(may(rights.configure, "events")) == bool(topics), name
        if topics:
            assert may(topics.read, *READERS) >= reads, name
            assert not may(topics.read, "#", "*.*", "*.created"), name


def test_each_event_has_one_publisher() -> None:
    for kind in READERS:
        given = {
            n: s.rabbitmq.topics["events"]
            for n, s in STACK.services.items()
            if s.rabbitmq and s.rabbitmq.topics
        }
        publishers = [n for n, t in given.items() if may(t.write, kind) and n in STACK.services]
        assert len(publishers) == 1, (kind, publishers)


def parts(environment: str) -> tuple[dict[str, Container], list[SecretFile]]:
    found = gather(Target(STACK, environment))
    return {c.name: c for c in found.containers}, list(found.secrets)


def test_the_demo_account_is_local() -> None:
    for environment in ("staging", "production"):
        containers, secrets = parts(environment)
        assert "demo_password" not in {file.name for file in secrets}
        assert "gateway-seed" not in containers
    containers, secrets = parts("local")
    assert "gateway-seed" in containers
    assert ("gateway", "demo_password") in {(file.folder, file.name) for file in secrets}


def test_no_migration_gets_out() -> None:
    containers, _ = parts("production")
    migrations = {
        name: [n.network for n in c.networks] for name, c in containers.items() if name.endswith("-migrate")
    }
    assert len(migrations) == 6
    assert {tuple(networks) for networks in migrations.values()} == {("data",)}, migrations


def test_a_key_of_identity_is_for_the_gateway_and_one_service() -> None:
    _, secrets = parts("production")
    folders = {file.folder.removesuffix("-migrate") for file in secrets if file.name == "identity_budget"}
    assert folders == {"gateway", "budget"}


def test_the_same_currencies_are_offered_on_both_sides() -> None:
    page = (APP / "frontend/src/lib/currencies.ts").read_text()
    listed = page.partition("CURRENCIES = [")[2].partition("]")[0]
    module = ast.parse((APP / "backend/coachlib/money.py").read_text())
    [offered] = [
        node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id == "OFFERED"
    ]
    codes = tuple(code for code in ast.walk(offered) if isinstance(code, ast.Constant))
    assert tuple(re.findall(r'"([A-Z]{3})"', listed)) == tuple(str(code.value) for code in codes)
