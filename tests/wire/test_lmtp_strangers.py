"""The LMTP door and whoever comes: a real Postfix, and thousands of malformed words."""

import asyncio
import email
from collections.abc import Callable

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery.transports.smtp import Envelope, SmtpConnection
from delivery.transports.stuffing import stuffed
from mail.status import Reply
from tests.wire.lmtp_desk import HELLO, LETTER, LIMIT, Desk, door, say
from tests.wire.postfix import private_postfix
from tests.wire.sink import Sink

# ---- a real Postfix


@pytest.mark.system
async def test_postfix_hands_over_what_it_took() -> None:
    desk = Desk()
    async with Sink() as sink, door(desk) as (_, port):
        with private_postfix(lmtp_port=port, sink_port=sink.port, verify=True) as postfix:
            connection = await SmtpConnection.connect(
                "127.0.0.1", postfix.mx_port, hostname="mail.example.edu"
            )
            recipients = ["one@lists.example.org", "unknown@lists.example.org", "two@lists.example.org"]
            raw = b"Subject: real\r\nMessage-ID: <1@x>\r\n\r\n.dot\r\n\r\ncaf\xc3\xa9\r\n"
            result = await connection.send(Envelope("alice@example.edu", recipients), stuffed(raw))
            await connection.quit()
            async with asyncio.timeout(30):
                while not desk.taken:
                    await asyncio.sleep(0.02)
    assert [reply.code for reply in result.replies] == [250, 550, 250], postfix.log
    [taken] = desk.taken
    assert set(taken.recipients) == {"one@lists.example.org", "two@lists.example.org"}
    assert taken.reverse_path == "alice@example.edu"
    assert taken.raw.endswith(b"\r\n\r\n.dot\r\n\r\ncaf\xc3\xa9\r\n")
    assert taken.xforward["ADDR"] == "127.0.0.1"
    assert taken.xforward["HELO"] == "mail.example.edu"


@pytest.mark.system
async def test_postfix_bounces_for_the_refused_recipient_alone() -> None:
    replies = [Reply(250, "2.0.0", "kept"), Reply(550, "5.7.1", "not for you")]
    desk = Desk(replies=replies)
    async with Sink() as sink, door(desk) as (_, port):
        with private_postfix(lmtp_port=port, sink_port=sink.port) as postfix:
            connection = await SmtpConnection.connect(
                "127.0.0.1", postfix.mx_port, hostname="mail.example.edu"
            )
            names = ["one@lists.example.org", "two@lists.example.org"]
            await connection.send(Envelope("alice@example.edu", names), stuffed(b"Subject: a\r\n\r\nb\r\n"))
            await connection.quit()
            [bounce] = await sink.wait_for(1)
    assert len(desk.taken) == 1
    assert bounce.recipients == ("alice@example.edu",)
    assert bounce.reverse_path == ""
    report = email.message_from_bytes(bounce.data)
    assert report.get_content_type() == "multipart/report"
    assert b"Final-Recipient: rfc822; " + desk.taken[0].recipients[1].encode() in bounce.data
    assert b"Final-Recipient: rfc822; " + desk.taken[0].recipients[0].encode() not in bounce.data


# ---- malformed dialogues

NewLoop = Callable[[], asyncio.AbstractEventLoop]
WORDS = st.sampled_from(
    [
        HELLO,
        b"MAIL FROM:<a@x>\r\n",
        b"MAIL FROM:<> SIZE=5\r\n",
        b"RCPT TO:<l@x>\r\n",
        b"RCPT TO:<unknown@x>\r\n",
        b"RCPT TO:<crash@x>\r\n",
        b"DATA\r\n",
        b"RSET\r\n",
        b"XFORWARD NAME=a ADDR=1.2.3.4\r\n",
        b"NOOP\r\n",
        b"QUIT\r\n",
        b"Subject: x\r\n",
        b"..\r\n",
        b".\r\n",
        b"\r\n.\r\n",
        b"\n.\n",
        b"\r",
        b"x" * 5000,
        b"y" * (LIMIT + LIMIT),
        LETTER,
        LETTER + b"a\r\n.\r\n",
        HELLO + LETTER + b"Subject: whole\r\n\r\nb\r\n.\r\n",
    ]
) | st.binary(max_size=40)


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@given(dialogues=st.lists(st.lists(WORDS, max_size=12), min_size=10, max_size=10))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_thousand_malformed_dialogues_leave_the_door_standing(
    dialogues: list[list[bytes]], new_loop: NewLoop
) -> None:
    async def talk() -> None:
        desk = Desk()
        async with door(desk) as (_, port):
            said = await asyncio.gather(*(say(port, *words) for words in dialogues))
            kept = sum(line.startswith("250 2.0.0 Kept") for lines in said for line in lines)
            assert kept <= sum(len(envelope.recipients) for envelope in desk.taken)
            assert all(line[:1] in "245" or line.startswith("354 ") for lines in said for line in lines), said
            assert all(
                envelope.raw.count(b"\n") == envelope.raw.count(b"\r") == envelope.raw.count(b"\r\n")
                and len(envelope.raw) <= LIMIT
                for envelope in desk.taken
            )
            before = len(desk.taken)
            lines = await say(port, HELLO, LETTER, b"still here\r\n.\r\n")
            assert lines[-1] == "250 2.0.0 Kept for l@lists.example.org"
            assert desk.taken[before].raw == b"still here\r\n"

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(talk())
