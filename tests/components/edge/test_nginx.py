"""Every kind of stack gives a configuration that nginx takes and that gixy finds nothing in."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from homeport.components.edge import contribute
from homeport.engine.authority import Authority
from homeport.files import FileTree
from homeport.stack.model import Target
from tests.components.edge import stacks
from tests.components.edge.running import run

# try_files_is_evil_too asks for open_file_cache, which would go on sending the files of the last release.
GIXY_SKIPS = "try_files_is_evil_too"


@pytest.fixture(params=stacks.ALL, ids=lambda make: make.__name__)
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    make: Callable[[], Target] = request.param
    target = make()
    FileTree.of(contribute(target.stack.edge, target).files).write(tmp_path)
    for folder in ("slots", "www"):
        (tmp_path / folder).mkdir()
    names = (target.env.domain, *target.env.aliases)
    Authority.open(names, tmp_path / "ca").leaf(names, tmp_path / "certs")
    return tmp_path


@pytest.mark.live
def test_nginx_takes_it(tree: Path) -> None:
    """In a container as it runs, but for its addresses, which this one may bind without having them."""
    mounts = [f"-v={tree}/{a}:{b}:ro" for a, b in (("nginx", "/etc/nginx"), ("slots", "/etc/nginx/slots"))]
    run(
        *("docker", "run", "--rm", "--name", f"hpedge-{tree.name.replace('_', '-')}", "--network", "none"),
        *("--sysctl", "net.ipv4.ip_nonlocal_bind=1", "--read-only", "--cap-drop", "ALL", "--user", "101:101"),
        *("--tmpfs", "/tmp:uid=101,gid=101", *mounts, f"-v={tree}/certs:/certs:ro", f"-v={tree}/www:/www:ro"),
        *(stacks.NGINX, "nginx", "-t", "-e", "stderr"),
    )


def test_gixy_finds_nothing(tree: Path) -> None:
    gixy = shutil.which("gixy", path=str(Path(sys.executable).parent)) or "gixy"
    words = (gixy, "--skips", GIXY_SKIPS, str(tree / "nginx/nginx.conf"))
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "No issues found" in done.stdout, done.stdout
