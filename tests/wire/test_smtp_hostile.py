"""The SMTP client against servers that refuse, drop, hang or lie at every step: each recipient gets one true answer."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery.transports.smtp import CannotConnect, Envelope, SmtpConnection, Timeouts, TransactionResult
from delivery.transports.wire import OUT_OF_STEP, TIMED_OUT
from mail.status import Reply
from tests.wire.hostile_smtp import Deed, HostileServer, Mischief

PEOPLE = ["bob@example.edu", "carol@example.edu", "dan@example.edu"]
ENVELOPE = Envelope("list-bounces@lists.example.org", PEOPLE)
DATA = b"Subject: hello\r\n\r\nhello\r\n"
IMPATIENT = Timeouts(connect=0.2, command=0.2, data=0.2, final_dot=0.2, quit=0.2)
# where nobody is silent on purpose, a busy machine must not look like somebody who is
PATIENT = Timeouts(connect=10, command=10, data=10, final_dot=10, quit=10)
# what leaves a client without a reply to go by
SILENT = [
    Mischief.DROP,
    Mischief.HANG,
    Mischief.HALF_A_LINE,
    Mischief.ENDLESS_LINE,
    Mischief.ENDLESS_REPLY,
    Mischief.NO_SMTP,
    Mischief.BINARY,
]
REFUSALS = [
    "421 4.3.2 going down",
    "450 4.2.0 later",
    "451 no",
    "550 5.1.1 never",
    "554-5.7.1 a\r\n554 5.7.1 b",
]
NewLoop = Callable[[], asyncio.AbstractEventLoop]
Script = Mapping[str, Deed | Sequence[Deed]]


async def _connect(server: HostileServer, timeouts: Timeouts = IMPATIENT) -> SmtpConnection:
    return await SmtpConnection.connect(
        "127.0.0.1", server.port, hostname="lists.example.org", tls="opportunistic", timeouts=timeouts
    )


async def _send(server: HostileServer, timeouts: Timeouts = IMPATIENT) -> TransactionResult:
    connection = await _connect(server, timeouts)
    try:
        async with asyncio.timeout(10):
            return await connection.send(ENVELOPE, DATA)
    finally:
        connection.abort()


def _check(server: HostileServer, result: TransactionResult) -> None:
    """What always holds, whatever the server did."""
    assert len(result.replies) == len(PEOPLE)
    assert all(reply.code // 100 in (2, 4, 5) for reply in result.replies)
    assert result.accepted == any(reply.is_positive for reply in result.replies)
    if result.accepted:
        assert server.consented == 1
    if result.in_doubt:
        assert server.dots <= 1  # the dot left; whether it arrived is the doubt
        assert not result.accepted
        assert all(not reply.is_positive for reply in result.replies)
    # whole, or the lone dot of RFC 2920 section 3.1
    assert all(body in (DATA + b".\r\n", b".\r\n") for body in server.bodies)


@pytest.mark.parametrize("step", ["connect", "EHLO"])
@pytest.mark.parametrize("deed", [*SILENT, Mischief.ADVANCE, "421 4.3.2 going down", "450 no", "554 never"])
async def test_a_server_that_will_not_talk_is_a_temporary_failure(step: str, deed: Deed) -> None:
    script: Script = {step: deed, "HELO": deed}
    async with HostileServer(script) as server:
        with pytest.raises(CannotConnect) as failure:
            await _connect(server)
    assert failure.value.reply.is_temporary
    assert not any(line.startswith("MAIL") for line in server.commands)


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("deed", SILENT)
async def test_silence_before_the_body_is_temporary_and_not_in_doubt(
    deed: Deed, step: str, pipelining: bool
) -> None:
    async with HostileServer({step: deed}, pipelining=pipelining) as server:
        result = await _send(server)
        _check(server, result)
    assert all(reply.is_temporary for reply in result.replies)
    assert not result.in_doubt
    assert server.dots == 0


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_refusal_reaches_every_recipient(refusal: str, step: str, pipelining: bool) -> None:
    async with HostileServer({step: refusal}, pipelining=pipelining) as server:
        result = await _send(server)
        _check(server, result)
    assert [reply.code for reply in result.replies] == [int(refusal[:3])] * 3
    assert not result.in_doubt
    assert server.consented == 0


@pytest.mark.parametrize("deed", SILENT)
async def test_silence_after_the_final_dot_is_in_doubt(deed: Deed) -> None:
    async with HostileServer({".": deed}) as server:
        result = await _send(server)
        _check(server, result)
    assert result.in_doubt
    assert server.dots == 1
    assert all(reply.is_temporary for reply in result.replies)


async def test_a_hanging_server_is_given_up_in_time() -> None:
    async with HostileServer({"RCPT": Mischief.HANG}) as server:
        result = await _send(server)
    assert result.replies == [TIMED_OUT] * 3


async def test_a_server_that_only_dribbles_is_given_up_in_time() -> None:
    async def dribble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220-")
        while not writer.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0.02)

    listening = await asyncio.start_server(dribble, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    began = asyncio.get_running_loop().time()
    with pytest.raises(CannotConnect):
        await SmtpConnection.connect("127.0.0.1", port, hostname="x", timeouts=IMPATIENT)
    assert asyncio.get_running_loop().time() - began < 5
    listening.close()
    await asyncio.sleep(0.1)


@pytest.mark.parametrize("pipelining", [True, False])
async def test_slow_answers_are_answers(pipelining: bool) -> None:
    steps = ("connect", "EHLO", "MAIL", "RCPT", "DATA", ".")
    async with HostileServer(dict.fromkeys(steps, Mischief.SLOWLY), pipelining=pipelining) as server:
        result = await _send(server)
        _check(server, result)
    assert result.accepted


@pytest.mark.parametrize("pipelining", [True, False])
async def test_each_recipient_keeps_its_own_refusal(pipelining: bool) -> None:
    script: Script = {"RCPT": ["550 5.1.1 nobody", "250 2.1.5 ok", "452 4.5.3 too many"]}
    async with HostileServer(script, pipelining=pipelining) as server:
        result = await _send(server)
        _check(server, result)
    assert result.replies == [
        Reply(550, "5.1.1", "nobody"),
        Reply(250, "2.0.0", "taken"),
        Reply(452, "4.5.3", "too many"),
    ]


@pytest.mark.parametrize("pipelining", [True, False])
async def test_a_drop_between_recipients_keeps_the_refusals_before_it(pipelining: bool) -> None:
    script: Script = {"RCPT": ["550 5.1.1 nobody", "250 2.1.5 ok", Mischief.DROP]}
    async with HostileServer(script, pipelining=pipelining) as server:
        result = await _send(server)
        _check(server, result)
    assert result.replies[0] == Reply(550, "5.1.1", "nobody")
    assert [reply.code for reply in result.replies[1:]] == [421, 421]


async def test_no_body_is_sent_when_nobody_was_accepted() -> None:
    script: Script = {"RCPT": "550 5.1.1 nobody", ".": "554 5.5.1 no valid recipients"}
    async with HostileServer(script) as server:
        connection = await _connect(server)
        result = await connection.send(ENVELOPE, DATA)
        assert server.bodies == [b".\r\n"]  # RFC 2920 section 3.1: the 354 is answered by a dot alone
        assert connection.usable
        connection.abort()
    assert result.replies == [Reply(550, "5.1.1", "nobody")] * 3
    assert not result.in_doubt


async def test_without_pipelining_data_is_not_even_asked_for() -> None:
    async with HostileServer({"RCPT": "550 5.1.1 nobody"}, pipelining=False) as server:
        await _send(server)
    assert "DATA" not in server.commands


async def test_a_server_that_loses_count_gets_not_even_a_dot() -> None:
    # MAIL refused, yet a recipient is accepted and a body asked for: a dot could be an empty message to somebody
    async with HostileServer({"MAIL": "550 5.7.1 no"}) as server:
        result = await _send(server)
    assert server.dots == 0
    assert result.replies == [Reply(550, "5.7.1", "no")] * 3


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
async def test_a_reply_too_many_is_not_taken_for_the_next(step: str) -> None:
    async with HostileServer({step: Mischief.TWICE}, pipelining=False) as server:
        result = await _send(server)
    assert not result.accepted
    assert all(reply.is_temporary for reply in result.replies)


async def test_an_acceptance_said_twice_is_an_acceptance_and_the_end() -> None:
    async with HostileServer({".": Mischief.TWICE}) as server:
        connection = await _connect(server)
        result = await connection.send(ENVELOPE, DATA)
        _check(server, result)
        await asyncio.sleep(0.05)
        assert not connection.usable
        connection.abort()
    assert result.accepted


async def test_a_refusal_in_the_middle_of_the_body_stops_it() -> None:
    script: Script = {"body": "552 5.3.4 enough"}
    async with HostileServer(script) as server:
        connection = await _connect(server)
        gate = asyncio.get_running_loop().create_task(asyncio.sleep(0.05))
        result = await connection.send(ENVELOPE, DATA, before_final_dot=gate)
        assert not connection.usable
    assert result.replies == [Reply(552, "5.3.4", "enough")] * 3
    assert not result.in_doubt
    assert server.dots == 0


async def test_an_acceptance_before_the_dot_is_none() -> None:
    async with HostileServer({"body": "250 2.0.0 taken"}) as server:
        connection = await _connect(server)
        gate = asyncio.get_running_loop().create_task(asyncio.sleep(0.05))
        result = await connection.send(ENVELOPE, DATA, before_final_dot=gate)
    assert result.replies == [OUT_OF_STEP] * 3
    assert server.dots == 0


async def test_a_drop_in_the_middle_of_the_body_is_not_in_doubt() -> None:
    async with HostileServer({"body": Mischief.DROP}) as server:
        connection = await _connect(server)
        gate = asyncio.get_running_loop().create_task(asyncio.sleep(0.05))
        result = await connection.send(ENVELOPE, DATA, before_final_dot=gate)
    assert [reply.code for reply in result.replies] == [421] * 3
    assert not result.in_doubt
    assert not result.stale


async def test_a_body_that_is_not_taken_times_out() -> None:
    async with HostileServer({"body": Mischief.HANG}) as server:
        connection = await _connect(server)
        result = await connection.send(ENVELOPE, b"x" * 64 * 1024 * 1024)
    assert result.replies == [TIMED_OUT] * 3
    assert not result.in_doubt


async def test_a_421_ends_the_connection() -> None:
    async with HostileServer({"RCPT": ["250 ok", "421 4.7.0 enough", "250 ok"]}) as server:
        connection = await _connect(server)
        result = await connection.send(ENVELOPE, DATA)
        assert not connection.usable
    assert result.replies == [Reply(421, "4.7.0", "enough")] * 3


async def test_a_dead_connection_answers_for_every_further_message() -> None:
    async with HostileServer({"DATA": Mischief.DROP}) as server:
        connection = await _connect(server)
        first = await connection.send(ENVELOPE, DATA)
        second = await connection.send(ENVELOPE, DATA)
        _check(server, first)
        _check(server, second)
    assert not first.stale
    assert second.stale


async def test_words_smuggled_in_before_tls_are_not_heard() -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx\r\n")
        await reader.readline()
        writer.write(b"250-mx\r\n250 STARTTLS\r\n")
        await reader.readline()
        writer.write(b"220 go on\r\n250-mx\r\n250 PIPELINING\r\n")
        await reader.read()
        writer.close()

    listening = await asyncio.start_server(speak, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    with pytest.raises(CannotConnect) as failure:
        await SmtpConnection.connect("127.0.0.1", port, hostname="x", tls="required", timeouts=IMPATIENT)
    assert failure.value.reply.is_temporary
    listening.close()
    await asyncio.sleep(0.05)


DEEDS = st.sampled_from(
    ["250 2.0.0 yes", "354 go on", *REFUSALS, *(deed for deed in Mischief if deed is not Mischief.HANG)]
)
SCRIPTS = st.dictionaries(
    st.sampled_from(["MAIL", "RCPT", "DATA", "."]),
    DEEDS | st.lists(DEEDS, min_size=1, max_size=3),
    max_size=3,
)


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@given(script=SCRIPTS, pipelining=st.booleans())
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_script_gives_every_recipient_one_true_answer(
    script: Script, pipelining: bool, new_loop: NewLoop
) -> None:
    async def tell() -> None:
        async with HostileServer(script, pipelining=pipelining) as server:
            result = await _send(server, PATIENT)
            _check(server, result)
            if not result.accepted and not result.in_doubt:
                assert server.consented == 0

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(tell())
