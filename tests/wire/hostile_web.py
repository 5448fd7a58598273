"""A web server that answers as a test wants it to: wrongly, slowly, endlessly, with a redirect."""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Says:
    """What to answer. `drips` seconds pass before each of its octets, `waits` before the first; `endless` repeats the body."""

    body: bytes = b""
    status: int = 200
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    waits: float = 0
    drips: float = 0
    endless: bool = False


@dataclass(slots=True)
class HostileWeb:
    """The server: `answers` by path, and what it was `asked`."""

    url: str
    answers: dict[str, Callable[[Asked], Says]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def says(self, path: str, says: Says) -> None:
        """Always answer this."""
        self.answers[path] = lambda _asked: says

    def count(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(each.path == path for each in self.asked)


class _Server(ThreadingHTTPServer):
    """Listens on a free port; `stopped` ends what still waits or drips."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.stopped = threading.Event()
        self.web = HostileWeb(f"http{'' if tls is None else 's'}://127.0.0.1:{self.server_port}")


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: _Server

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        parts = urlsplit(self.path)
        body = self.rfile.read(length)
        asked = Asked(
            self.command,
            parts.path,
            dict(parse_qsl(parts.query)),
            dict(parse_qsl(body.decode(errors="replace"))),
            {name.lower(): value for name, value in self.headers.items()},
            body,
        )
        self.server.web.asked.append(asked)
        answer = self.server.web.answers.get(parts.path)
        self._say(Says(status=404) if answer is None else answer(asked))

    do_POST = do_GET  # noqa: N815

    def _say(self, says: Says) -> None:
        self.server.stopped.wait(says.waits)
        self.send_response(says.status)
        for name, value in {"Content-Type": says.media_type, **says.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self._send(says)
        except OSError:
            self.close_connection = True

    def _send(self, says: Says) -> None:
        if not says.drips:
            self.wfile.write(says.body)
        for octet in says.body if says.drips else b"":
            if self.server.stopped.wait(says.drips):
                return
            self.wfile.write(bytes([octet]))
        while says.endless and not self.server.stopped.is_set():
            self.wfile.write(says.body)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextmanager
def hostile_web(tls: ssl.SSLContext | None = None) -> Iterator[HostileWeb]:
    """Listen on a free port until the block ends; with `tls`, over TLS."""
    server = _Server(tls)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.web
    finally:
        server.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
