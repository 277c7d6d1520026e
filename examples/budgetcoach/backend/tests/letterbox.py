"""What the user service asks to be mailed, read from its events by a queue of the tests' own."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import aio_pika

from coachlib import topology
from tests.launcher import Service

_QUEUE = "test.letters"
_OPEN = """
SELECT (SELECT count(*) FROM account_requests WHERE expires_at IS NULL) + (SELECT count(*) FROM outbox) AS n
"""
_read: dict[str, list[dict[str, Any]]] = {}


def open_letterbox(user: Service) -> Service:
    """From now on keep what is asked to be mailed; gives the service back."""
    _read.clear()
    _collect(user)
    _read.clear()
    return user


def next_letter(user: Service, email: str) -> dict[str, Any]:
    """The data of the next "user.mail" to this address; fails when none comes."""
    deadline = time.monotonic() + 60
    while not _read.get(email.lower()):
        assert time.monotonic() < deadline, f"no mail for {email}; there are some for {list(_read)}"
        _collect(user)
        time.sleep(0.05)
    return _read[email.lower()].pop(0)


def letters_to(user: Service, email: str) -> list[str]:
    """The kinds of all further ones to this address, once everything asked so far has been answered."""
    deadline = time.monotonic() + 60
    while user.sql(_OPEN)[0]["n"]:
        assert time.monotonic() < deadline, "the requests for mails are never answered"
        time.sleep(0.05)
    _collect(user)
    return [letter["mail"] for letter in _read.pop(email.lower(), [])]


def _collect(user: Service) -> None:
    asyncio.run(_fetch(Path(user.env["RABBITMQ_URL_FILE"]).read_text().strip()))


async def _fetch(url: str) -> None:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        exchange = await topology.declare(channel)
        queue = await channel.declare_queue(_QUEUE, durable=True)
        await queue.bind(exchange, routing_key="user.mail")
        while message := await queue.get(no_ack=True, fail=False):
            data = json.loads(message.body)["data"]
            _read.setdefault(data["email"], []).append(data)
