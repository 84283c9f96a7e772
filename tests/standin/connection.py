"""One connection to the stand-in: parse, log, answer, with the faults of the path.
Knows HTTP, not the Hub.
"""

import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from tests.standin.content import Content, Literal
from tests.standin.faults import Fault

PIECE = 256 * 1024
DRIP = 1024
BOUNDARY = "stand-in-boundary"


@dataclass
class Request:
    """One request as it came, and what was sent back (`bytes_sent` of body)."""

    server: str
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = b""
    status: int = 0
    bytes_sent: int = 0

    @property
    def range(self) -> str | None:
        """The Range header."""
        return self.headers.get("range")


@dataclass
class Answer:
    """What to send: a status, headers, and a body of which ranges may be asked."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Content = field(default_factory=lambda: Literal(b""))
    takes_ranges: bool = False


Route = Callable[[Request], tuple[Answer, Fault | None]]


class Connection(BaseHTTPRequestHandler):
    """Answers the requests of one connection, one after another."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "Listener"

    def setup(self) -> None:
        """Remember the connection, so that stopping can close it."""
        super().setup()
        self.server.open_connections.append(self.connection)

    def do_GET(self) -> None:
        """Answer a GET, HEAD or POST."""
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            self.server.name,
            self.command,
            unquote(parts.path),
            parse_qs(parts.query),
            {name.lower(): text for name, text in self.headers.items()},
            self.rfile.read(length),
        )
        self.server.log(request)
        if self.server.latency_seconds:
            time.sleep(self.server.latency_seconds)
        answer, fault = self.server.route(request)
        with suppress(BrokenPipeError, ConnectionResetError):
            self._send(request, answer, fault)

    do_HEAD = do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Stay quiet: the stand-in keeps its own log."""

    def _send(self, request: Request, answer: Answer, fault: Fault | None) -> None:
        kind = fault.kind if fault else None
        if kind == "reset":
            self._hang_up()
            return
        if kind == "status" and fault:
            answer = _refusal(fault, answer.headers)
        body = _half(answer.body) if kind == "short" else answer.body
        ranged = answer.takes_ranges and answer.status == 200 and kind != "whole"
        if ranged and request.range:
            several = self.server.multi_range and kind != "single"
            answer, body = _ranged(request.range, answer, body, several)
        if kind == "shifted":
            _shift(answer.headers)
        request.status = answer.status
        self.send_response_only(answer.status)
        for name, text in {**answer.headers, "Content-Length": str(body.size)}.items():
            self.send_header(name, text)
        self.end_headers()
        if request.method != "HEAD":
            self._send_body(request, body, fault)

    def _send_body(self, request: Request, body: Content, fault: Fault | None) -> None:
        kind, seconds = (fault.kind, fault.seconds) if fault else (None, 0.0)
        stop = body.size // 2 if kind == "drop" else body.size
        if kind == "slow":
            time.sleep(seconds)
        piece = DRIP if kind == "drip" else PIECE
        for start in range(0, stop, piece):
            content = body.read(start, min(start + piece, stop))
            self.wfile.write(content)
            request.bytes_sent += len(content)
            if kind == "drip":
                time.sleep(seconds)
        if kind == "drop":
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


class Listener(ThreadingHTTPServer):
    """One port of the stand-in."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, name: str, route: Route, log: Callable[[Request], None]) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.name, self.route, self.log = name, route, log
        self.latency_seconds = 0.0
        self.multi_range = True
        self.open_connections: list[socket.socket] = []

    @property
    def origin(self) -> str:
        """Where it listens, as http://127.0.0.1:PORT."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *request: object) -> None:
        """Show a mistake of the stand-in; stay quiet about clients that hang up."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(*request)

    def hang_up(self) -> None:
        """Close every connection that is still open."""
        for connection in self.open_connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _refusal(fault: Fault, headers: Mapping[str, str]) -> Answer:
    kept = {n: t for n, t in headers.items() if n.lower().startswith("ratelimit")}
    if fault.retry_after is not None:
        kept["Retry-After"] = fault.retry_after
    if fault.code:
        kept["X-Error-Code"] = fault.code
    return Answer(fault.status, kept, Literal(b"the stand-in was told to fail"))


def _ranged(
    header: str, answer: Answer, body: Content, several: bool
) -> tuple[Answer, Content]:
    """Answer a Range header as RFC 9110 section 14 says."""
    headers = dict(answer.headers)
    spans = _spans(header, body.size)
    if not spans:
        headers["Content-Range"] = f"bytes */{body.size}"
        return Answer(416, headers), Literal(b"")
    if len(spans) > 1 and several:
        headers["Content-Type"] = f"multipart/byteranges; boundary={BOUNDARY}"
        return Answer(206, headers), Literal(_multipart(spans, body))
    if len(spans) > 1:
        return answer, body
    start, stop = spans[0]
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{body.size}"
    return Answer(206, headers), Part(body, start, stop)


def _spans(header: str, size: int) -> list[tuple[int, int]]:
    spans = []
    for text in header.removeprefix("bytes=").split(","):
        first, _, last = text.strip().partition("-")
        start = int(first) if first else max(0, size - int(last))
        stop = min(size, int(last) + 1) if first and last else size
        if start < stop:
            spans.append((start, stop))
    return spans


def _multipart(spans: list[tuple[int, int]], body: Content) -> bytes:
    parts = [
        b"\r\n--%s\r\nContent-Type: application/octet-stream\r\n"
        b"Content-Range: bytes %d-%d/%d\r\n\r\n%s"
        % (BOUNDARY.encode(), start, stop - 1, body.size, body.read(start, stop))
        for start, stop in spans
    ]
    return b"".join(parts) + b"\r\n--%s--\r\n" % BOUNDARY.encode()


def _shift(headers: dict[str, str]) -> None:
    if text := headers.get("Content-Range"):
        first, rest = text.removeprefix("bytes ").split("-", 1)
        headers["Content-Range"] = f"bytes {int(first) + 1}-{rest}"


def _half(body: Content) -> Content:
    return Part(body, 0, body.size // 2)


class Part:
    """A part of a file, read as it is sent."""

    def __init__(self, whole: Content, start: int, stop: int) -> None:
        self.size, self.oid = stop - start, whole.oid
        self._whole, self._start = whole, start

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes [start, stop) of the part."""
        return self._whole.read(self._start + start, self._start + stop)
