"""How much a disk has left, and how much of it a release may take."""

from __future__ import annotations

from dataclasses import dataclass

from homeport.commands.command import asks
from homeport.engine.runner import Runner

LEAST_FREE = 0.10  # share of the disk that must stay free, as long as that is less than MOST_FREE
MOST_FREE = 5 * 1024**3  # bytes


@dataclass(frozen=True)
class Disk:
    """Bytes of the file system that holds `folder`."""

    folder: str
    size: int
    free: int

    @property
    def reserve(self) -> int:
        """What must stay free, in bytes."""
        return int(min(self.size * LEAST_FREE, MOST_FREE))

    def words(self) -> str:
        return f"{self.free / 1e9:.1f} GB of {self.size / 1e9:.1f} GB free"


def disk(runner: Runner, folder: str) -> Disk | None:
    """The disk below a folder; None when it cannot be asked."""
    result = runner.run(asks("df", "-B1", "--output=size,avail", folder))
    numbers = result.out.split()[-2:]
    return Disk(folder, int(numbers[0]), int(numbers[1])) if result.ok and len(numbers) == 2 else None
