"""The SMTP client against a server that behaves, and against a real Postfix."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from delivery.transports.precheck import NEEDS_EIGHT_BIT, NEEDS_UTF8, TOO_LARGE
from delivery.transports.smtp import CannotConnect, Envelope, SmtpConnection, Timeouts, Tls
from delivery.transports.stuffing import stuffed
from mail.status import Reply
from tests.databases import free_port
from tests.wire.certificates import Certificates, make_certificates
from tests.wire.postfix import Postfix, private_postfix
from tests.wire.sink import OFFERS, Sink

MESSAGE = b"Subject: hello\r\n\r\n.one\r\n..two\r\n.\r\nthree\r\n"
ENVELOPE = Envelope("list-bounces@lists.example.org", ["bob@example.edu", "carol@example.edu"])
QUICK = Timeouts(connect=5, command=5, data=5, final_dot=5)


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    """A certificate of this test's own."""
    return make_certificates(tmp_path)


async def _connect(port: int, *, tls: Tls = "none", context: ssl.SSLContext | None = None) -> SmtpConnection:
    return await SmtpConnection.connect(
        "127.0.0.1",
        port,
        hostname="lists.example.org",
        tls=tls,
        context=context,
        timeouts=QUICK,
    )


async def test_a_message_arrives_as_it_was_in_one_group() -> None:
    async with Sink() as sink:
        connection = await _connect(sink.port)
        result = await connection.send(ENVELOPE, stuffed(MESSAGE))
        await connection.quit()
    assert [reply.code for reply in result.replies] == [250, 250]
    assert result.accepted
    assert not result.in_doubt
    [taken] = sink.taken
    assert taken.data == MESSAGE
    assert taken.recipients == ("bob@example.edu", "carol@example.edu")
    assert taken.mail == f"MAIL FROM:<list-bounces@lists.example.org> SIZE={len(stuffed(MESSAGE))}"
    assert sink.crowded == 1
    assert sink.commands[-1] == "QUIT"


async def test_without_pipelining_one_command_follows_one_reply() -> None:
    async with Sink(offers=(), answers={"bob@example.edu": "550 5.1.1 nobody"}) as sink:
        connection = await _connect(sink.port)
        results = [await connection.send(ENVELOPE, stuffed(MESSAGE)) for _ in range(2)]
        await connection.quit()
    for result in results:
        assert [reply.code for reply in result.replies] == [550, 250]
    assert sink.crowded == 0
    assert [taken.data for taken in sink.taken] == [MESSAGE, MESSAGE]


async def test_a_server_without_ehlo_is_greeted_with_helo() -> None:
    async with Sink(greets_with_ehlo=False) as sink:
        connection = await _connect(sink.port)
        assert (await connection.send(ENVELOPE, stuffed(MESSAGE))).accepted
        await connection.quit()
    assert sink.commands[:3] == [
        "EHLO lists.example.org",
        "HELO lists.example.org",
        "MAIL FROM:<list-bounces@lists.example.org>",
    ]
    assert sink.taken[0].data == MESSAGE


async def test_a_clean_connection_is_used_again_without_rset() -> None:
    async with Sink() as sink:
        connection = await _connect(sink.port)
        for _ in range(5):
            assert (await connection.send(ENVELOPE, stuffed(MESSAGE))).accepted
        await connection.quit()
        assert not connection.usable
    assert len(sink.taken) == 5
    assert sink.connections == 1
    assert "RSET" not in sink.commands


@pytest.mark.parametrize("offers", [OFFERS, ("8BITMIME",)])
async def test_a_transaction_left_open_is_reset_before_the_next(offers: tuple[str, ...]) -> None:
    nobody = {"bob@example.edu": "550 5.1.1 nobody", "carol@example.edu": "450 4.2.1 later"}
    async with Sink(offers=offers, answers=nobody) as sink:
        connection = await _connect(sink.port)
        refused = await connection.send(ENVELOPE, stuffed(MESSAGE))
        taken = await connection.send(Envelope("", ["dan@example.edu"]), stuffed(MESSAGE))
        await connection.quit()
    assert refused.replies == [Reply(550, "5.1.1", "nobody"), Reply(450, "4.2.1", "later")]
    assert not refused.accepted
    assert taken.accepted
    assert [each.recipients for each in sink.taken] == [("dan@example.edu",)]
    assert sink.commands.count("RSET") == 1


