"""The LMTP door over sockets: raw dialogues and Python's own client."""

import asyncio
import smtplib

import pytest

from delivery.door.dialogue import MAX_ERRORS
from delivery.door.lmtp import DoorTimeouts
from mail.status import Reply
from tests.wire.lmtp_desk import HELLO, LETTER, LIMIT, Desk, codes, door, say


async def test_lhlo_says_what_is_offered() -> None:
    async with door(Desk()) as (_, port):
        lines = await say(port, HELLO)
    assert lines == [
        "250-door.example.org",
        "250-PIPELINING",
        "250-ENHANCEDSTATUSCODES",
        f"250-SIZE {LIMIT}",
        "250-8BITMIME",
        "250-SMTPUTF8",
        "250 XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE",
    ]


@pytest.mark.parametrize("greeting", [b"HELO x\r\n", b"EHLO x\r\n", b"FROB\r\n"])
async def test_this_is_no_smtp(greeting: bytes) -> None:
    async with door(Desk()) as (_, port):
        lines = await say(port, greeting)
    assert [line[:9] for line in lines] == ["500 5.5.1"]


async def test_every_accepted_recipient_gets_an_answer_in_order() -> None:
    desk = Desk()
    recipients = [b"one@x.org", b"unknown@x.org", b"two@x.org", b"one@x.org"]
    words = [b"MAIL FROM:<>\r\n", *(b"RCPT TO:<" + name + b">\r\n" for name in recipients), b"DATA\r\n"]
    async with door(desk) as (_, port):
        lines = await say(port, HELLO, b"".join(words), b"Subject: a\r\n\r\n..b\r\n.\r\nQUIT\r\n")
    assert codes(lines) == ["250 2.1.0", "250 2.1.5", "550 5.1.1", "250 2.1.5", "250 2.1.5", "354"] + [
        "250 2.0.0"
    ] * 3 + ["221 2.0.0"]
    assert [line for line in lines if "Kept" in line] == [
        "250 2.0.0 Kept for one@x.org",
        "250 2.0.0 Kept for two@x.org",
        "250 2.0.0 Kept for one@x.org",
    ]
    [taken] = desk.taken
    assert taken.reverse_path == ""
    assert taken.recipients == ("one@x.org", "two@x.org", "one@x.org")
    assert taken.raw == b"Subject: a\r\n\r\n.b\r\n"


@pytest.mark.parametrize(
    ("parameters", "told"), [(b"", "550 5.7.1 refuse"), (b" SMTPUTF8", "550 5.7.1 refusé")]
)
async def test_a_reason_has_its_accents_for_those_who_read_utf8(parameters: bytes, told: str) -> None:
    desk = Desk(replies=[Reply(550, "5.7.1", "refusé")])
    letter = LETTER.replace(b"org>\r\nRCPT", b"org>" + parameters + b"\r\nRCPT")
    async with door(desk) as (_, port):
        lines = await say(port, HELLO, letter, b"Subject: a\r\n\r\nb\r\n.\r\n")
    assert lines[-1] == told


async def test_commands_come_in_their_order() -> None:
    async with door(Desk()) as (_, port):
        lines = await say(
            port,
            b"MAIL FROM:<a@x>\r\n"
            + HELLO
            + b"RCPT TO:<l@x>\r\nDATA\r\nMAIL FROM:<a@x>\r\nMAIL FROM:<a@x>\r\n"
            b"XFORWARD NAME=x\r\nDATA\r\nRCPT TO:<>\r\nRCPT TO:<l@x> NOTIFY=NEVER\r\nRCPT TO:<unknown@x>\r\n"
            b"DATA\r\nRSET\r\nDATA now\r\nDATA\r\nNOOP\r\nVRFY a\r\nLHLO\r\n"
            + "MAIL FROM:<ü@x>\r\n".encode()
            + b"QUIT\r\nNOOP\r\n",
        )
    assert lines[0] == "503 5.5.1 LHLO comes first"
    assert codes(lines[1:]) == [
        *["503 5.5.1"] * 2,
        "250 2.1.0",
        *["503 5.5.1"] * 3,
        "501 5.1.3",
        "555 5.5.4",
        "550 5.1.1",
        "503 5.5.1",
        "250 2.0.0",
        "501 5.5.4",
        "503 5.5.1",
        "250 2.0.0",
        "252 2.5.0",
        "501 5.5.4",
        "553 5.6.7",
        "221 2.0.0",
    ]


@pytest.mark.parametrize(
    "line",
    [
        b"NOOP\n",
        b"NOOP\x00\r\n",
        b"NOOP \r x\r\n",
        b"NOOP \xff\r\n",
        b"NOOP " + b"x" * 5000 + b"\r\n",
        b"\r\n",
    ],
)
async def test_a_line_that_is_none_is_refused(line: bytes) -> None:
    async with door(Desk()) as (_, port):
        lines = await say(port, HELLO, line + b"NOOP\r\n")
    assert [code[:5] for code in codes(lines)] == ["500 5", "250 2"]


