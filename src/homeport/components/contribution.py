"""The contract of a component: `contribute(part, target) -> Contribution`, a frozen value and nothing else.

A component never writes YAML: it says which containers it wants, and render/ writes them all in one form,
so that no container can miss a limit or a hardening point.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from homeport.files import File

NETWORKS: dict[str, str] = {
    "edge": "The way in: only nginx, which publishes 80 and 443.",
    "app": "The services and the edge, at fixed addresses; no way out.",
    "data": "Databases and broker with those who use them; no way out.",
    "egress": "For the parts that must call out, and say so.",
}


@dataclass(frozen=True)
class Mount:
    """`source` is a folder of the rendered tree (`./nginx`), or a named volume (no slash). Always a directory."""

    source: str
    target: str
    read_only: bool = True


@dataclass(frozen=True)
class Attachment:
    """A container's place in a network."""

    network: str
    address: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class HealthCheck:
    """Docker's health check. Times in seconds; `test` as compose takes it (CMD or CMD-SHELL first)."""

    test: tuple[str, ...]
    interval: float = 10.0
    timeout: float = 3.0
    retries: int = 3
    start_period: float = 60.0
    start_interval: float = 1.0


@dataclass(frozen=True)
class Published:
    """A published port; only the edge has any."""

    address: str
    host: int
    container: int


@dataclass(frozen=True)
class Container:
    """One compose service. Hardening is not said here: render/ gives it to all; what is said are the exceptions."""

    name: str
    image: str
    memory: int
    cpus: float
    health: HealthCheck
    user: str | None  # UID:GID, or None for the image's own
    about: str = ""  # comment above it in the compose file
    command: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    env_file: bool = False  # whether it reads .env.prod
    mounts: tuple[Mount, ...] = ()
    tmpfs: tuple[str, ...] = ()  # as compose takes them: /tmp:uid=...,size=...
    networks: tuple[Attachment, ...] = ()
    ports: tuple[Published, ...] = ()
    pids: int = 200
    stop_grace: float = 10.0
    stop_signal: str = ""
    profiles: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()  # compose services that must be healthy first
    labels: tuple[tuple[str, str], ...] = ()
    writable: bool = False
    root: str = ""  # why it may run as root; a comment above its user
    shm: int = 0
    init: bool = True
    once: bool = False  # a task that runs and ends (migrate, seed): no restart, no health check


@dataclass(frozen=True)
class SecretFile:
    """One file below secrets/FOLDER/, mounted at /run/secrets of the container(s) that own FOLDER.

    `template` holds `{name}` for a secret's value (`postgresql://u:{postgres_user_db}@...`); `optional`: no
    file when the secret is not set. The names in it are those of the secret store.
    `mode` is 0400 for a known uid. An image's own user has a uid nobody here knows: its files are 0444, and
    what keeps them from the host's other users is secrets/ itself, which must be 0700 (a mount needs no way
    through it). Every secret has one file whose template is exactly `{name}`.
    """

    folder: str
    name: str
    uid: int
    template: str
    optional: bool = False
    mode: int = 0o400


@dataclass(frozen=True)
class Contribution:
    """What one part adds to the stack; everything empty by default."""

    containers: tuple[Container, ...] = ()
    files: tuple[File, ...] = ()
    volumes: tuple[str, ...] = ()
    secrets: tuple[SecretFile, ...] = ()
    generated: tuple[str, ...] = ()  # names of secrets that homeport makes and nobody chooses
    folders: tuple[str, ...] = field(
        default=()
    )  # folders of the tree that must exist though empty (slots, www)
