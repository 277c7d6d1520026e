"""How Docker asks a service whether it can serve: by the probe that each container has at /run/homeport."""

from __future__ import annotations

import math

from homeport.components.contribution import HealthCheck
from homeport.stack.parts import Health, Service

PROBE = ("CMD", "sh", "/run/homeport/health.sh")


def _test(service: Service) -> tuple[str, ...]:
    if service.health and service.health.command:
        return ("CMD", *service.health.command)
    if service.health and service.health.path and service.port:
        seconds = str(math.ceil(service.health.timeout))
        return (*PROBE, "http", str(service.port), service.health.path, seconds)
    if service.port:
        return (*PROBE, "tcp", str(service.port))
    return (*PROBE, "alive")


def check(service: Service) -> HealthCheck:
    """Times in seconds. The probe's own limit lies below Docker's, so that its words reach the log."""
    health = service.health or Health(path=None)
    return HealthCheck(_test(service), timeout=math.ceil(health.timeout) + 1, start_period=health.start)