async def test_a_line_without_end_is_not_held() -> None:
    async with door(Desk()) as (_, port):
        lines = await say(port, HELLO, *[b"x" * 60_000] * 20, b"\r\nNOOP\r\n")
    assert codes(lines) == ["500 5.5.2", "250 2.0.0"]


async def test_too_many_mistakes_end_the_conversation() -> None:
    async with door(Desk()) as (_, port):
        lines = await say(port, HELLO, b"FROB\r\n" * 100)
    assert codes(lines) == ["500 5.5.1"] * MAX_ERRORS + ["421 4.7.0"]


async def test_a_message_that_is_too_large_is_refused_for_each_recipient() -> None:
    desk = Desk()
    words = b"MAIL FROM:<a@x>\r\nRCPT TO:<l@x>\r\nRCPT TO:<m@x>\r\nDATA\r\n"
    body = b"x" * (LIMIT - 1) + b"\r\n.\r\n"
    async with door(desk) as (_, port):
        lines = await say(
            port, HELLO, words, body, LETTER, b"small\r\n.\r\n", b"MAIL FROM:<a@x> SIZE=10001\r\n"
        )
    assert codes(lines)[4:6] == ["552 5.3.4"] * 2
    assert codes(lines)[-2:] == ["250 2.0.0", "552 5.3.4"]
    assert [taken.raw for taken in desk.taken] == [b"small\r\n"]


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n", b"\r.\r", b"\n.\r"])
async def test_nothing_is_smuggled_behind_a_false_end(end: bytes) -> None:
    """Pitfall 58."""
    desk = Desk()
    body = b"Subject: a\r\n\r\nfirst" + end + LETTER + b"Subject: smuggled\r\n\r\nx\r\n.\r\n"
    async with door(desk) as (_, port):
        lines = await say(port, HELLO, LETTER, body, b"QUIT\r\n")
    assert codes(lines) == ["250 2.1.0", "250 2.1.5", "354", "554 5.5.2", "221 2.0.0"]
    assert desk.taken == []


async def test_a_crash_is_a_temporary_refusal_without_details() -> None:
    desk = Desk(fails=True)
    async with door(desk) as (_, port):
        lines = await say(
            port, HELLO, b"MAIL FROM:<a@x>\r\nRCPT TO:<crash@x>\r\nRSET\r\n", LETTER, b"a\r\n.\r\n"
        )
    assert codes(lines) == [
        "250 2.1.0",
        "451 4.3.0",
        "250 2.0.0",
        "250 2.1.0",
        "250 2.1.5",
        "354",
        "451 4.3.0",
    ]
    assert "secret" not in "".join(lines)


@pytest.mark.parametrize("replies", [[], [Reply(250, None, "a")] * 2, [Reply(354, None, "go on")]])
async def test_a_handler_that_answers_wrongly_has_taken_nothing(replies: list[Reply]) -> None:
    async with door(Desk(replies=replies)) as (_, port):
        lines = await say(
            port, HELLO, b"MAIL FROM:<a@x>\r\nRCPT TO:<nonsense@x>\r\nRSET\r\n", LETTER, b"a\r\n.\r\n"
        )
    assert codes(lines)[1] == "451 4.3.0"
    assert codes(lines)[-1] == "451 4.3.0"


async def test_a_reply_cannot_break_its_line() -> None:
    async with door(Desk(replies=[Reply(550, "5.7.1", "no\r\n250 yes ü" + "x" * 1000)])) as (_, port):
        lines = await say(port, HELLO, LETTER, b"a\r\n.\r\n")
    assert lines[-1].startswith("550 5.7.1 no??250 yes uxxx")
    assert len(lines[-1]) < 512


async def test_nothing_is_acknowledged_before_the_handler_has_returned() -> None:
    desk = Desk(open_for_business=asyncio.Event())
    async with door(desk) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HELLO + LETTER)
        await asyncio.wait_for(reader.readuntil(b"354 "), 5)
        await reader.readline()
        writer.write(b"a\r\n.\r\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.readline(), 0.1)
        assert desk.open_for_business is not None
        desk.open_for_business.set()
        assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"250 2.0.0 Kept")
        writer.close()


async def test_a_message_whose_end_never_came_is_not_delivered() -> None:
    desk = Desk()
    async with door(desk) as (_, port):
        await say(port, HELLO, LETTER, b"Subject: half\r\n\r\n.\r")
    assert desk.began == 0


