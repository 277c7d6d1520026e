"""Asks http://echo:8000 from within the stack all the time, as services do: pooled clients, no retries.
How each call ended is noted in the ledger, for it outlives this container.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import httpx
from book import Book
from echo import Receive, Send, read

URL = os.environ.get("ECHO_URL", "http://echo:8000")
EVERY = 0.05  # seconds between two calls of one client
SLOW_EVERY = 40  # one call of so many takes a second and a half
Ask = Callable[[str, str, bytes], Awaitable[tuple[int, bytes]]]
book = Book()


def with_aiohttp(session: aiohttp.ClientSession) -> Ask:
    async def ask(path: str, id_: str, body: bytes) -> tuple[int, bytes]:
        method = "POST" if body else "GET"
        async with session.request(method, URL + path, data=body, headers={"X-Load-Id": id_}) as answer:
            return answer.status, await answer.read()

    return ask


def with_httpx(client: httpx.AsyncClient) -> Ask:
    async def ask(path: str, id_: str, body: bytes) -> tuple[int, bytes]:
        method = "POST" if body else "GET"
        answer = await client.request(method, URL + path, content=body, headers={"X-Load-Id": id_})
        return answer.status_code, answer.content

    return ask


async def one(client: str, ask: Ask, number: int) -> None:
    id_ = f"call-{uuid.uuid4().hex}"
    body = f"body of {id_}".encode() if number % 5 < 2 else b""
    path = "/slow?seconds=1.5" if number % SLOW_EVERY == 0 and not body else "/echo"
    try:
        status, answer = await ask(path, id_, body)
    except Exception as fault:  # whatever a client raises is a lost request
        book.note(f"call {client} {type(fault).__name__}: {str(fault)[:80]}".replace("\n", " "))
        return
    good = status == 200 and (answer == body if body else id_.encode() in answer)
    book.note(f"call {client} {'ok' if good else f'HTTP {status}'}")


async def keep_asking(client: str, ask: Ask, stop: asyncio.Event) -> None:
    """Until it is told to stop; then what is under way is finished."""
    calls: set[asyncio.Task[None]] = set()
    number = 0
    while not stop.is_set():
        number += 1
        task = asyncio.create_task(one(client, ask, number))
        calls.add(task)
        task.add_done_callback(calls.discard)
        await asyncio.sleep(EVERY)
    await asyncio.gather(*calls)


async def work(stop: asyncio.Event) -> None:
    await book.open()
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(timeout=timeout) as session, httpx.AsyncClient(timeout=20) as client:
        await asyncio.gather(
            keep_asking("aiohttp", with_aiohttp(session), stop),
            keep_asking("httpx", with_httpx(client), stop),
        )
    await book.close()


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    await read(receive)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def lifespan(receive: Receive, send: Send) -> None:
    await receive()
    stop = asyncio.Event()
    task = asyncio.create_task(work(stop))
    await send({"type": "lifespan.startup.complete"})
    await receive()
    stop.set()
    await task
    await send({"type": "lifespan.shutdown.complete"})
