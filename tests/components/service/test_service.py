"""What a service gets: slots, addresses, variables, secret files, as docs/service-contract.md promises them."""

from __future__ import annotations

from typing import Any

from homeport.components import service
from homeport.components.contribution import Container, Contribution
from homeport.stack.model import Stack, Target

DOCKER_IMAGE = "example/app:1.0"


def contribute(
    environment: dict[str, Any] | None = None, **services: dict[str, Any]
) -> tuple[Contribution, Target]:
    stack = Stack.model_validate(
        {
            "homeport": 1,
            "name": "demo",
            "environments": {
                "local": {"domain": "demo.localhost", **(environment or {})},
                "far": {"domain": "a.example", "host": "me@a"},
            },
            "services": {name: {"image": DOCKER_IMAGE, **given} for name, given in services.items()},
            "postgres": {},
            "secrets": {"made": {"generate": True}, "asked": {"ask": "the key"}},
        }
    )
    target = Target(stack, "local", "v2", versions={"old": "v1"})
    return service.contribute(target.services, target), target


def containers(**services: dict[str, Any]) -> dict[str, Container]:
    return {c.name: c for c in contribute(**services)[0].containers}


def test_a_service_has_two_slots_at_their_addresses() -> None:
    given, target = contribute(web={"port": 80, "replicas": 2})
    found = {c.name: c for c in given.containers}
    assert list(found) == ["web-blue", "web-blue-2", "web-green", "web-green-2"]
    app = {name: next(n for n in c.networks if n.network == "app") for name, c in found.items()}
    assert app["web-green-2"].address == target.slot_address("web", "green", 2)
    assert not any(n.aliases for n in app.values()), "the name belongs to the edge"
    assert {c.profiles for c in found.values()} == {("web-blue",), ("web-green",)}


def test_a_worker_has_slots_without_an_address() -> None:
    found = containers(jobs={})
    assert list(found) == ["jobs-blue", "jobs-green"]
    assert not any(n.address for c in found.values() for n in c.networks)
    assert found["jobs-blue"].health.test[-1] == "alive"


def test_a_service_with_a_volume_or_tcp_is_one_container_always_on() -> None:
    found = containers(
        store={"port": 6379, "protocol": "tcp"}, files={"volumes": [{"name": "kept", "path": "/kept"}]}
    )
    assert list(found) == ["store", "files"]
    assert found["store"].profiles == ()
    assert found["store"].health.test[-2:] == ("tcp", "6379")
    assert [(m.source, m.target, m.read_only) for m in found["files"].mounts] == [("kept", "/kept", False)]


def test_the_edge_finds_a_single_container_at_the_blue_slot_s_address() -> None:
    given, target = contribute(files={"port": 80, "volumes": [{"name": "kept", "path": "/kept"}]})
    assert [n.address for n in given.containers[0].networks] == [target.slot_address("files", "blue")]


def test_variables_of_the_contract() -> None:
    web = containers(
        web={"port": 80, "database": "web_db", "secrets": [{"name": "asked"}], "env": {"COLOUR": "red"}}
    )
    assert dict(web["web-blue"].environment) == {
        "SERVICE_NAME": "web",
        "SERVICE_VERSION": "v2",
        "ENVIRONMENT": "local",
        "PORT": "80",
        "PUBLIC_URL": "https://demo.localhost",
        "PGHOST": "postgres",
        "PGPORT": "5432",
        "PGDATABASE": "web_db",
        "PGUSER": "web_db",
        "PGPASSFILE": "/run/secrets/pgpass",
        "DATABASE_URL_FILE": "/run/secrets/database_url",
        "ASKED_FILE": "/run/secrets/asked",
        "COLOUR": "red",
    }


def test_a_service_keeps_the_version_that_last_changed_it() -> None:
    assert dict(containers(old={})["old-blue"].environment)["SERVICE_VERSION"] == "v1"


