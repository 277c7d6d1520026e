"""LocalHost: this machine as the place where a stack lives. All of a stack's state is below one root:

live/       the rendered tree that runs, and what containers mount: slots/ secrets/ certs/ www/ beside it
releases/   ID/ as rendered, never changed
state/      history.jsonl, lock
"""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from homeport.engine.runner import LocalRunner, Runner
from homeport.errors import HostError
from homeport.files import FileTree, write_atomically
from homeport.release import history
from homeport.secrets.deliver import Delivered

_TCP_STATES = {"01", "08"}  # ESTABLISHED, CLOSE_WAIT: a request may be in flight


@dataclass(frozen=True)
class LocalHost:
    """`root` holds one stack in one environment."""

    root: Path
    runner: Runner = LocalRunner()  # noqa: RUF009 (stateless)

    @property
    def live(self) -> Path:
        return self.root / "live"

    # -- the rendered tree -------------------------------------------------------------------------

    def write_release(self, release: str, tree: FileTree) -> None:
        """Keep the tree as rendered, for going back and for people."""
        tree.write(self.root / "releases" / release)

    def read_release(self, release: str) -> FileTree:
        return FileTree.read(self.root / "releases" / release)

    def live_tree(self, paths: Iterable[str]) -> FileTree:
        """The live files that are among `paths` (state beside them is not part of the tree)."""
        from homeport.files import File  # noqa: PLC0415

        found = ((path, self.live / path) for path in paths)
        return FileTree.of(
            File(path, file.read_text(), file.stat().st_mode & 0o777)
            for path, file in found
            if file.is_file()
        )

    def make_live(self, tree: FileTree, old: FileTree, folders: Iterable[str]) -> None:
        """Write the tree file by file, each atomically; remove what only the old one had."""
        for folder in folders:
            (self.live / folder).mkdir(parents=True, exist_ok=True)
        tree.write(self.live)
        for path in tree.difference(old).removed:
            (self.live / path).unlink(missing_ok=True)

    def prune_releases(self, keep: Iterable[str]) -> None:
        wanted = set(keep)
        for folder in (self.root / "releases").glob("*"):
            if folder.name not in wanted:
                shutil.rmtree(folder, ignore_errors=True)

    # -- slots -------------------------------------------------------------------------------------

    def green(self) -> frozenset[str]:
        """Services whose green slot serves."""
        return frozenset(path.name.removesuffix(".green") for path in (self.live / "slots").glob("*.green"))

    def flip(self, service: str, slot: str) -> None:
        """Point the edge at a slot: one file made or removed, seen by nginx at the next request."""
        flag = self.live / "slots" / f"{service}.green"
        flag.parent.mkdir(parents=True, exist_ok=True)
        if slot == "green":
            flag.touch(mode=0o644)
        else:
            flag.unlink(missing_ok=True)

    def set_profiles(self, slots: dict[str, str]) -> None:
        """Write the serving slots into .env, so that a plain `docker compose up -d` starts these and no others."""
        path = self.live / ".env"
        names = ",".join(f"{service}-{slot}" for service, slot in sorted(slots.items()))
        lines = [
            f"COMPOSE_PROFILES={names}" if line.startswith("COMPOSE_PROFILES=") else line
            for line in path.read_text().splitlines()
        ]
        write_atomically(path, "\n".join(lines) + "\n")

    # -- secrets and folders -----------------------------------------------------------------------

    def secret_folders_that_differ(self, files: Iterable[Delivered]) -> frozenset[str]:
        """Folders below secrets/ in which a file is missing or holds another value."""
        return frozenset(file.path.split("/")[0] for file in files if not self._same(file))

    def _same(self, file: Delivered) -> bool:
        path = self.live / "secrets" / file.path
        try:
            return path.read_text() == file.text.reveal()
        except FileNotFoundError:
            return False

    def write_secrets(self, files: Iterable[Delivered]) -> None:
        """Write what differs: owner and mode first, then the name; directories searchable, not readable."""
        for file in files:
            if not self._same(file):
                self._write_secret(self.live / "secrets" / file.path, file)

    def _write_secret(self, path: Path, file: Delivered) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.parent.chmod(0o711)
        path.parent.chmod(0o711)
        write_atomically(path, file.text.reveal(), file.mode)
        if os.geteuid() == 0:
            os.chown(path, file.uid, file.uid)

    # -- the frontend ------------------------------------------------------------------------------

    def publish_frontend(self, built: Path, release: str, assets: str) -> bool:
        """Make a built frontend the served one: its hashed assets join the pool, then one symlink moves.

        Assets of earlier releases stay in the pool, so that a page that is open keeps working.
        Returns whether anything changed.
        """
        if not self.frontend_differs(built):
            return False
        www, digest = self.live / "www", _folder_digest(built)
        place = www / "releases" / release
        shutil.copytree(built, place, dirs_exist_ok=True)
        (place / ".digest").write_text(digest)
        pool = built / assets.strip("/")
        if pool.is_dir():
            shutil.copytree(pool, www / assets.strip("/"), dirs_exist_ok=True)
        self.serve_frontend(release)
        return True

    def frontend_differs(self, built: Path) -> bool:
        """Whether what was built is not what is served."""
        marker = self.live / "www" / "current" / ".digest"
        return not (marker.is_file() and marker.read_text() == _folder_digest(built))

    def served_frontend(self) -> str:
        """The release whose frontend is served; empty when there is none."""
        link = self.live / "www" / "current"
        return link.readlink().name if link.is_symlink() else ""

    def serve_frontend(self, release: str) -> None:
        """Swap the `current` symlink atomically."""
        www = self.live / "www"
        temporary = www / ".current"
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(f"releases/{release}")
        temporary.replace(www / "current")

    # -- the network -------------------------------------------------------------------------------

    def http_status(self, address: str, port: int, path: str, timeout: float) -> tuple[int, str]:
        """GET from the host: status (0 when there was no answer) and what was seen, in words."""
        connection = http.client.HTTPConnection(address, port, timeout=timeout)
        try:
            connection.request("GET", path, headers={"Host": "localhost", "User-Agent": "homeport"})
            answer = connection.getresponse()
            body = answer.read(300).decode(errors="replace")
            return answer.status, f"HTTP {answer.status} {body.strip()[:200]}".strip()
        except OSError as fault:
            return 0, f"no answer ({fault.strerror or fault})"
        except http.client.HTTPException as fault:
            return 0, f"not HTTP ({type(fault).__name__})"
        finally:
            connection.close()

    def open_requests(self, pid: int, port: int) -> int:
        """Connections on `port` of a container's process that may carry a request, from the kernel's own table."""
        total = 0
        for table in ("tcp", "tcp6"):
            try:
                lines = Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
            except (FileNotFoundError, ProcessLookupError):
                continue
            total += sum(_counts(line.split(), port) for line in lines)
        return total

    # -- state -------------------------------------------------------------------------------------

    def records(self) -> list[history.Record]:
        path = self.root / "state" / "history.jsonl"
        return history.parse(path.read_text()) if path.exists() else []

    def record(self, record: history.Record) -> None:
        """Append one line and make sure that it is on disk."""
        path = self.root / "state" / "history.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as stream:
            stream.write(record.line())
            stream.flush()
            os.fsync(stream.fileno())

    @contextmanager
    def lock(self) -> Iterator[None]:
        """One change at a time. The lock is the process's own: it is gone when the process is gone."""
        path = self.root / "state" / "lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                stream.seek(0)
                raise HostError(
                    f"another homeport is at work here: {stream.read().strip() or 'unknown'}",
                    "Wait for it to end; the lock is gone with it, there is nothing to unlock.",
                ) from None
            stream.seek(0)
            stream.truncate()
            stream.write(json.dumps({"who": history.who(), "since": history.now(), "pid": os.getpid()}))
            stream.flush()
            yield


def _counts(fields: list[str], port: int) -> bool:
    """Whether a line of /proc/PID/net/tcp is a connection from outside on `port` in a state that counts."""
    local, remote, state = fields[1], fields[2], fields[3]
    loopback = remote.startswith("0100007F") or remote.startswith("0" * 24 + "01000000")
    return int(local.rsplit(":", 1)[1], 16) == port and state in _TCP_STATES and not loopback


def _folder_digest(folder: Path) -> str:
    import hashlib  # noqa: PLC0415

    state = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        state.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    return state.hexdigest()
