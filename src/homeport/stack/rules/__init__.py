"""Rules across parts: small functions that yield findings, in the order of the language."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from homeport.stack.model import Stack
from homeport.stack.problem import KeyPath, Problem
from homeport.stack.rules import edge, environments, files, notices, references, services, smoke, variables
from homeport.stack.rules.finding import Finding, Findings
from homeport.stack.source import Source

RULES: tuple[Callable[[Stack], Findings], ...] = (
    environments.at_least_one,
    environments.names_once,
    environments.own_ports,
    environments.ports_differ,
    environments.own_network,
    environments.own_containers,
    environments.certificate,
    environments.public_certificate,
    edge.a_way_in,
    edge.policy,
    edge.body,
    edge.frontend_source,
    edge.route_targets,
    edge.routes_differ,
    edge.own_paths,
    services.reserved_names,
    services.not_too_many,
    services.image_or_build,
    services.image_version,
    services.health,
    services.metrics,
    services.users,
    services.one_container,
    services.folders,
    references.databases,
    references.migrations,
    references.depends,
    references.cycles,
    references.only,
    references.broker,
    references.migration_networks,
    variables.reserved,
    variables.looks_secret,
    variables.unused_secrets,
    variables.secret_names,
    variables.notified,
    variables.registry,
    variables.settings,
    smoke.requests,
)
# Not wrong, but whoever reads the file should know.
NOTICES: tuple[Callable[[Stack], Findings], ...] = (
    notices.root,
    notices.own_user,
    notices.writable,
    smoke.unasked,
)


def check(stack: Stack, source: Source, broken: tuple[KeyPath, ...], folder: Path) -> list[Problem]:
    """What all rules find, but for echoes of what is broken in shape. `folder` is that of homeport.yaml."""
    findings = [finding for rule in RULES for finding in rule(stack)]
    findings += files.exist(stack, folder)
    return [problem(found, source) for found in findings if not found.echoes(broken)]


def noticed(stack: Stack, source: Source) -> list[Problem]:
    """What is allowed, and worth a look; of a file in which nothing is wrong."""
    return [problem(found, source) for rule in NOTICES for found in rule(stack)]


def problem(found: Finding, source: Source) -> Problem:
    """A finding with its place in the file."""
    return Problem(source.locate(found.path, found.key), source.written(found.path), found.fault, found.cure)