async def test_xforward_and_parameters_reach_the_handler_once() -> None:
    desk = Desk()
    forward = b"XFORWARD NAME=mail.example.edu ADDR=192.0.2.7\r\nXFORWARD HELO=[UNAVAILABLE] PROTO=ESMTP\r\n"
    mail = "MAIL FROM:<ü@x> SIZE=10 BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<lé@x>\r\nDATA\r\n".encode()
    async with door(desk) as (_, port):
        await say(port, HELLO, forward, mail, "é\r\n.\r\n".encode(), LETTER, b"a\r\n.\r\n")
    first, second = desk.taken
    assert dict(first.xforward) == {"NAME": "mail.example.edu", "ADDR": "192.0.2.7", "PROTO": "ESMTP"}
    assert first.smtputf8
    assert first.recipients == ("lé@x",)
    assert desk.parameters[0] == {"SIZE": "10", "BODY": "8BITMIME", "SMTPUTF8": ""}
    assert dict(second.xforward) == {}
    assert not second.smtputf8


async def test_an_idle_peer_is_told_to_leave() -> None:
    async with door(Desk(), timeouts=DoorTimeouts(command=0.1, data=0.1)) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HELLO + LETTER + b"half")
        said = await asyncio.wait_for(reader.read(), 5)
        writer.close()
    assert said.endswith(b"421 4.4.2 Nothing came for too long\r\n")


async def test_peers_beyond_the_limit_are_sent_away() -> None:
    async with door(Desk(), max_connections=1) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert (await reader.readline()).startswith(b"220 ")
        second_reader, second_writer = await asyncio.open_connection("127.0.0.1", port)
        assert (await second_reader.read()).startswith(b"421 4.3.2 ")
        second_writer.close()
        writer.write(b"QUIT\r\n")
        assert (await reader.read()).startswith(b"221 ")
        writer.close()


async def test_closing_the_door_lets_the_message_in_hand_be_settled() -> None:
    desk = Desk(open_for_business=asyncio.Event())
    assert desk.open_for_business is not None
    async with door(desk) as (opened, port):
        idle_reader, idle_writer = await asyncio.open_connection("127.0.0.1", port)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HELLO + LETTER + b"a\r\n.\r\n")
        async with asyncio.timeout(5):
            while not desk.began:
                await asyncio.sleep(0.01)
        closing = asyncio.create_task(opened.close(grace=5))
        assert (await idle_reader.read()).endswith(
            b"421 4.3.2 The service is being stopped; try again later\r\n"
        )
        desk.open_for_business.set()
        said = await asyncio.wait_for(reader.read(), 5)
        await closing
        idle_writer.close()
        writer.close()
    assert b"250 2.0.0 Kept" in said
    assert said.endswith(b"421 4.3.2 The service is being stopped; try again later\r\n")


async def test_a_message_that_takes_longer_than_the_grace_is_not_acknowledged() -> None:
    desk = Desk(open_for_business=asyncio.Event())
    async with door(desk) as (opened, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HELLO + LETTER + b"a\r\n.\r\n")
        async with asyncio.timeout(5):
            while not desk.began:
                await asyncio.sleep(0.01)
        await opened.close(grace=0.05)
        said = await asyncio.wait_for(reader.read(), 5)
        writer.close()
    assert said.rstrip().split(b"\r\n")[-1].startswith(b"421 ")
    assert desk.taken == []


async def test_pythons_own_client_is_served() -> None:
    desk = Desk()

    def talk(port: int) -> dict[str, tuple[int, bytes]]:
        with smtplib.LMTP("127.0.0.1", port) as client:
            first = client.sendmail("a@x", ["l@x", "unknown@x"], b"Subject: one\r\n\r\n.x\r\n")
            client.sendmail("a@x", "l@x", b"Subject: two\r\n\r\n")
            return first

    async with door(desk) as (_, port):
        refused = await asyncio.to_thread(talk, port)
    assert refused == {"unknown@x": (550, b"5.1.1 No such list")}
    assert [taken.raw for taken in desk.taken] == [b"Subject: one\r\n\r\n.x\r\n", b"Subject: two\r\n\r\n"]


async def test_a_peer_that_left_during_delivery_harms_nobody() -> None:
    desk = Desk(open_for_business=asyncio.Event())
    assert desk.open_for_business is not None
    async with door(desk) as (_, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HELLO + LETTER + b"a\r\n.\r\n")
        async with asyncio.timeout(5):
            while not desk.began:
                await asyncio.sleep(0.01)
        writer.transport.abort()
        await asyncio.sleep(0.05)
        desk.open_for_business.set()
        lines = await say(port, HELLO, LETTER, b"b\r\n.\r\n")
    assert lines[-1].startswith("250 2.0.0 Kept")
    assert [taken.raw for taken in desk.taken] == [b"a\r\n", b"b\r\n"]