async def test_a_refused_body_is_the_answer_for_those_who_were_accepted() -> None:
    answers = {"bob@example.edu": "550 5.1.1 nobody", ".": "554 5.7.1 spam"}
    async with Sink(answers=answers) as sink:
        connection = await _connect(sink.port)
        result = await connection.send(ENVELOPE, stuffed(MESSAGE))
        await connection.quit()
    assert result.replies == [Reply(550, "5.1.1", "nobody"), Reply(554, "5.7.1", "spam")]
    assert not result.accepted
    assert not result.in_doubt


async def test_what_the_server_does_not_offer_is_refused_without_a_word() -> None:
    async with Sink(offers=("PIPELINING", "SIZE 60")) as sink:
        connection = await _connect(sink.port)
        said = len(sink.commands)
        bob = Envelope("a@example.org", ["bob@example.edu"])
        eight_bit = await connection.send(bob, "é\r\n".encode())
        large = await connection.send(bob, b"x" * 100 + b"\r\n")
        utf8_header = await connection.send(bob, b"a\r\n", smtputf8=True)
        assert len(sink.commands) == said
        mixed = await connection.send(Envelope("", ["jürgen@example.edu", "bob@example.edu"]), b"a\r\n")
        await connection.quit()
    assert [result.replies for result in (eight_bit, large, utf8_header)] == [
        [NEEDS_EIGHT_BIT],
        [TOO_LARGE],
        [NEEDS_UTF8],
    ]
    assert mixed.replies == [NEEDS_UTF8, Reply(250, "2.0.0", "taken")]
    assert mixed.accepted


async def test_smtputf8_and_8bitmime_are_used_when_needed() -> None:
    async with Sink() as sink:
        connection = await _connect(sink.port)
        await connection.send(Envelope("", ["jürgen@exämple.edu"]), "é\r\n".encode())
        await connection.quit()
    assert sink.taken[0].mail == "MAIL FROM:<> SIZE=4 BODY=8BITMIME SMTPUTF8"
    assert sink.taken[0].recipients == ("jürgen@exämple.edu",)


async def test_a_large_body_and_many_recipients_arrive() -> None:
    body = stuffed(b"Subject: large\r\n\r\n" + (b"." * 70 + b"\r\n") * 50_000)
    names = [f"member{i}@example.edu" for i in range(3000)]
    async with Sink() as sink:
        connection = await _connect(sink.port)
        result = await connection.send(Envelope("a@example.org", names), body)
        await connection.quit()
    assert len(result.replies) == 3000
    assert all(reply.code == 250 for reply in result.replies)
    assert stuffed(sink.taken[0].data) == body
    assert sink.taken[0].recipients == tuple(names)


async def test_the_final_dot_waits_for_the_commit() -> None:
    async with Sink() as sink:
        connection = await _connect(sink.port)
        committed = asyncio.get_running_loop().create_future()
        sending = asyncio.create_task(connection.send(ENVELOPE, stuffed(MESSAGE), before_final_dot=committed))
        async with asyncio.timeout(5):
            while "DATA" not in sink.commands:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert not sink.taken
        assert not connection.usable
        committed.set_result(None)
        assert (await sending).accepted
        await connection.quit()
    assert sink.taken[0].data == MESSAGE


async def test_a_failed_commit_leaves_the_message_unsent() -> None:
    async def fail() -> None:
        raise RuntimeError("the commit failed")

    async with Sink() as sink:
        connection = await _connect(sink.port)
        with pytest.raises(RuntimeError, match="the commit failed"):
            await connection.send(ENVELOPE, stuffed(MESSAGE), before_final_dot=asyncio.create_task(fail()))
        assert not connection.usable
        await asyncio.sleep(0.05)
    assert not sink.taken


async def test_a_cancelled_send_leaves_the_connection_unusable() -> None:
    async with Sink() as sink:
        connection = await _connect(sink.port)
        never = asyncio.get_running_loop().create_future()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await connection.send(ENVELOPE, stuffed(MESSAGE), before_final_dot=never)
        assert not connection.usable
    assert not sink.taken


async def test_nobody_listening_is_a_temporary_failure() -> None:
    with pytest.raises(CannotConnect) as failure:
        await _connect(free_port())
    assert failure.value.reply.is_temporary


# ---- TLS


async def test_tls_is_used_when_offered(certificates: Certificates) -> None:
    async with Sink(tls=certificates.server) as sink:
        connection = await _connect(sink.port, tls="opportunistic")
        assert connection.is_encrypted
        assert (await connection.send(ENVELOPE, stuffed(MESSAGE))).accepted
        await connection.quit()
    assert sink.taken[0].was_encrypted
    assert [line[:4] for line in sink.commands[:3]] == ["EHLO", "STAR", "EHLO"]


