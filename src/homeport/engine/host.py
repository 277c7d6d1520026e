"""Host: where a stack lives on a machine. All of its state is below one root:

live/       the rendered tree that runs; beside it what containers mount: slots/ secrets/ certs/ www/
releases/   ID/ as rendered, never changed
state/      history.jsonl, lock
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from homeport.commands import docker
from homeport.commands.command import Command, acts
from homeport.engine.authority import NGINX_UID, Leaf
from homeport.engine.machine import LocalMachine, Machine, Put, pack
from homeport.engine.runner import Runner
from homeport.errors import HostError
from homeport.files import File, FileTree
from homeport.secrets.deliver import Delivered

_TEMPORARY = re.compile(r"\.(.+)\.\w{8}$")  # as files.py names them
_LAID_ASIDE = "secrets.before"  # the secret files of the release that a deploy could go back to
_ENDED = re.compile(r"No such container|not running|non running", re.IGNORECASE)  # as the engine says it
_TCP_STATES = {"01", "08"}  # ESTABLISHED, CLOSE_WAIT: a request may be in flight


@dataclass(frozen=True)
class Host:
    """`root` holds one stack in one environment, on `machine`."""

    root: str
    machine: Machine = LocalMachine()  # noqa: RUF009 (it holds nothing)

    @property
    def runner(self) -> Runner:
        return self.machine.runner

    @property
    def live(self) -> str:
        return f"{self.root}/live"

    # -- the rendered tree -------------------------------------------------------------------------

    def write_release(self, release: str, tree: FileTree) -> None:
        """Keep the tree as rendered, for going back and for people."""
        self._write_tree(f"{self.root}/releases/{release}", tree)

    def read_release(self, release: str) -> FileTree:
        found = self.machine.read_tree(f"{self.root}/releases/{release}")
        return FileTree.of(File(path, text, mode) for path, (text, mode) in found.items())

    def make_live(
        self, tree: FileTree, old: FileTree, folders: Iterable[str], leftovers: Iterable[str] = ()
    ) -> None:
        """Write the tree file by file, each atomically; remove what only the old one had, and `leftovers`."""
        self.machine.make_folders(f"{self.live}/{folder}" for folder in folders)
        self._write_tree(self.live, tree)
        gone = {*tree.difference(old).removed, *leftovers} - {file.path for file in tree}
        self.machine.remove(f"{self.live}/{path}" for path in sorted(gone))

    def half_written(self, tree: FileTree) -> list[str]:
        """Temporary files that a writer of this tree left below live/ when it was killed."""
        folders = sorted({str(PurePosixPath(file.path).parent) for file in tree})
        found = ((f, name) for f in folders for name in self.machine.names(f"{self.live}/{f}"))
        wanted = {PurePosixPath(file.path).name for file in tree}
        return [f"{f}/{name}" for f, name in found if (m := _TEMPORARY.match(name)) and m[1] in wanted]

    def _write_tree(self, root: str, tree: FileTree) -> None:
        self.machine.write(Put(f"{root}/{f.path}", f.text.encode(), f.mode) for f in tree)

    def write_target(self, release: str, text: str) -> None:
        """Keep what the tree was rendered from, for a rollback."""
        self.machine.write([Put(f"{self.root}/state/targets/{release}.json", text.encode())])

    def read_target(self, release: str) -> str | None:
        return self.machine.read(f"{self.root}/state/targets/{release}.json")

    def releases(self) -> list[str]:
        return self.machine.names(f"{self.root}/releases")

    def neighbours(self) -> list[Host]:
        """What may be other environments or other stacks on the same machine: the folders beside this one."""
        parent, own = str(PurePosixPath(self.root).parent), PurePosixPath(self.root).name
        return [replace(self, root=f"{parent}/{name}") for name in self.machine.names(parent) if name != own]

    def prune_releases(self, keep: Iterable[str], frontends: Iterable[str]) -> list[str]:
        """Remove all other releases, and built frontends that none of them serves; which releases went."""
        wanted, served = set(keep), {*frontends, self.served_frontend()}
        gone = [name for name in self.releases() if name not in wanted]
        www = f"{self.live}/www/releases"
        self.machine.remove(f"{self.root}/releases/{name}" for name in gone)
        self.machine.remove(f"{self.root}/state/targets/{name}.json" for name in gone)
        self.machine.remove(f"{www}/{name}" for name in self.machine.names(www) if name not in served)
        return gone

    # -- slots -------------------------------------------------------------------------------------

    def green(self) -> frozenset[str]:
        """Services whose green slot serves."""
        flags = [n for n in self.machine.names(f"{self.live}/slots/current") if n.endswith(".green")]
        return frozenset(name.removesuffix(".green") for name in flags)

    def serving(self) -> str:
        """The release that the flags are of; empty before the first one. It turns with them, in the same step."""
        return self.machine.read(f"{self.live}/slots/current/release") or ""

    def switch(self, slots: Mapping[str, str], release: str = "") -> None:
        """Point the edge at these slots, all in one step: a folder of flags is made beside the one that serves,
        then one link turns to it. nginx sees it at the next request; a crash leaves the old or the new, not both.
        `release` is the one that serves then; by default it stays the same.
        """
        green = self.green() - {name for name, slot in slots.items() if slot == "blue"}
        green |= {name for name, slot in slots.items() if slot == "green"}
        folder, names = f"{self.live}/slots", self.machine.names(f"{self.live}/slots")
        serving = self.machine.read_link(f"{folder}/current") or ""
        number = 1 + max((int(n.removeprefix("set-")) for n in names if n.startswith("set-")), default=0)
        place = f"{folder}/set-{number}"
        self.machine.make_folders([place])
        flags = [Put(f"{place}/{name}.green", b"") for name in sorted(green)]
        self.machine.write([Put(f"{place}/release", (release or self.serving()).encode()), *flags])
        self.machine.link(f"{folder}/current", f"set-{number}")
        gone = [n for n in names if n.startswith("set-") and n != serving]
        self.machine.remove(f"{folder}/{name}" for name in gone)

    # -- secrets -----------------------------------------------------------------------------------

    def secrets_that_differ(self, files: Iterable[Delivered]) -> list[Delivered]:
        """Those that are not what runs was started with. Kept are salted digests, in a file for our eyes only:
        who is not root cannot read a secret that belongs to a container's user."""
        known = self._digests()
        return [f for f in files if known.get(f.path) != _digest(f, known.get("salt", ""))]

    def write_secrets(self, files: Iterable[Delivered], helper_image: str) -> None:
        """Owner and mode before the name. Nobody else on the host comes into the folder; below it the container's
        user, who is not known for `user: image`, may search and not list."""
        wanted = list(files)
        if not wanted:
            return
        folder = f"{self.live}/secrets"
        self.machine.make_folders([folder], 0o700)
        self.machine.make_folders(sorted({f"{folder}/{f.path.split('/')[0]}" for f in wanted}), 0o711)
        self.write_owned(
            folder, [Put(f.path, f.text.reveal().encode(), f.mode, f.uid) for f in wanted], helper_image
        )

    def keep_secrets(self, helper_image: str) -> None:
        """Lay aside what the release that serves was started with, until the next one is good. What an unfinished
        release has laid aside already is older, and stays."""
        names = self.machine.names(self.live)
        if "secrets" in names and _LAID_ASIDE not in names:
            self._helped(docker.copy_as_root(helper_image, self.live, "secrets", _LAID_ASIDE), "laid aside")

    def restore_secrets(self, helper_image: str) -> None:
        """What was laid aside, if anything was, is in its place again."""
        if _LAID_ASIDE in self.machine.names(self.live):
            self._helped(docker.restore_as_root(helper_image, self.live, _LAID_ASIDE, "secrets"), "put back")

    def forget_secrets(self) -> None:
        """Nobody goes back to what was laid aside."""
        self.machine.remove([f"{self.live}/{_LAID_ASIDE}"])

    def _helped(self, command: Command, what: str) -> None:
        result = self.runner.run(command)
        if not result.ok:
            raise HostError(
                f"the secret files below {self.live} could not be {what}",
                "Does `docker run` work there, and is there room on the disk?",
                result.tail(4),
            )

    def secrets_taken(self, files: Iterable[Delivered]) -> None:
        """What runs was started with these: only now are they the known ones, so that a release which failed, or was
        killed on the way, leaves them to be written and taken again."""
        wanted, known = list(files), self._digests()
        if not wanted:
            return
        salt = known.setdefault("salt", os.urandom(16).hex())
        known |= {file.path: _digest(file, salt) for file in wanted}
        self.machine.write([Put(f"{self.live}/secrets/.written.json", json.dumps(known).encode(), 0o600)])

    def _digests(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.machine.read(f"{self.live}/secrets/.written.json") or "{}")
        return found

    def write_owned(self, folder: str, files: list[Put], helper_image: str) -> None:
        """Files with an owner of their own, paths relative to `folder`. Root gives them away itself; another
        user, who may use the engine, lets a container without a network do it."""
        if self.machine.privileged:
            self.machine.write(Put(f"{folder}/{f.path}", f.data, f.mode, f.uid) for f in files)
            return
        result = self.runner.run(docker.unpack_as_root(helper_image, folder, pack(files)))
        if not result.ok:
            raise HostError(
                f"files below {folder} could not be written for their owners",
                "Writing them takes root, or a user who may use the Docker engine.",
                result.tail(4),
            )

    # -- the certificate ---------------------------------------------------------------------------

    def write_certificate(self, leaf: Leaf, helper_image: str) -> None:
        """A new generation beside the old one, then one link moves; nginx sees it and reloads once."""
        folder = f"{self.live}/certs"
        self.machine.make_folders([folder, f"{folder}/{leaf.generation}"])
        files = [
            Put(f"{leaf.generation}/fullchain.pem", leaf.fullchain.encode(), 0o444, NGINX_UID),
            Put(f"{leaf.generation}/privkey.pem", leaf.privkey.encode(), 0o400, NGINX_UID),
        ]
        self.write_owned(folder, files, helper_image)
        self.machine.link(f"{folder}/live", leaf.generation)

    # -- the frontend ------------------------------------------------------------------------------

    def frontend_differs(self, files: Mapping[str, Path]) -> bool:
        """Whether these files, path of a visitor -> file here, are not what is served."""
        return self.machine.read(f"{self.live}/www/current/.digest") != _files_digest(files)

    def publish_frontend(self, built: Path, release: str, assets: str) -> bool:
        """Make a built frontend the served one: its hashed assets join the pool, then one symlink moves.

        Assets of earlier releases stay in the pool, so that a page that is open keeps working.
        Returns whether anything changed.
        """
        files = {p.relative_to(built).as_posix(): p for p in built.rglob("*") if p.is_file()}
        if not self.frontend_differs(files):
            return False
        place = f"{self.live}/www/releases/{release}"
        self.machine.send(built, place)
        self.machine.write([Put(f"{place}/.digest", _files_digest(files).encode())])
        pool = assets.strip("/")
        self.machine.copy(f"{place}/{pool}", f"{self.live}/www/{pool}")
        self.serve_frontend(release)
        return True

    def served_frontend(self) -> str:
        """The release whose frontend is served; empty when there is none."""
        return (self.machine.read_link(f"{self.live}/www/current") or "").rsplit("/", 1)[-1]

    def serve_frontend(self, release: str) -> None:
        self.machine.link(f"{self.live}/www/current", f"releases/{release}")

    # -- logs --------------------------------------------------------------------------------------

    def write_log(self, release: str, text: str) -> None:
        """Keep what was said during a release, for who releases alone; so are those of earlier homeports from now on:
        the last lines of an app may be in them."""
        folder = f"{self.root}/state/logs"
        self.machine.make_folders([folder], 0o700)
        self.machine.write([Put(f"{folder}/{release}.log", text.encode(), 0o600)])
        self.runner.run(
            acts("find", folder, "-type", "f", "-perm", "/077", "-exec", "chmod", "600", "{}", "+")
        )

    # -- requests in flight ------------------------------------------------------------------------

    def open_requests(self, pid: int, port: int, ask: Command | None = None) -> int:
        """Connections on `port` of a container's process that may carry a request, from the kernel's own table.

        `ask` prints that table where /proc hides the processes of others (hidepid), or the process has gone. Where
        that fails for another reason than that the container has ended, one may be open.
        """
        tables = [self.machine.read_proc(f"/proc/{pid}/net/{name}") for name in ("tcp", "tcp6")]
        if tables[0] is None and ask:
            result = self.runner.run(ask)
            if not result.out:
                return 0 if _ENDED.search(result.err) else 1
            tables = [result.out]
        lines = (line.split() for table in tables if table for line in table.splitlines())
        return sum(_counts(fields, port) for fields in lines if fields[0] != "sl")

    # -- state -------------------------------------------------------------------------------------

    def history(self) -> str:
        """The history as it is on disk: a JSON line per release (release/history.py reads it)."""
        return self.machine.read(f"{self.root}/state/history.jsonl") or ""

    def add_history(self, line: str) -> None:
        """Append one line and make sure that it is on disk."""
        self.machine.append(f"{self.root}/state/history.jsonl", line)

    def lock(self, who: str, since: str) -> AbstractContextManager[None]:
        """One change at a time. The lock is the process's own: it is gone when the process is gone."""
        holder = json.dumps({"who": who, "since": since, "pid": os.getpid()})
        return self.machine.lock(f"{self.root}/state/lock", holder)


def _counts(fields: list[str], port: int) -> bool:
    """Whether a line of /proc/PID/net/tcp is a connection from outside on `port` in a state that counts."""
    local, remote, state = fields[1], fields[2], fields[3]
    loopback = remote.startswith("0100007F") or remote.startswith("0" * 24 + "01000000")
    mapped = remote.startswith("0000000000000000FFFF00000100007F")
    return int(local.rsplit(":", 1)[1], 16) == port and state in _TCP_STATES and not (loopback or mapped)


def _digest(file: Delivered, salt: str) -> str:
    text = f"{salt}\0{file.uid}\0{file.mode}\0{file.text.reveal()}"
    return hashlib.sha256(text.encode()).hexdigest()


def _files_digest(files: Mapping[str, Path]) -> str:
    state = hashlib.sha256()
    for name in sorted(files, key=PurePosixPath):
        state.update(f"{name}\0".encode() + files[name].read_bytes() + b"\0")
    return state.hexdigest()
