"""SshMachine: a host behind the OpenSSH client, with the user's own configuration, agent and known_hosts.

One connection is opened and shared by all commands (ControlMaster). Every command has a deadline, and a
connection that is lost is a clear error: the host itself is left as it is, and safe. HOMEPORT_SSH_CONFIG names a
file to use in place of ~/.ssh/config (`ssh -F`), for CI.
"""

from __future__ import annotations

import atexit
import base64
import errno
import io
import os
import shlex
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import NoReturn

from homeport.commands.command import Command, acts, asks
from homeport.engine.answer import Answer, Request, parse
from homeport.engine.machine import NOT_TEXT, Put, locked_by, pack, refuse_links, unreadable
from homeport.engine.runner import DeadlineError, LocalRunner, Result
from homeport.engine.ssh_faults import explain, lost, refused, taken
from homeport.errors import HostError

_LOST = 255  # ssh's own exit code
_LOCKED = 75
_MISSING = (os.strerror(errno.ENOENT), os.strerror(errno.ENOTDIR))
_WHOLE, _CUT = "=whole=", "its answer is not whole"
_OPTIONS = (
    "-o", "BatchMode=yes", "-o", "ConnectTimeout=10",
    "-o", "ServerAliveInterval=3", "-o", "ServerAliveCountMax=3",
    "-o", "ControlMaster=auto", "-o", "ControlPersist=30",
)  # fmt: skip
_AT_ONCE = 8  # sessions of one connection; sshd takes 10 unless told otherwise (MaxSessions)
# Writes a tar from stdin file by file: unpacked beside the target, then renamed, so that a reader never sees half.
_WRITE = """
set -e; umask 022
find "$1" -maxdepth 1 -name '.incoming.*' -mmin +60 -exec rm -rf {} +
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
_ASK = """
exec 3<>"/dev/tcp/$0/$1" || exit 7
printf %s "$2" >&3
head -c 1200000 <&3
"""
# Holds the lock while it is told so at least every _PATIENCE seconds: a connection that was cut tells nobody.
_HOLD = """
umask 022; exec 9>>"$0" || exit 1
flock -w 3 9 || { cat "$0"; exit 75; }
exec 8>>"$3"; flock -w 120 8 || { echo "commands of a deploy that was cut off still run" >&2; exit 1; }; exec 8>&-
printf %s "$1" > "$0"; echo held
while read -r -t "$2" _; do :; done
"""
_PATIENCE, _BEAT = 15, 2.0  # seconds
# Under a lock, every act: with the file of acts held, and only while the lock is still ours. A homeport that was
# stopped for longer than _PATIENCE (a suspended laptop) may find that another has been at work since.
_UNDER = 'grep -qxF -- "$1" "$2" || { echo "homeport: the lock is not ours" >&2; exit 76; }; exec sh -c "$0"'
_TAKEN = 76


@dataclass
class Lock:
    """A lock on the host: the file `path` holds `who` while it is ours; `busy` is one that every act holds too.
    `lost`: gone with its connection; then nothing acts any more."""

    path: str = ""
    who: str = ""
    lost: bool = False

    @property
    def busy(self) -> str:
        return f"{self.path}.acts" if self.path else ""


@dataclass(frozen=True)
class SshRunner:
    """Runs commands over the shared connection. `destination` as ssh takes it: USER@HOST, or a name from ssh_config.

    Under a lock, what acts holds `lock.busy` as well, so that the next to lock waits for commands that outlive us.
    """

    destination: str
    control: str  # path of the control socket
    lock: Lock = field(default_factory=Lock, compare=False, repr=False)
    _room: threading.Semaphore = field(
        default_factory=lambda: threading.Semaphore(_AT_ONCE), compare=False, repr=False
    )

    def words(self, remote: str) -> tuple[str, ...]:
        """The argv that has the host's shell run `remote`."""
        shared = ("-o", f"ControlPath={self.control}")
        return ("ssh", *_config(), *_OPTIONS, *shared, "--", self.destination, remote)

    def run(self, command: Command) -> Result:
        with self._room, self._deadline(command):
            return self._checked(LocalRunner().run(self._over(command)))

    def stream(self, command: Command, line: Callable[[str], None]) -> Result:
        with self._room, self._deadline(command):
            return self._checked(LocalRunner().stream(self._over(command), line))

    def close(self) -> None:
        """End the shared connection."""
        self._control("exit")

    def _control(self, word: str) -> bool:
        """Ask the process here that holds the connection."""
        words = ("ssh", *_config(), "-o", f"ControlPath={self.control}", "-O", word, self.destination)
        with suppress(subprocess.TimeoutExpired):
            return subprocess.run(words, capture_output=True, timeout=10, check=False).returncode == 0
        return False

    @contextmanager
    def _deadline(self, command: Command) -> Iterator[None]:
        """No answer in time: the connection is gone, or the host is slow."""
        try:
            yield
        except DeadlineError as fault:
            if self._control("check"):
                raise DeadlineError(command, f"{self.destination}: ") from fault
            raise lost(self.destination) from fault

    def _over(self, command: Command) -> Command:
        if command.acts and self.lock.lost:
            raise lost(self.destination)
        remote = shlex.join(command.argv)
        if command.env:
            remote = "env " + shlex.join(f"{k}={v}" for k, v in command.env) + " " + remote
        if command.cwd:
            remote = f"cd {shlex.quote(command.cwd)} && {remote}"
        if command.acts and self.lock.busy:
            under = ("sh", "-c", _UNDER, remote, self.lock.who, self.lock.path)
            remote = shlex.join(("flock", "-s", self.lock.busy, *under))
        return Command(self.words(remote), command.acts, command.stdin, command.timeout)

    def _checked(self, result: Result) -> Result:
        if result.code == _LOST:
            raise lost(self.destination, result.tail(4))
        if result.code == _TAKEN and "homeport: the lock is not ours" in result.out + result.err:
            self.lock.lost = True
            raise taken(self.destination)
        return result


