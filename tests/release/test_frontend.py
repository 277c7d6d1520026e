"""What of a frontend is published, what must not be, and that the files it comes from stay as they are."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from homeport.cli.check import command
from homeport.engine.host import Host
from homeport.engine.machine import LocalMachine, Machine
from homeport.errors import BuildError, HomeportError, HostError
from homeport.release.frontend import copy
from homeport.release.sources import Sources
from homeport.stack.load import load
from homeport.stack.model import Target
from homeport.stack.published import look_through
from tests.engine.test_machine import behind

STACK = """\
homeport: 1
name: shop
environments: {local: {domain: shop.localhost}}
edge: {frontend: {FRONTEND}, routes: {/api: web}}
services:
  web: {image: "nginx:1.26", port: 8000, health: /}
"""


@pytest.fixture(params=["local", "ssh"])
def machine(request: pytest.FixtureRequest) -> Machine:
    return LocalMachine() if request.param == "local" else behind()


def site(folder: Path) -> Path:
    """A frontend that may be published."""
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>Shop</title>")
    (folder / "assets" / "app-1a2b.js").write_text("1")
    return folder


def shop(folder: Path, frontend: str) -> tuple[Sources, Target, Path]:
    """A stack, and the folder of its frontend, which was good when the stack was checked."""
    sources = Sources(folder, folder / ".homeport" / "local" / "cache")
    dist = site(folder / "dist" if frontend == "files: dist" else sources.cache / "frontend")
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (folder / "homeport.yaml").write_text(STACK.replace("FRONTEND", frontend))
    return sources, Target(load(folder / "homeport.yaml"), "local"), dist


def files_below(folder: Path) -> dict[str, int]:
    return {p.relative_to(folder).as_posix(): p.lstat().st_mode & 0o777 for p in sorted(folder.rglob("*"))}


def served(host: Host) -> dict[str, int]:
    """Everything that nginx could be asked for, with its mode."""
    www = Path(host.live) / "www"
    found = {name: mode for name, mode in files_below(www).items() if name != "current"}
    return {name: mode for name, mode in found.items() if not name.endswith("/.digest")}


# -- in files: --------------------------------------------------------------------------------------


def test_the_folder_of_homeport_yaml_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    """As it was tried: a 0400 secret became 0644 and its folder 0755."""
    (tmp_path / "secrets").mkdir(mode=0o700)
    (tmp_path / "secrets" / "key").write_text("s3cret")
    (tmp_path / "secrets" / "key").chmod(0o400)
    (tmp_path / "index.html").write_text("page")
    (tmp_path / ".env").write_text("KEY=1")
    (tmp_path / ".git").mkdir()
    (tmp_path / "homeport.yaml").write_text(STACK.replace("FRONTEND", "files: ."))
    before = files_below(tmp_path)
    answer = CliRunner().invoke(command, ["-f", str(tmp_path / "homeport.yaml")])
    assert answer.exit_code == 1
    assert (
        "homeport.yaml:4:26: edge.frontend.files: what must not be published is in .: .env, .git/, homeport.yaml, "
        "secrets/; name a folder that holds nothing but what visitors may read" in answer.output
    )
    assert files_below(tmp_path) == before


def test_the_folder_of_a_stack_of_any_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("page")
    (tmp_path / "production.yaml").write_text(STACK.replace("FRONTEND", "files: ."))
    answer = CliRunner().invoke(command, ["-f", str(tmp_path / "production.yaml")])
    assert answer.exit_code == 1
    assert ". is the folder of the file itself; name a folder" in answer.output


@pytest.mark.parametrize(
    "name", ["homeport.yaml", ".homeport/x", ".git/config", ".env", ".envrc", "secrets/x"]
)
@pytest.mark.parametrize("below", ["", "assets/"])
def test_private_files_are_refused_at_any_depth(tmp_path: Path, name: str, below: str) -> None:
    private = site(tmp_path / "dist") / below / name
    private.parent.mkdir(exist_ok=True)
    private.write_text("x")
    assert [fault.rstrip("/") for fault in look_through(tmp_path / "dist").faults] == [
        below + name.split("/", maxsplit=1)[0]
    ]


def test_what_is_for_its_owner_only_is_not_published(tmp_path: Path) -> None:
    dist = site(tmp_path / "dist")
    (dist / "key.txt").write_text("s3cret")
    (dist / "key.txt").chmod(0o400)
    (dist / "private").mkdir(mode=0o700)
    faults = ["key.txt (mode 0400: not for everybody)", "private (mode 0700: not for everybody)"]
    assert look_through(dist).faults == faults
    assert look_through(dist, built=True).faults == []  # a build's own modes say nothing


def test_a_umask_of_077_is_no_fault_but_0400_is(tmp_path: Path) -> None:
    dist = site(tmp_path / "dist")
    for path in (dist, *dist.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    assert look_through(dist).faults == []
    (dist / "key.txt").write_text("s3cret")
    (dist / "key.txt").chmod(0o400)
    assert look_through(dist).faults == ["key.txt (mode 0400: not for everybody)"]


def test_a_page_about_secrets_and_other_dotfiles_are_no_fault(tmp_path: Path) -> None:
    dist = site(tmp_path / "dist")
    for name in ("docs/secrets/index.html", ".well-known/security.txt", ".DS_Store", "assets/.htpasswd"):
        (dist / name).parent.mkdir(parents=True, exist_ok=True)
        (dist / name).write_text("x")
    found = look_through(dist)
    assert found.faults == []
    published = {"index.html", "assets/app-1a2b.js", "docs/secrets/index.html", ".well-known/security.txt"}
    assert set(found.files) == published  # nginx serves no other dotfile, so none is copied


def test_publishing_copies_and_changes_no_mode(tmp_path: Path, machine: Machine) -> None:
    """The user's files are 0600 and 0700 before and after; what nginx reads is 0644 and 0755."""
    sources, target, dist = shop(tmp_path / "shop", "files: dist")
    for path in (dist, *dist.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
        os.utime(path, (1e9, 1e9))
    before, host = files_below(dist), Host(str(tmp_path / "host"), machine)
    old = os.umask(0o077)
    try:
        assert sources.publish(target, host, "r1")
    finally:
        os.umask(old)
    assert files_below(dist) == before
    release = {
        name.removeprefix("releases/r1/"): mode for name, mode in served(host).items() if "/r1/" in name
    }
    assert release == {"assets": 0o755, "assets/app-1a2b.js": 0o644, "index.html": 0o644}
    assert served(host)["assets/app-1a2b.js"] == 0o644
    assert not sources.frontend_differs(target, host)
    assert not sources.publish(target, host, "r2")


def test_what_is_gone_from_the_source_is_not_published_again(tmp_path: Path, machine: Machine) -> None:
    sources, target, dist = shop(tmp_path / "shop", "files: dist")
    host = Host(str(tmp_path / "host"), machine)
    sources.publish(target, host, "r1")
    (dist / "assets" / "app-1a2b.js").rename(dist / "assets" / "app-3c4d.js")
    sources.publish(target, host, "r2")
    assert machine.names(f"{host.live}/www/releases/r2/assets") == ["app-3c4d.js"]
    assert machine.names(f"{host.live}/www/assets") == ["app-1a2b.js", "app-3c4d.js"]


# -- in what was built ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["homeport.yaml", ".homeport/local/x", "secrets/x", ".git/config", ".env"])
def test_a_build_that_took_in_private_files_is_refused_before_anything_is_touched(
    tmp_path: Path, name: str
) -> None:
    sources, target, dist = shop(tmp_path, "build: .")
    private = dist / name
    private.parent.mkdir(parents=True, exist_ok=True)
    private.write_text("x")
    host = Host(str(tmp_path / "host"))
    for act in (lambda: sources.frontend_differs(target, host), lambda: sources.publish(target, host, "r1")):
        with pytest.raises(BuildError, match="what must not be published") as fault:
            act()
        assert name.split("/", maxsplit=1)[0] in fault.value.message
        assert "FROM scratch" in fault.value.hint
    assert served(host) == {}


# -- links ------------------------------------------------------------------------------------------


def outside(tmp_path: Path, link: Path) -> None:
    (tmp_path / "id_ed25519").write_text("PRIVATE KEY")
    link.symlink_to(tmp_path / "id_ed25519")


def relative(tmp_path: Path, link: Path) -> None:
    (tmp_path / "id_ed25519").write_text("PRIVATE KEY")
    link.symlink_to(os.path.relpath(tmp_path / "id_ed25519", link.parent))


def chain(tmp_path: Path, link: Path) -> None:
    outside(tmp_path, link.with_name("between"))
    link.symlink_to("between")


def linked_folder(tmp_path: Path, link: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "id").write_text("PRIVATE KEY")
    link.symlink_to(tmp_path / "keys")


def far_up(tmp_path: Path, link: Path) -> None:
    link.symlink_to("../../../..")


def through_a_folder(tmp_path: Path, link: Path) -> None:
    """A link to a file below a linked folder: neither looks bad alone."""
    linked_folder(tmp_path, link.with_name("folder"))
    link.symlink_to("folder/id")


LEAVING = [outside, relative, chain, linked_folder, far_up, through_a_folder]


@pytest.mark.parametrize("built", [True, False])
@pytest.mark.parametrize("make", LEAVING, ids=lambda make: make.__name__)
def test_a_link_that_leaves_the_folder_is_refused(
    tmp_path: Path, machine: Machine, make: Callable[[Path, Path], None], built: bool
) -> None:
    sources, target, dist = shop(tmp_path / "shop", "build: ." if built else "files: dist")
    make(tmp_path, dist / "assets" / "logo.txt")
    host = Host(str(tmp_path / "host"), machine)
    with pytest.raises(HomeportError, match=r"assets/logo.txt \(a link out of the folder") as fault:
        sources.publish(target, host, "r1")
    assert fault.value.hint
    assert served(host) == {}
    if not built:
        answer = CliRunner().invoke(command, ["-f", str(tmp_path / "shop" / "homeport.yaml")])
        assert answer.exit_code == 1 and "assets/logo.txt (a link out of the folder" in answer.output


@pytest.mark.parametrize("make", LEAVING, ids=lambda make: make.__name__)
def test_no_link_is_sent_to_a_machine(
    tmp_path: Path, machine: Machine, make: Callable[[Path, Path], None]
) -> None:
    """Whoever asks for it: neither as a link nor as what it leads to."""
    dist, host = site(tmp_path / "dist"), Host(str(tmp_path / "host"), machine)
    make(tmp_path, dist / "logo.txt")
    with pytest.raises(HostError, match=r"neither files nor folders: .*logo\.txt"):
        machine.send(dist, host.live)
    assert not Path(host.live).exists()


def test_links_that_stay_are_published_as_files(tmp_path: Path, machine: Machine) -> None:
    sources, target, dist = shop(tmp_path / "shop", "files: dist")
    host = Host(str(tmp_path / "host"), machine)
    (dist / "v2").mkdir()
    (dist / "v2" / "page.html").write_text("two")
    (dist / "latest").symlink_to("v2")
    (dist / "v2" / "app.js").symlink_to(dist / "assets" / "app-1a2b.js")
    sources.publish(target, host, "r1")
    place = Path(host.live) / "www" / "releases" / "r1"
    assert (place / "latest" / "page.html").read_text() == "two"
    assert (place / "v2" / "app.js").read_text() == "1"
    assert not [path for path in place.rglob("*") if path.is_symlink()]


def test_links_to_what_is_hidden_and_circles_are_refused(tmp_path: Path) -> None:
    dist = site(tmp_path / "dist")
    (dist / ".htpasswd").write_text("x")
    (dist / "a.txt").symlink_to(".htpasswd")
    (dist / "assets" / "up").symlink_to("..")
    (dist / "circle").symlink_to("circle")
    (dist / "gone").symlink_to("nowhere")
    assert look_through(dist).faults == [
        "a.txt (a link to what is not published)",
        "assets/up (a link back to a folder above it)",
        "circle (a link that leads nowhere)",
        "gone (a link that leads nowhere)",
    ]


def test_a_folder_that_is_itself_a_link_out_of_the_checkout_is_refused(tmp_path: Path) -> None:
    site(tmp_path / "elsewhere")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "dist").symlink_to("../elsewhere")
    (tmp_path / "shop" / "homeport.yaml").write_text(STACK.replace("FRONTEND", "files: dist"))
    answer = CliRunner().invoke(command, ["-f", str(tmp_path / "shop" / "homeport.yaml")])
    assert answer.exit_code == 1 and f"dist leads to {tmp_path}/elsewhere" in answer.output


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    dist = site(tmp_path / "dist")
    os.mkfifo(dist / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(dist / "socket"))
    assert look_through(dist).faults == [
        "pipe (neither a file nor a folder)",
        "socket (neither a file nor a folder)",
    ]


def test_a_file_that_becomes_a_link_after_the_look_is_not_published(tmp_path: Path) -> None:
    dist = site(tmp_path / "dist")
    (tmp_path / "key").write_text("s3cret")
    (tmp_path / "key").chmod(0o400)
    found = look_through(dist)
    (dist / "index.html").unlink()
    (dist / "index.html").symlink_to("../key")
    with pytest.raises(BuildError, match="became a link meanwhile"):
        copy(found, tmp_path / "copy")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o400
