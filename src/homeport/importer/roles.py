"""First pass: what each service of the compose file is for, and under which names the others reach it."""

from __future__ import annotations

import re

from homeport.importer import dockerfile, images
from homeport.importer.draft import DraftService, Work, name_of
from homeport.importer.value import Value
from homeport.stack.rules.services import RESERVED

_DEV_PROFILES = {
    "dev",
    "develop",
    "development",
    "debug",
    "local",
    "test",
    "tests",
    "testing",
    "tools",
    "seed",
}


def assign(work: Work) -> None:
    """Make a DraftService of each service; those that have no place in production are left out with a reason."""
    taken: set[str] = set()
    for origin, value in work.project.services.items():
        service = DraftService(origin, _free(allowed(name_of(origin, "service")), taken), value)
        taken.add(service.name)
        work.services[origin] = service
        service.names = {origin, *_other_names(value)}
        service.role = _role(work, service)
    for service in list(work.services.values()):
        _leave_out(work, service)
        _profiles(work, service)
        if service.kept:
            _rename(work, service)


def allowed(name: str) -> str:
    """Another name for one that homeport uses itself: `logs` -> `my-logs`, `a-blue` -> `a-blue-slot`."""
    if re.fullmatch(r".*-(blue|green)(-[0-9]+)?", name):
        return f"{name[:35]}-slot"
    if name in RESERVED:
        return {"app": "web"}.get(name, f"my-{name}"[:36])
    return name


def _free(name: str, taken: set[str]) -> str:
    found, number = name, 2
    while found in taken:
        found, number = f"{name[:36]}-{number}", number + 1
    return found


def _other_names(value: Value) -> set[str]:
    """container_name, hostname and network aliases: names that other containers may use."""
    found = {value.string("container_name"), value.string("hostname")}
    networks = value.get("networks")
    for network in ((networks.entries if networks else None) or {}).values():
        aliases = network.get("aliases")
        found |= {item.text for item in (aliases.list() if aliases else ()) if item.text}
    return found - {""}


def _role(work: Work, service: DraftService) -> images.Role:
    if service.builds:
        text = dockerfile.read(work.project.folder, service.value.get("build"))
        if text and text.only_files:
            return "frontend"
        base = images.reference(text.last_base).base if text else ""
        return (
            "proxy"
            if base in ("nginx", "caddy", "haproxy", "traefik") and text and text.only_config
            else "service"
        )
    found = images.role(service.image)
    return "service" if found == "rabbitmq" and _other_broker(service.image) else found


def _other_broker(image: str) -> bool:
    return (images.reference(image).major or 4) < 3


def _rename(work: Work, service: DraftService) -> None:
    if service.name != service.origin and service.role not in ("postgres", "rabbitmq", "proxy", "frontend"):
        own = service.name != name_of(service.origin, "service")
        reason = "homeport keeps that name for itself" if own else "a name has a-z, 0-9 and -"
        why = f"named {service.name}: {reason}"
        work.findings.changed(service.value.place, f"services.{service.origin}", why)


_NOT_NEEDED = {
    "tool": (
        "an operator's tool that would open the database to whoever finds it; it stays on your laptop",
        "",
    ),
    "needs-socket": (
        "it works through the Docker socket, which makes it root of the host; homeport mounts the socket nowhere",
        "homeport status, logs and deploy do its work",
    ),
}


def _leave_out(work: Work, service: DraftService) -> None:
    path = f"services.{service.origin}"
    if service.role in _NOT_NEEDED:
        why, cure = _NOT_NEEDED[service.role]
        service.kept = False
        work.findings.dropped(service.value.place, path, why, cure)
    elif service.role == "frontend":
        _frontend(work, service)
    elif service.role == "catcher":
        service.keys["only"] = ["local"]
        why = "catches mail in development, so it runs in the local environment only"
        cure = "give production its mail server in `environments.production.env`"
        work.findings.changed(service.value.place, path, why, cure)


def _frontend(work: Work, service: DraftService) -> None:
    """Static files: the edge serves them, no container of their own."""
    service.kept = False
    context, file, _ = dockerfile.location(service.value.get("build"))
    work.edge["frontend"] = {
        "build": context if file.rpartition("/")[2] == "Dockerfile" else {"context": context}
    }
    path = f"services.{service.origin}"
    why = (
        "its image holds nothing but static files: it is edge.frontend, built without the development server"
    )
    work.findings.changed(service.value.place, path, why)
    for key, value in (service.value.entries or {}).items():
        if key in ("environment", "env_file"):
            why = "static files read no variables"
            work.findings.dropped(
                value.place, service.at(key), why, "what the build needs is edge.frontend.build.args"
            )
        else:
            work.findings.changed(
                value.place, service.at(key), "for the development server only; the edge has its own"
            )


def _profiles(work: Work, service: DraftService) -> None:
    found = service.value.get("profiles")
    names = {item.text or "" for item in (found.list() if found else ())}
    if not found or not names:
        return
    active = set(re.split(r"[,\s]+", work.project.env.get("COMPOSE_PROFILES", "")))
    path = service.at("profiles")
    if names & active or "*" in active:
        work.findings.carried(found.place, path, "COMPOSE_PROFILES starts it, so it is here")
    elif any(word in _DEV_PROFILES for name in names for word in re.split(r"[-_]", name)):
        service.keys["only"] = ["local"]
        work.findings.changed(found.place, path, "a profile for development: `only: [local]`")
    else:
        service.kept = False
        shown = ", ".join(sorted(names))
        cure = f"to have it: COMPOSE_PROFILES={shown} in .env, and run init again"
        work.findings.dropped(found.place, path, f"the service starts only with profile {shown}", cure)
