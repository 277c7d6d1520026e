"""Alembic's entry; everything is in coachlib."""

from coachlib.migrations import run_migrations

run_migrations()
