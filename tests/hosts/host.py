"""Host: a throw-away server for the tests. A privileged container boots systemd with an sshd and a Docker engine of
its own; it reboots, loses its power and its network like a machine. Nothing in it reaches a registry.
"""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

GUEST = Path(__file__).parent / "guest"
PREFIX = "hphost"
NETWORK, SUBNET = f"{PREFIX}-net", "10.213.9"
_MINUTE = 60.0


@dataclass(frozen=True)
class Host:
    """`name` is its name in ssh's configuration as well; `folder` holds that file, the key and known_hosts."""

    name: str
    folder: Path

    @property
    def container(self) -> str:
        return f"{PREFIX}-{self.name}"

    @property
    def config(self) -> Path:
        """A file for `ssh -F`, with NAME for root and deploy@NAME."""
        return self.folder / "ssh_config"

    @property
    def address(self) -> str:
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return outer("docker", "inspect", "-f", form, self.container)

    @classmethod
    def up(cls, name: str, folder: Path, *, image: str = "engine", disk: str = "") -> Host:
        """Boot it and wait for ssh (and the engine). `disk`: a file system of this size for the engine's data."""
        host = cls(name, folder)
        host.down()
        data = ("--tmpfs", f"/var/lib/docker:exec,size={disk}") if disk else ("-v", "/var/lib/docker")
        outer(
            "docker", "run", "-d", "--name", host.container, "--hostname", name, "--label", f"{PREFIX}=host",
            "--privileged", "--cgroupns=private", "--restart=always", "--network", join(),
            "--ip", _free_address(), "--tmpfs", "/run:mode=755,exec", "--tmpfs", "/run/lock", "--tmpfs", "/tmp:exec",
            *data, "-v", "/var/lib/containerd", guest(image),
        )  # fmt: skip
        host._admit()
        host.wait(engine=image == "engine")
        return host

    def _admit(self) -> None:
        """A key of its own, and what ssh must know to come in without a question."""
        self.folder.mkdir(parents=True, exist_ok=True)
        key = self.folder / "id"
        if not key.exists():
            outer("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", PREFIX, "-f", str(key))
        public = key.with_suffix(".pub").read_text()
        put = 'for h in /root /home/deploy; do printf %s "$0" > $h/.ssh/authorized_keys; done; '
        self.inside(put + "chown -R deploy: /home/deploy/.ssh", public)
        known = self.inside("cat /etc/ssh/ssh_host_ed25519_key.pub")
        (self.folder / "known_hosts").write_text(f"{self.address} {known}\n")
        self.config.write_text(
            f"Host {self.name}\n  HostName {self.address}\n  User root\n  IdentityFile {key}\n  IdentitiesOnly yes\n"
            f"  UserKnownHostsFile {self.folder / 'known_hosts'}\n  StrictHostKeyChecking yes\n  LogLevel ERROR\n"
        )

    def inside(self, script: str, *words: str, check: bool = True) -> str:
        """What a shell of root says in it, without ssh."""
        return outer("docker", "exec", self.container, "sh", "-c", script, *words, check=check)

    def ssh(self, command: str, user: str = "root", check: bool = True) -> str:
        words = ("ssh", "-F", str(self.config), "-o", "BatchMode=yes", "-o", "ConnectTimeout=3")
        return outer(*words, f"{user}@{self.name}", command, check=check)

    def wait(self, engine: bool = True) -> None:
        """Until it can be worked with."""
        until(f"ssh to {self.name}", lambda: self.ssh("echo yes", check=False) == "yes")
        if engine:
            asked = "docker info --format '{{.ServerVersion}}' 2>/dev/null"
            until(f"the engine of {self.name}", lambda: bool(self.ssh(asked, check=False)))

    def started(self) -> str:
        """When it was booted last."""
        return outer("docker", "inspect", "-f", "{{.State.StartedAt}}", self.container)

    def reboot(self) -> None:
        """An orderly `systemctl reboot`."""
        before = self.started()
        self.inside("systemctl reboot", check=False)
        until("a new boot", lambda: self.started() != before)
        self.wait()

    def lose_power(self) -> None:
        """Everything in it is killed at once; then it boots again."""
        outer("docker", "kill", self.container)
        outer("docker", "start", self.container)
        self.wait()

    def cut(self) -> None:
        """No packet of ssh gets in any more; the rest of the network is as it was."""
        self.inside(
            "iptables -w -I INPUT -p tcp --dport 22 -j DROP; iptables -w -I OUTPUT -p tcp --sport 22 -j DROP"
        )

    def mend(self) -> None:
        self.inside(
            "iptables -w -D INPUT -p tcp --dport 22 -j DROP; iptables -w -D OUTPUT -p tcp --sport 22 -j DROP"
        )

    def down(self) -> None:
        """Remove it with its data."""
        outer("docker", "rm", "-f", "-v", self.container, check=False)


def guest(stage: str) -> str:
    """The image to boot, built once: `bare` has systemd and sshd, `engine` a Docker engine as well."""
    tag = f"{PREFIX}/guest:{stage}"
    outer("docker", "build", "-q", "--target", stage, "-t", tag, str(GUEST), seconds=600)
    return tag


def clean() -> None:
    """Remove the network once no host is left."""
    outer("docker", "network", "rm", NETWORK, check=False)


def until(what: str, good: Callable[[], bool], seconds: float = _MINUTE) -> None:
    ends = time.monotonic() + seconds
    while not good():
        assert time.monotonic() < ends, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.2)


def outer(*words: str, check: bool = True, seconds: float = 120) -> str:
    """What a command of this machine prints."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=seconds, check=False)
    assert not check or done.returncode == 0, f"{words}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout.strip()


def join() -> str:
    """The network of the hosts, which is there then."""
    if NETWORK not in outer("docker", "network", "ls", "--format", "{{.Name}}").split():
        outer("docker", "network", "create", "--subnet", f"{SUBNET}.0/24", NETWORK)
    return NETWORK


def _free_address() -> str:
    """Any free one: test runs beside each other seldom choose the same."""
    taken = outer(
        "docker", "network", "inspect", "-f", "{{range .Containers}}{{.IPv4Address}} {{end}}", NETWORK
    )
    used = {address.partition("/")[0] for address in taken.split()}
    return random.choice([address for n in range(10, 250) if (address := f"{SUBNET}.{n}") not in used])
