"""The parts of a stack, one frozen model each. The descriptions here make the reference page,
`homeport explain` and the JSON schema; there is no second place that says what a key means."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from homeport.stack.broker import BrokerRights
from homeport.stack.part import Part
from homeport.stack.words import (
    Address,
    AppNetwork,
    Domain,
    Duration,
    EnvName,
    EnvValue,
    Flag,
    Folder,
    HeaderValue,
    Host,
    HttpPath,
    Identifier,
    Image,
    MountPath,
    Name,
    Number,
    OneLine,
    ProxyNetwork,
    Reason,
    Setting,
    SettingName,
    Size,
    Stage,
    User,
    Whole,
    Words,
    parse_whole,
)

MIB = 1024 * 1024


class Ports(Part):
    """The two ports that are published, for machines where 80 and 443 are taken."""

    http: Whole = Field(
        80, ge=1, le=65535, description="Port for HTTP, which only redirects.", examples=["8080"]
    )
    https: Whole = Field(443, ge=1, le=65535, description="Port for HTTPS.", examples=["8443"])


class Environment(Part):
    """One place where the stack runs."""

    domain: Domain = Field(
        description="The name that people type, e.g. budgetcoach.localhost or example.com."
    )
    aliases: tuple[Domain, ...] = Field(
        (), description="Further names; each is redirected to `domain`.", examples=["[www.example.com]"]
    )
    host: Host = Field("local", description="`local` for this machine, or USER@HOST for ssh.")
    tls: Literal["self-signed", "letsencrypt", "letsencrypt-staging"] = Field(
        "self-signed",
        description="Where the certificate comes from. `self-signed`: a CA of your own, made once. The others: not "
        "yet, `check` says so.",
        examples=["self-signed"],
    )
    ports: Ports = Field(Ports(), description="The published ports.", examples=["{http: 8080, https: 8443}"])
    bind: Address | None = Field(
        None,
        description="Address to publish on. Default: 127.0.0.1 for *.localhost, otherwise all addresses.",
    )
    network: AppNetwork | None = Field(
        None,
        description="Subnet (/20) of the app network. Default: derived from the project's name.",
        examples=["10.80.0.0/20"],
    )
    env: dict[EnvName, EnvValue] = Field(
        {},
        description="Variables for every service here (.env.prod); no secrets.",
        examples=["{LOG_LEVEL: info}"],
    )


class Build(Part):
    """How an image is built: docker build of a folder next to homeport.yaml."""

    short = "context"
    short_example = "build: services/web"

    context: Folder = Field(description="The folder, relative to homeport.yaml.", examples=["services/web"])
    dockerfile: Folder = Field(
        "Dockerfile", description="The file, relative to the context.", examples=["docker/Dockerfile"]
    )
    target: Stage | None = Field(None, description="The stage to build.")
    args: dict[EnvName, EnvValue] = Field(
        {},
        description="Build arguments; never a secret, they stay in the image.",
        examples=["{SERVICE: web}"],
    )


class Frontend(Part):
    """Static files that the edge serves."""

    build: Build | None = Field(
        None,
        description="A folder with a Dockerfile whose last stage holds nothing but the files.",
        examples=["frontend"],
    )
    files: Folder | None = Field(
        None,
        description="A folder that holds the files, and nothing that is not for every visitor, instead of `build`.",
        examples=["frontend/dist"],
    )
    spa: Flag = Field(
        True, description="Answer unknown paths without an extension with index.html.", examples=["false"]
    )
    assets: HttpPath = Field(
        "/assets/",
        description="Where files with a hash in their name live: cached a year.",
        examples=["/static/"],
    )


class Route(Part):
    """Where requests below a path go."""

    short = "service"
    short_example = "/api: gateway"

    service: Name = Field(description="The service that answers.")
    strip: Flag = Field(False, description="Take the path's prefix away before the service sees it.")


class RateLimit(Part):
    """Requests one address may make; more get 429."""

    short = "per_second"
    short_example = "rate: 50/s"

    per_second: Whole = Field(
        50, ge=1, description="Sustained requests per second for one client address.", examples=["100"]
    )
    burst: Whole = Field(200, ge=0, description="How many more may come at once.", examples=["500"])

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        """`50/s`."""
        if not text.endswith("/s"):
            raise ValueError(f'"{text}" is not a rate; write 50/s')
        return {"per_second": text.removesuffix("/s")}


class Edge(Part):
    """nginx in front: TLS, headers, the frontend, the routes."""

    containers = ("nginx", "edge", "certbot", "acme")

    frontend: Frontend | None = Field(
        None, description="Static files, or none.", examples=["{build: frontend}"]
    )
    routes: dict[HttpPath, Route] = Field(
        {}, description="Path prefix -> service; the longest prefix wins.", examples=["{/api: gateway}"]
    )
    max_body: Size = Field(10 * MIB, description="Largest request body; more gets 413.", examples=["25M"])
    rate: RateLimit = Field(
        RateLimit(),
        description="Request rate limit for one client address.",
        examples=["{per_second: 50, burst: 200}"],
    )
    csp: HeaderValue = Field(
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; "
        "frame-ancestors 'none'",
        description="Content-Security-Policy of every answer.",
        examples=["default-src 'self'; connect-src 'self' https://api.example.com"],
    )
    trusted_proxies: tuple[ProxyNetwork, ...] = Field(
        (),
        description="Networks whose X-Forwarded-For is believed (a CDN in front); none by default.",
        examples=["[203.0.113.0/24]"],
    )


class Health(Part):
    """How to know that a service can serve."""

    short = "path"
    short_example = "health: /health/ready"

    path: HttpPath | None = Field(
        None, description="HTTP path that answers 200 when the service can serve.", examples=["/health/ready"]
    )
    command: Words = Field(
        (), description="Or a program in the container that exits 0.", examples=["[redis-cli, ping]"]
    )
    timeout: Duration = Field(3.0, gt=0, le=60, description="Longest time for one answer.", examples=["5s"])
    start: Duration = Field(
        60.0,
        gt=0,
        le=3600,
        description="Longest time from start to the first good answer.",
        examples=["120s"],
    )


class SecretUse(Part):
    """A secret that a service reads from /run/secrets/NAME."""

    short = "name"
    short_example = "secrets: [jwt_key]"

    name: Identifier = Field(description="Its name.")
    optional: Flag = Field(False, description="The service runs without it (no file then).")
    only: tuple[Name, ...] = Field(
        (), description="Environments in which it gets it; all by default.", examples=["[local]"]
    )


class Volume(Part):
    """A named volume."""

    short = "name"
    short_example = "volumes: [data:/var/lib/app]"

    name: Name = Field(description="Its name.", examples=["data"])
    path: MountPath = Field(description="Where it is mounted.")

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        """`data:/var/lib/app`."""
        name, colon, path = text.partition(":")
        if "docker.sock" in text:
            raise ValueError("the Docker socket is never mounted; take it out")
        if name.startswith(("/", ".", "~")):
            raise ValueError(
                f'"{name}" is a folder of the host; put files into the image, write NAME:/PATH for data'
            )
        if not colon:
            raise ValueError(f'"{text}" is not a volume; write NAME:/PATH')
        return {"name": name, "path": path}


class Service(Part):
    """One program of yours, or somebody's image."""

    image: Image | None = Field(None, description="An image with its exact version, or `build`.")
    build: Build | None = Field(
        None, description="A folder with a Dockerfile, or `image`.", examples=["services/web"]
    )
    command: Words = Field(
        (), description="Arguments instead of the image's own.", examples=["[python, -m, worker]"]
    )
    entrypoint: Words = Field(
        (), description="Program instead of the image's own.", examples=["[/app/start.sh]"]
    )
    port: Whole | None = Field(
        None, ge=1, le=65535, description="Port it listens on; none for a worker.", examples=["8000"]
    )
    protocol: Literal["http", "tcp"] = Field(
        "http", description="`tcp` for a port that does not speak HTTP: one container, replaced in place."
    )
    health: Health | None = Field(
        None,
        description="Its health path (`/health/ready`), or {command: [...]}.",
        examples=["/health/ready"],
    )
    env: dict[EnvName, EnvValue] = Field(
        {}, description="Variables; never a secret.", examples=["{LOG_LEVEL: info}"]
    )
    secrets: tuple[SecretUse, ...] = Field(
        (),
        description="Secrets it reads from /run/secrets.",
        examples=["[jwt_key, {name: smtp_password, optional: true}]"],
    )
    database: Identifier | None = Field(
        None,
        description="Its PostgreSQL database; made with a role of its own. Services that are one program (a web server "
        "and its worker) name the same one; one of them has `migrate`.",
        examples=["user_db"],
    )
    migrate: OneLine | None = Field(
        None, description="Shell command that brings the schema up, in the new image."
    )
    migrations: tuple[Folder, ...] = Field(
        (),
        description="Where the files of its migrations are, beside homeport.yaml. While they, and what the migration "
        "tool has written down in the database, are the same, a deploy need not run `migrate` to know that nothing is "
        "pending.",
        examples=["[services/web/migrations]"],
    )
    migrate_networks: tuple[Literal["app", "egress"], ...] = Field(
        (),
        description="What `migrate` may reach beside database and broker: services (`app`), the internet (`egress`).",
        examples=["[egress]"],
    )
    seed: OneLine | None = Field(
        None,
        description="Shell command that `homeport up` runs once in a local environment, for demo data.",
        examples=["python -m demo"],
    )
    memory: Size = Field(512 * MIB, ge=6 * MIB, description="Memory limit.", examples=["1G"])
    cpus: Number = Field(0.5, gt=0, description="CPU limit.", examples=["1.5"])
    replicas: Whole = Field(1, ge=1, le=8, description="Containers at a time.", examples=["2"])
    stop_grace: Duration = Field(10.0, ge=0, le=3600, description="Time to finish after SIGTERM.")
    depends: tuple[Name, ...] = Field(
        (), description="Services that must be up before it.", examples=["[user]"]
    )
    volumes: tuple[Volume, ...] = Field(
        (),
        description="Volumes; such a service is one container, replaced in place.",
        examples=["[data:/var/lib/app]"],
    )
    user: User = Field("10001:10001", description="`image` for the image's own user, or UID:GID.")
    allow_root: Reason | None = Field(
        None,
        description="Why it must run as root, in words: without them, a user that is root is refused.",
        examples=["it binds port 80 itself"],
    )
    writable: Flag = Field(
        False,
        description="Let the container write to its own root (lost at a restart); `check` warns of it.",
        examples=["true"],
    )
    tmpfs: tuple[MountPath, ...] = Field(
        (), description="Further folders it may write to, in memory.", examples=["[/var/cache/app]"]
    )
    rabbitmq: BrokerRights | None = Field(
        None, description="What it may do at the broker; without it all.", examples=[r'{read: "a\\..*"}']
    )
    egress: Flag = Field(False, description="It must call out to the internet.")
    only: tuple[Name, ...] = Field(
        (), description="Environments it runs in; all by default.", examples=["[local]"]
    )
    metrics: HttpPath | None = Field(
        None,
        description="Path of its Prometheus metrics. Not yet: `check` says so.",
        examples=["/metrics"],
    )


class Postgres(Part):
    """PostgreSQL, one server, a role for each database that services name."""

    containers = ("postgres",)

    version: Annotated[Literal[17], BeforeValidator(parse_whole)] = Field(17, description="Major version.")
    memory: Size = Field(1024 * MIB, ge=128 * MIB, description="Memory limit.", examples=["2G"])
    cpus: Number = Field(1.0, gt=0, description="CPU limit.", examples=["2"])
    max_connections: Whole = Field(100, ge=10, description="Connections in all.", examples=["200"])
    settings: dict[SettingName, Setting] = Field(
        {}, description="Further settings of postgresql.conf.", examples=["{work_mem: 64MB}"]
    )