def test_the_environment_s_value_wins() -> None:
    given, _ = contribute({"env": {"COLOUR": "blue"}}, web={"env": {"COLOUR": "red", "SIZE": "1"}})
    own = dict(given.containers[0].environment)
    assert "COLOUR" not in own, "it comes from .env.prod"
    assert own["SIZE"] == "1"


def test_secret_files() -> None:
    given, _ = contribute(
        web={"database": "web_db", "secrets": [{"name": "made"}, {"name": "asked", "optional": True}]},
        other={"user": "image", "secrets": [{"name": "made"}]},
    )
    files = {(f.folder, f.name): f for f in given.secrets}
    assert files["web", "made"].template == "{made}"
    assert (files["web", "made"].uid, files["web", "made"].mode) == (10001, 0o400)
    assert files["web", "asked"].optional
    assert files["web", "pgpass"].template == "postgres:5432:web_db:web_db:{postgres_web_db}\n"
    assert (
        files["web", "database_url"].template == "postgresql://web_db:{postgres_web_db}@postgres:5432/web_db"
    )
    assert (files["other", "made"].uid, files["other", "made"].mode) == (0, 0o444), "its uid is not known"
    assert given.generated == ("made",)


def test_tasks_run_in_the_service_s_image_and_end() -> None:
    found = containers(
        web={"port": 80, "database": "web_db", "migrate": "alembic upgrade head", "seed": "fill"}
    )
    migrate = found["web-migrate"]
    assert migrate.once
    assert (*migrate.entrypoint, *migrate.command) == ("sh", "-c", "alembic upgrade head")
    assert migrate.profiles == ("migrate",)
    assert [m.source for m in migrate.mounts] == ["./secrets/web-migrate"]
    assert dict(migrate.environment)["PGUSER"] == "web_db_migrate"
    assert not any(n.address for n in migrate.networks)
    assert found["web-seed"].profiles == ("seed",)


def test_networks_are_those_that_are_needed() -> None:
    found = containers(plain={}, caller={"egress": True}, owner={"database": "owner_db"})
    names = {name: [n.network for n in c.networks] for name, c in found.items()}
    assert names["plain-blue"] == ["app"]
    assert names["caller-blue"] == ["app", "egress"]
    assert names["owner-blue"] == ["app", "data"]


def test_a_migration_reaches_its_database_and_what_the_file_says() -> None:
    given = {"egress": True, "database": "web_db", "migrate": "x"}
    found = containers(web=given, more={**given, "database": "d", "migrate_networks": ["egress", "app"]})
    names = {name: [n.network for n in c.networks] for name, c in found.items()}
    assert names["web-blue"] == ["app", "data", "egress"]
    assert names["web-migrate"] == ["data"]
    assert names["more-migrate"] == ["app", "data", "egress"]


def test_a_secret_of_other_environments_is_not_given() -> None:
    use = [{"name": "made", "only": ["far"]}, {"name": "asked"}]
    given, target = contribute(web={"secrets": use, "database": "web_db", "migrate": "x"})
    assert not any(f.name == "made" for f in given.secrets)
    assert not any("MADE_FILE" in dict(c.environment) for c in given.containers)
    assert given.generated == ()
    far = service.contribute(target.services, Target(target.stack, "far", "v2"))
    assert {f.folder for f in far.secrets if f.name == "made"} == {"web", "web-migrate"}
    assert far.generated == ("made",)


def test_demo_data_is_for_local_environments() -> None:
    given, target = contribute(web={"seed": "fill"})
    assert "web-seed" in {c.name for c in given.containers}
    far = service.contribute(target.services, Target(target.stack, "far", "v2"))
    assert "web-seed" not in {c.name for c in far.containers}


def test_it_waits_only_for_what_has_no_slots() -> None:
    found = containers(
        web={"database": "web_db", "depends": ["api", "store"]},
        api={"port": 80},
        store={"port": 1, "protocol": "tcp"},
    )
    assert found["web-blue"].depends == ("postgres", "store")


def test_services_of_other_environments_are_left_out() -> None:
    assert containers(web={}, trial={"only": ["far"]}).keys() == {"web-blue", "web-green"}
