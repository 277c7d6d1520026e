"""AI Budget Coach on a host without homeport: the rendered tree, images by `docker save`, what README.md says."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from homeport.cli.say import Printer
from homeport.engine.runner import LocalRunner
from homeport.release.sources import Sources
from homeport.render.render import render
from homeport.stack.load import load
from homeport.stack.model import Target
from tests.hosts.host import Host, outer

EXAMPLE = Path(__file__).parents[2] / "examples" / "budgetcoach"
NAME, TREE = "hphostcoach", "/srv/coach"


@dataclass(frozen=True)
class Plain:
    """The tree as it was rendered, in `folder`, and the host that it is copied to."""

    folder: Path
    target: Target
    frontend: Path
    host: Host

    @classmethod
    def make(cls, folder: Path, host: Host) -> Plain:
        """Build the app under a name of its own and render it for production."""
        source = Path(
            shutil.copytree(
                EXAMPLE, folder / "app", ignore=shutil.ignore_patterns(".homeport", "node_modules")
            )
        )
        file = source / "homeport.yaml"
        file.write_text(re.sub(r"^name: .*", f"name: {NAME}", file.read_text(), flags=re.M))
        sources = Sources(source, folder / "cache", "local")
        target = Target(load(file), "production", "v1")
        target = sources.build(LocalRunner(), target, Printer(json_lines=True), LocalRunner(), None)
        tree = folder / "tree"
        rendered = render(target)
        for name in rendered.folders:
            (tree / name).mkdir(parents=True, exist_ok=True)
        for one in rendered.tree:
            place = tree / one.path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(one.text)
            place.chmod(one.mode)
        return cls(tree, replace(target, images=dict(target.images)), folder / "cache" / "frontend", host)

    def copy(self) -> None:
        """The images and the files, and nothing else, go to the host."""
        parts = ("nginx", "postgres", "rabbitmq", *self.target.services)
        images = sorted({self.target.image(name) for name in parts})
        self._pipe(("docker", "save", *images), "docker load -q")
        self._pipe(("tar", "-C", str(self.folder), "-c", "."), f"mkdir -p {TREE} && tar -C {TREE} -xf -")
        put = f"mkdir -p {TREE}/www/current && tar -C {TREE}/www/current -xf - && chmod -R a+rX {TREE}/www"
        self._pipe(("tar", "-C", str(self.frontend), "-c", "."), put)

    def _pipe(self, words: tuple[str, ...], remote: str) -> None:
        ssh = ("ssh", "-F", str(self.host.config), f"root@{self.host.name}", remote)
        with subprocess.Popen(words, stdout=subprocess.PIPE) as source:
            done = subprocess.run(
                ssh, stdin=source.stdout, capture_output=True, text=True, timeout=600, check=False
            )
        assert done.returncode == 0 and source.returncode == 0, f"{words[:2]} | {remote}: {done.stderr}"

    def start(self) -> str:
        """Every command of the README's section `Start`, in its order, as root."""
        text = (self.folder / "README.md").read_text().partition("\n## Start\n")[2].partition("\n## ")[0]
        commands = "\n".join(line[4:] for line in text.splitlines() if line.startswith("    "))
        assert commands.splitlines()[-1].startswith("docker compose up -d"), commands
        return self.shell(commands, seconds=400)

    def shell(self, script: str, seconds: float = 300) -> str:
        """What a script in the tree's folder says; `sudo` is nothing for root."""
        remote = f'set -e; cd {TREE}; sudo() {{ "$@"; }}\n{script}'
        words = ("ssh", "-F", str(self.host.config), f"root@{self.host.name}", remote)
        return outer(*words, seconds=seconds)

    def ask(self, path: str, data: str = "") -> tuple[int, str]:
        """GET, or POST of JSON, through the edge: status and body."""
        domain = self.target.env.domain
        place = ("--resolve", f"{domain}:443:{self.host.address}", f"https://{domain}{path}")
        body = ("-H", "Content-Type: application/json", "-d", data) if data else ()
        said = outer("curl", "-sSk", "-m", "10", "-w", "\\n%{http_code}", *body, *place, check=False)
        answer, _, status = said.rpartition("\n")
        return int(status or 0), answer

    def states(self) -> dict[str, str]:
        """Compose service -> state, of what runs."""
        said = self.shell("docker compose ps --format '{{.Service}} {{.Status}}'")
        return dict(line.split(" ", 1) for line in said.splitlines())

    def healthy(self) -> bool:
        states = self.states()
        good = all("(healthy)" in state for state in states.values())
        return len(states) >= 9 and good and self.ask("/")[0] == 200 and self.ask("/api/v1/health")[0] < 500


def forget() -> None:
    """Take the images of this test away from the machine that built them."""
    found = outer("docker", "image", "ls", "-q", "--filter", f"reference={NAME}/*").split()
    if found:
        outer("docker", "image", "rm", "-f", *dict.fromkeys(found), check=False)
