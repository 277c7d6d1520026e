"""Machine: the few things a host must be able to do. Everything above it (host.py) is the same for this machine
and for one behind ssh. Paths are absolute, with `/`, on that machine."""

from __future__ import annotations

import errno
import fcntl
import http.client
import io
import json
import os
import shlex
import shutil
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Protocol, TextIO

from homeport.engine.answer import Answer, Request, exchange
from homeport.engine.runner import LocalRunner, Runner
from homeport.engine.wait import Seen, WaitedTooLong, wait_until
from homeport.errors import HostError
from homeport.files import write_bytes_atomically

_FULL = (errno.ENOSPC, errno.EDQUOT)
_NO_LINK = (errno.ENOENT, errno.ENOTDIR, errno.EINVAL)  # nothing there, or something that is no link
NOT_TEXT = "it is not UTF-8 text"
_ORPHANS_SECONDS = 120.0  # longer than any stop's grace


@dataclass(frozen=True)
class Put:
    """A file to write: atomically, with its mode and (where the machine lets us) its owner."""

    path: str
    data: bytes
    mode: int = 0o644
    uid: int | None = None


class Machine(Protocol):
    """One host. Every wait has a deadline; a machine that is gone is a HostError."""

    @property
    def name(self) -> str: ...

    @property
    def runner(self) -> Runner: ...

    @property
    def privileged(self) -> bool:
        """Whether we may give files away (root)."""
        ...

    # What is not there is None or empty. What could not be read, for any other reason, is a HostError: who took it
    # for missing would begin anew over what is there.

    def read(self, path: str) -> str | None:
        """The text of a file (UTF-8); None when it is not there."""
        ...

    def read_proc(self, path: str) -> str | None:
        """The text of a file below /proc; None as well where its process has ended or is hidden from us."""
        ...

    def read_tree(self, folder: str) -> dict[str, tuple[str, int]]:
        """Relative path -> text and mode of every file below a folder, links left out; empty when it is not there."""
        ...

    def names(self, folder: str) -> list[str]:
        """Names in a folder, sorted; empty when it is not there."""
        ...

    def files(self, folder: str) -> list[str]:
        """Relative paths of all files below a folder, sorted, links left out; empty when it is not there."""
        ...

    def write(self, files: Iterable[Put]) -> None:
        """Write each atomically (temporary file, fsync, rename); folders are made and never replaced."""
        ...

    def append(self, path: str, text: str) -> None:
        """Append and fsync."""
        ...

    def make_folders(self, folders: Iterable[str], mode: int = 0o755) -> None: ...

    def remove(self, paths: Iterable[str]) -> None:
        """Files or whole folders; one that is not there is no fault."""
        ...

    def link(self, path: str, target: str) -> None:
        """Make or turn a symbolic link in one step."""
        ...

    def read_link(self, path: str) -> str | None:
        """Where a symbolic link leads; None when there is no link of that name."""
        ...

    def send(self, local: Path, folder: str) -> None:
        """Copy what is below a local folder into a folder there; what is there already stays. HostError for a folder
        with links in it: nobody knows where they lead there."""
        ...

    def copy(self, source: str, folder: str) -> None:
        """The same from a folder on that machine; no fault when there is no source."""
        ...

    def http_status(self, address: str, port: int, path: str, timeout: float) -> tuple[int, str]:
        """GET from that machine: status (0 when there was no answer) and what was seen, in words."""
        ...

    def ask(self, address: str, port: int, request: Request, timeout: float) -> Answer:
        """Send a request without a body from that machine."""
        ...

    def lock(self, path: str, who: str) -> AbstractContextManager[None]:
        """Hold an exclusive lock that dies with us. HostError says who has it and since when."""
        ...


