"""What `check` says of a file that is right: what was allowed on purpose, and what only a deploy can see."""

from __future__ import annotations

from homeport.stack.model import Stack, is_root
from homeport.stack.rules.finding import Finding, Findings


def root(stack: Stack) -> Findings:
    for name, service in stack.services.items():
        if service.allow_root:
            may = "runs" if is_root(service.user) else "may run"
            yield Finding(("services", name, "allow_root"), f"{may} as root: {service.allow_root}")


def own_user(stack: Stack) -> Findings:
    for name, service in stack.services.items():
        if service.user == "image" and not service.allow_root:
            fault = "only the image knows its user; a deploy refuses it when that is root"
            yield Finding(("services", name, "user"), fault)


def writable(stack: Stack) -> Findings:
    for name, service in stack.services.items():
        if service.writable:
            fault = "the container may change its own programs, and what it writes is lost at its next start"
            cure = "if you know the folders, name them in `tmpfs` or `volumes` instead"
            yield Finding(("services", name, "writable"), fault, cure)
