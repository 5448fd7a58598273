"""One milter conversation: what the MTA tells about its clients' messages, and what it is answered."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from kilter.protocol import (
    Abort,
    Accept,
    ActionFlags,
    Body,
    Close,
    Connect,
    Continue,
    Data,
    EndOfHeaders,
    EndOfMessage,
    EnvelopeFrom,
    EnvelopeRecipient,
    Header,
    Macro,
    Negotiate,
    ProtocolFlags,
    Stage,
)
from kilter.protocol.core import MTAMessage, ResponseMessage

from delivery.door.dialogue import BROKEN, MAX_RECIPIENTS, TOO_MANY
from delivery.door.milter_content import Content, Room
from delivery.door.milter_gate import Gate, SeenMessage
from delivery.door.milter_packets import BadPacket, Packets, refusal
from delivery.door.stream import Gone
from mail.status import Reply

log = structlog.get_logger(__name__)

_VERSION = 6
_CLIENT = "{client_addr}"
# What we do without, and what we read without answering, so that the MTA need not wait.
_WISHES = (
    ProtocolFlags.NO_CONNECT
    | ProtocolFlags.NO_HELO
    | ProtocolFlags.NO_UNKNOWN
    | ProtocolFlags.NR_SENDER
    | ProtocolFlags.NR_HEADER
    | ProtocolFlags.NR_END_OF_HEADERS
    | ProtocolFlags.NR_BODY
    | ProtocolFlags.HEADER_LEADING_SPACE
)
# Nothing but the client's address is believed or wanted, least of all who signed in at the MTA: that proves an account
# there, not the address in From. Asked for none, the MTA sends no macro in an alphabet that the library cannot read.
_MACROS: dict[Stage, list[str]] = {stage: [] for stage in Stage} | {Stage.ENVELOPE_FROM: [_CLIENT]}
_MOST_SECONDS = 60.0


class MilterDialogue:
    """Talks to one MTA process until it leaves, says something that is no milter packet, or `stop` is called."""

    def __init__(self, packets: Packets, gate: Gate, room: Room, *, size_limit: int) -> None:
        self._packets = packets
        self._gate = gate
        self._is_agreed = False
        self._is_over = False
        self._is_stopping = False
        self._client = ""
        self._content = Content(size_limit, room)
        self._reverse_path = ""
        self._recipients: list[str] = []
        self._has_others = False

    def stop(self) -> bool:
        """Hang up after the message in hand; return whether nothing is in hand, so that waiting may be cut short."""
        self._is_stopping = True
        return self._packets.is_waiting and not self._recipients

    async def run(self) -> None:
        """Converse; returns when it is over, whatever the reason."""
        try:
            while True:
                for packet in self._packets.here():
                    await self._take(packet)
                    if self._is_over:
                        return
                await self._packets.more()
        except (Gone, TimeoutError):
            return
        except BadPacket as bad:
            log.warning("milter_bad_packet", reason=str(bad))
        except asyncio.CancelledError:
            if not self._is_stopping:
                raise
        except Exception:
            log.exception("milter_broke")
        finally:
            self._reset()

    async def _take(self, packet: MTAMessage) -> None:
        if isinstance(packet, Negotiate) == self._is_agreed:
            raise BadPacket("the agreement comes first, and once")
        match packet:
            case Negotiate():
                await self._agree(packet)
            case Close():
                self._is_over = True
            case Abort():
                self._reset()
            case Macro():
                self._client = packet.macros.get(_CLIENT, self._client)
            case _:
                answer = await self._answer_to(packet)
                if self._packets.wants_answer(packet):
                    await self._packets.answer(answer)
        if self._is_stopping and not self._recipients:
            self._is_over = True

    async def _agree(self, offer: Negotiate) -> None:
        if offer.version < 2:
            raise BadPacket("a version that nobody speaks")
        wishes = _WISHES & offer.protocol_flags
        self._content.has_leading_space = ProtocolFlags.HEADER_LEADING_SPACE in wishes
        may_choose = ActionFlags.SETSYMLIST in offer.action_flags
        actions = ActionFlags.SETSYMLIST if may_choose else ActionFlags.NONE
        macros = _MACROS if may_choose else {}
        await self._packets.answer(Negotiate(min(_VERSION, offer.version), actions, wishes, macros))
        self._is_agreed = True

    async def _answer_to(self, packet: MTAMessage) -> ResponseMessage:
        match packet:
            case Connect():
                self._client = str(packet.address or "")
            case EnvelopeFrom():
                self._reset()
                self._reverse_path = _path(packet.sender)
            case EnvelopeRecipient():
                return _packet(await self._recipient(_path(packet.recipient)))
            case Data() if not self._is_judged:
                return Accept()
            case Header():
                self._add(self._content.field, packet.name.encode("ascii"), bytes(packet.value))
            case EndOfHeaders():
                self._add(self._content.add, b"\r\n")
            case Body():
                self._add(self._content.add, bytes(packet.content))
            case EndOfMessage():
                self._add(self._content.add, bytes(packet.content))
                return _packet(await self._whole())
        return Continue()

    @property
    def _is_judged(self) -> bool:
        """Whether every recipient is ours: else the message cannot be refused as a whole, and LMTP answers for each."""
        return bool(self._recipients) and not self._has_others

    def _add(self, add: Callable[..., None], *pieces: bytes) -> None:
        if self._is_judged:
            add(*pieces)

    async def _recipient(self, recipient: str) -> Reply | None:
        if len(self._recipients) >= MAX_RECIPIENTS:
            return TOO_MANY
        reply = await _final(self._gate.recipient(recipient))
        if reply is None:
            self._has_others = True
        elif reply.is_positive:
            self._recipients.append(recipient)
        return reply

    async def _whole(self) -> Reply | None:
        try:
            if not self._is_judged:
                return None
            raw = self._content.result()
            if isinstance(raw, Reply):
                return raw
            seen = SeenMessage(self._reverse_path, tuple(self._recipients), raw, self._client)
            return await _final(self._gate.message(seen))
        finally:
            self._reset()

    def _reset(self) -> None:
        self._content.forget()
        self._reverse_path = ""
        self._recipients = []
        self._has_others = False


async def _final(work: Awaitable[Reply | None]) -> Reply | None:
    """What the gate says; whatever breaks there is answered 451, so that nothing is let in unasked."""
    try:
        async with asyncio.timeout(_MOST_SECONDS):
            return await work
    except Exception:
        log.exception("milter_not_answered")
        return BROKEN


def _packet(reply: Reply | None) -> ResponseMessage:
    return Continue() if reply is None or reply.is_positive else refusal(reply)


def _path(argument: bytes | memoryview) -> str:
    """An address without its angle brackets; "" for the null one."""
    return bytes(argument).decode("utf-8", "replace").strip().removeprefix("<").removesuffix(">")
