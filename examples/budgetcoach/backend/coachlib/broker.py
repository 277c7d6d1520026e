"""The connection to RabbitMQ: one a process, opened when needed, opened again when lost."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from coachlib import topology
from coachlib.settings import Settings

if TYPE_CHECKING:
    from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange

log = logging.getLogger("coachlib.broker")

_TIMEOUT = 10


class Broker:
    """Hands out channels; whoever loses one asks again. Nothing here retries: the callers have the loops."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection: AbstractConnection | None = None
        self._opening = asyncio.Lock()

    @property
    def connected(self) -> bool:
        """True while the connection is open."""
        # A lost connection is not "closed" for the library, only not connected.
        connection = self._connection
        return connection is not None and connection.connected.is_set() and not connection.is_closed

    async def channel(self, prefetch: int = 0) -> AbstractChannel:
        """A new channel with publisher confirms; a message that no queue takes raises. OSError while down."""
        async with self._opening:
            if not self.connected:
                await self.close()
                self._connection = await self._open()
        assert self._connection is not None
        channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
        if prefetch:
            await channel.set_qos(prefetch_count=prefetch)
        return channel

    async def exchange(self, channel: AbstractChannel) -> AbstractExchange:
        """The exchange for events, with the service's own queue behind it declared."""
        return await topology.declare_own(channel, self._settings.service)

    async def _open(self) -> AbstractConnection:
        from aio_pika import connect

        url = self._settings.secret("rabbitmq_url")
        connection = await connect(
            url, timeout=_TIMEOUT, heartbeat=15, client_properties={"connection_name": self._settings.service}
        )
        log.info("connected to the broker")
        return connection

    def check(self, channel: AbstractChannel) -> None:
        """Raise ConnectionError when `channel` has been lost."""
        if channel.is_closed or not self.connected:
            raise ConnectionError("the connection to the broker is lost")

    async def close(self) -> None:
        """Close the connection; what was not acknowledged goes back to its queue."""
        connection, self._connection = self._connection, None
        if connection is not None:
            # A lost connection may fail to close; it is gone all the same.
            with suppress(Exception):
                await connection.close()


async def close_quietly(channel: AbstractChannel) -> None:
    """Close a channel whose connection may be lost already."""
    with suppress(Exception):
        if not channel.is_closed:
            await channel.close()
