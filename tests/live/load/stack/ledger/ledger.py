"""Counts what the services really did, across their containers. One line a message on port 9000:

post ID            a POST was handled; a second one with the same ID is a duplicate
call CLIENT WORDS  a call between services ended: `ok`, or what was wrong
report PREFIX      answered with one line of JSON about the POSTs whose id begins so, and all calls
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from collections import Counter

PORT = 9000


class Ledger:
    """All counts since the start of this process."""

    def __init__(self) -> None:
        self.posts: Counter[str] = Counter()
        self.calls: dict[str, Counter[str]] = {}

    def report(self, prefix: str) -> str:
        mine = {name: count for name, count in self.posts.items() if name.startswith(prefix)}
        again = sum(count - 1 for count in mine.values())
        return json.dumps({"posts": len(mine), "duplicates": again, "calls": self.calls})

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := (await reader.readline()).decode().strip():
            word, _, rest = line.partition(" ")
            if word == "post":
                self.posts[rest] += 1
            elif word == "call":
                client, _, words = rest.partition(" ")
                self.calls.setdefault(client, Counter())[words] += 1
            elif word == "report":
                writer.write(f"{self.report(rest)}\n".encode())
        writer.close()


async def main() -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, sys.exit)
    server = await asyncio.start_server(Ledger().serve, "0.0.0.0", PORT)
    await server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1:] == ["ask"]:
        socket.create_connection(("127.0.0.1", PORT), timeout=2).close()
    else:
        asyncio.run(main())
