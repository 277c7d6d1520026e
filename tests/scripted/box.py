"""A container of the model, and what `docker inspect` says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class Box:
    """A container. `open`: looks at its connections in which one is still in use."""

    id: str
    compose: str
    block: dict[str, Any]
    spec: str
    image: str
    project: str
    pid: int
    up: bool = True
    open: int = 2
    one_off: bool = False

    @property
    def service(self) -> str:
        return str(self.block["labels"].get("homeport.service", ""))

    @property
    def slot(self) -> str:
        return str(self.block["labels"].get("homeport.slot", ""))

    @property
    def address(self) -> str:
        return str(((self.block.get("networks") or {}).get("app") or {}).get("ipv4_address", ""))

    def inspected(self) -> dict[str, Any]:
        labels = {
            **self.block["labels"],
            "com.docker.compose.service": self.compose,
            "com.docker.compose.project": self.project,
            "com.docker.compose.oneoff": str(self.one_off),
        }
        environment = [f"{key}={value}" for key, value in (self.block.get("environment") or {}).items()]
        ports = [port.split(":") for port in self.block.get("ports") or ()]
        health = {"Health": {"Status": "healthy"}} if self.up else {}
        return {
            "Id": self.id,
            "Name": f"/{self.project}-{self.compose}-1",
            "Image": self.image,
            "RestartCount": 0,
            "Config": {
                "Labels": labels,
                "Env": environment,
                "Image": self.block["image"],
                "User": str(self.block.get("user", "")),
            },
            "State": {
                "Status": "running" if self.up else "exited",
                "Pid": self.pid if self.up else 0,
                **health,
            },
            "HostConfig": {
                "PortBindings": {port[2]: [{"HostPort": port[1]}] for port in ports},
                "Memory": _size(self.block.get("mem_limit", "0m")),
            },
        }


def _size(text: str) -> int:
    """`512m`, `1g` -> bytes."""
    return int(text[:-1]) << {"m": 20, "g": 30}[text[-1]]
