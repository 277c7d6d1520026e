"""What is known about images that other people publish: read from their documentation, not tried here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Role = Literal[
    "postgres", "rabbitmq", "proxy", "catcher", "tool", "needs-socket", "store", "frontend", "service"
]


@dataclass(frozen=True)
class Reference:
    """An image's name in its parts; `version` is the tag, or the digest when there is no tag."""

    name: str
    tag: str = ""
    digest: str = ""

    @property
    def base(self) -> str:
        """The last word of the name: `bitnami/redis` -> `redis`."""
        return self.name.rpartition("/")[2].lower()

    @property
    def pinned(self) -> bool:
        """Whether `homeport check` takes it: a digest, or a tag that is not `latest`."""
        return bool(self.digest) or self.tag not in ("", "latest")

    @property
    def vague(self) -> bool:
        """A tag without a number (`alpine`, `stable`): it moves as `latest` does."""
        return self.pinned and not self.digest and not re.search(r"\d", self.tag)

    @property
    def major(self) -> int | None:
        match = re.match(r"v?(\d+)", self.tag)
        return int(match[1]) if match else None


def reference(text: str) -> Reference:
    """`host:5000/a/b:1.2@sha256:..` -> its parts."""
    rest, _, digest = text.partition("@")
    folder, slash, last = rest.rpartition("/")
    name, _, tag = last.partition(":")
    return Reference(folder + slash + name, tag, digest)


@dataclass(frozen=True)
class Known:
    """A store or broker that stays a service. `secrets` are its variables that have a documented `_FILE` form."""

    port: int
    user: str
    secrets: tuple[str, ...] = ()
    tmpfs: tuple[str, ...] = ()
    writable: bool = False
    memory: str = ""


_MYSQL_SECRETS = ("MYSQL_ROOT_PASSWORD", "MYSQL_PASSWORD")
_MARIA_SECRETS = (*_MYSQL_SECRETS, "MARIADB_ROOT_PASSWORD", "MARIADB_PASSWORD")
_POSTGRES_LIKE = Known(5432, "999:999", ("POSTGRES_PASSWORD",), ("/var/run/postgresql",), memory="1G")

STORES: dict[str, Known] = {
    "mysql": Known(3306, "999:999", _MYSQL_SECRETS, ("/var/run/mysqld",), memory="1G"),
    "mariadb": Known(3306, "999:999", _MARIA_SECRETS, ("/run/mysqld",), memory="1G"),
    "mongo": Known(27017, "999:999", ("MONGO_INITDB_ROOT_PASSWORD",), memory="1G"),
    "redis": Known(6379, "999:999"),
    "valkey": Known(6379, "999:999"),
    "memcached": Known(11211, "11211:11211"),
    "elasticsearch": Known(9200, "1000:0", ("ELASTIC_PASSWORD",), writable=True, memory="2G"),
    "opensearch": Known(9200, "1000:1000", writable=True, memory="2G"),
    "minio": Known(9000, "1000:1000", ("MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD")),
    "clickhouse-server": Known(8123, "101:101", writable=True, memory="2G"),
    "cp-kafka": Known(9092, "1000:1000", writable=True, memory="1G"),
    "kafka": Known(9092, "1000:1000", writable=True, memory="1G"),
    "zookeeper": Known(2181, "1000:1000", writable=True),
    "nats": Known(4222, "1000:1000"),
    "eclipse-mosquitto": Known(1883, "1883:1883"),
    "cassandra": Known(9042, "999:999", writable=True, memory="2G"),
    "server": Known(1433, "10001:0", writable=True, memory="2G"),  # mcr.microsoft.com/mssql/server
    "azure-sql-edge": Known(1433, "10001:0", writable=True, memory="2G"),
    "postgis": _POSTGRES_LIKE,
    "pgvector": _POSTGRES_LIKE,
    "timescaledb": _POSTGRES_LIKE,
    "timescaledb-ha": _POSTGRES_LIKE,
    "pgvecto-rs": _POSTGRES_LIKE,
    "meilisearch": Known(7700, "image", writable=True),
    "qdrant": Known(6333, "image", writable=True),
}
_ALPINE_USERS = {"redis": "999:1000", "valkey": "999:1000", "postgis": "70:70", "timescaledb": "70:70"}
_PROXIES = {"nginx", "traefik", "caddy", "haproxy", "nginx-proxy", "openresty", "nginx-unprivileged", "envoy",
            "caddy-docker-proxy", "caddy-gen", "acme-companion", "docker-letsencrypt-nginx-proxy-companion",
            "certbot", "docker-gen", "swag", "nginx-proxy-manager"}  # fmt: skip
