"""Reaching a mail server: the connection, its greeting, EHLO or HELO, and STARTTLS as the policy asks."""

import asyncio
import ssl
from typing import Literal, TypeAlias

from delivery.transports.capabilities import Capabilities, parse_capabilities
from delivery.transports.errors import CannotConnect, TlsFailed
from delivery.transports.replies import is_done
from delivery.transports.timeouts import Timeouts
from delivery.transports.wire import LOST, Wire
from mail.status import Reply

Tls: TypeAlias = Literal["none", "opportunistic", "required"]
"""Whether the dialogue is encrypted: never, when the peer offers it, or it does not take place otherwise."""


async def open_wire(host: str, port: int, seconds: float) -> Wire:
    """Connect by TCP; raises CannotConnect."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(seconds):
            _, wire = await loop.create_connection(Wire, host, port)
    except TimeoutError as problem:
        raise CannotConnect(Reply(421, "4.4.1", "the mail server did not take the connection")) from problem
    except (OSError, UnicodeError) as problem:
        raise CannotConnect(Reply(421, "4.4.1", "the mail server cannot be reached")) from problem
    return wire


async def introduce(
    wire: Wire, host: str, *, hostname: str, tls: Tls, context: ssl.SSLContext | None, timeouts: Timeouts
) -> tuple[Capabilities, bool]:
    """Greet, and secure the dialogue if the policy wants it; return what the peer offers and whether TLS is on.

    Raises CannotConnect, and TlsFailed for a handshake that failed.
    """
    got = await wire.answers(1, timeouts.connect)
    _check(wire, got[0] if got else None)
    offered = await _say_hello(wire, hostname, timeouts)
    if tls == "none" or (tls == "opportunistic" and not offered.starttls):
        return offered, False
    if not offered.starttls:
        raise CannotConnect(Reply(451, "4.7.4", "TLS is required, but the mail server does not offer it"))
    answer = await wire.ask(b"STARTTLS\r\n", timeouts.command)
    if answer.code != 220 or wire.ended is not None:
        if tls == "opportunistic" and wire.ended is None:
            return offered, False
        raise CannotConnect(Reply(451, "4.7.4", "TLS is required, but the mail server refused it"))
    try:
        await wire.start_tls(context or _context(tls), host, timeouts.connect)
    except OSError as problem:
        raise TlsFailed(Reply(451, "4.7.5", "the TLS handshake with the mail server failed")) from problem
    return await _say_hello(wire, hostname, timeouts), True


async def _say_hello(wire: Wire, hostname: str, timeouts: Timeouts) -> Capabilities:
    reply = await wire.ask(f"EHLO {hostname}\r\n".encode(), timeouts.command)
    if is_done(reply) and wire.ended is None:
        return parse_capabilities(wire.newest)
    if reply.is_permanent and wire.ended is None:
        reply = await wire.ask(f"HELO {hostname}\r\n".encode(), timeouts.command)
    _check(wire, reply)
    return Capabilities()


def _check(wire: Wire, reply: Reply | None) -> None:
    """Raise CannotConnect, with a temporary reply, unless the peer said yes: another day it may be willing."""
    if reply is not None and is_done(reply) and wire.ended is None:
        return
    why = reply if reply is not None and not is_done(reply) else wire.ended or LOST
    if not why.is_temporary:
        why = Reply(421, "4.3.2", f"the mail server refused to talk: {why.code} {why.text}")
    raise CannotConnect(why)


def _context(tls: Tls) -> ssl.SSLContext:
    """Verified when TLS is required; else encrypted for whoever answers (RFC 7435), as clear text would be sent too."""
    context = ssl.create_default_context()
    if tls == "opportunistic":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
