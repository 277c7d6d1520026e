"""A line to the ledger, over one connection that is kept."""

from __future__ import annotations

import asyncio

LEDGER = ("ledger", 9000)


class Book:
    """Opened at start, closed at the end, so that nothing that was done is missing in the ledger."""

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(*LEDGER)
        self._asking = asyncio.Lock()

    def note(self, line: str) -> None:
        self._writer.write(f"{line}\n".encode())

    async def ask(self, line: str) -> bytes:
        async with self._asking:
            self.note(line)
            return await self._reader.readline()

    async def close(self) -> None:
        await self._writer.drain()
        self._writer.close()
        await self._writer.wait_closed()
