"""The RabbitMQ part: a user a service, rights on one virtual host, a watermark below the container's limit."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
from pathlib import Path
from typing import Any

from homeport.components import rabbitmq
from homeport.components.contribution import Contribution
from homeport.stack.broker import RabbitMQ
from homeport.stack.model import Stack, Target
from homeport.stack.parts import MIB


def contribute(memory: int = 1024, **rights: dict[str, Any]) -> Contribution:
    services = {name: {"image": "x:1", **rights.get(name, {})} for name in ("web", "my-api")}
    stack = Stack.model_validate(
        {
            "homeport": 1,
            "name": "demo",
            "environments": {"local": {"domain": "demo.localhost"}},
            "services": services,
        }
    )
    return rabbitmq.contribute(RabbitMQ(memory=memory * MIB), Target(stack, "local"))


def text(name: str, given: Contribution | None = None) -> str:
    return next(f.text for f in (given or contribute()).files if f.path == f"rabbitmq/{name}")


def test_a_user_for_each_service_with_rights_on_the_stack_s_vhost() -> None:
    definitions = json.loads(text("definitions.json"))
    assert definitions["vhosts"] == [{"name": "demo"}]
    assert [p["user"] for p in definitions["permissions"]] == ["admin", "web", "my-api"]
    assert {p["vhost"] for p in definitions["permissions"]} == {"demo"}
    assert text("users") == "admin administrator\nweb\nmy-api\n"
    assert contribute().generated == ("rabbitmq_admin", "rabbitmq_web", "rabbitmq_my_api")


def test_a_service_may_do_what_its_patterns_say_and_no_more() -> None:
    """The patterns are for whole names, though RabbitMQ looks for them anywhere in a name."""
    mine = r"events|web\.(in|dead)"
    rights = {"configure": mine, "read": mine, "topics": {"events": {"write": r"web\..*"}}}
    definitions = json.loads(text("definitions.json", contribute(web={"rabbitmq": rights})))
    found = {p.pop("user"): p for p in definitions["permissions"]}
    assert found["web"] == {
        "vhost": "demo",
        "configure": rf"^(?:{mine})$",
        "write": "^$",
        "read": rf"^(?:{mine})$",
    }
    assert not re.search(found["web"]["read"], "my-web.in.2")
    assert re.search(found["web"]["read"], "web.in")
    assert found["my-api"]["read"] == found["admin"]["read"] == ".*", "without the key all is allowed"
    topic = {"user": "web", "vhost": "demo", "exchange": "events", "write": r"^(?:web\..*)$", "read": "^$"}
    assert definitions["topic_permissions"] == [topic]


def test_no_patterns_are_no_rights() -> None:
    definitions = json.loads(text("definitions.json", contribute(web={"rabbitmq": {}})))
    assert definitions["permissions"][1] | {"vhost": ""} == {
        "user": "web",
        "vhost": "",
        **dict.fromkeys(("configure", "write", "read"), "^$"),
    }


def test_the_watermark_lies_below_the_container_s_memory() -> None:
    for memory in (256, 1024):
        found = re.search(
            r"^vm_memory_high_watermark.absolute = (\d+)MiB$", text("rabbitmq.conf", contribute(memory)), re.M
        )
        assert found
        assert 0 < int(found[1]) < memory * 0.7


def test_password_hashes_are_rabbitmq_s_own_form(tmp_path: Path) -> None:
    """The manual's "Computing a Password Hash", done by the entry script itself, for odd passwords too."""
    script = text("entry.sh").partition('\nmkdir -p "$definitions"')[0].partition("\n# An image may")[0]
    for password in ("plain", "with space", "ümläut%s\\n$x", "a" * 500):
        file = tmp_path / "password"
        file.write_text(password)
        program = f'{script}\npassword_hash "{file}"'
        for shell in ("dash", "bash"):
            done = subprocess.run([shell, "-c", program, "entry.sh"], capture_output=True, check=True)
            decoded = base64.b64decode(done.stdout, validate=True)
            assert len(decoded) == 36
            assert decoded[4:] == hashlib.sha256(decoded[:4] + password.encode()).digest()
