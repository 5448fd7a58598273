"""A server that is slow: a TCP relay before a real one that lets so many bytes of its answers through, and then none."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Relay:
    """`let_through` is how many bytes of answers pass on each connection; None: all. `calls` counts connections."""

    port: int
    let_through: int | None = None
    calls: int = 0
    open: list[socket.socket] = field(default_factory=list)


@contextmanager
def relay(target: int) -> Iterator[Relay]:
    """Relay to a port of this machine until the block ends."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    made = Relay(listener.getsockname()[1])
    threading.Thread(target=_accept, args=(listener, made, target), daemon=True).start()
    try:
        yield made
    finally:
        for each in (listener, *made.open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def _accept(listener: socket.socket, made: Relay, target: int) -> None:
    while True:
        try:
            caller, _ = listener.accept()
        except OSError:
            return
        made.calls += 1
        server = socket.create_connection(("127.0.0.1", target))
        made.open += [caller, server]
        threading.Thread(target=_carry, args=(caller, server, None), daemon=True).start()
        threading.Thread(target=_carry, args=(server, caller, made), daemon=True).start()


def _carry(source: socket.socket, sink: socket.socket, made: Relay | None) -> None:
    passed = 0
    with suppress(OSError):
        while piece := source.recv(65_536):
            if made is not None and made.let_through is not None:
                piece = piece[: max(0, made.let_through - passed)]
            passed += len(piece)
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
