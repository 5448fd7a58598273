"""Ports that cannot be had, in words that name the port and the setting to change."""

import contextlib
import socket
from collections.abc import Iterator


class PortUnusable(Exception):
    """This port cannot be listened on; stop whoever uses it, or set another one."""

    code = "port_unusable"


@contextlib.contextmanager
def in_words(host: str, port: int, door: str) -> Iterator[None]:
    """Turn the operating system's refusal to listen into PortUnusable; `door` is the setting's prefix."""
    try:
        yield
    except OSError as reason:
        why = reason.strerror or "no such address"
        raise PortUnusable(
            f"Cannot listen on {host} port {port} ({why}); change POSTROOM_{door}_HOST or POSTROOM_{door}_PORT."
        ) from reason


def bound(host: str, port: int, door: str) -> socket.socket:
    """A socket bound to host and port, ready to listen; raises PortUnusable."""
    with in_words(host, port, door):
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address)
        except OSError:
            made.close()
            raise
        made.setblocking(False)
        return made
