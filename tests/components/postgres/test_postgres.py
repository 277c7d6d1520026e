"""The PostgreSQL part: sized from its memory, one role a database, what changes at a restart changes the container."""

from __future__ import annotations

import re
from typing import Any

import pytest

from homeport.components import postgres
from homeport.components.contribution import Contribution
from homeport.stack.model import Stack, Target
from homeport.stack.parts import Postgres


def contribute(
    part: dict[str, Any] | None = None, databases: tuple[str, ...] = ("b_db", "a_db")
) -> Contribution:
    services = {name.replace("_", "-"): {"image": "x:1", "database": name} for name in databases}
    stack = Stack.model_validate(
        {
            "homeport": 1,
            "name": "demo",
            "environments": {"local": {"domain": "demo.localhost"}},
            "services": services,
        }
    )
    return postgres.contribute(Postgres.model_validate(part or {}), Target(stack, "local"))


def settings(part: dict[str, Any]) -> dict[str, str]:
    """The last value of each setting, as the server reads them."""
    text = next(f.text for f in contribute(part).files if f.path == "postgres/postgresql.conf")
    return dict(re.findall(r"^(\w+) = '?(.*?)'?$", text, re.M))


@pytest.mark.parametrize(
    ("memory", "shared_buffers", "effective_cache_size", "work_mem"),
    [
        (128, "32MB", "96MB", "4096kB"),
        (1024, "256MB", "768MB", "4096kB"),
        (16384, "4096MB", "12288MB", "41943kB"),
    ],
)
def test_sizes_follow_the_memory(
    memory: int, shared_buffers: str, effective_cache_size: str, work_mem: str
) -> None:
    found = settings({"memory": memory * 1024**2})
    assert found["shared_buffers"] == shared_buffers
    assert found["effective_cache_size"] == effective_cache_size
    assert found["work_mem"] == work_mem


def test_settings_of_the_file_come_last_and_are_quoted() -> None:
    found = settings({"settings": {"work_mem": "8MB", "application_name": "the shop"}})
    assert found["work_mem"] == "8MB"
    assert found["application_name"] == "the shop"


def test_each_database_has_a_role_and_a_password() -> None:
    given = contribute()
    files = {f.path: f.text for f in given.files}
    assert files["postgres/databases"] == "a_db a_db\nb_db b_db\n"
    assert {f.template for f in given.secrets} == {"{postgres_a_db}", "{postgres_b_db}", "{postgres_monitor}"}
    assert set(given.generated) == {"postgres_a_db", "postgres_b_db", "postgres_monitor"}
    assert {f.uid for f in given.secrets} == {postgres.component.UID}


def test_a_changed_file_is_a_changed_container() -> None:
    first, second = contribute().containers[0], contribute({"settings": {"work_mem": "8MB"}}).containers[0]
    assert first.labels != second.labels
    assert first == contribute().containers[0]


def test_it_is_stopped_fast_and_given_time() -> None:
    container = contribute().containers[0]
    assert (container.stop_signal, container.stop_grace) == ("SIGINT", 60.0)
    assert container.shm <= container.memory
    assert [n.network for n in container.networks] == ["data"]
