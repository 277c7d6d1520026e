"""A real container registry beside the test hosts: TLS by a certificate of its own, and a login."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.hosts.host import GUEST, PREFIX, SUBNET, Host, join, outer, until

_ADDRESS = f"{SUBNET}.5"
_CERTIFICATES = Path("/etc/docker/certs.d")
USER, PASSWORD = "deployer", "open sesame, says the deployer"
_START = (
    "[ -s /keys/cert.pem ] || { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
    '-subj /CN=registry -addext "subjectAltName=IP:$2" -keyout /keys/key.pem -out /keys/cert.new && '
    "mv /keys/cert.new /keys/cert.pem; } && "
    'htpasswd -iBc /etc/docker/registry/htpasswd "$1" && export REGISTRY_HTTP_TLS_CERTIFICATE=/keys/cert.pem '
    "REGISTRY_HTTP_TLS_KEY=/keys/key.pem && exec docker-registry serve /etc/docker/registry/config.yml"
)


@dataclass(frozen=True)
class Registry:
    """`folder` holds its key and certificate."""

    folder: Path

    @property
    def container(self) -> str:
        return f"{PREFIX}-registry"

    @property
    def name(self) -> str:
        return f"{_ADDRESS}:5000"

    @classmethod
    def up(cls, folder: Path) -> Registry:
        """Start it, and let this machine's engine trust it."""
        registry = cls(folder)
        registry.down()
        image = f"{PREFIX}/guest:registry"
        outer("docker", "build", "-q", "--target", "registry", "-t", image, str(GUEST), seconds=600)
        (folder / "password").write_text(PASSWORD)
        start = f"exec 0</keys/password; {_START}"
        outer(
            "docker", "run", "-d", "--name", registry.container, "--network", join(), "--ip", _ADDRESS,
            "-v", f"{folder}:/keys", image, "sh", "-c", start, "sh", USER, _ADDRESS,
        )  # fmt: skip
        until("its certificate", (folder / "cert.pem").exists)
        place = _CERTIFICATES / registry.name
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / "cert.pem", place / "ca.crt")
        registry.wait()
        return registry

    def trusted_by(self, host: Host) -> None:
        words = 'mkdir -p "/etc/docker/certs.d/$0" && printf "%s\\n" "$1" > "/etc/docker/certs.d/$0/ca.crt"'
        host.inside(words, self.name, (self.folder / "cert.pem").read_text())

    def stop(self) -> None:
        outer("docker", "stop", "-t", "1", self.container)

    def start(self) -> None:
        outer("docker", "start", self.container)
        self.wait()

    def wait(self) -> None:
        until("the registry", lambda: "401" in outer("curl", "-skI", f"https://{self.name}/v2/", check=False))

    def log(self) -> str:
        return outer("docker", "logs", self.container)

    def down(self) -> None:
        outer("docker", "rm", "-f", "-v", self.container, check=False)
        shutil.rmtree(_CERTIFICATES / self.name, ignore_errors=True)
