"""Keys that people know from compose files, and what stands for them in homeport.yaml."""

from __future__ import annotations

_NO_RIGHTS = "no container gets further rights; take it out"
_NOT_NEEDED = "take it out"

SERVICE_KEYS: dict[str, str] = {
    "cap_add": _NO_RIGHTS,
    "container_name": "homeport names the containers; take it out",
    "cpu_limit": "write `cpus: 0.5`",
    "depends_on": "write `depends: [NAME]`",
    "deploy": "write `memory`, `cpus` and `replicas`",
    "devices": _NO_RIGHTS,
    "env_file": "write `env:`; what is secret goes to `secrets:`",
    "environment": "write `env:`; what is secret goes to `secrets:`",
    "expose": "write `port: N`",
    "healthcheck": "write `health: /PATH`, or `health: {command: [...]}`",
    "hostname": f"other services reach it by its name; {_NOT_NEEDED}",
    "labels": _NOT_NEEDED,
    "links": f"services reach each other by name; {_NOT_NEEDED}",
    "logging": f"every container logs to rotated json-file; {_NOT_NEEDED}",
    "mem_limit": "write `memory: 512M`",
    "network_mode": f"no service shares the host's network; {_NOT_NEEDED}",
    "networks": f"homeport makes the networks; {_NOT_NEEDED}",
    "pid": _NO_RIGHTS,
    "ports": "write `port: N`; only the edge publishes ports",
    "privileged": _NO_RIGHTS,
    "profiles": "write `only: [ENVIRONMENT]`",
    "read_only": f"every root is read-only; {_NOT_NEEDED}",
    "restart": f"every container is restarted; {_NOT_NEEDED}",
    "scale": "write `replicas: N`",
    "security_opt": _NO_RIGHTS,
    "stop_grace_period": "write `stop_grace: 10s`",
}
TOP_KEYS: dict[str, str] = {
    "configs": "put the file into the image, or write a variable in `env:`",
    "networks": SERVICE_KEYS["networks"],
    "version": "write `homeport: 1`",
    "volumes": "name the volumes at the service, `volumes: [data:/PATH]`; take it out here",
}
