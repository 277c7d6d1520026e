"""The stack that is played, and what is done with it: a release, a rollback, and what must hold afterwards."""

from __future__ import annotations

import copy
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from homeport.engine.host import Host
from homeport.engine.progress import Progress
from homeport.engine.runner import Runner
from homeport.errors import BuildError
from homeport.release import certificate, history, rollback
from homeport.release.deploy import Deploy
from homeport.release.history import Record
from homeport.release.recording import Outcome
from homeport.secrets.store import Store, open_or_create
from homeport.stack.model import Stack, Target
from homeport.stack.problem import KeyPath, dotted
from tests.scripted.edge import Edge
from tests.scripted.engine import Engine
from tests.scripted.machine import PlayedMachine
from tests.scripted.script import Fault, Listener, Script

OK = {"path": "/ok", "start": "2s"}
RATE = {"per_second": 1000}  # so that nobody waits for his turn to ask the edge
SERVICES: dict[str, dict[str, Any]] = {
    "web": {"image": "web:1", "port": 8000, "health": OK, "replicas": 2, "depends": ["api"]},
    "api": {
        "image": "api:1", "port": 8000, "health": OK, "database": "shop_db",
        "migrate": "alembic upgrade head", "secrets": [{"name": "jwt_key"}],
    },
    "worker": {"image": "worker:1", "health": {"command": ["ok"]}},
    "mail": {"image": "mail:1", "port": 25, "protocol": "tcp", "health": {"command": ["ok"]}},
}  # fmt: skip
MIGRATIONS = {
    "1": ("0001_first", "0002_second"),
    "2": ("0001_first", "0002_second", "0003_new", "0004_newer"),
}


EVERYTHING: dict[str, Any] = {
    "services": {
        "web": SERVICES["web"] | {"replicas": 1, "env": {"MOTTO": "new"}},
        "api": SERVICES["api"],
        "mail": SERVICES["mail"] | {"env": {"MOTTO": "new"}},
        "web-blue-api": {"image": "web:1", "port": 8000, "health": OK},
    },
    "edge": {
        "frontend": {"files": "dist"},
        "routes": {
            "/web": {"service": "web"},
            "/api": {"service": "api"},
            "/new": {"service": "web-blue-api"},
        },
        "rate": RATE,
    },
    "postgres": {"max_connections": 150},
}  # every kind of change: a service goes, one comes, fewer replicas, a route, a part's settings


def target(version: str, https: int, changes: dict[str, Any] | None = None) -> Target:
    """A version of the stack; `changes` are of its document."""
    document: dict[str, Any] = {
        "homeport": 1,
        "name": "shop",
        "environments": {"local": {"domain": "shop.localhost", "ports": {"http": https - 1, "https": https}}},
        "edge": {
            "frontend": {"files": "dist"},
            "routes": {"/web": {"service": "web"}, "/api": {"service": "api"}},
            "rate": RATE,
        },
        "services": SERVICES,
        "postgres": {},
        "secrets": {"jwt_key": {"generate": True}},
    }
    document |= changes or {}
    images = {name: f"shop/{name}:{version}" for name in document["services"]}
    parts = {"nginx": "shop/nginx:1", "postgres": "shop/postgres:1"}
    return Target(Stack.model_validate(document), "local", version, images | parts)


@dataclass(frozen=True)
class Given:
    """An Origin that builds nothing: it brings the images as they are named; the frontend is a folder."""

    folder: Path
    engine: Engine

    def bring(self, host: Host, target: Target, progress: Progress, before: Record | None) -> Target:
        del host, before
        with progress.step("images"):
            if not self.engine.script.step("bring them"):
                raise BuildError("an image could not be built", "It is only played.")
            for name, reference in target.images.items():
                self.engine.images[reference] = f"sha256:{name}-{reference.rpartition(':')[2]}"
        return target

    def migration_files(self, target: Target) -> dict[str, str]:
        return {"api": f"files of {target.version}"}

    def frontend_differs(self, target: Target, host: Host) -> bool:
        built = self.folder / target.version
        files = {path.relative_to(built).as_posix(): path for path in built.rglob("*") if path.is_file()}
        return host.frontend_differs(files)

    def publish(self, target: Target, host: Host, release: str) -> bool:
        return host.publish_frontend(self.folder / target.version, release, "/assets/")

    def place(self, path: KeyPath) -> str:
        return dotted(path)

    def builder(self, host: Host) -> Runner | None:
        return host.runner

    def environments(self) -> list[Host]:
        return []

    def certificates(self, target: Target, host: Host) -> None:
        certificate.ensure(target, host)


