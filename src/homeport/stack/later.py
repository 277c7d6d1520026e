"""Parts that have their place in the language, and come later. An entry moves into the part's model when it comes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Later:
    """`what` it does, in words; `containers`: the names of those that it will make."""

    what: str
    containers: tuple[str, ...] = ()
    cure: str = "take the key out"


_A_SERVICE = "take the key out; until then a service with its image does it (`protocol: tcp`)"

LATER: dict[str, Later] = {
    "redis": Later("Redis", ("redis",), _A_SERVICE),
    "mariadb": Later("MariaDB", ("mariadb",), _A_SERVICE),
    "metrics": Later(
        "Prometheus and Grafana",
        (
            "prometheus",
            "node-exporter",
            "postgres-exporter",
            "nginx-exporter",
            "blackbox-exporter",
            "container-exporter",
        ),
    ),
    "dashboards": Later("Grafana", ("grafana",)),
    "logs": Later("the log store", ("victorialogs", "collector")),
    "alerts": Later("Alertmanager", ("alertmanager",)),
    "backups": Later("backups", ("backup",)),
    "contacts": Later("the runbook's contacts"),
}
