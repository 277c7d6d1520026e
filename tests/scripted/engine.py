"""A model of the Docker engine, as far as a release asks it: containers of one compose project, made from the rendered
file; images by reference; PostgreSQL and migrations in postgres.py. It notes what must never happen."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock

from homeport.commands.command import Command
from homeport.engine.runner import Result
from tests.scripted.box import Box
from tests.scripted.compose import Document
from tests.scripted.postgres import Databases
from tests.scripted.script import Script

OK = Result(0, "", "")
NO = Result(1, "", "the played engine says no")


@dataclass
class Engine:
    """`live`: the folder that Compose is run on. `images`: reference -> id. `sick`: images that are never healthy."""

    live: Path
    images: dict[str, str] = field(default_factory=dict)
    boxes: dict[str, Box] = field(default_factory=dict)
    databases: Databases = field(default_factory=Databases)
    sick: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)  # compose names whose health path stopped being good
    volumes: set[str] = field(default_factory=set)
    loaded: str = ""  # digest of the configuration that nginx has taken
    wrong: list[str] = field(default_factory=list)  # what must never happen, and did
    must_serve: bool = False
    script: Script = field(default_factory=Script)
    _made: int = 0
    _lock: RLock = field(default_factory=RLock, repr=False)

    def __deepcopy__(self, memo: object) -> Engine:
        """The same world, with a script of its own; containers are not shared."""
        boxes = {id_: Box(**vars(box)) for id_, box in self.boxes.items()}
        return Engine(
            self.live, dict(self.images), boxes, self.databases.copy(), volumes=set(self.volumes),
            loaded=self.loaded, must_serve=self.must_serve, _made=self._made,
        )  # fmt: skip

    # -- as a Runner -------------------------------------------------------------------------------

    def stream(self, command: Command, line: Callable[[str], None]) -> Result:
        result = self.run(command)
        for text in result.out.splitlines():
            line(text)
        return result

    def run(self, command: Command) -> Result:
        argv = list(command.argv)
        with self._lock:
            self._look(argv)
            if argv[:2] == ["docker", "compose"] and "--project-directory" in argv:
                return self._compose(argv[argv.index("-f") + 2 :])
            for words, act in self._acts().items():
                if argv[: len(words)] == list(words):
                    return act(argv, command)
        raise AssertionError(f"the played engine does not know: {command.text()}")

    def _acts(self) -> dict[tuple[str, ...], Callable[[list[str], Command], Result]]:
        """Beginning of a command -> who answers; the first that fits."""
        return {
            ("docker", "version"): self._says("26.1.5 amd64"),
            ("docker", "compose", "version"): self._says("2.26.1"),
            ("docker", "info"): self._says(
                json.dumps({"DockerRootDir": "/var/lib/docker", "MemTotal": 8 << 30})
            ),
            ("docker", "network", "ls"): self._says(""),
            ("docker", "network"): self._says(""),
            ("df",): self._says("size avail\n100000000000 90000000000"),
            ("docker", "ps", "-aq"): self._ps,
            ("docker", "ps", "-q"): self._ps_running,
            ("docker", "ps", "-a", "--no-trunc", "--format", "{{.Image}}"): self._used_images,
            ("docker", "volume", "ls"): self._volumes,
            ("docker", "volume", "inspect"): self._inspect_volumes,
            ("docker", "inspect"): self._inspect,
            ("docker", "image", "inspect"): self._inspect_images,
            ("docker", "image", "ls"): self._image_names,
            ("docker", "image", "rm"): self._remove_images,
            ("docker", "image", "prune"): self._beside,
            ("docker", "builder", "prune"): self._beside,
            ("docker", "stop"): self._stop,
            ("docker", "rm"): self._remove,
            ("docker", "restart"): self._restart,
            ("docker", "logs", "--tail"): self._says("the last that it said"),
            ("docker", "events"): self._says("die 1"),
            ("docker", "run", "--rm", "-i", "--network", "none"): self._helper,
            ("docker", "run", "-d"): self._says("started"),
            ("docker", "run", "--rm", "--network"): self._tcp_tables,
            ("docker",): self._data,
            ("sh", "-c"): self._data,
        }

    def _says(self, text: str) -> Callable[[list[str], Command], Result]:
        def answer(argv: list[str], command: Command) -> Result:
            del command
            words = [word for word in argv[:4] if not word.startswith(("-", "{", "/"))]
            return Result(0, text, "") if self.script.step(" ".join(words)) else NO

        return answer

    def _beside(self, argv: list[str], command: Command) -> Result:
        """What is run while the release goes on, in no phase of it."""
        del command
        return OK if self.script.step(" ".join(argv[:3]), "beside") else NO

    # -- containers --------------------------------------------------------------------------------

    def named(self, compose: str) -> Box | None:
        return next((b for b in self.boxes.values() if b.compose == compose and not b.one_off), None)

    def running(self) -> list[str]:
        """Compose names of what runs, sorted."""
        return sorted(box.compose for box in self.boxes.values() if box.up)

    def _names(self, ids: list[str]) -> str:
        return " ".join(sorted(self.boxes[id_].compose if id_ in self.boxes else id_ for id_ in ids))

    def _ps(self, argv: list[str], command: Command) -> Result:
        del argv, command
        return Result(0, "\n".join(self.boxes), "") if self.script.step("docker ps") else NO

    def _ps_running(self, argv: list[str], command: Command) -> Result:
        del argv, command
        ids = [id_ for id_, box in self.boxes.items() if box.up]
        return Result(0, "\n".join(ids), "") if self.script.step("docker ps running") else NO

    def _used_images(self, argv: list[str], command: Command) -> Result:
        del argv, command
        names = [box.block["image"] for box in self.boxes.values()]
        return Result(0, "\n".join(names), "") if self.script.step("docker ps images") else NO

    def _volumes(self, argv: list[str], command: Command) -> Result:
        del argv, command
        good = self.script.step("docker volume ls")
        return Result(0, "\n".join(sorted(self.volumes)), "") if good else NO

    def _inspect_volumes(self, argv: list[str], command: Command) -> Result:
        del command
        found = [{"Name": name, "CreatedAt": "2026-11-22T19:45:01Z"} for name in argv[3:]]
        return Result(0, json.dumps(found), "") if self.script.step("docker volume inspect") else NO

    def _inspect(self, argv: list[str], command: Command) -> Result:
        del command
        if not self.script.step("docker inspect"):
            return NO
        found = [self.boxes[id_].inspected() for id_ in argv[2:] if id_ in self.boxes]
        missing = len(found) < len(argv[2:])
        return Result(int(missing), json.dumps(found), "Error: No such object" if missing else "")

    def _inspect_images(self, argv: list[str], command: Command) -> Result:
        del command
        if not self.script.step("docker image inspect"):
            return NO
        there = [ref for ref in argv[3:] if ref in self.images]
        found = [
            {
                "Id": self.images[ref],
                "RepoTags": [ref],
                "RepoDigests": [],
                "RootFS": {},
                "Config": {"User": "10001:10001"},
                "Architecture": "amd64",
            }
            for ref in there
        ]
        return Result(0 if len(there) == len(argv[3:]) else 1, json.dumps(found), "no such image")

    def _image_names(self, argv: list[str], command: Command) -> Result:
        del argv, command
        lines = (f"{ref.partition(':')[0]} {ref.partition(':')[2]} <none>" for ref in self.images)
        return Result(0, "\n".join(lines), "") if self.script.step("docker image ls") else NO

    def _remove_images(self, argv: list[str], command: Command) -> Result:
        del command
        if not self.script.step("docker image rm"):
            return NO
        for reference in argv[3:]:
            del self.images[reference]
        return OK

    def _stop(self, argv: list[str], command: Command) -> Result:
        del command
        ids = argv[4:]
        good = self.script.step(f"docker stop {self._names(ids)}")
        for box in [self.boxes[id_] for id_ in (ids if good else ids[: len(ids) // 2]) if id_ in self.boxes]:
            if box.open and box.service in self.served():
                self.wrong.append(f"{box.compose} was stopped with an open request")
            box.up = False
        self._look(argv)
        return OK if good else NO

    def _remove(self, argv: list[str], command: Command) -> Result:
        del command
        ids = [word for word in argv[2:] if not word.startswith("-")]
        good = self.script.step(f"docker rm {self._names(ids)}")
        gone = ids if good else ids[: len(ids) // 2]
        missing = [id_ for id_ in gone if self.boxes.pop(id_, None) is None]
        self._look(argv)
        return NO if not good else Result(1, "", "no such container") if missing else OK

    def _restart(self, argv: list[str], command: Command) -> Result:
        del command
        good = self.script.step(f"docker restart {self._names(argv[2:])}")
        for id_ in argv[2:] if good else []:
            self.boxes[id_].up = True
        return OK if good else NO

    # -- Compose -----------------------------------------------------------------------------------

    def _compose(self, words: list[str]) -> Result:
        names = [w for w in words[1:] if not w.startswith("-") and w not in ("never", "pull")]
        if words[0] == "up":
            return self._up(names, keep="--no-recreate" in words, alone="--no-deps" in words)
        if words[0] == "exec":
            return self._reload()
        assert words[0] == "run", words
        return self._once(words)

    def _up(self, names: list[str], keep: bool, alone: bool) -> Result:
        good = self.script.step(f"compose up {' '.join(sorted(names))}")
        document = Document.read(self.live)
        wanted = names if alone else document.with_depends(names)
        for name in wanted if good else wanted[: len(wanted) // 2]:
            self._create(name, document, keep)
        self._look([])
        return OK if good else NO

    def _create(self, name: str, document: Document, keep: bool) -> None:
        block, spec = document.services[name], document.spec(name)
        image, there = self.images[block["image"]], self.named(name)
        if there and (keep or (there.spec, there.image) == (spec, image)):
            there.up = True
            return
        if there:
            del self.boxes[there.id]
        self._made += 1
        self.volumes |= set(document.volumes(name))
        made = Box(f"{self._made:04d}{name}", name, block, spec, image, document.project, 100 + self._made)
        self.boxes[made.id] = made
        if name == "nginx":
            self.loaded = self.configuration()

    def _reload(self) -> Result:
        if not self.script.step("nginx reload"):
            return NO
        before, self.loaded = self.loaded, self.configuration()
        return Result(0, "reloaded" if before != self.loaded else "", "")

    def plain_up(self) -> list[str]:
        """What a plain `docker compose up -d` would change: names of containers that it would make or make anew."""
        document = Document.read(self.live)
        found = {name: self.named(name) for name in document.plain()}
        wanted = {n: (document.spec(n), self.images[document.services[n]["image"]]) for n in found}
        return [n for n, box in found.items() if not box or not box.up or (box.spec, box.image) != wanted[n]]

    def configuration(self) -> str:
        """Digest of the nginx files that are live."""
        files = sorted(path for path in (self.live / "nginx").rglob("*") if path.is_file())
        return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()

    # -- what else is run --------------------------------------------------------------------------

    def _helper(self, argv: list[str], command: Command) -> Result:
        """The same program on the same folder, which a container would see as /files."""
        place = argv[argv.index("-v") + 1].removesuffix(":/files")
        at = argv.index("--entrypoint") + 1
        words = [argv[at], *argv[at + 2 :]]
        if not self.script.step(f"helper {' '.join(words[3:] if words[0] == 'sh' else words[:1])}"):
            return NO
        done = subprocess.run(
            [word.replace("/files", place) for word in words],
            input=command.stdin,
            capture_output=True,
            check=False,
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    def _tcp_tables(self, argv: list[str], command: Command) -> Result:
        """Asked only where /proc has no process of that container: it has ended."""
        del argv, command
        return Result(1, "", "Error response from daemon: No such container")

    def _once(self, words: list[str]) -> Result:
        """A migration. A kill may leave its container."""
        name, service = words[words.index("--name") + 1], words[-1]
        block = Document.read(self.live).services[service]
        if not self.script.step(f"compose run {service}"):
            return NO
        del name
        return self.databases.migrate(
            block["labels"]["homeport.service"], self.images[block["image"]], write=True
        )

    def _data(self, argv: list[str], command: Command) -> Result:
        return self.databases.answer(self.script, argv, (command.stdin or b"").decode(), self.images)

    # -- requests ----------------------------------------------------------------------------------

    def connections(self, pid: int) -> str | None:
        """/proc/PID/net/tcp of a container: one connection to port 8000 for its first looks."""
        with self._lock:
            box = next((box for box in self.boxes.values() if box.pid == pid and box.up), None)
            if box is None:
                return None
            box.open = max(0, box.open - 1)
            line = "0: 0100000A:1F40 0200000A:C350 01\n" if box.open else ""
            return f"sl local_address rem_address st\n{line}"

    def asked(self, address: str, path: str) -> tuple[int, str]:
        """GET at a container's own address."""
        with self._lock:
            self._look([])
            box = next((box for box in self.boxes.values() if box.address == address and box.up), None)
            name = box.compose if box else address
            if not self.script.step(f"GET {name} {path}"):
                self.failing.add(name)
            if box is None:
                return 0, "no answer (Connection refused)"
            bad = box.image in self.sick or name in self.failing
            return (503, "HTTP 503 not well") if bad else (200, "HTTP 200 ok")

    def green(self) -> set[str]:
        current = self.live / "slots" / "current"
        return {path.stem for path in current.glob("*.green")} if current.is_dir() else set()

    def served(self) -> dict[str, list[Box]]:
        """HTTP service -> the containers that the edge would send a request to, up or not there."""
        found: dict[str, list[Box]] = {}
        green = self.green()
        for box in self.boxes.values():
            slot = "green" if box.service in green else "blue"
            if box.slot == slot and box.address:
                found.setdefault(box.service, []).append(box)
        return found

    def answer(self, service: str, served: dict[str, list[Box]] | None = None) -> tuple[int, str]:
        """What a visitor gets from a service through the edge: status, and the image that answered."""
        with self._lock:
            boxes = [box for box in (served or self.served()).get(service, ()) if box.up]
            if not boxes or any(box.compose in self.failing or box.image in self.sick for box in boxes):
                return 502, ""
            return 200, boxes[0].image

    def _look(self, argv: list[str]) -> None:
        """At every step: whoever is sent requests, runs."""
        if not self.must_serve:
            return
        served = self.served()
        for service in ("web", "api"):
            status, _ = self.answer(service, served)
            if status != 200 and not self.failing and not self.sick:
                self.wrong.append(f"{service} did not serve at {self.script.steps[-1:]} {argv[:3]}")