_CATCHERS = {"mailhog", "mailpit", "maildev", "mailcatcher", "inbucket", "smtp4dev"}
_TOOLS = {"adminer", "phpmyadmin", "pgadmin4", "pgadmin", "mongo-express", "redis-commander", "redisinsight",
          "pgweb", "selenium", "standalone-chrome", "cadvisor"}  # fmt: skip
_SOCKET = {"portainer", "portainer-ce", "portainer-ee", "watchtower", "ouroboros", "autoheal", "dozzle",
           "docker-socket-proxy", "diun", "whaler", "agent"}  # fmt: skip
ROLES: dict[str, Role] = {
    **dict.fromkeys(STORES, "store"),
    "postgres": "postgres", "postgresql": "postgres", "rabbitmq": "rabbitmq",
    **dict.fromkeys(_PROXIES, "proxy"), **dict.fromkeys(_CATCHERS, "catcher"), **dict.fromkeys(_TOOLS, "tool"),
    **dict.fromkeys(_SOCKET, "needs-socket"),
}  # fmt: skip


def role(image: str) -> Role:
    """What an image is for, by the last word of its name; `service` when it is not known."""
    ref = reference(image)
    if ref.base == "server" and "mssql" not in ref.name:
        return "service"
    if ref.base == "postgres" and ref.name not in ("postgres", "library/postgres", "docker.io/postgres",
                                                   "docker.io/library/postgres"):  # fmt: skip
        return "store"
    return ROLES.get(ref.base, "service")


def known(image: str) -> Known | None:
    """The facts about a store's image, or None."""
    ref = reference(image)
    if ref.base == "postgres":
        return _POSTGRES_LIKE
    found = STORES.get(ref.base)
    if found and "alpine" in ref.tag and ref.base in _ALPINE_USERS:
        return Known(
            found.port, _ALPINE_USERS[ref.base], found.secrets, found.tmpfs, found.writable, found.memory
        )
    return found


# Where images that people reach by HTTP listen, by the last word of their name.
HTTP_PORTS = {
    "ghost": 2368, "wordpress": 80, "nextcloud": 80, "gitea": 3000, "grafana": 3000, "prometheus": 9090, "kibana": 5601,
    "httpd": 80, "n8n": 5678, "redmine": 3000, "drupal": 80, "joomla": 80, "matomo": 80,
}  # fmt: skip
# Pages for operators: nobody else should find them.
OPERATOR = {"grafana", "prometheus", "alertmanager", "kibana", "jaeger", "all-in-one", "flower", "kafka-ui",
            "opensearch-dashboards", "kafdrop", "zipkin", "blackbox-exporter", "node-exporter"}  # fmt: skip
HEALTH_PATHS = {
    "grafana": "/api/health",
    "prometheus": "/-/healthy",
    "n8n": "/healthz",
    "gitea": "/api/healthz",
}
# Ports that speak something else than HTTP, whoever listens on them.
TCP_PORTS = {21, 22, 25, 53, 110, 143, 389, 465, 587, 636, 993, 995, 1025, 1433, 1883, 2181, 3306, 3478, 4222, 5432,
             5672, 6379, 9042, 9092, 11211, 25565, 27017}  # fmt: skip
# Ports of debuggers and live reload: never meant for production.
DEBUG_PORTS = {5005, 5678, 9003, 9222, 9229, 9230, 24678, 35729}
