"""Who an image runs as is known when it is there: root without a reason is refused, with the line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from homeport.errors import BuildError
from homeport.release.requirements import check_users
from homeport.release.sources import Sources
from homeport.stack.model import Stack, Target, is_root
from tests.recording import RecordingRunner

FILE = """\
homeport: 1
name: shop
services:
  web:
    build: app
    user: image
"""


def target(**service: Any) -> Target:
    web = {"image": "web:1", "port": 80, "health": "/ok", "user": "image", **service}
    return Target(
        Stack.model_validate(
            {
                "homeport": 1,
                "name": "shop",
                "environments": {"local": {"domain": "shop.localhost"}},
                "services": {"web": web},
            }
        ),
        "local",
    )


def engine(user: str) -> RecordingRunner:
    config = {"User": user} if user else {}
    one = {"Id": "sha256:1", "RepoTags": ["web:1"], "RepoDigests": [], "RootFS": {}, "Config": config}
    return RecordingRunner({"docker image inspect": json.dumps([one])})


@pytest.mark.parametrize("user", ["", "root", "0", "0:0", "0:1000", "root:root", "00"])
def test_an_image_whose_user_is_root_is_refused_with_the_line(user: str, tmp_path: Path) -> None:
    (tmp_path / "homeport.yaml").write_text(FILE)
    place = Sources(tmp_path, tmp_path / "cache").place
    with pytest.raises(BuildError) as fault:
        check_users(engine(user), target(), place)
    assert fault.value.message.startswith(f"{tmp_path}/homeport.yaml:6:11: services.web.user: ")
    assert "is root" in fault.value.message
    assert "allow_root: REASON" in fault.value.hint


@pytest.mark.parametrize("user", ["app", "1000", "1000:0", "10001:10001"])
def test_any_other_user_is_good(user: str, tmp_path: Path) -> None:
    assert not is_root(user)
    check_users(engine(user), target(), Sources(tmp_path, tmp_path).place)


def test_a_reason_allows_it_and_a_user_in_the_file_is_not_the_image_s(tmp_path: Path) -> None:
    place = Sources(tmp_path, tmp_path).place
    check_users(engine(""), target(allow_root="its entrypoint drops to a user"), place)
    check_users(engine(""), target(user="10001:10001"), place)
