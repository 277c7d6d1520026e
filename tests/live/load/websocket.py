"""A WebSocket client (RFC 6455) that tells how it ended: by a close frame with its code, or by a cut."""

from __future__ import annotations

import asyncio
import base64
import os
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA


@dataclass
class WebSocket:
    """One open socket. `code` is that of the server's close frame, 0 before, -1 when there was none at the end."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    code: int = 0

    @classmethod
    async def open(cls, url: str, path: str, ca: str, address: str = "127.0.0.1") -> WebSocket:
        split = urlsplit(url)
        context = ssl.create_default_context(cafile=ca)
        reader, writer = await asyncio.open_connection(
            address, split.port, ssl=context, server_hostname=split.hostname
        )
        key = base64.b64encode(os.urandom(16)).decode()
        fields = {"Host": split.netloc, "Upgrade": "websocket", "Connection": "Upgrade"}
        fields |= {"Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13"}
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        assert head.startswith("HTTP/1.1 101 "), head
        return cls(reader, writer)

    async def echo(self, text: str) -> str | None:
        """What comes back, or None once the server has closed."""
        try:
            self._send(TEXT, text.encode())
            return await self._receive()
        except (ConnectionError, asyncio.IncompleteReadError):
            self.code = self.code or -1
            return None

    async def _receive(self) -> str | None:
        while True:
            first, second = await self.reader.readexactly(2)
            length = second & 0x7F
            if length == 126:
                length = int.from_bytes(await self.reader.readexactly(2), "big")
            data = await self.reader.readexactly(length)
            kind = first & 0x0F
            if kind == TEXT:
                return data.decode()
            if kind == PING:
                self._send(PONG, data)
            if kind == CLOSE:
                self.code = int.from_bytes(data[:2], "big")
                self._send(CLOSE, data[:2])
                self.writer.close()
                return None

    def _send(self, kind: int, data: bytes) -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))
        self.writer.write(bytes([0x80 | kind, 0x80 | len(data)]) + mask + masked)
