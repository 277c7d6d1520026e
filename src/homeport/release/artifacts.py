"""Where a release comes from: built from sources, or kept on the host from an earlier deploy."""

from __future__ import annotations

from typing import Protocol

from homeport.engine.host import Host
from homeport.engine.progress import Progress
from homeport.engine.runner import Runner
from homeport.release.history import Record
from homeport.stack.model import Target
from homeport.stack.problem import KeyPath


class Artifacts(Protocol):
    """What a deploy asks of it. Nothing that runs is touched before `bring` has returned."""

    def bring(self, host: Host, target: Target, progress: Progress, before: Record | None) -> Target:
        """Every image is on the host; the target with the references it runs."""
        ...

    def migration_files(self, target: Target) -> dict[str, str]:
        """Service -> digest of the files of its migrations, as they are in its image; not those that say no place."""
        ...

    def frontend_differs(self, target: Target, host: Host) -> bool: ...

    def publish(self, target: Target, host: Host, release: str) -> bool:
        """Serve the frontend; whether it changed."""
        ...

    def place(self, path: KeyPath) -> str:
        """Where a key of the stack is written, for whoever must mend it."""
        ...

    def builder(self, host: Host) -> Runner | None:
        """The engine that images are built on; None where nothing is built."""
        ...

    def environments(self) -> list[Host]:
        """The environments on this machine that are of the same sources."""
        ...

    def certificates(self, target: Target, host: Host) -> None:
        """See that the edge has a certificate for the domain and its aliases."""
        ...
