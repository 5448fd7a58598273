"""The corpus goes through a real LMTP door, a worker and a mail server: shared copies and own ones, signed, unharmed."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import dkim
import pytest

from delivery.door.lmtp import LmtpDoor
from delivery.evidence import Checks
from delivery.line import MailServer
from delivery.reception import Reception
from delivery.signing.keeping import activate_key, create_key
from delivery.signing.keys import SigningKey
from delivery.worker import Worker
from identity.actor import founder
from mail.message import crlf, parse_message, split_entity
from storage.database import Database
from storage.tables.lists import Robot
from tests.conftest import Clock
from tests.corpus import everything, sealed
from tests.corpus.comparing import complaints, complaints_with_footer
from tests.delivery.signing.verifying import DOMAIN, both, verdicts
from tests.delivery.test_flow import a_list
from tests.wire.sink import Sink, Taken

MESSAGES = everything()
_USUAL = {"send": "public", "message_size_limit": "10000000"}
_LET_BE = {"dmarc_protection": "none"}
_ALWAYS = {"dmarc_policies": "always", "dmarc_protection": "munge"}
_FOOTER = "A line below each message."
_MUNGED = frozenset(
    {"from", "reply-to", "x-original-from", "x-original-dkim-signature", "dkim-signature", "cc"}
)
SHAPES: dict[str, dict[str, str]] = {
    "grouped": _LET_BE,
    "personal": _LET_BE | {"personalization": "always"},
    "with a footer": _LET_BE | {"footer": _FOOTER},
    "munged": _ALWAYS,
    "wrapped": _ALWAYS | {"dmarc_protection": "wrap"},
}


@pytest.fixture
def clock() -> Clock:
    """Today's: programs of others have no other one, and believe no signature of tomorrow."""
    return Clock(time.time_ns() // 1000)


@dataclass
class House:
    """A door, a worker and the mail server behind it."""

    sink: Sink
    door: LmtpDoor
    worker: Worker
    port: int

    async def sent(self, raw: bytes, address: str, copies: int) -> tuple[str, list[Taken]]:
        """Hand a message in; the door's answer, and the copies that came out."""
        before = len(self.sink.taken)
        answer = await _handed_in(self.port, raw, address)
        if not answer.startswith("250"):
            return answer, []
        self.worker.wake()
        await self.sink.wait_for(before + copies)
        return answer, self.sink.taken[before:]


@asynccontextmanager
async def house(database: Database, checks: Checks | None = None) -> AsyncIterator[House]:
    """All of it in this process, over real sockets."""
    async with Sink() as sink:
        door = LmtpDoor(Reception(database, checks), hostname="door.example.org", size_limit=10_000_000)
        listening = await door.listen("127.0.0.1", 0)
        port = int(listening.sockets[0].getsockname()[1])
        server = MailServer("127.0.0.1", sink.port, tls="none")
        worker = Worker(database, server, connections=1, is_alone=True)
        running = asyncio.create_task(worker.run())
        try:
            yield House(sink, door, worker, port)
        finally:
            worker.stop.set()
            await asyncio.wait_for(running, 10)
            await door.close(1.0)


async def _handed_in(port: int, raw: bytes, address: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        commands = ("LHLO mx.example.org", "MAIL FROM:<ana@author.example>", f"RCPT TO:<{address}>", "DATA")
        await _answer(reader)
        for command in commands:
            writer.write(f"{command}\r\n".encode())
            answer = await _answer(reader)
            if answer[0] not in "23":
                return answer
        # As an MTA hands it on: line ends are CRLF, and a last line has its own.
        data = crlf(raw)
        data = data if data.endswith(b"\r\n") else data + b"\r\n"
        stuffed = (b"\r\n" + data).replace(b"\r\n.", b"\r\n..")[2:]
        writer.write(stuffed + b".\r\n")
        return await _answer(reader)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> str:
    while True:
        line = (await reader.readuntil(b"\n")).decode()
        if line[3:4] != "-":
            return line.strip()


@pytest.mark.parametrize("shape", SHAPES)
async def test_the_corpus_is_delivered_unharmed_and_signed(sqlite: Database, shape: str) -> None:
    robot, mlist = await a_list(sqlite, "corpus", 2, **(_USUAL | SHAPES[shape]))
    await sign_for(sqlite, robot, both())
    found: dict[str, list[str]] = {}
    async with house(sqlite) as through:
        for name, raw in MESSAGES.items():
            copies = 2 if shape == "personal" else 1
            answer, taken = await through.sent(raw, mlist.address, copies)
            if not taken:
                found[name] = [f"refused: {answer}"]
                continue
            wrong = [problem for copy in taken for problem in _wrong(shape, raw, copy.data)]
            if _is_readable(raw):
                wrong += [f"our signature: {verdict}" for copy in taken for verdict in _ours(copy.data)]
            if wrong:
                found[name] = wrong
    assert not found, "\n".join(f"{name}: {wrong}" for name, wrong in found.items())


async def sign_for(database: Database, robot: Robot, keys: Sequence[SigningKey]) -> None:
    """The domain's mail is signed with these keys from here on."""
    for signing in keys:
        async with database.write() as uow:
            made = await create_key(uow, founder(), robot, None, signing.private, signing.selector)
            await activate_key(uow, founder(), robot, made.id, None)


def _is_readable(raw: bytes) -> bool:
    """Whether dkimpy looks at such a header section at all: it gives up where a line is no field by the book."""
    try:
        dkim.DKIM(crlf(raw))
    except dkim.MessageFormatError:
        return False
    return True


def test_nearly_all_of_the_corpus_can_be_verified() -> None:
    assert sum(map(_is_readable, MESSAGES.values())) > len(MESSAGES) - 10


def _ours(went: bytes) -> list[str]:
    """What dkimpy has against our two signatures, which stand on top."""
    first = split_entity(went).all("DKIM-Signature")[:2]
    if len(first) < 2 or not all(f"d={DOMAIN}" in each for each in first):
        return [f"not signed: {first}"]
    return [] if verdicts(went, *both()) == [True, True] else [str(verdicts(went, *both()))]


def _wrong(shape: str, raw: bytes, went: bytes) -> list[str]:
    came = raw if raw.endswith((b"\n", b"\r")) else raw + b"\r\n"
    match shape:
        case "wrapped":
            inside = split_entity(went).body
            return [] if inside == parse_message(came).raw else ["what is wrapped is not what came"]
        case "munged":
            return complaints(came, went, changed=_MUNGED)
        case "with a footer":
            return complaints_with_footer(came, went, _FOOTER)
        case _:
            return complaints(came, went) + _author_signature(came, went)


def _author_signature(came: bytes, went: bytes) -> list[str]:
    """What an author's DKIM signature was worth when it came, it is worth when it goes."""
    own = b"DKIM-Signature:"
    if not came.startswith(own):
        return []
    place = split_entity(went).count("DKIM-Signature") - split_entity(came).count("DKIM-Signature")
    before, after = _verified(crlf(came), 0), _verified(went, place)
    return [] if before == after else [f"the author's signature: {before} became {after}"]


def _verified(raw: bytes, place: int) -> str:
    record = sealed.public_record()
    try:
        return str(dkim.DKIM(raw).verify(idx=place, dnsfunc=lambda _name, timeout=5: record))
    except dkim.DKIMException as refused:
        return type(refused).__name__
