"""A real HTTP server on loopback that answers from a script."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import settings

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@dataclass(frozen=True)
class Answer:
    """One scripted answer; a `promised` length over the body's cuts it short."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    promised: int | None = None


class Web:
    """Answers each request with the next line of the script, the last one for ever."""

    Answer = Answer

    def __init__(self) -> None:
        self.script: list[Answer] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        serve = self.server.serve_forever
        threading.Thread(target=serve, args=(0.01,), daemon=True).start()

    def answer(self, *script: Answer) -> None:
        self.script = list(script)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def _handler(web) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.requests.append((self.path, dict(self.headers)))
                first, *rest = web.script
                web.script = rest or [first]
                self.send_response(first.status)
                for name, value in first.headers.items():
                    self.send_header(name, value)
                length = len(first.body) if first.promised is None else first.promised
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(first.body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    yield server
    server.close()