async def test_required_tls_accepts_the_right_certificate_only(certificates: Certificates) -> None:
    async with Sink(tls=certificates.server) as sink:
        connection = await _connect(sink.port, tls="required", context=certificates.client)
        assert (await connection.send(ENVELOPE, stuffed(MESSAGE))).accepted
        await connection.quit()
        with pytest.raises(CannotConnect) as failure:
            await _connect(sink.port, tls="required")
    assert failure.value.reply.enhanced == "4.7.5"
    assert len(sink.taken) == 1


async def test_required_tls_does_not_speak_in_the_clear() -> None:
    async with Sink() as sink:
        with pytest.raises(CannotConnect) as failure:
            await _connect(sink.port, tls="required")
    assert failure.value.reply.enhanced == "4.7.4"
    assert [line[:4] for line in sink.commands] == ["EHLO"]


async def test_opportunistic_tls_falls_back_to_the_clear(certificates: Certificates) -> None:
    impossible = ssl.create_default_context()  # verifies, so the handshake with a self-signed peer fails
    async with Sink(tls=certificates.server) as sink:
        connection = await _connect(sink.port, tls="opportunistic", context=impossible)
        assert not connection.is_encrypted
        assert (await connection.send(ENVELOPE, stuffed(MESSAGE))).accepted
        await connection.quit()
    assert sink.connections == 2


async def test_tls_is_left_alone_when_not_wanted(certificates: Certificates) -> None:
    async with Sink(tls=certificates.server) as sink:
        connection = await _connect(sink.port)
        assert not connection.is_encrypted
        await connection.quit()
    assert not any(line == "STARTTLS" for line in sink.commands)


# ---- a real Postfix


@pytest.fixture
async def relay() -> AsyncIterator[tuple[Postfix, Sink]]:
    """Postfix that relays what we submit to a sink."""
    refusals = {"nouser@example.edu": "550 5.1.1 no such user"}
    async with Sink(answers=refusals) as sink:
        with private_postfix(lmtp_port=free_port(), sink_port=sink.port, size_limit=100_000) as postfix:
            yield postfix, sink


@pytest.mark.system
async def test_postfix_takes_our_mail_byte_for_byte(relay: tuple[Postfix, Sink]) -> None:
    postfix, sink = relay
    trusting = ssl.create_default_context(cafile=str(postfix.certificate))
    connection = await _connect(postfix.submission_port, tls="required", context=trusting)
    assert connection.is_encrypted
    assert connection.capabilities.pipelining
    raw = b"From: a@example.org\r\nSubject: real\r\nMessage-ID: <1@x>\r\n\r\n.dot\r\n\r\ncaf\xc3\xa9\r\n"
    result = await connection.send(ENVELOPE, stuffed(raw))
    assert result.accepted, postfix.log
    assert {reply.enhanced for reply in result.replies} == {"2.0.0"}
    utf8 = await connection.send(Envelope("", ["jürgen@exämple.edu"]), stuffed(raw))
    assert utf8.accepted, postfix.log
    large = await connection.send(ENVELOPE, b"x" * 100_100 + b"\r\n")
    assert large.replies == [TOO_LARGE] * 2
    await connection.quit()
    taken = await sink.wait_for(2)
    first = next(each for each in taken if each.reverse_path == ENVELOPE.reverse_path)
    assert set(first.recipients) == set(ENVELOPE.recipients)
    assert first.data.endswith(b"\r\n\r\n.dot\r\n\r\ncaf\xc3\xa9\r\n")


@pytest.mark.system
async def test_postfix_refuses_a_recipient_in_its_place(relay: tuple[Postfix, Sink]) -> None:
    postfix, sink = relay
    connection = await _connect(postfix.mx_port, tls="opportunistic")
    envelope = Envelope(
        "a@example.org", ["l@lists.example.org", "x@elsewhere.example", "m@lists.example.org"]
    )
    result = await connection.send(envelope, stuffed(MESSAGE))
    assert [reply.code for reply in result.replies] == [250, 554, 250]
    assert result.replies[1].enhanced == "5.7.1"
    nobody = await connection.send(Envelope("a@example.org", ["x@elsewhere.example"]), stuffed(MESSAGE))
    assert [reply.code for reply in nobody.replies] == [554]
    again = await connection.send(Envelope("a@example.org", ["l@lists.example.org"]), stuffed(MESSAGE))
    assert again.accepted
    await connection.quit()
    assert not sink.taken
