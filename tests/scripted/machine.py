"""The played host's disk is a real folder; each act on it is a step. What it answers by HTTP, the model says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from homeport.engine.answer import Answer, Request
from homeport.engine.machine import LocalMachine, Put
from homeport.errors import HostError
from tests.scripted.engine import Engine

_PROCESS = re.compile(r"/proc/(\d+)/net/(tcp6?)")


@dataclass(frozen=True)
class PlayedMachine(LocalMachine):
    """`base`: where the host's root lies; steps are named by the path below it."""

    name: str = "the played host"
    base: str = ""

    @property
    def engine(self) -> Engine:
        assert isinstance(self.runner, Engine)
        return self.runner

    @property
    def privileged(self) -> bool:
        return False  # whoever runs the tests: the engine's helper gives files away

    def read(self, path: str) -> str | None:
        self.engine.script.alive()
        if path == "/proc/meminfo":
            return "MemTotal: 8388608 kB\nMemAvailable: 6291456 kB\n"
        return "" if path.startswith("/proc/net/") else super().read(path)

    def read_proc(self, path: str) -> str | None:
        self.engine.script.alive()
        match = _PROCESS.fullmatch(path)
        assert match, path
        return self.engine.connections(int(match[1])) if match[2] == "tcp" else ""

    def read_tree(self, folder: str) -> dict[str, tuple[str, int]]:
        self.engine.script.alive()
        return super().read_tree(folder)

    def names(self, folder: str) -> list[str]:
        self.engine.script.alive()
        return super().names(folder)

    def files(self, folder: str) -> list[str]:
        self.engine.script.alive()
        return super().files(folder)

    def read_link(self, path: str) -> str | None:
        self.engine.script.alive()
        return super().read_link(path)

    def write(self, files: Iterable[Put]) -> None:
        """Where it goes wrong, the first half has been written."""
        new = [file for file in files if not _same(file)]
        if not new:
            return
        more = f" and {len(new) - 1} more" if len(new) > 1 else ""
        try:
            good = self.engine.script.step(f"write {self._short(new[0].path)}{more}")
        except BaseException:
            super().write(new[: len(new) // 2])
            raise
        super().write(new if good else new[: len(new) // 2])
        self._refuse(good, new[0].path)

    def append(self, path: str, text: str) -> None:
        self._refuse(self.engine.script.step(f"append {self._short(path)}"), path)
        super().append(path, text)

    def make_folders(self, folders: Iterable[str], mode: int = 0o755) -> None:
        wanted = list(folders)
        if new := [folder for folder in wanted if not Path(folder).is_dir()]:
            self._refuse(self.engine.script.step(f"make {self._short(new[0])}"), new[0])
        super().make_folders(wanted, mode)

    def remove(self, paths: Iterable[str]) -> None:
        there = [path for path in paths if Path(path).exists() or Path(path).is_symlink()]
        if there:
            self._refuse(self.engine.script.step(f"remove {self._short(there[0])}"), there[0])
        super().remove(there)

    def link(self, path: str, target: str) -> None:
        self._refuse(self.engine.script.step(f"link {self._short(path)}"), path)
        super().link(path, target)

    def send(self, local: Path, folder: str) -> None:
        self._refuse(self.engine.script.step(f"send {self._short(folder)}"), folder)
        super().send(local, folder)

    def http_status(self, address: str, port: int, path: str, timeout: float) -> tuple[int, str]:
        del port, timeout
        return self.engine.asked(address, path)

    def ask(self, address: str, port: int, request: Request, timeout: float) -> Answer:
        del port, timeout
        status, text = self.engine.asked(address, request.path)
        return Answer(status, body=text.encode()) if status else Answer(fault=text)

    def _short(self, path: str) -> str:
        return path.removeprefix(f"{self.base}/")

    def _refuse(self, good: bool, path: str) -> None:
        if not good:
            raise HostError(f"{path} cannot be written: the played disk says no", "It is only played.")


def _same(file: Put) -> bool:
    path = Path(file.path)
    return path.is_file() and path.read_bytes() == file.data and path.stat().st_mode & 0o777 == file.mode
