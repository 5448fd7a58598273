"""What the LMTP door asks: may this recipient have mail, and what became of this message for each of them."""

import asyncio
from collections.abc import Callable, Mapping

import structlog

from delivery.addresses import Kind, is_known, resolve
from delivery.answers import BAD_ADDRESS, BAD_MESSAGE, KNOWN, NO_ROOM, UNKNOWN, answered
from delivery.beforehand import ask_beforehand
from delivery.bounces.reading import Reading, read
from delivery.door.envelope import LmtpEnvelope, LmtpSession
from delivery.evidence import Checks, Evidence, gather
from delivery.letter import Letter
from delivery.listmasters import pass_on
from delivery.nowhere import NotBroughtAbout, nobodys, require_kept, told
from delivery.routes import ROUTES, START
from delivery.spindle import wind
from mail.address import parse_address
from mail.errors import BadAddress, BadMessage
from mail.message import Message, parse_message
from mail.status import Reply
from storage.database import Database, UnitOfWork
from storage.undone import transacted

log = structlog.get_logger(__name__)

# Commands that an address stands for; LIST-request reads them from the message.
_COMMAND_OF = {Kind.SUBSCRIBE: "subscribe", Kind.UNSUBSCRIBE: "unsubscribe"}


async def check_recipient(database: Database, recipient: str) -> Reply:
    """The answer to RCPT: unknown lists are refused while the sender is still there."""
    try:
        address = parse_address(recipient)
    except BadAddress:
        return BAD_ADDRESS
    async with database.read() as reader:
        return KNOWN if await is_known(reader, address) else UNKNOWN


async def receive(
    database: Database, reverse_path: str, recipient: str, raw: bytes, evidence: Evidence | None = None
) -> Reply:
    """Take a message in for one recipient, in one transaction; positive only when it is on the disk.

    `evidence` is what `delivery.evidence.gather` found out about it; without, nothing is proved of its author. Whatever
    asks other servers is asked before the transaction is open. Never raises: what breaks here is answered 451, so the
    server that brought the message keeps it and tries again.
    """
    return await answered(_received(database, reverse_path, recipient, raw, evidence))


async def _received(
    database: Database, reverse_path: str, recipient: str, raw: bytes, evidence: Evidence | None
) -> Reply:
    message = parse_message(raw)
    await ask_beforehand(database, recipient, message, reverse_path, evidence)
    reading = await _read_beforehand(recipient, message, reverse_path)

    async def taken_in(uow: UnitOfWork) -> Reply:
        return await take_in(uow, reverse_path, recipient, message, evidence, reading)

    try:
        return await transacted(database, taken_in)
    except NotBroughtAbout as refused:
        return refused.reply


async def _read_beforehand(recipient: str, message: Message, reverse_path: str) -> Reading | None:
    """What a report says, if it is for an address where they come: read beside the event loop, and not while SQLite's one
    writer waits, since a report may be made to take long.
    """
    if Kind.BOUNCE.value[1:] not in recipient.partition("@")[0].lower():
        return None
    return await asyncio.to_thread(read, message, reverse_path)


async def take_in(
    uow: UnitOfWork,
    reverse_path: str,
    recipient: str,
    message: Message,
    evidence: Evidence | None = None,
    reading: Reading | None = None,
) -> Reply:
    """Take a message in for one recipient, in the caller's transaction; `reading` is what it says if it is a report.

    Raises NotBroughtAbout, so that the transaction is undone, where a list was made of a message that it then refused.
    """
    destination = await resolve(uow, parse_address(recipient))
    if destination is None:
        return await nobodys(uow, recipient, evidence)
    if destination.mlist is None:
        return await pass_on(uow, destination.robot, message)
    letter = Letter(
        destination.robot,
        destination.mlist,
        message,
        reverse_path,
        evidence=evidence,
        token=destination.token,
        reading=reading,
        command=_COMMAND_OF.get(destination.kind, ""),
    )
    reply = told(letter, (await wind(letter, ROUTES, START[destination.kind], uow)).reply)
    if destination.kind is Kind.AUTOMATIC:
        require_kept(letter, reply)
    return reply


class Reception:
    """The handler behind the LMTP door (delivery.door.handler.Handler)."""

    def __init__(
        self, database: Database, checks: Checks | None = None, *, has_room: Callable[[], bool] = lambda: True
    ) -> None:
        """Without `checks` no message proves anything of its author; `has_room` says whether mail can be kept now."""
        self._database = database
        self._checks = checks
        self._has_room = has_room

    async def recipient(
        self, session: LmtpSession, reverse_path: str, recipient: str, parameters: Mapping[str, str]
    ) -> Reply:
        """Whether there is such a list."""
        if not self._has_room():
            return NO_ROOM
        return await check_recipient(self._database, recipient)

    async def deliver(self, session: LmtpSession, envelope: LmtpEnvelope) -> list[Reply]:
        """Take the message in for each recipient in turn, each in a transaction of its own."""
        try:
            message = parse_message(envelope.raw)
        except BadMessage:
            return [BAD_MESSAGE] * len(envelope.recipients)
        evidence = await self._evidence(message)
        return [
            await receive(self._database, envelope.reverse_path, recipient, envelope.raw, evidence)
            for recipient in envelope.recipients
        ]

    async def _evidence(self, message: Message) -> Evidence | None:
        """What is found out about a message, once for all its recipients."""
        if self._checks is None:
            return None
        evidence = await gather(message, self._checks)
        log.info(
            "origin_checked",
            method=evidence.method,
            **evidence.results,
            policy=evidence.policy.word,
            detail=evidence.detail,
        )
        return evidence
