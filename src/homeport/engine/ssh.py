"""SshMachine: a host behind the OpenSSH client, with the user's own configuration, agent and known_hosts.

One connection is opened and shared by all commands (ControlMaster). Every command has a deadline, and a
connection that is lost is a clear error: the host itself is left as it is, and safe.
"""

from __future__ import annotations

import base64
import io
import os
import shlex
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from homeport.commands.command import Command, acts, asks
from homeport.engine.machine import Put, locked_by, pack
from homeport.engine.runner import LocalRunner, Result
from homeport.errors import HostError

_LOST = 255  # ssh's own exit code
_OPTIONS = (
    "-o", "BatchMode=yes", "-o", "ConnectTimeout=10",
    "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3",
    "-o", "ControlMaster=auto", "-o", "ControlPersist=120",
)  # fmt: skip
# Writes a tar from stdin file by file: unpacked beside the target, then renamed, so that a reader never sees half.
_WRITE = """
set -e
t=$(mktemp -d "$1/.incoming.XXXXXX"); trap 'rm -rf "$t"' EXIT
tar -C "$t" -xpf -
cd "$t"; find . -type d | while read -r d; do mkdir -p "$1/$d"; done
find . -type f | while read -r f; do mv -f "$t/$f" "$1/$f"; done
sync -f "$1" 2>/dev/null || sync
"""
_PROBE = """
exec 3<>"/dev/tcp/$0/$1" || exit 7
printf 'GET %s HTTP/1.0\\r\\nHost: localhost\\r\\nUser-Agent: homeport\\r\\nConnection: close\\r\\n\\r\\n' "$2" >&3
head -c 600 <&3
"""
_HOLD = """
exec 9>>"$0"; flock -n 9 || { cat "$0"; exit 75; }
printf %s "$1" > "$0"; echo held; cat >/dev/null
"""


@dataclass(frozen=True)
class SshRunner:
    """Runs commands over the shared connection. `destination` as ssh takes it: USER@HOST, or a name from ssh_config."""

    destination: str
    control: str  # path of the control socket
    extra: tuple[str, ...] = ()

    def words(self, remote: str) -> tuple[str, ...]:
        return (
            "ssh",
            *_OPTIONS,
            "-o",
            f"ControlPath={self.control}",
            *self.extra,
            self.destination,
            "--",
            remote,
        )

    def run(self, command: Command) -> Result:
        result = LocalRunner().run(self._over(command))
        return self._checked(result)

    def stream(self, command: Command, line: Callable[[str], None]) -> Result:
        return self._checked(LocalRunner().stream(self._over(command), line))

    def _over(self, command: Command) -> Command:
        remote = shlex.join(command.argv)
        if command.env:
            remote = "env " + shlex.join(f"{k}={v}" for k, v in command.env) + " " + remote
        if command.cwd:
            remote = f"cd {shlex.quote(command.cwd)} && {remote}"
        return Command(self.words(remote), command.acts, command.stdin, command.timeout)

    def _checked(self, result: Result) -> Result:
        if result.code == _LOST:
            raise HostError(
                f"the connection to {self.destination} failed or was lost",
                f"Nothing on it was left half done. Try: ssh {self.destination} true; then run the same command again.",
                result.tail(4),
            )
        return result