def _config() -> tuple[str, ...]:
    file = os.environ.get("HOMEPORT_SSH_CONFIG")
    return ("-F", file) if file else ()


def hostname(destination: str) -> str:
    """The address or name that ssh would connect to; empty when it does not know."""
    result = LocalRunner().run(asks("ssh", *_config(), "-G", "--", destination))
    found = (line.split() for line in result.out.splitlines())
    return next((words[1] for words in found if len(words) > 1 and words[0] == "hostname"), "")


@dataclass(frozen=True)
class SshMachine:
    """A host behind ssh: Linux with a POSIX shell, tar, flock and bash."""

    runner: SshRunner

    @classmethod
    def connect(cls, destination: str) -> SshMachine:
        """Open the connection, this process's own, which ends with it. HostError when there is none."""
        folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"homeport-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.lstat().st_uid != os.getuid() or folder.stat().st_mode & 0o077:
            raise HostError(f"{folder} is not yours alone", "Remove it; homeport keeps its connection there.")
        machine = cls(SshRunner(destination, f"{folder}/{os.getpid()}-%C"))
        first = LocalRunner().run(asks(*machine.runner.words("true"), timeout=30))
        if not first.ok:
            raise explain(destination, first.tail(30))
        atexit.register(machine.runner.close)
        return machine

    @property
    def name(self) -> str:
        return self.runner.destination

    @property
    def privileged(self) -> bool:
        return self._uid == "0"

    @cached_property
    def _uid(self) -> str:
        return self.runner.run(asks("id", "-u")).out.strip()

    def read(self, path: str) -> str | None:
        packed = self._answer('base64 -w0 -- "$0"', path)
        if packed is None:
            return None
        with self._unpacking(path):
            return base64.b64decode(packed, validate=True).decode()

    def read_proc(self, path: str) -> str | None:
        result = self.runner.run(asks("cat", path))
        return result.out if result.ok else None

    def read_tree(self, folder: str) -> dict[str, tuple[str, int]]:
        packed = self._answer('cd "$0" && tar -cf - . | base64 -w0', folder)
        if packed is None:
            return {}
        with self._unpacking(folder):
            return _unpack(base64.b64decode(packed, validate=True))

    def names(self, folder: str) -> list[str]:
        found = self._answer('ls -A -- "$0/"', folder)
        return sorted((found or "").split("\n")[:-1])

    def files(self, folder: str) -> list[str]:
        found = self._answer('cd "$0" && find . -type f -print0', folder)
        return sorted(path.removeprefix("./") for path in (found or "").split("\0")[:-1])

    def write(self, files: Iterable[Put]) -> None:
        wanted = list(files)
        if not wanted:
            return
        root = os.path.commonpath([str(PurePosixPath(file.path).parent) for file in wanted])
        self._act(acts("sh", "-c", 'umask 022; mkdir -p "$0"', root))
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
            self._act(acts("sh", "-c", f'umask 022; mkdir -p "$@" && chmod {mode:o} "$@"', "sh", *wanted))

    def remove(self, paths: Iterable[str]) -> None:
        wanted = list(paths)
        if wanted:
            self._act(acts("rm", "-rf", "--", *wanted))

    def link(self, path: str, target: str) -> None:
        script = 'mkdir -p "$(dirname "$0")" && ln -sfn "$1" "$0.new" && mv -T "$0.new" "$0"'
        self._act(acts("sh", "-c", script, path, target))

    def read_link(self, path: str) -> str | None:
        found = self._answer('readlink -v -- "$0"', path, (*_MISSING, os.strerror(errno.EINVAL)))
        return None if found is None else found.removesuffix("\n")

    def send(self, local: Path, folder: str) -> None:
        refuse_links(local)
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=3) as tar:
            tar.add(local, arcname=".")
        script = 'umask 022; mkdir -p "$0" && tar -C "$0" -xzf - --no-same-owner'
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

    def ask(self, address: str, port: int, request: Request, timeout: float) -> Answer:
        words = ("timeout", str(timeout), "bash", "-c", _ASK, address, str(port), request.text())
        return parse(self.runner.run(asks(*words, timeout=timeout + 15)).out.encode(), request.method)

    @contextmanager
    def lock(self, path: str, who: str) -> Iterator[None]:
        """A shell on the host holds the lock for as long as it hears from us."""
        self.make_folders([str(PurePosixPath(path).parent)])
        hold = ("bash", "-c", _HOLD, path, who, str(_PATIENCE), Lock(path).busy)
        words = self.runner.words(shlex.join(hold))
        pipe = subprocess.PIPE
        with subprocess.Popen(  # Ctrl-C is for us: going back needs the lock
            words, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=True
        ) as holder:
            answer = _first_line(holder)
            if answer != "held":
                self._not_held(holder, path, answer)
            done = threading.Event()
            beat = threading.Thread(target=self._beat, args=(holder, done), daemon=True, name="lock")
            beat.start()
            self.runner.lock.path, self.runner.lock.who = path, who
            try:
                yield
            finally:
                self.runner.lock.path = self.runner.lock.who = ""
                done.set()
                beat.join(timeout=10)
                _let_go(holder)

    def _beat(self, holder: subprocess.Popen[bytes], done: threading.Event) -> None:
        """Say that we live, until we are done; when nobody listens any more the lock is gone."""
        while not done.wait(_BEAT):
            try:
                assert holder.stdin  # noqa: S101 (Popen with PIPE has one)
                holder.stdin.write(b".\n")
            except OSError:
                self.runner.lock.lost = True
                return

    def _not_held(self, holder: subprocess.Popen[bytes], path: str, answer: str) -> NoReturn:
        holder.kill()
        said = (holder.stderr.read() if holder.stderr else b"").decode(errors="replace").strip()
        if holder.wait() == _LOCKED or answer.startswith("{"):
            raise locked_by(answer)
        if holder.returncode == _LOST:
            raise lost(self.name, said)
        raise HostError(
            f"{self.name}: the lock {path} could not be taken", "Does it have bash and flock?", said
        )

    def _answer(self, script: str, path: str, missing: tuple[str, ...] = _MISSING) -> str | None:
        """What a script about `path` prints, whole: it says so itself at the end. None when the path is not there,
        which nothing but a program's words tell from other faults."""
        whole = f"export LC_ALL=C; set -o pipefail; {script} && echo {_WHOLE}"
        result = self.runner.run(asks("bash", "-c", whole, path, timeout=60))
        if result.ok and result.out.endswith(f"{_WHOLE}\n"):
            return result.out.removesuffix(f"{_WHOLE}\n")
        said = "" if result.ok else result.tail(1)
        if path in said and said.endswith(missing):
            return None
        raise unreadable(path, said or _CUT, self.name)

    @contextmanager
    def _unpacking(self, path: str) -> Iterator[None]:
        try:
            yield
        except UnicodeDecodeError as fault:
            raise unreadable(path, NOT_TEXT, self.name) from fault
        except (ValueError, tarfile.TarError) as fault:
            raise unreadable(path, _CUT, self.name) from fault

    def _act(self, command: Command) -> None:
        result = self.runner.run(command)
        if not result.ok:
            raise refused(self.name, command, result.tail(4))


def _let_go(holder: subprocess.Popen[bytes]) -> None:
    """End the lock's shell, and wait until it is free."""
    with suppress(subprocess.TimeoutExpired):
        if holder.stdin:
            holder.stdin.close()
        holder.wait(timeout=5)
    holder.kill()


def _first_line(holder: subprocess.Popen[bytes], seconds: float = 150.0) -> str:
    """What the lock's shell says first; empty when it says nothing in time."""
    killer = threading.Timer(seconds, holder.kill)
    killer.start()
    try:
        return (holder.stdout.readline() if holder.stdout else b"").decode(errors="replace").strip()
    finally:
        killer.cancel()


def _unpack(packed: bytes) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        for entry in tar:
            stream = tar.extractfile(entry) if entry.isfile() or entry.islnk() else None
            if stream:
                found[str(PurePosixPath(entry.name))] = (stream.read().decode(), entry.mode & 0o777)
    return found
