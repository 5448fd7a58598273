"""The milter door before peers that mean no good, or no milter at all: nobody else notices them."""

import asyncio
import contextlib
import random
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from delivery.door.milter import MilterDoor, SeenMessage
from delivery.door.milter_packets import MOST_OCTETS
from delivery.door.stream import DoorTimeouts
from mail.status import Reply
from tests.wire.milter_client import HungUp, mta, negotiation, packet

LIMIT = 200_000
RAW = b"From: a@example.org\r\nSubject: x\r\n\r\nHello.\r\n"
TO = ["l@lists.example.org"]


@dataclass
class Porter:
    """Lets in what is not about refusals, remembers it, and can be made to fail or to wait."""

    seen: list[SeenMessage] = field(default_factory=list)
    fails: bool = False
    began: asyncio.Event = field(default_factory=asyncio.Event)
    may_end: asyncio.Event | None = None

    async def recipient(self, recipient: str) -> Reply | None:
        if self.fails:
            raise RuntimeError("secret details")
        if recipient.startswith("unknown"):
            return Reply(550, "5.1.1", "No such list")
        return None if recipient.startswith("other") else Reply(250, "2.1.5", "Ok")

    async def message(self, seen: SeenMessage) -> Reply:
        self.began.set()
        if self.may_end is not None:
            await self.may_end.wait()
        if self.fails:
            raise RuntimeError("secret details")
        self.seen.append(seen)
        if b"Subject: no" in seen.raw:
            return Reply(550, "5.7.1", "100% no: %s %n\r\n250 yes")
        return Reply(250, "2.0.0", "Ok")


@contextlib.asynccontextmanager
async def door(
    porter: Porter, *, most: int = 20, patience: float = 5, size_limit: int = LIMIT
) -> AsyncIterator[tuple[MilterDoor, int]]:
    opened = MilterDoor(
        porter,
        size_limit=size_limit,
        max_connections=most,
        timeouts=DoorTimeouts(command=patience, data=patience),
    )
    server = await opened.listen("127.0.0.1", 0)
    try:
        yield opened, server.sockets[0].getsockname()[1]
    finally:
        await opened.close(grace=1)


