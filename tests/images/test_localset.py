"""The commands that build the local set, and what is read from their answers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from homeport.images import localset, sets

BAKE = (localset.FOLDER / "docker-bake.hcl").read_text("utf-8")
DOCKERFILE = (localset.FOLDER / "Dockerfile").read_text("utf-8")


def test_bake_file_and_sets_agree() -> None:
    blocks = re.findall(r'target "([a-z][\w-]*)" \{.*?tags\s*=\s*\["([^"]+)"\]', BAKE, re.DOTALL)
    assert dict(blocks) == {t: r for t, r in sets.load().targets().items() if t != sets.BASE_TARGET}
    assert f"ARG BASE={sets.BASE}\n" in DOCKERFILE


def test_upstream_is_pinned_by_version_and_digest() -> None:
    for part in sets.load().parts.values():
        assert re.fullmatch(r"[a-z]+:\d+\.\d+(\.\d+)?[\w.-]*@sha256:[0-9a-f]{64}", part.upstream), part


def test_no_registry_frontend_and_no_other_base() -> None:
    assert "# syntax=" not in DOCKERFILE.splitlines()[0]
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)[0] == "${BASE}"


def test_nothing_to_do_when_all_are_there() -> None:
    listing = "homeport/nginx:1.26\nhomeport/postgres:17\nshop/api:1\n"
    assert localset.missing(listing, f"{sets.BASE}\n", ["nginx", "postgres"]) == ()


def test_a_missing_image_brings_the_base_first() -> None:
    assert localset.missing("homeport/nginx:1.26\n", "", ["nginx", "postgres"]) == ("base", "postgres")
    assert localset.missing("", sets.BASE, ["nginx"]) == ("nginx",)
    assert localset.missing("homeport/nginx:1.26\n", "", ["nginx"]) == ()
    assert localset.missing("", "", ["base"]) == ("base",)


def test_recipe_follows_files_and_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "base").mkdir()
    for name in ("base.sh", "base/x", "Dockerfile"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(localset, "FOLDER", tmp_path)
    before, base = localset.recipe(), localset.base_recipe()
    assert localset.recipe("2026-W47") != before
    (tmp_path / "Dockerfile").write_text("changed")
    assert localset.recipe() != before
    assert localset.base_recipe() == base


def test_bake_takes_no_secret_value_and_leaves_the_base_out() -> None:
    command = localset.bake(["base", "nginx"], localset.Sources(ca="/ca.pem", epoch="7"))
    assert command.argv[-1] == "nginx"
    assert "base" not in command.argv
    assert dict(command.env)["HOMEPORT_CA"] == "/ca.pem"
    assert dict(command.env)["HOMEPORT_RECIPE"] == localset.recipe("7")


def test_built_reads_plain_progress() -> None:
    assert localset.built("#25 naming to registry.example/homeport/rabbitmq:4 done") == "homeport/rabbitmq:4"
    assert (
        localset.built("#25 naming to registry.example/homeport/nginx:1.26 0.0s done")
        == "homeport/nginx:1.26"
    )
    assert localset.built("#25 exporting to image") is None


DEB822 = """Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://mirror.example/debian-security/
Suites: bookworm-security
"""
ONE_LINE = """# a comment
deb [arch=amd64 signed-by=/k.gpg] https://mirror.example/debian trixie main
deb-src https://other.example/debian trixie main
deb https://mirror.example/debian-security trixie-security main
"""


@pytest.mark.parametrize("text", [DEB822, ONE_LINE])
def test_mirrors_of_the_host(text: str) -> None:
    main, security = localset.mirrors(["", "Types: deb\nURIs: https://pkg.example\nSuites: nodistro\n", text])
    assert main.endswith("://mirror.example/debian")
    assert security.endswith("://mirror.example/debian-security")


def test_mirrors_of_an_ubuntu_host_are_debians_own() -> None:
    ubuntu = "deb http://archive.example/ubuntu noble main\ndeb http://archive.example/ubuntu noble-security main\n"
    assert localset.mirrors([ubuntu]) == ("", "")


PAGE = (Path(__file__).parent.parent.parent / "docs" / "images.md").read_text("utf-8")


def test_the_page_names_every_image_of_both_sets() -> None:
    for part in sets.load().parts.values():
        for word in (*part.upstream.split("@"), part.local, part.user):
            assert f"`{word}`" in PAGE, word
    for reference in sets.load().targets().values():
        assert f"`{reference}`" in PAGE, reference


def test_the_page_says_how_to_bring_the_whole_set_by_hand() -> None:
    command = PAGE[PAGE.index("docker save ") : PAGE.index("| gzip")]
    targets = ("nginx", "postgres", "rabbitmq", "python", "node", "base")
    assert set(re.findall(r"homeport/\S+", command)) == {sets.load().targets()[t] for t in targets}
