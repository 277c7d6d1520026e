"""The RabbitMQ part: a user a service, rights on one virtual host, a watermark below the container's limit."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
from pathlib import Path

from homeport.components import rabbitmq
from homeport.components.contribution import Contribution
from homeport.stack.model import Stack, Target
from homeport.stack.parts import MIB, RabbitMQ


def contribute(memory: int = 1024) -> Contribution:
    services = {name: {"image": "x:1"} for name in ("web", "my-api")}
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
