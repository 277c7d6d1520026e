"""A connection to an edge over HTTP/1.1 or HTTP/2, that sends what it is told and shows what comes, as it is."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection

_GOAWAY = 7  # the type of its frame
Body = bytes | Iterable[bytes] | None


@dataclass
class Answer:
    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def one(self, name: str) -> str:
        values = self.all(name)
        assert len(values) == 1, f"{name}: {values} in {self.status}"
        return values[0]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Refused(Exception):  # noqa: N818 (reads as what happened)
    """The whole connection was ended by GOAWAY, without an answer."""


class Connection(Protocol):
    """`arrived` is told of each piece of the answer's body as it comes."""

    def ask(
        self,
        path: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: Body = None,
        arrived: Callable[[bytes], None] | None = None,
    ) -> Answer: ...

    def close(self) -> None: ...


class Http1:
    """RFC 9112, by Python's own library. A body in pieces without a Content-Length is sent in chunks."""

    def __init__(self, host: str, connection: http.client.HTTPConnection) -> None:
        self._host, self._connection = host, connection

    @classmethod
    def over(cls, secured: ssl.SSLSocket, host: str) -> Http1:
        connection = http.client.HTTPConnection(host, timeout=20)
        connection.sock = secured
        return cls(host, connection)

    def ask(
        self,
        path: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: Body = None,
        arrived: Callable[[bytes], None] | None = None,
    ) -> Answer:
        given = {"Host": self._host, **(headers or {})}
        chunked = body is not None and not isinstance(body, bytes) and "Content-Length" not in given
        more = {"Transfer-Encoding": "chunked"} if chunked else {}
        self._connection.request(method, path, body, {**given, **more}, encode_chunked=chunked)
        response = self._connection.getresponse()
        body = b""
        while piece := response.read1() if arrived else response.read():
            body += piece
            if arrived:
                arrived(piece)
        return Answer(response.status, response.getheaders(), body)

    def close(self) -> None:
        self._connection.close()


class Http2:
    """RFC 9113, by the h2 library; one request at a time, and none is sent twice."""

    def __init__(self, secured: ssl.SSLSocket, host: str) -> None:
        self._socket, self._host, self._rest = secured, host, b""
        config = H2Configuration(client_side=True, header_encoding="utf-8", validate_outbound_headers=False)
        self._h2 = H2Connection(config)
        self._h2.initiate_connection()
        self._flush()

    def ask(
        self,
        path: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: Body = None,
        arrived: Callable[[bytes], None] | None = None,
    ) -> Answer:
        stream = _Stream(self._h2.get_next_available_stream_id(), Answer(), arrived)
        given = {name.lower(): value for name, value in (headers or {}).items()}
        if isinstance(body, bytes):
            given["content-length"] = str(len(body))
        head = {
            ":method": method,
            ":scheme": "https",
            ":authority": given.pop("host", self._host),
            ":path": path,
        }
        self._h2.send_headers(stream.number, [*head.items(), *given.items()], end_stream=body is None)
        self._flush()
        if body is not None:
            self._send(stream, iter((body,)) if isinstance(body, bytes) else iter(body))
        while not stream.ended:
            self._receive(stream)
        return stream.answer

    def _send(self, stream: _Stream, pieces: Iterator[bytes]) -> None:
        for piece in pieces:
            rest = piece
            while rest and not stream.ended:
                room = min(
                    self._h2.local_flow_control_window(stream.number), self._h2.max_outbound_frame_size
                )
                if not room:
                    self._receive(stream)
                    continue
                self._h2.send_data(stream.number, rest[:room])
                rest = rest[room:]
                self._flush()
        if not stream.ended:
            self._h2.end_stream(stream.number)
            self._flush()

    def _receive(self, stream: _Stream) -> None:
        data = self._socket.recv(65536)
        assert data, (
            f"closed before the end of the answer, after {stream.answer.status} {stream.answer.headers}"
        )
        for event in self._h2.receive_data(self._whole_frames(data)):
            if isinstance(event, events.ConnectionTerminated) and not stream.answer.status:
                raise Refused(str(event.error_code))
            if isinstance(event, events.DataReceived):
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if getattr(event, "stream_id", None) == stream.number:
                stream.take(event)
        self._flush()

    def _whole_frames(self, data: bytes) -> bytes:
        """All but a polite GOAWAY (no error): what is under way is still answered (RFC 9113, 6.8), but h2 takes no
        frame after one."""
        self._rest += data
        given = b""
        while len(self._rest) >= 9 and len(self._rest) >= (end := 9 + int.from_bytes(self._rest[:3])):
            frame, self._rest = self._rest[:end], self._rest[end:]
            polite = frame[3] == _GOAWAY and int.from_bytes(frame[13:17]) == 0
            given += b"" if polite else frame
        return given

    def _flush(self) -> None:
        if data := self._h2.data_to_send():
            self._socket.sendall(data)

    def close(self) -> None:
        self._socket.close()


@dataclass
class _Stream:
    """One request under way. A reset after the whole answer is no fault (RFC 9113, 8.1)."""

    number: int
    answer: Answer
    arrived: Callable[[bytes], None] | None
    ended: bool = False

    def take(self, event: events.Event) -> None:
        if isinstance(event, events.ResponseReceived):
            self.answer.headers = [(str(n), str(v)) for n, v in event.headers if not str(n).startswith(":")]
            self.answer.status = int(dict(event.headers)[":status"])
        elif isinstance(event, events.DataReceived):
            self.answer.body += event.data
            if self.arrived and event.data:
                self.arrived(event.data)
        elif isinstance(event, events.StreamEnded):
            self.ended = True
        elif isinstance(event, events.StreamReset):
            assert self.ended, f"the stream was reset ({event.error_code!s}) after {self.answer}"
