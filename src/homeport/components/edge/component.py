"""Turns the edge and the services behind it into one nginx container and its configuration."""

from __future__ import annotations

from homeport.components.contribution import (
    Attachment,
    Container,
    Contribution,
    HealthCheck,
    Mount,
    Published,
)
from homeport.components.edge import site, slots
from homeport.components.edge.text import fill, quoted, raw
from homeport.files import File
from homeport.stack.model import Target, has_slots
from homeport.stack.parts import MIB, Edge

# As they are, and with values. Name in files/ -> path in the tree.
_RAW = {
    "tls.conf": "tls.conf",
    "compress.conf": "compress.conf",
    "errors.conf": "errors.conf",
    "proxy.conf": "proxy.conf",
    "between.conf": "between.conf",
    "body.conf": "body.conf",
    "mime.types": "mime.types",
    "error.css": "pages/error.css",
}
PROBE = ("CMD", "sh", "/run/homeport/health.sh")
_MOUNT_POINT = "The folder of flags, ../../slots, is mounted here.\n"


def contribute(part: Edge, target: Target) -> Contribution:
    """nginx with its files; the folders it mounts that homeport fills while the stack lives."""
    return Contribution(
        containers=(_container(target),),
        files=tuple(sorted(_files(part, target))),
        folders=("slots", "www", "certs"),
    )


def status_port(target: Target) -> int:
    """Where health is asked inside the container: 8081, or the next that no service has."""
    taken = {service.port for service in target.services.values()}
    return next(port for port in range(8081, 8181) if port not in taken)


def _container(target: Target) -> Container:
    ports = target.env.ports
    return Container(
        name="nginx",
        about="The edge: TLS, the frontend, the routes, and calls between services. Only it publishes ports.",
        image=target.image("nginx"),
        memory=128 * MIB,
        cpus=1.0,
        user="101:101",
        entrypoint=("sh", "/etc/nginx/entry.sh"),
        health=HealthCheck((*PROBE, "http", str(status_port(target)), "/healthz")),
        mounts=(
            Mount("./nginx", "/etc/nginx"),
            Mount("./slots", "/etc/nginx/slots"),
            Mount("./www", "/www"),
            Mount("./certs", "/certs"),
            Mount("./health", "/run/homeport"),
        ),
        tmpfs=("/tmp:uid=101,gid=101,mode=0700,size=64m",),  # noqa: S108
        networks=(Attachment("edge"), Attachment("app", target.edge_address, _aliases(target))),
        ports=(Published(target.bind, ports.http, 80), Published(target.bind, ports.https, 443)),
        stop_signal="SIGQUIT",
        stop_grace=40.0,
        pids=64,
    )


def _gateways(target: Target) -> tuple[object, ...]:
    """This machine's own address in the app network. Docker takes the first of the range that it gives addresses
    from, or the subnet's second where that is said; no container ever has either.
    """
    return target.subnet[1], target.dynamic_range[0]


def _aliases(target: Target) -> tuple[str, ...]:
    """The names that services call each other by; one that owns a volume has its name itself."""
    return tuple(name for name, service in slots.reachable(target).items() if has_slots(service))


def _files(edge: Edge, target: Target) -> list[File]:
    stack, env = target.stack, target.env
    host = target.url.removeprefix("https://")
    texts = {path: raw(name) for name, path in _RAW.items()} | {
        "nginx.conf": fill("nginx.conf", name=stack.name, environment=target.environment),
        "log.conf": fill("log.conf", environment=target.environment, slots=_slot_map(target)),
        "limits.conf": fill("limits.conf", per_second=edge.rate.per_second, max_body=edge.max_body),
        "headers.conf": fill("headers.conf", csp=quoted(edge.csp), frame_options=_frame_options(edge.csp)),
        "messages.conf": fill("messages.conf", max_body_words=_words(edge.max_body)),
        "client.conf": fill("client.conf", real_client=_real_client(edge)),
        "outside.conf": fill("outside.conf", host=host, https_port=env.ports.https),
        "status.conf": fill(
            "status.conf",
            status_port=status_port(target),
            address=target.edge_address,
            gateways="\n".join(f"    allow {address};" for address in _gateways(target)),
        ),
        "site.conf": site.site(edge, target),
        "services.conf": site.services(target),
        "pages/error.html": fill("error.html", name=stack.name),
        "pages/healthy.txt": "ok\n",
        "slots/README": _MOUNT_POINT,
    }
    return [
        *(File(f"nginx/{path}", text) for path, text in texts.items()),
        File("nginx/entry.sh", raw("entry.sh"), 0o755),
        *slots.files(target),
    ]


def _slot_map(target: Target) -> str:
    return "\n".join(f"    {address} {container};" for address, container in slots.containers(target))


def _frame_options(csp: str) -> str:
    """For browsers that do not know frame-ancestors; those that do ignore this header."""
    rules = (rule.split() for rule in csp.split(";"))
    ancestors = next((rule[1:] for rule in rules if rule and rule[0] == "frame-ancestors"), ["'none'"])
    return "DENY" if ancestors == ["'none'"] else "SAMEORIGIN"


def _real_client(edge: Edge) -> str:
    if not edge.trusted_proxies:
        return "# No proxy is trusted: the client is who connects."
    networks = "".join(f"set_real_ip_from {network};\n" for network in edge.trusted_proxies)
    return (
        "# The client is the last address in X-Forwarded-For that is not one of these.\n"
        f"{networks}real_ip_header X-Forwarded-For;\nreal_ip_recursive on;"
    )


def _words(size: int) -> str:
    """10485760 -> 10 MB, as a person says it."""
    for unit, name in ((1024**3, "GB"), (1024**2, "MB"), (1024, "KB")):
        if size >= unit:
            return f"{size / unit:g} {name}"
    return f"{size} bytes"
