"""A reverse proxy of the compose file: the edge takes over its role, its configuration becomes routes."""

from __future__ import annotations

import re

from homeport.importer import dockerfile, images, mounts, nginx
from homeport.importer.draft import DraftService, Work
from homeport.importer.folder import join
from homeport.importer.value import Value
from homeport.stack.problem import Place

_ROUTE = re.compile(r"/([A-Za-z0-9._~@:+,=-]+/)*[A-Za-z0-9._~@:+,=-]*")
_CADDY = re.compile(
    r"^\s*reverse_proxy\s+(?:(/\S*|\*)\s+)?(?:https?://|h2c://)?([\w.-]+):(\d+)", re.MULTILINE
)
_CADDY_HANDLE = re.compile(
    r"(handle|handle_path|route)\s+(/\S*)\s*\{[^}]*?reverse_proxy\s+(?:https?://)?([\w.-]+):(\d+)", re.DOTALL
)

_EDGE_DOES = ("proxy_", "ssl_", "gzip", "add_header", "access_log", "error_log", "worker", "keepalive", "send", "tcp_",
              "user", "pid", "default_type", "log_format", "server_tokens", "http2", "resolver")  # fmt: skip


def apply(work: Work) -> None:
    """Take every proxy out, and read what it did."""
    for service in work.of_role("proxy"):
        _proxy(work, service)
    for service in work.kept():
        _traefik_labels(work, service)


def _proxy(work: Work, service: DraftService) -> None:
    service.kept = False
    path, base = f"services.{service.origin}", images.reference(service.image).base or "a proxy of its own"
    why = f"{base}: the edge does its work: TLS, headers, limits, routes"
    work.findings.changed(service.value.place, path, why)
    texts = _configurations(work, service)
    for file, text in texts:
        if "reverse_proxy" in text:
            _caddy(work, file, text)
        else:
            _nginx(work, file, text)
    _static(work, service)
    _keys(work, service, {file for file, _ in texts})


def _configurations(work: Work, service: DraftService) -> list[tuple[str, str]]:
    """The files of this folder that the proxy reads: mounted, or in the folder that its image is built from."""
    folder, paths = work.project.folder, []
    value = service.value.get("volumes")
    for mount in mounts.read(value) if value else ():
        if mount.kind == "bind" and not mount.source.startswith(("/", "~")):
            source = join("", mount.source)
            paths += (
                [source]
                if folder.kind(source) == "file"
                else folder.find(source, "*.conf", "*.template", "Caddyfile")
            )
    if service.builds:
        context = dockerfile.location(service.value.get("build"))[0]
        paths += folder.find(context, "*.conf", "*.template", "Caddyfile", "conf")
    for name, config in work.project.sections["configs"].items():
        if name in str(service.value.spoken()) and config.string("file"):
            paths.append(join("", config.string("file")))
    found = [(path, folder.text(path) or "") for path in dict.fromkeys(paths)]
    return [
        (path, text) for path, text in found if re.search(r"location|proxy_pass|reverse_proxy|upstream", text)
    ]


def _nginx(work: Work, file: str, text: str) -> None:
    reading = nginx.read(text)
    for location in reading.locations:
        _location(work, file, location)
    size = re.fullmatch(r"(\d+)([kKmMgG]?)", reading.max_body)
    if size and size[1] != "0":
        work.edge["max_body"] = f"{size[1]}{size[2].upper()}"
        work.findings.changed(Place(file, 1, 1), "client_max_body_size", "it is `edge.max_body`")
    ignored = [
        (name, line) for name, line in reading.directives if name not in ("server", "include", "types", "set")
    ]
    for name, line in ignored:
        if name.startswith(_EDGE_DOES):
            work.findings.changed(Place(file, line, 1), name, "the edge has its own")
        else:
            work.findings.dropped(
                Place(file, line, 1), name, "the edge does not have it", "does the app need it?"
            )


def _location(work: Work, file: str, location: nginx.Location) -> None:
    place, path = Place(file, location.line, 1), f"location {location.path}"
    if location.refused:
        work.findings.dropped(place, path, location.refused, "write edge.routes: {/PATH: SERVICE}")
        return
    if location.root:
        work.findings.dropped(
            place, path, "it serves files", "give them to the edge: edge.frontend.files or build"
        )
        return
    _route(work, place, path, location.path, location.host, location.port, strip=location.strip)


def _route(  # noqa: PLR0913
    work: Work, place: Place, where: str, path: str, host: str, port: int, strip: bool = False
) -> None:
    """A route to a service, when there is one of that name."""
    service = work.called(re.sub(r"^\$\{?\w+\}?$", "", host))
    path = path.rstrip("/") or "/"
    if service is None or not service.kept or not _ROUTE.fullmatch(path):
        cure = "write edge.routes: {/PATH: SERVICE}"
        work.findings.dropped(place, where, f"{host}:{port} is no service of homeport.yaml", cure)
        return
    if port:
        service.published.insert(0, port)
    work.routes[path] = {"service": service.name, "strip": True} if strip and path != "/" else service.name
    work.findings.changed(place, where, f"it is the route {path} to {service.name}")