@dataclass(frozen=True)
class SshMachine:
    """A host behind ssh: Linux with a POSIX shell, tar, flock and bash."""

    runner: SshRunner

    @classmethod
    def connect(cls, destination: str, extra: tuple[str, ...] = ()) -> SshMachine:
        """Open the connection. HostError when it cannot be had."""
        folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"homeport-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        machine = cls(SshRunner(destination, str(folder / "%C"), extra))
        machine.runner.run(asks("true", timeout=30))
        return machine

    @property
    def name(self) -> str:
        return self.runner.destination

    @property
    def privileged(self) -> bool:
        return self.runner.run(asks("id", "-u")).out.strip() == "0"

    def read(self, path: str) -> str | None:
        result = self.runner.run(asks("sh", "-c", '[ -e "$0" ] || exit 44; exec cat "$0"', path))
        return None if not result.ok else result.out

    def read_tree(self, folder: str) -> dict[str, tuple[str, int]]:
        script = '[ -d "$0" ] || exit 44; tar -C "$0" -cf - . | base64 -w0'
        result = self.runner.run(asks("sh", "-c", script, folder, timeout=60))
        return _unpack(result.out) if result.ok else {}

    def names(self, folder: str) -> list[str]:
        return sorted(self.runner.run(asks("ls", "-A", folder)).out.split("\n")[:-1])

    def write(self, files: Iterable[Put]) -> None:
        wanted = list(files)
        if not wanted:
            return
        root = os.path.commonpath([str(PurePosixPath(file.path).parent) for file in wanted])
        self._act(acts("sh", "-c", 'mkdir -p "$0"', root))
        self._act(
            acts(
                "sh",
                "-c",
                _WRITE,
                "sh",
                root,
                stdin=pack(
                    [Put(str(PurePosixPath(f.path).relative_to(root)), f.data, f.mode, f.uid) for f in wanted]
                ),
                timeout=120,
            )
        )

    def append(self, path: str, text: str) -> None:
        script = 'mkdir -p "$(dirname "$0")" && cat >>"$0" && sync "$0"'
        self._act(acts("sh", "-c", script, path, stdin=text.encode()))

    def make_folders(self, folders: Iterable[str], mode: int = 0o755) -> None:
        wanted = list(folders)
        if wanted:
            self._act(acts("sh", "-c", f'mkdir -p "$@" && chmod {mode:o} "$@"', "sh", *wanted))

    def remove(self, paths: Iterable[str]) -> None:
        wanted = list(paths)
        if wanted:
            self._act(acts("rm", "-rf", "--", *wanted))

    def link(self, path: str, target: str) -> None:
        script = 'mkdir -p "$(dirname "$0")" && ln -sfn "$1" "$0.new" && mv -T "$0.new" "$0"'
        self._act(acts("sh", "-c", script, path, target))

    def read_link(self, path: str) -> str | None:
        return self.runner.run(asks("readlink", path)).out.strip() or None

    def send(self, local: Path, folder: str) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=3) as tar:
            tar.add(local, arcname=".")
        script = 'mkdir -p "$0" && tar -C "$0" -xzf - --no-same-owner'
        self._act(acts("sh", "-c", script, folder, stdin=packed.getvalue(), timeout=300))

    def copy(self, source: str, folder: str) -> None:
        self._act(
            acts("sh", "-c", 'if [ -d "$0" ]; then mkdir -p "$1" && cp -a "$0/." "$1/"; fi', source, folder)
        )

    def http_status(self, address: str, port: int, path: str, timeout: float) -> tuple[int, str]:
        words = ("timeout", str(timeout), "bash", "-c", _PROBE, address, str(port), path)
        result = self.runner.run(asks(*words, timeout=timeout + 15))
        if not result.out.startswith("HTTP/"):
            return 0, "no answer"
        head, _, body = result.out.partition("\r\n\r\n")
        status = int(head.split()[1])
        return status, f"HTTP {status} {body.strip()[:200]}".strip()

    @contextmanager
    def lock(self, path: str, who: str) -> Iterator[None]:
        """A shell on the host holds the lock for as long as this connection gives it an open stdin."""
        self._act(acts("mkdir", "-p", str(PurePosixPath(path).parent)))
        words = self.runner.words(shlex.join(("sh", "-c", _HOLD, path, who)))
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout  # noqa: S101 (Popen with PIPE has one)
            answer = _first_line(holder)
            if answer != "held":
                holder.kill()
                raise locked_by(answer)
            try:
                yield
            finally:
                holder.kill()

    def _act(self, command: Command) -> None:
        result = self.runner.run(command)
        if not result.ok:
            raise HostError(
                f"{self.name}: `{command.argv[0]}` failed while writing below {command.argv[-1]}",
                "May this user write there? The stack lives in /opt/NAME, owned by the user who deploys.",
                result.tail(4),
            )


def _first_line(holder: subprocess.Popen[str], seconds: float = 20.0) -> str:
    """What the lock's shell says first; empty when it says nothing in time."""
    killer = threading.Timer(seconds, holder.kill)
    killer.start()
    try:
        return (holder.stdout.readline() if holder.stdout else "").strip()
    finally:
        killer.cancel()


def _unpack(text: str) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(text))) as tar:
        for entry in tar:
            stream = tar.extractfile(entry) if entry.isfile() else None
            if stream:
                found[str(PurePosixPath(entry.name))] = (stream.read().decode(), entry.mode & 0o777)
    return found
