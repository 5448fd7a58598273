"""The catch-all mailbox over a loopback socket, with a real client and with raw bytes."""

import asyncio
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest

from playground.mailbox import Mailbox
from playground.smtp import LINE_LIMIT, RECIPIENT_LIMIT, SIZE_LIMIT


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    """A mailbox in memory, stopped after the test."""
    opened = Mailbox()
    yield opened
    await opened.stop()


async def _converse(mailbox: Mailbox, *sent: bytes) -> list[str]:
    """Send the pieces one after the other, end the sending side, and return all the reply lines."""
    host, port = await mailbox.start()
    reader, writer = await asyncio.open_connection(host, port)
    for piece in sent:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.01)
    writer.write_eof()
    replies = (await reader.read()).decode().split("\r\n")
    writer.close()
    await writer.wait_closed()
    return replies[1:-1]


async def test_a_real_client_delivers_to_every_recipient(mailbox: Mailbox) -> None:
    host, port = await mailbox.start()
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@x.org", "list@x.org", "Grüße"
    message.set_content("Hello\n.\n..two dots\nZoë\n")
    await aiosmtplib.send(
        message, sender="a@x.org", recipients=["b@x.org", "c@x.org"], hostname=host, port=port
    )
    items = mailbox.messages()
    assert [(item.to, item.sender, item.subject) for item in items] == [
        ("b@x.org", "a@x.org", "Grüße"),
        ("c@x.org", "a@x.org", "Grüße"),
    ]
    assert items[0].raw == message.as_bytes(policy=message.policy.clone(linesep="\r\n"))


async def test_it_offers_what_a_fast_sender_needs(mailbox: Mailbox) -> None:
    host, port = await mailbox.start()
    async with aiosmtplib.SMTP(hostname=host, port=port) as client:
        await client.ehlo()
        offered = [client.supports_extension(name) for name in ("pipelining", "8bitmime", "smtputf8", "size")]
    assert offered == [True] * 4


async def test_a_pipelined_session_in_one_packet_is_answered_in_order(mailbox: Mailbox) -> None:
    replies = await _converse(
        mailbox,
        b"HELO me\r\nMAIL FROM:<a@x.org>\r\nRCPT TO:<b@x.org>\r\nDATA\r\n"
        b"..dot\r\nlast\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<c@x.org>\r\nDATA\r\n.\r\nQUIT\r\n",
    )
    assert [reply[:3] for reply in replies] == [
        "250",
        "250",
        "250",
        "354",
        "250",
        "250",
        "250",
        "354",
        "250",
        "221",
    ]
    assert [(item.to, item.sender, item.raw) for item in mailbox.messages()] == [
        ("b@x.org", "a@x.org", b".dot\r\nlast\r\n"),
        ("c@x.org", "", b""),
    ]


async def test_a_message_cut_anywhere_into_packets_arrives_whole(mailbox: Mailbox) -> None:
    session = b"HELO me\r\nMAIL FROM:<a@x.org>\r\nRCPT TO:<b@x.org>\r\nDATA\r\nx\r\n..\r\n.\r\nQUIT\r\n"
    await _converse(mailbox, *(session[place : place + 1] for place in range(len(session))))
    assert [item.raw for item in mailbox.messages()] == [b"x\r\n.\r\n"]


@pytest.mark.parametrize("ending", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n"])
async def test_a_false_end_of_message_smuggles_nothing(mailbox: Mailbox, ending: bytes) -> None:
    body = b"x" + ending + b"MAIL FROM:<evil@x.org>\r\nRCPT TO:<victim@x.org>\r\nDATA\r\nboo"
    await _converse(
        mailbox,
        b"HELO me\r\nMAIL FROM:<a@x.org>\r\nRCPT TO:<b@x.org>\r\nDATA\r\n" + body + b"\r\n.\r\nQUIT\r\n",
    )
    kept = body.replace(b"\r\n.", b"\r\n") + b"\r\n"  # RFC 5321 4.5.2: a dot that begins a line goes
    assert [(item.to, item.raw) for item in mailbox.messages()] == [("b@x.org", kept)]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (b"MAIL FROM:<a@x.org>", "503"),
        (b"RCPT TO:<b@x.org>", "503"),
        (b"DATA", "503"),
        (b"BURN", "500"),
        (b"EHLO me\r\nMAIL FROM: a@x.org", "501"),
        (b"EHLO me\r\nMAIL TO:<a@x.org>", "501"),
        (b"EHLO me\r\nMAIL FROM:<a@x.org>\r\nMAIL FROM:<a@x.org>", "503"),
        (b"EHLO me\r\nMAIL FROM:<a@x.org>\r\nRCPT TO:<>", "501"),
        (b"EHLO me\r\nMAIL FROM:<a@x.org>\r\nRSET\r\nRCPT TO:<b@x.org>", "503"),
        (b"EHLO me\r\nMAIL FROM:<a@x.org> SIZE=" + str(SIZE_LIMIT + 1).encode(), "552"),
        (b"EHLO me\r\nMAIL FROM:<a@x.org> BODY=8BITMIME SMTPUTF8", "250"),
        (b"NOOP", "250"),
        (b"VRFY a@x.org", "252"),
        (b"x" * (LINE_LIMIT + 1), "421"),
    ],
)
async def test_a_command_gets_the_reply_of_the_standard(mailbox: Mailbox, command: bytes, code: str) -> None:
    replies = await _converse(mailbox, command + b"\r\n")
    assert replies[-1].startswith(code)
    assert mailbox.messages() == []


async def test_one_transaction_has_a_limit_of_recipients(mailbox: Mailbox) -> None:
    wanted = b"".join(b"RCPT TO:<p%d@x.org>\r\n" % number for number in range(RECIPIENT_LIMIT + 1))
    replies = await _converse(
        mailbox, b"HELO me\r\nMAIL FROM:<a@x.org>\r\n", wanted, b"DATA\r\nx\r\n.\r\nQUIT\r\n"
    )
    assert [reply[:3] for reply in replies].count("452") == 1
    assert len(mailbox.messages()) == RECIPIENT_LIMIT


async def test_a_connection_lost_within_a_message_leaves_nothing(mailbox: Mailbox) -> None:
    await _converse(mailbox, b"HELO me\r\nMAIL FROM:<a@x.org>\r\nRCPT TO:<b@x.org>\r\nDATA\r\nhalf a mess")
    assert mailbox.messages() == []


async def test_what_cannot_be_written_is_not_acknowledged(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the directory should be")
    mailbox = Mailbox(tmp_path / "taken" / "mail")
    session = b"HELO me\r\nMAIL FROM:<a@x.org>\r\nRCPT TO:<b@x.org>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n"
    replies = await _converse(mailbox, session)
    assert [reply[:3] for reply in replies] == ["250", "250", "250", "354", "452", "221"]
    assert mailbox.messages() == []
    await mailbox.stop()


async def test_acknowledged_mail_is_on_disk_before_the_answer(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    await _converse(
        mailbox, b"HELO me\r\nMAIL FROM:<a@x.org>\r\nRCPT TO:<b@x.org>\r\nDATA\r\nSubject: kept\r\n\r\n.\r\n"
    )
    assert [item.subject for item in Mailbox(tmp_path).messages()] == ["kept"]
    await mailbox.stop()
