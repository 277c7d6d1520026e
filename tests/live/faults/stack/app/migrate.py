"""Brings the schema up: schema.sql, one statement after the other, and what this release does wrong."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
from behave import FAULT


def main() -> None:
    with psycopg.connect(Path(os.environ["DATABASE_URL_FILE"]).read_text(), autocommit=True) as connection:
        if connection.execute("SELECT to_regclass('entries') IS NULL").fetchone()[0]:
            connection.execute(Path("schema.sql").read_text())
        if FAULT == "migration":
            connection.execute("ALTER TABLE ledgers ADD COLUMN page int")
        if FAULT == "rewrite":
            connection.execute("ALTER TABLE entries ALTER COLUMN words TYPE varchar(90)")


if __name__ == "__main__":
    main()
