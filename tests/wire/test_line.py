"""A sender's line: one connection for many messages, a new one when the old one died, nothing said twice."""

import pytest

from delivery.line import Line, MailServer, MailServers
from delivery.transports.envelope import Envelope, Outgoing
from delivery.transports.errors import CannotConnect
from delivery.transports.stuffing import stuffed
from tests.databases import free_port
from tests.wire.hostile_smtp import HostileServer, Mischief
from tests.wire.sink import Sink

MESSAGE = Outgoing(
    Envelope("list-bounce@lists.example.org", ["a@example.edu"]), stuffed(b"Subject: x\r\n\r\ny\r\n")
)


def to(port: int) -> Line:
    return Line(MailServers([MailServer("127.0.0.1", port, hostname="x", tls="none")]))


async def test_messages_share_a_connection_that_is_ended_politely() -> None:
    async with Sink() as sink:
        line = to(sink.port)
        for _ in range(5):
            assert (await line.submit(MESSAGE)).accepted
        await line.close()
    assert sink.connections == 1
    assert sink.commands[-1] == "QUIT"


async def test_a_connection_that_died_while_it_was_idle_is_replaced() -> None:
    async with Sink() as sink:
        line = to(sink.port)
        await line.submit(MESSAGE)
        sink.hang_up()
        assert (await line.submit(MESSAGE)).accepted
        await line.close()
    assert sink.connections == 2
    assert len(sink.taken) == 2


async def test_what_the_server_may_have_heard_is_not_said_again() -> None:
    async with HostileServer({"DATA": Mischief.DROP}) as server:
        line = to(server.port)
        result = await line.submit(MESSAGE)
        await line.close()
    assert not result.accepted
    assert sum(command.startswith("MAIL") for command in server.commands) == 1


async def test_a_server_that_is_not_there_is_an_error_that_says_so() -> None:
    with pytest.raises(CannotConnect):
        await to(free_port()).submit(MESSAGE)
