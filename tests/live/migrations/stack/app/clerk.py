"""Writes what NOTE says among the shop's orders, twice a second; a PostgreSQL that is away is waited for."""

import os
import time
from pathlib import Path

import psycopg

NOTE = Path("NOTE").read_text().strip()
URL = Path(os.environ["DATABASE_URL_FILE"]).read_text()

while True:
    try:
        with psycopg.connect(URL, autocommit=True, connect_timeout=5) as connection:
            while True:
                connection.execute("INSERT INTO orders (note) VALUES (%s)", [f"clerk: {NOTE}"])
                time.sleep(0.5)
    except psycopg.OperationalError as fault:
        print(fault, flush=True)
        time.sleep(0.5)
