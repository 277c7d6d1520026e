"""PostgreSQL: one server, a database and a role of its own for each service that asks for one."""

from homeport.components.postgres.component import contribute

__all__ = ["contribute"]