async def sent(port: int, *pieces: bytes, pause: float = 0.0) -> bytes:
    """Send pieces and return everything that comes until the door hangs up or nothing comes any more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.suppress(OSError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        if writer.can_write_eof():
            writer.write_eof()
    said = b""
    with contextlib.suppress(OSError):
        said = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return said


async def works(port: int) -> None:
    """Whether an honest MTA is still served."""
    async with mta(port) as speaking:
        assert (await speaking.message("a@example.org", TO, RAW)).is_positive


async def test_a_message_is_seen_as_it_was_sent_with_its_envelope() -> None:
    porter = Porter()
    raw = b"From: a@example.org\r\nX-A:  one\r\n\ttwo\r\nX-B:three\r\n\r\nHello.\r\n..\r\n" + b"x" * 150_000
    async with door(porter) as (_, port), mta(port) as speaking:
        await speaking.message("a@example.org", [*TO, "unknown@x.org", "m@x.org"], raw)
        await speaking.message("", TO, RAW)
    first, second = porter.seen
    assert first == SeenMessage("a@example.org", ("l@lists.example.org", "m@x.org"), raw, "192.0.2.7")
    assert (second.reverse_path, second.raw) == ("", RAW)


async def test_a_refusal_goes_out_as_one_line_of_ascii_without_formats() -> None:
    async with door(Porter()) as (_, port), mta(port) as speaking:
        await speaking.envelope("a@example.org", TO)
        for line in (b"L" + b"Subject\0 no\0", b"N"):
            speaking.writer.write(packet(line[:1], line[1:]))
        speaking.writer.write(packet(b"E"))
        answers = [await speaking.answer()]
    assert answers == [(b"y", b"550 5.7.1 100%% no: %%s %%n??250 yes\0")]


async def test_addresses_are_read_as_utf8_and_garbage_in_them_harms_nobody() -> None:
    porter = Porter()
    async with door(porter) as (_, port), mta(port) as speaking:
        await speaking.message("jürgen@exämple.org", ["lïste@x.org"], RAW)
        await speaking.event(b"M", b"<\xff\xfe@x>\0", unanswered=0x4000)
        assert (await speaking.event(b"R", b"l@\xff\xc3(\0")) is not None
        assert (await speaking.content(RAW)) is not None
    assert porter.seen[0].recipients == ("lïste@x.org",)
    assert porter.seen[1].reverse_path == "\ufffd\ufffd@x"


@pytest.mark.parametrize("size", [LIMIT + 1, 5 * LIMIT])
async def test_a_message_over_the_limit_is_refused_at_its_end_and_not_kept(size: int) -> None:
    porter = Porter()
    async with door(porter) as (_, port), mta(port) as speaking:
        answer = await speaking.message("a@example.org", TO, b"A: b\r\n\r\n" + b"x" * size)
        after = await speaking.message("a@example.org", TO, RAW)
    assert (answer.code, answer.enhanced, after.code) == (552, "5.3.4", 250)
    assert [each.raw for each in porter.seen] == [RAW]


async def test_all_messages_together_take_no_more_room_than_there_is() -> None:
    porter = Porter()
    large = b"x" * 60_000
    async with door(porter, most=100) as (_, port), contextlib.AsyncExitStack() as held:
        speaking = [await held.enter_async_context(mta(port)) for _ in range(90)]
        for each in speaking:
            await each.envelope("a@example.org", TO)
            for letter, content in ((b"L", b"A\0 b\0"), (b"N", b""), (b"B", large)):
                await each.event(letter, content, unanswered=0xC0080)
        ended = [await each.event(b"E") for each in speaking]
        await works(port)
    codes = [each.code for each in ended if each is not None]
    assert codes.count(250) > 60
    assert codes.count(451) > 10


async def test_what_breaks_behind_the_door_is_answered_451_and_not_told() -> None:
    porter = Porter(fails=True)
    async with door(porter) as (_, port), mta(port) as speaking:
        at_recipient = (await speaking.envelope("a@example.org", TO))[0]
        porter.fails = False
        await speaking.envelope("a@example.org", TO)
        porter.fails = True
        at_the_end = await speaking.content(RAW)
    for reply in (at_recipient, at_the_end):
        assert reply is not None
        assert reply.code == 451
        assert "secret" not in reply.text


HOSTILE = {
    "nothing": [b""],
    "http": [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
    "a huge packet": [negotiation(), struct.pack("!L", 2**32 - 1) + b"B" + b"x" * 100_000],
    "a huge packet first": [struct.pack("!L", MOST_OCTETS) + b"O"],
    "a packet of nothing": [negotiation(), struct.pack("!L", 0) * 10],
    "no negotiation": [packet(b"M", b"<a@x>\0"), packet(b"R", b"<l@x>\0")],
    "two negotiations": [negotiation() * 2],
    "half a negotiation": [packet(b"O", b"\0\0\0\6")],
    "an old version": [negotiation(1)],
    "half a packet": [negotiation() + packet(b"M", b"<a@x>\0")[:-3]],
    "an unknown letter": [negotiation() + packet(b"?", b"what")],
    "our own letters": [negotiation() + packet(b"y", b"550 5.7.1 no\0") + packet(b"c")],
    "no end of text": [negotiation() + packet(b"R", b"<l@x>")],
    "no address": [negotiation() + packet(b"R", b"")],
    "half a macro": [negotiation() + packet(b"D", b"M{client_addr}\0")],
    "an empty macro": [negotiation() + packet(b"D")],
    "a macro in utf-8": [negotiation() + packet(b"D", "M{mail_addr}\0jürgen\0".encode())],
    "a bad client": [negotiation() + packet(b"C", b"x\0" + b"4\0\x19999.1.1.1\0")],
    "a strange family": [negotiation() + packet(b"C", b"x\0Z\0\0x\0")],
    "a header without a value": [negotiation() + packet(b"M", b"<a@x>\0") + packet(b"L", b"Subject\0")],
    "too much in the end": [negotiation() + packet(b"A", b"x" * 1000)],
    "words before an answer": [negotiation() + packet(b"R", b"<l@x>\0") * 50],
    "content without an envelope": [
        negotiation() + packet(b"N") + packet(b"B", b"x" * 50_000) * 30 + packet(b"E")
    ],
}


@pytest.mark.parametrize("pieces", HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_peer_is_alone_with_its_harm(pieces: list[bytes]) -> None:
    porter = Porter()
    async with door(porter, patience=0.3) as (_, port):
        await sent(port, *pieces)
        await works(port)
    assert len(porter.seen) == 1


async def test_random_bytes_and_cut_or_twisted_talk_never_stop_the_door() -> None:
    chance = random.Random(58)
    honest = (
        negotiation()
        + packet(b"D", b"M{client_addr}\x00192.0.2.7\0")
        + b"".join(packet(*each) for each in ((b"M", b"<a@x>\0"), (b"R", b"<other@x>\0"), (b"T",), (b"L", b"A\0 b\0")))
        + packet(b"N") + packet(b"B", b"hello") + packet(b"E") + packet(b"A") + packet(b"Q")
    )  # fmt: skip
    porter = Porter()
    async with door(porter, patience=0.2, most=50) as (_, port):
        for _ in range(40):
            twisted = bytearray(honest)
            for _ in range(chance.randrange(1, 6)):
                twisted[chance.randrange(len(twisted))] = chance.randrange(256)
            cut = bytes(twisted[: chance.randrange(1, len(twisted))])
            await asyncio.gather(
                sent(port, cut), sent(port, chance.randbytes(200)), sent(port, bytes(twisted))
            )
        await works(port)
    assert porter.seen[-1].raw == RAW


async def test_slow_peers_are_hung_up_on_whole_packets_or_not() -> None:
    async with door(Porter(), patience=0.4) as (_, port):
        loop = asyncio.get_running_loop()
        began = loop.time()
        drips = [packet(b"B", b"x" * 100)[n : n + 1] for n in range(60)]
        await asyncio.gather(sent(port, negotiation(), *drips, pause=0.05), sent(port, pause=0))
        async with mta(port) as idle:
            with pytest.raises(HungUp):
                await idle.answer()
        await works(port)
        assert loop.time() - began < 10


async def test_too_many_connections_are_closed_at_once_and_others_go_on() -> None:
    async with door(Porter(), most=3) as (_, port), contextlib.AsyncExitStack() as held:
        inside = [await held.enter_async_context(mta(port)) for _ in range(3)]
        with pytest.raises((HungUp, OSError)):
            async with mta(port):
                pass
        assert (await inside[0].message("a@example.org", TO, RAW)).is_positive
        inside[1].writer.close()
        await asyncio.sleep(0.1)
        await works(port)


async def test_a_message_in_hand_is_answered_before_the_door_closes() -> None:
    porter = Porter(may_end=asyncio.Event())
    async with door(porter) as (opened, port), mta(port) as speaking, mta(port) as idle:
        await speaking.envelope("a@example.org", TO)
        answer = asyncio.create_task(speaking.content(RAW))
        await porter.began.wait()
        closing = asyncio.create_task(opened.close(grace=5))
        with pytest.raises(HungUp):
            await idle.answer()
        assert porter.may_end is not None
        porter.may_end.set()
        reply = await answer
        await closing
        with pytest.raises(HungUp):
            await speaking.answer()
    assert reply is not None
    assert reply.is_positive


async def test_an_aborted_message_is_forgotten() -> None:
    porter = Porter()
    async with door(porter) as (_, port), mta(port) as speaking:
        await speaking.envelope("b@example.org", ["m@x.org"])
        speaking.writer.write(packet(b"A"))
        await speaking.message("a@example.org", TO, RAW)
    assert [each.recipients for each in porter.seen] == [tuple(TO)]


async def test_recipients_have_a_limit() -> None:
    async with door(Porter()) as (_, port), mta(port) as speaking:
        answers = await speaking.envelope("a@example.org", [f"l{n}@x.org" for n in range(1001)])
    last = answers[-1]
    assert last is not None
    assert (last.code, last.enhanced) == (452, "4.5.3")
    assert all(each is not None and each.is_positive for each in answers[:-1])
