"""postgresql.conf, sized from the memory that the container may use."""

from __future__ import annotations

import math

from homeport.components.read import template
from homeport.stack.parts import MIB, Postgres


def render(part: Postgres) -> str:
    """The file as text. Ratios: PostgreSQL manual, "Resource Consumption" (a quarter for shared_buffers)."""
    text = template("postgres", "postgresql.conf").format(
        version=part.version,
        memory=part.memory // MIB,
        max_connections=part.max_connections,
        shared_buffers=part.memory // 4 // MIB,
        effective_cache_size=part.memory * 3 // 4 // MIB,
        maintenance_work_mem=max(16, part.memory // 16 // MIB),
        work_mem=max(4096, part.memory // 4 // part.max_connections // 1024),
        parallel=math.ceil(part.cpus),
    )
    return text + _overrides(part.settings)


def _overrides(settings: dict[str, str]) -> str:
    """The last value counts, so what the file asks for comes last."""
    if not settings:
        return ""
    lines = (f"{key} = {_quote(value)}\n" for key, value in sorted(settings.items()))
    return "\n# From postgres.settings in homeport.yaml.\n" + "".join(lines)


def _quote(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
