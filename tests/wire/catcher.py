"""A listener that keeps the forms that are posted to it."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class Catcher:
    """Where it listens, and what came."""

    url: str
    forms: "queue.Queue[dict[str, str]]" = field(default_factory=queue.Queue)

    def wait(self) -> dict[str, str]:
        """The next form."""
        return self.forms.get(timeout=20)


@contextmanager
def catcher() -> Iterator[Catcher]:
    """Listen on a free port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            caught.forms.put(dict(parse_qsl(body)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    caught = Catcher(f"http://127.0.0.1:{server.server_port}/heard")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield caught
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