@dataclass(frozen=True)
class LocalMachine:
    """This machine."""

    runner: Runner = LocalRunner()  # noqa: RUF009 (it holds nothing)
    name: str = "this machine"

    @property
    def privileged(self) -> bool:
        return os.geteuid() == 0

    def read(self, path: str) -> str | None:
        with _reading(path), suppress(FileNotFoundError, NotADirectoryError):
            return Path(path).read_bytes().decode()
        return None

    def read_proc(self, path: str) -> str | None:
        try:
            return Path(path).read_text()
        except OSError:
            return None

    def read_tree(self, folder: str) -> dict[str, tuple[str, int]]:
        found: dict[str, tuple[str, int]] = {}
        for name in self.files(folder):
            path = Path(folder) / name
            with _reading(str(path)):
                found[name] = (path.read_bytes().decode(), path.stat().st_mode & 0o777)
        return found

    def names(self, folder: str) -> list[str]:
        with _reading(folder), suppress(FileNotFoundError, NotADirectoryError):
            return sorted(path.name for path in Path(folder).iterdir())
        return []

    def files(self, folder: str) -> list[str]:
        found: list[str] = []
        if not self.names(folder):
            return found
        with _reading(folder):
            for place, _, names in os.walk(folder, onerror=_raise):
                paths = (Path(place) / name for name in names)
                found += [p.relative_to(folder).as_posix() for p in paths if S_ISREG(p.lstat().st_mode)]
        return sorted(found)

    def write(self, files: Iterable[Put]) -> None:
        """What is there already, to the byte, is left alone: going back needs no room on a disk that is full."""
        for file in files:
            uid = file.uid if self.privileged else None
            with _in_words(file.path):
                if not _is_there(file, uid):
                    write_bytes_atomically(Path(file.path), file.data, file.mode, uid)

    def append(self, path: str, text: str) -> None:
        with _in_words(path):
            self._append(path, text)

    @staticmethod
    def _append(path: str, text: str) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with Path(path).open("a") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())

    def make_folders(self, folders: Iterable[str], mode: int = 0o755) -> None:
        for folder in folders:
            with _in_words(folder):
                Path(folder).mkdir(parents=True, exist_ok=True)
                Path(folder).chmod(mode)

    def remove(self, paths: Iterable[str]) -> None:
        for path in map(Path, paths):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def link(self, path: str, target: str) -> None:
        place = Path(path)
        temporary = place.with_name(f".{place.name}.new")
        with _in_words(path):
            place.parent.mkdir(parents=True, exist_ok=True)
            temporary.unlink(missing_ok=True)
            temporary.symlink_to(target)
            temporary.replace(place)

    def read_link(self, path: str) -> str | None:
        with _reading(path):
            try:
                return str(Path(path).readlink())
            except OSError as fault:
                if fault.errno not in _NO_LINK:
                    raise
        return None

    def send(self, local: Path, folder: str) -> None:
        refuse_links(local)
        with _in_words(folder):
            shutil.copytree(local, folder, dirs_exist_ok=True, copy_function=_copy_if_other)

    def copy(self, source: str, folder: str) -> None:
        if Path(source).is_dir():
            self.send(Path(source), folder)

    def http_status(self, address: str, port: int, path: str, timeout: float) -> tuple[int, str]:
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

    def ask(self, address: str, port: int, request: Request, timeout: float) -> Answer:
        return exchange(http.client.HTTPConnection(address, port, timeout=timeout), request)

    @contextmanager
    def lock(self, path: str, who: str) -> Iterator[None]:
        """The commands that we start hold it too: where we are killed, what they still do is waited for."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with Path(path).open("a+") as stream:
            _take(stream)
            os.set_inheritable(stream.fileno(), True)
            stream.seek(0)
            stream.truncate()
            stream.write(who)
            stream.flush()
            yield


def _take(stream: TextIO) -> None:
    """Lock it now; but where the holder is dead, wait for the commands that outlive it."""

    def look() -> Seen:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            holder = stream.read()
            if _lives(holder):
                raise locked_by(holder) from None
            return Seen(False, holder)
        return Seen(True)

    try:
        wait_until("the commands of a homeport that was killed", look, _ORPHANS_SECONDS)
    except WaitedTooLong as fault:
        raise locked_by(fault.state) from fault


def _lives(holder: str) -> bool:
    """Whether the process that wrote this is there; a holder who has not yet said who he is, is."""
    try:
        os.kill(json.loads(holder)["pid"], 0)
    except ProcessLookupError:
        return False
    except (ValueError, KeyError, TypeError, PermissionError):
        return True
    return True


def unreadable(path: str, why: str, where: str = "") -> HostError:
    """The error for what is there and cannot be read. `where`: the machine, when it is not this one."""
    place = f"{where}: {path}" if where else path
    look = f"`ls -ld {shlex.quote(path)}`{' there' if where else ''}"
    cure = f"{look} shows what it is; put it right, then run the same again."
    if os.strerror(errno.EACCES) in why:
        cure = f"Run this as the user who owns it, or give it to this one: {look} says whose it is."
    elif os.strerror(errno.EIO) in why:
        cure = "The disk may be failing: `dmesg` says more."
    return HostError(f"{place} cannot be read: {why}", cure)


@contextmanager
def _reading(path: str) -> Iterator[None]:
    """Whatever keeps us from reading is said with the place."""
    try:
        yield
    except OSError as fault:
        raise unreadable(path, fault.strerror or str(fault)) from fault
    except UnicodeDecodeError as fault:
        raise unreadable(path, NOT_TEXT) from fault


def _raise(fault: OSError) -> None:
    raise fault


def refuse_links(folder: Path) -> None:
    """What is sent to a machine are files and folders, nothing that leads elsewhere."""
    found = sorted(
        path for path in folder.rglob("*") if not S_ISDIR(mode := path.lstat().st_mode) and not S_ISREG(mode)
    )
    if found:
        names = ", ".join(path.relative_to(folder).as_posix() for path in found)
        raise HostError(
            f"{folder}: neither files nor folders: {names}", "Put the files themselves in their place."
        )


@contextmanager
def _in_words(path: str) -> Iterator[None]:
    """A fault of the disk is a fault of the host, said with the place."""
    try:
        yield
    except OSError as fault:
        cure = "Free some room: `df -h` shows how full each disk is." if fault.errno in _FULL else ""
        raise HostError(f"{path} cannot be written: {fault.strerror or fault}", cure) from fault


def _is_there(file: Put, uid: int | None) -> bool:
    try:
        found = Path(file.path).stat()
        same = found.st_mode & 0o7777 == file.mode and uid in (None, found.st_uid)
        return same and found.st_size == len(file.data) and Path(file.path).read_bytes() == file.data
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return False


def _copy_if_other(source: str, place: str) -> None:
    """By a temporary file and only where it differs: a visitor may be reading it, and a kill may come at any time."""
    data = Path(source).read_bytes()
    if not Path(place).is_file() or Path(place).read_bytes() != data:
        write_bytes_atomically(Path(place), data, Path(source).stat().st_mode & 0o777)


def locked_by(text: str) -> HostError:
    """The error for a lock that another holds; `text` is what the holder wrote: JSON with who, since and pid."""
    try:
        holder = json.loads(text)
        words = f"{holder['who']} since {holder['since']} (process {holder['pid']})"
    except (ValueError, KeyError, TypeError):
        words = "somebody"
    return HostError(
        f"another homeport is at work here: {words}",
        "Wait for it to end; the lock is gone with it, there is nothing to unlock.",
    )


def pack(files: Iterable[Put]) -> bytes:
    """A tar of files with relative paths, with modes and owners."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for file in files:
            entry = tarfile.TarInfo(file.path)
            entry.size, entry.mode = len(file.data), file.mode
            entry.uid = entry.gid = file.uid or 0
            tar.addfile(entry, io.BytesIO(file.data))
    return packed.getvalue()
