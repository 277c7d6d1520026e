"""Rules of the environments: names, ports, networks and certificates that do not get in each other's way."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from itertools import combinations

from homeport.stack.model import SLOTS, Stack, Target, has_slots, slot_container
from homeport.stack.parts import Environment
from homeport.stack.rules.finding import Finding, Findings

PARTS = ("nginx", "postgres", "rabbitmq")
_PRIVATE_SUFFIXES = (".localhost", ".local", ".test", ".internal", ".invalid", ".home.arpa", ".lan")


def at_least_one(stack: Stack) -> Findings:
    if not stack.environments:
        cure = "write `local: {domain: " + stack.name + ".localhost}`"
        yield Finding(("environments",), "no environment", cure, key=True)


def names_once(stack: Stack) -> Findings:
    """A host can give a name to one environment only, and an alias is not the domain again."""
    for name, env in stack.environments.items():
        seen = {env.domain}
        for at, alias in enumerate(env.aliases):
            if alias in seen:
                yield Finding(("environments", name, "aliases", at), f"{alias} is named twice", "keep one")
            seen.add(alias)
    for one, other in _neighbours(stack):
        first, second = stack.environments[one], stack.environments[other]
        for shared in sorted({first.domain, *first.aliases} & {second.domain, *second.aliases}):
            fault = f"{shared} is also a name of {one}, on the same host"
            yield Finding(("environments", other), fault, "give each its own domain", key=True)


def own_ports(stack: Stack) -> Findings:
    """Two environments of one host cannot publish the same port on the same address."""
    reported: set[str] = set()
    for one, other in _neighbours(stack):
        shared = _shared_ports(Target(stack, one), Target(stack, other))
        if shared and other not in reported:
            reported.add(other)
            fault = f"publishes port {' and '.join(map(str, shared))} of this host, as {one} does"
            cure = "give it `ports: {http: 8080, https: 8443}`, or a `bind` address of its own"
            yield Finding(("environments", other), fault, cure, key=True)


def _shared_ports(first: Target, second: Target) -> list[int]:
    if first.bind != second.bind and "0.0.0.0" not in (first.bind, second.bind):  # noqa: S104
        return []
    taken = {first.env.ports.http, first.env.ports.https}
    return sorted(taken & {second.env.ports.http, second.env.ports.https})


def ports_differ(stack: Stack) -> Findings:
    for name, env in stack.environments.items():
        if env.ports.http == env.ports.https:
            path = ("environments", name, "ports")
            yield Finding(path, f"http and https are both {env.ports.http}", "give each its own")


def own_network(stack: Stack) -> Findings:
    for one, other in _neighbours(stack):
        mine, theirs = stack.environments[other].network, stack.environments[one].network
        if mine and theirs and ipaddress.ip_network(mine).overlaps(ipaddress.ip_network(theirs)):
            path = ("environments", other, "network")
            yield Finding(path, f"is also the network of {one}, on the same host", "give each its own /20")


def own_containers(stack: Stack) -> Findings:
    """On one host the engine gives a name to one container: PROJECT-CONTAINER-1, whatever its project."""
    for one, other in _neighbours(stack):
        first, second = _names(Target(stack, one)), _names(Target(stack, other))
        for pair in dict.fromkeys((first[name], second[name]) for name in first if name in second):
            mine, theirs = (one, other) if len(pair[0]) >= len(pair[1]) else (other, one)
            service, there = sorted(pair, key=len, reverse=True)
            fault = (
                f"its containers in {mine} have the names of those of {there} in {theirs}, on the same host"
            )
            yield Finding(("services", service), fault, "choose another name", key=True)


def _names(target: Target) -> dict[str, str]:
    """Container -> service or part, as far as the names of services decide it."""
    names = {name: name for name in PARTS}
    for name, service in target.services.items():
        replicas = range(1, service.replicas + 1)
        slots = [slot_container(name, slot, n) for slot in SLOTS for n in replicas]
        names |= dict.fromkeys(slots if has_slots(service) else [name], name)
    return {f"{target.project}-{container}": owner for container, owner in names.items()}


def public_certificate(stack: Stack) -> Findings:
    """Let's Encrypt proves a public name by a request to its port 80."""
    for name, env in stack.environments.items():
        if env.tls == "self-signed":
            continue
        path = ("environments", name, "tls")
        for domain in (env.domain, *env.aliases):
            if domain.endswith(_PRIVATE_SUFFIXES):
                yield Finding(path, f"no public CA gives a certificate for {domain}", "write self-signed")
        if env.ports.http != 80:
            fault = f"Let's Encrypt asks at port 80, but ports.http is {env.ports.http}"
            yield Finding(path, fault, "publish 80, or write self-signed")


def certificate(stack: Stack) -> Findings:
    """The other kinds have their words, so that they have their place when they come; nobody gets one yet."""
    for name, env in stack.environments.items():
        if env.tls != "self-signed":
            cure = (
                "this homeport does not ask Let's Encrypt yet; write `tls: self-signed`, or take the key out"
            )
            yield Finding(("environments", name, "tls"), "not yet", cure)


def _neighbours(stack: Stack) -> Iterator[tuple[str, str]]:
    """Pairs of environments on one host."""

    def host(env: Environment) -> str:
        return env.host.rpartition("@")[2].lower()

    for (one, first), (other, second) in combinations(stack.environments.items(), 2):
        if host(first) == host(second):
            yield one, other
