"""The service under load (ASGI, without a framework, so that the load is on the edge):

GET /health          200
GET /echo            the id of the request (X-Load-Id) and the version that answered
POST /echo           the body and the id, as they came; noted in the ledger before it is answered
GET /slow?seconds=N  the same as GET /echo, N seconds later
GET /report?prefix=P what the ledger says
WebSocket /ws        text comes back; on SIGTERM the server closes with 1012
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from book import Book

VERSION = Path("VERSION").read_text().strip()
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
book = Book()


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    await KINDS[scope["type"]](scope, receive, send)


async def http(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    body = await read(receive)
    id_ = dict(scope["headers"]).get(b"x-load-id", b"")
    query = {key: values[0] for key, values in parse_qs(scope["query_string"].decode()).items()}
    if scope["path"] == "/slow":
        await asyncio.sleep(min(60.0, float(query.get("seconds", "3"))))
    if scope["path"] == "/report":
        body = await book.ask(f"report {query.get('prefix', '')}")
    elif scope["method"] == "POST":
        book.note(f"post {id_.decode()}")
    else:
        body = json.dumps({"id": id_.decode(), "version": VERSION}).encode()
    headers = [(b"content-length", str(len(body)).encode()), (b"x-load-id", id_)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def read(receive: Receive) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def websocket(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": f"{VERSION} {message.get('text')}"})


async def lifespan(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    await receive()
    await book.open()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await book.close()
    await send({"type": "lifespan.shutdown.complete"})


KINDS = {"http": http, "websocket": websocket, "lifespan": lifespan}
