"""One HTTP/2 connection of the load generator; many requests at a time, none sent twice."""

from __future__ import annotations

import asyncio

from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.exceptions import ProtocolError

from tests.live.load.http1 import DEADLINE, Answer, Lost, Request

STREAMS = 3  # at a time; with 60 connections below what the edge lets one address have


class Http2(asyncio.Protocol):
    """RFC 9113 by the h2 library."""

    streams = STREAMS

    def __init__(self, authority: str) -> None:
        self.authority = authority
        self.open = False
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._answers: dict[int, Answer] = {}

    async def ask(self, request: Request) -> Answer:
        stream = self._h2.get_next_available_stream_id()
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[stream], self._answers[stream] = future, Answer()
        try:
            self._h2.send_headers(stream, self._head(request), end_stream=not request.body)
            self._flush()
            async with asyncio.timeout(DEADLINE):
                await self._send_body(stream, request, future)
                return await future
        except TimeoutError as fault:
            raise Lost(f"no answer within {DEADLINE:.0f} s") from fault
        except ProtocolError as fault:  # the stream or the connection ended while the body was sent
            raise Lost(type(fault).__name__) from fault
        finally:
            self._waiting.pop(stream, None)
            self._answers.pop(stream, None)

    def _head(self, request: Request) -> list[tuple[str, str]]:
        fields = {":method": request.method, ":scheme": "https", ":authority": self.authority}
        fields |= {":path": request.path, **{k.lower(): v for k, v in request.headers.items()}}
        if request.body:
            fields["content-length"] = str(len(request.body))
        return list(fields.items())

    async def _send_body(self, stream: int, request: Request, future: asyncio.Future[Answer]) -> None:
        parts = request.parts()
        for number, part in enumerate(parts, 1):
            while self.open and self._h2.local_flow_control_window(stream) < len(part):
                await asyncio.sleep(0.01)
            if future.done():
                return
            self._h2.send_data(stream, part, end_stream=number == len(parts))
            self._flush()
            if request.pieces > 1:
                await asyncio.sleep(request.over / request.pieces)

    def _flush(self) -> None:
        if data := self._h2.data_to_send():
            self._transport.write(data)

    # -- what asyncio calls ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self.open = transport, True
        self._h2.initiate_connection()
        self._flush()

    def data_received(self, data: bytes) -> None:
        for event in self._h2.receive_data(data):
            self._handle(event)
        self._flush()

    def _handle(self, event: events.Event) -> None:
        if isinstance(event, events.ConnectionTerminated):
            self._goodbye(event)
            return
        answer = self._answers.get(getattr(event, "stream_id", 0) or 0)
        if isinstance(event, events.DataReceived):
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if answer:
                answer.body += event.data
        elif isinstance(event, events.ResponseReceived) and answer:
            answer.headers = dict(event.headers)
            answer.status = int(answer.headers[":status"])
        elif isinstance(event, events.StreamEnded) and answer:
            self._end(event.stream_id, answer)
        elif isinstance(event, events.StreamReset) and answer:
            self._end(event.stream_id, Lost(f"stream reset ({event.error_code!s})"))

    def _goodbye(self, event: events.ConnectionTerminated) -> None:
        """GOAWAY: what the server has not seen is lost here, for this client does not ask again."""
        self.open = False
        for stream in [s for s in self._waiting if s > (event.last_stream_id or 0)]:
            self._end(stream, Lost("refused by GOAWAY"))

    def _end(self, stream: int, outcome: Answer | Lost) -> None:
        future = self._waiting.get(stream)
        if future and not future.done():
            if isinstance(outcome, Lost):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        for stream in list(self._waiting):
            self._end(stream, Lost(f"{type(exc).__name__ if exc else 'EOF'} before the end of the answer"))

    def close(self) -> None:
        self.open = False
        self._transport.close()