def _caddy(work: Work, file: str, text: str) -> None:
    for match in _CADDY_HANDLE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        path = match[2].removesuffix("*")
        _route(work, Place(file, line, 1), match[1], path, match[3], int(match[4]), match[1] == "handle_path")
    taken = [match.span() for match in _CADDY_HANDLE.finditer(text)]
    for match in _CADDY.finditer(text):
        if not any(start <= match.start() <= end for start, end in taken):
            line = text.count("\n", 0, match.start()) + 1
            path = "/" if match[1] in (None, "*") else match[1].removesuffix("*")
            _route(work, Place(file, line, 1), "reverse_proxy", path, match[2], int(match[3]))


def _traefik_labels(work: Work, service: DraftService) -> None:
    """`traefik.http.routers.X.rule=PathPrefix(`/api`)` is a route."""
    labels = service.value.get("labels")
    pairs = list(labels.pairs()) if labels else []
    stripped = any("stripprefix" in name for name, _ in pairs)
    for name, value in pairs:
        path, text = service.at(f"labels.{name}"), value.text or ""
        if re.fullmatch(r"traefik\.http\.routers\.[\w-]+\.rule", name):
            prefixes = re.findall(r"PathPrefix\(\s*[`\"'](/[^`\"']*)", text) or ["/"]
            hosts = re.findall(r"Host\(\s*[`\"']([^`\"']+)", text)
            for prefix in prefixes:
                _labelled(work, service, value, path, prefix, hosts, stripped)
        elif name.startswith(("traefik.", "caddy")):
            work.findings.changed(value.place, path, "the edge does its work")
        else:
            work.findings.dropped(value.place, path, "labels are homeport's own")


def _labelled(  # noqa: PLR0913
    work: Work, service: DraftService, value: Value, path: str, prefix: str, hosts: list[str], stripped: bool
) -> None:
    host = hosts[0] if hosts else ""
    same = work.routes.get(prefix.rstrip("/") or "/") in (None, service.name)
    if prefix == "/" and not same:
        why = f"the host {host}: the edge has one name, and / leads to {work.routes['/']}"
        work.findings.dropped(value.place, path, why, f"write edge.routes: {{/PATH: {service.name}}}")
        return
    if prefix == "/" and len(work.of_role("proxy")) and re.match(r"(api|admin|dashboard|traefik)\.", host):
        cure = f"write edge.routes: {{/api: {service.name}}} or the path it should have"
        work.findings.dropped(value.place, path, f"the host {host}: the edge has one name", cure)
        return
    _route(work, value.place, path, prefix, service.origin, 0, strip=stripped)


def _static(work: Work, service: DraftService) -> None:
    """A proxy that also serves a folder of files: the edge's frontend."""
    value = service.value.get("volumes")
    for mount in mounts.read(value) if value else ():
        source = join("", mount.source) if mount.kind == "bind" else ""
        served = re.fullmatch(
            r"/usr/share/nginx/html/?|/srv/?|/var/www(/html)?/?|/usr/share/caddy/?", mount.target
        )
        if (
            source
            and served
            and work.project.folder.kind(f"{source}/index.html") == "file"
            and "frontend" not in work.edge
        ):
            work.edge["frontend"] = {"files": source}
            work.findings.changed(
                mount.value.place, service.at(f"volumes[{mount.target}]"), "the edge serves these files"
            )


def _keys(work: Work, service: DraftService, read: set[str]) -> None:
    """Each key of the proxy's own service."""
    for key, value in (service.value.entries or {}).items():
        path = service.at(key)
        if key == "volumes":
            for mount in mounts.read(value):
                _mount(work, service, mount, read)
        elif key in ("environment", "env_file", "configs", "secrets", "command", "entrypoint", "labels"):
            work.findings.dropped(value.place, path, "the edge is set up by homeport.yaml alone",
                                  "does it say something that `edge:` should?")  # fmt: skip
        else:
            work.findings.changed(value.place, path, "the edge has its own")


def _mount(work: Work, service: DraftService, mount: mounts.Mount, read: set[str]) -> None:
    path, place = service.at(f"volumes[{mount.target}]"), mount.value.place
    source = join("", mount.source) if mount.source else ""
    if mounts.SOCKETS.search(mount.source) and ".sock" in mount.source:
        why = "the Docker socket makes whoever has it root of the host; the edge needs none"
        work.findings.dropped(place, path, why)
    elif any(file == source or file.startswith(f"{source}/") for file in read):
        work.findings.changed(place, path, f"{mount.source} was read for its routes")
    elif not any(f.path == path for f in work.findings.items):
        work.findings.dropped(place, path, "the edge has its own certificates and configuration")
