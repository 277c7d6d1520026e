"""Each request reads and writes a row; /note is what the clerk wrote last. The code is the same in every version."""

import asyncio
import os
from pathlib import Path

import asyncpg

POOL, LOCK = [], asyncio.Lock()


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    status, body = 200, b"ok"
    try:
        if scope["path"] == "/health":
            await database()
        else:
            body = await note() if scope["path"] == "/note" else await order()
    except Exception as fault:
        status, body = 503, repr(fault).encode()
    await send(
        {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]}
    )
    await send({"type": "http.response.body", "body": body})


async def database():
    async with LOCK:
        if not POOL:
            url = Path(os.environ["DATABASE_URL_FILE"]).read_text().strip()
            POOL.append(await asyncpg.create_pool(url, min_size=2, max_size=20))
    return POOL[0]


async def order():
    async with (await database()).acquire() as connection:
        found = await connection.fetchval(
            "INSERT INTO orders (customer, note) VALUES (1 + floor(random() * 100)::int, 'n') RETURNING id"
        )
        name = await connection.fetchval("SELECT name FROM customers WHERE id = 1 + $1 % 100", found)
    return f"{found} {name}".encode()


async def note():
    async with (await database()).acquire() as connection:
        found = await connection.fetchval(
            "SELECT note FROM orders WHERE note LIKE 'clerk: %' ORDER BY id DESC LIMIT 1"
        )
    return (found or "").encode()