@dataclass
class Play:
    """One played host. `folder` holds its root, the secrets and the frontends."""

    folder: Path
    edge: Edge
    engine: Engine
    says: list[str] = field(default_factory=list)

    @classmethod
    def new(cls, folder: Path, edge: Edge) -> Play:
        for version in ("1", "2", "3"):
            (folder / "dist" / version / "assets").mkdir(parents=True)
            (folder / "dist" / version / "index.html").write_text(f"page {version}")
            (folder / "dist" / version / "assets" / f"app-{version}.js").write_text(version)
        engine = Engine(folder / "host" / "root" / "live")
        for version, names in MIGRATIONS.items():
            engine.databases.brings[f"sha256:api-{version}"] = names
        return cls(folder, edge, engine)

    def copy(self, folder: Path) -> Play:
        """The same world at another place, with nothing done in it yet."""
        shutil.copytree(self.folder, folder, symlinks=True)
        engine = copy.deepcopy(self.engine)
        engine.live = folder / "host" / "root" / "live"
        return Play(folder, self.edge, engine)

    @property
    def host(self) -> Host:
        root = f"{self.folder}/host/root"
        return Host(root, PlayedMachine(self.engine, base=root))

    @property
    def store(self) -> Store:
        return open_or_create(self.folder / ".homeport" / "local" / "secrets.yaml", "local")

    def begin(self, fault: Fault | None = None) -> Script:
        """A new script, for what is done next."""
        self.engine.script = Script(fault=fault)
        self.edge.plays(self.engine)
        return self.engine.script

    def deploy(self, wanted: Target, fault: Fault | None = None, **settings: Any) -> Outcome:
        script = self.begin(fault)
        told = Listener(script, self.says)
        return Deploy(
            self.host, wanted, self.store, Given(self.folder / "dist", self.engine), told, **settings
        ).run()

    def rollback(self, fault: Fault | None = None, release: str | None = None, **settings: bool) -> Outcome:
        self.begin()
        record = rollback.choose(self.host, release, "local")
        script = self.begin(fault)
        told = Listener(script, self.says)
        own = target("1", self.edge.port)
        return rollback.rollback(self.host, record, own, self.store, told, lambda changes: True, **settings)

    # -- what there is -----------------------------------------------------------------------------

    def records(self) -> list[Record]:
        self.engine.script = Script()
        return history.read(self.host)

    def served(self) -> dict[str, str]:
        """What a visitor gets: the image behind each route, and the page."""
        page = self.edge.answer("/")[1].decode()
        return {"/": page, **{name: self.engine.answer(name)[1] for name in ("web", "api")}}

    def containers(self) -> dict[str, tuple[str, str]]:
        """What runs: compose name -> what it was made of."""
        return {box.compose: (box.spec, box.image) for box in self.engine.boxes.values() if box.up}

    def secrets(self) -> dict[str, str]:
        """What containers read, by its path."""
        folder = self.engine.live / "secrets"
        found = (
            path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != ".written.json"
        )
        return {str(path.relative_to(folder)): path.read_text() for path in found}

    def files(self) -> dict[str, str]:
        """What is live, but for what says which slot serves."""
        live = self.engine.live
        kept = ("slots", "certs", "www", "secrets", ".env")
        found = {path.relative_to(live): path for path in sorted(live.rglob("*")) if path.is_file()}
        return {str(short): path.read_text() for short, path in found.items() if short.parts[0] not in kept}
