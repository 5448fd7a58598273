"""One LMTP conversation (RFC 2033): its commands, in the order they may come, and one answer for each recipient."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from delivery.door.commands import (
    XFORWARD_NAMES,
    BadCommand,
    check_mail_parameters,
    parse_path,
    parse_xforward,
)
from delivery.door.content import Content, Flaw
from delivery.door.envelope import LmtpEnvelope, LmtpSession
from delivery.door.handler import Handler
from delivery.door.stream import Gone, Stream
from mail.status import Reply

log = structlog.get_logger(__name__)

MAX_ERRORS = 20
"""Mistakes in a row, without a message between them, after which we hang up."""
MAX_RECIPIENTS = 1000
"""Recipients of one message; RFC 5321 section 4.5.3.1.8 asks for 100 at least."""

TOO_MANY = Reply(452, "4.5.3", "Too many recipients for one message")
BROKEN = Reply(451, "4.3.0", "Something went wrong here; try again later")
_CLOSING = Reply(421, "4.3.2", "The service is being stopped; try again later")
FLAWS = {
    Flaw.TOO_LARGE: Reply(552, "5.3.4", "The message is larger than it may be"),
    Flaw.STRAY_LINE_END: Reply(554, "5.5.2", "Lines end with CR LF, and neither may stand alone"),
}


class Dialogue:
    """Talks to one peer until it leaves, makes too many mistakes, or `stop` is called."""

    def __init__(
        self, stream: Stream, session: LmtpSession, handler: Handler, *, hostname: str, size_limit: int
    ) -> None:
        self._stream = stream
        self._session = session
        self._handler = handler
        self._hostname = hostname
        self._size_limit = size_limit
        self._errors = 0
        self._is_over = False
        self._is_stopping = False
        self._reverse_path: str | None = None
        self._parameters: dict[str, str] = {}
        self._recipients: list[str] = []
        self._commands: dict[bytes, Callable[[str], Awaitable[None]]] = {
            b"LHLO": self._lhlo,
            b"MAIL": self._mail,
            b"RCPT": self._rcpt,
            b"DATA": self._data,
            b"RSET": self._rset,
            b"NOOP": self._noop,
            b"VRFY": self._vrfy,
            b"QUIT": self._quit,
            b"XFORWARD": self._xforward,
        }

    def stop(self) -> bool:
        """Hang up after the message in hand; return whether nothing is in hand, so that waiting may be cut short."""
        self._is_stopping = True
        return self._stream.is_waiting

    async def run(self) -> None:
        """Converse; returns when it is over, whatever the reason."""
        self._stream.say(Reply(220, None, f"{self._hostname} LMTP"))
        try:
            while not self._is_over:
                if self._is_stopping:
                    self._hang_up(_CLOSING)
                else:
                    await self._take_command()
        except TimeoutError:
            self._hang_up(Reply(421, "4.4.2", "Nothing came for too long"))
        except Gone:
            self._is_over = True
        except asyncio.CancelledError:
            if not self._is_stopping:
                raise
            self._hang_up(_CLOSING)

    async def _take_command(self) -> None:
        line = await self._stream.line()
        try:
            name, argument = _words(line)
            await self._commands.get(name, self._unknown)(argument)
        except BadCommand as mistake:
            self._errors += 1
            self._stream.say(mistake.reply)
            if self._errors >= MAX_ERRORS:
                self._hang_up(Reply(421, "4.7.0", "Too many mistakes"))

    def _hang_up(self, reply: Reply) -> None:
        self._is_over = True
        self._stream.say(reply)

    def _reset(self) -> None:
        self._reverse_path = None
        self._parameters = {}
        self._recipients = []
        self._session.xforward = {}

    # ---- the commands

    async def _lhlo(self, argument: str) -> None:
        if not argument:
            raise BadCommand(501, "5.5.4", "LHLO takes your name")
        self._reset()
        self._session.helo = argument
        offers = ["PIPELINING", "ENHANCEDSTATUSCODES", f"SIZE {self._size_limit}", "8BITMIME", "SMTPUTF8"]
        self._stream.say_lines(250, [self._hostname, *offers, "XFORWARD " + " ".join(XFORWARD_NAMES)])

    async def _mail(self, argument: str) -> None:
        if not self._session.helo:
            raise BadCommand(503, "5.5.1", "LHLO comes first")
        if self._reverse_path is not None:
            raise BadCommand(503, "5.5.1", "The sender is given already")
        path, parameters = parse_path("FROM", argument)
        check_mail_parameters(parameters, self._size_limit)
        _check_repertoire(path, parameters)
        self._reverse_path, self._parameters = path, parameters
        self._stream.say(Reply(250, "2.1.0", "Sender ok"))

    async def _rcpt(self, argument: str) -> None:
        if self._reverse_path is None:
            raise BadCommand(503, "5.5.1", "MAIL comes first")
        path, parameters = parse_path("TO", argument)
        if parameters:
            raise BadCommand(555, "5.5.4", "RCPT takes no parameters here")
        if not path:
            raise BadCommand(501, "5.1.3", "A recipient has an address")
        _check_repertoire(path, self._parameters)
        if len(self._recipients) >= MAX_RECIPIENTS:
            self._stream.say(TOO_MANY)
            return
        reply = await self._ask_recipient(self._reverse_path, path)
        if reply.code // 100 == 2:
            self._recipients.append(path)
        self._stream.say(reply)

    async def _ask_recipient(self, reverse_path: str, path: str) -> Reply:
        try:
            reply = await self._handler.recipient(self._session, reverse_path, path, self._parameters)
        except Exception:
            log.exception("lmtp_recipient_failed")
            return BROKEN
        return reply if _is_final(reply) else BROKEN

    async def _data(self, argument: str) -> None:
        if argument:
            raise BadCommand(501, "5.5.4", "DATA takes nothing")
        if self._reverse_path is None or not self._recipients:
            raise BadCommand(503, "5.5.1", "There is no accepted recipient")
        self._stream.say(Reply(354, None, "End with a dot on a line of its own"))
        raw = await self._receive()
        if isinstance(raw, Flaw):
            replies = [FLAWS[raw]] * len(self._recipients)
        else:
            replies = await self._deliver(raw, self._reverse_path)
        for reply in replies:
            self._stream.say(reply, utf8="SMTPUTF8" in self._parameters)
        self._errors = 0
        self._reset()

    async def _receive(self) -> bytes | Flaw:
        content = Content(self._size_limit)
        while True:
            rest = content.feed(await self._stream.piece())
            if rest is not None:
                self._stream.unread(rest)
                return content.result()

    async def _deliver(self, raw: bytes, reverse_path: str) -> list[Reply]:
        envelope = LmtpEnvelope(
            reverse_path,
            tuple(self._recipients),
            raw,
            smtputf8="SMTPUTF8" in self._parameters,
            parameters=self._parameters,
            xforward=self._session.xforward,
        )
        try:
            replies = await self._handler.deliver(self._session, envelope)
        except Exception:
            log.exception("lmtp_delivery_failed")
            replies = []
        if len(replies) != len(self._recipients) or not all(map(_is_final, replies)):
            log.error("lmtp_delivery_unanswered", recipients=len(self._recipients), replies=len(replies))
            return [BROKEN] * len(self._recipients)
        return replies

    async def _xforward(self, argument: str) -> None:
        if self._reverse_path is not None:
            raise BadCommand(503, "5.5.1", "XFORWARD comes before MAIL")
        for name, value in parse_xforward(argument).items():
            if value:
                self._session.xforward[name] = value
            else:
                self._session.xforward.pop(name, None)
        self._stream.say(Reply(250, "2.0.0", "Ok"))

    async def _rset(self, argument: str) -> None:
        self._reset()
        self._stream.say(Reply(250, "2.0.0", "Ok"))

    async def _noop(self, argument: str) -> None:
        self._stream.say(Reply(250, "2.0.0", "Ok"))

    async def _vrfy(self, argument: str) -> None:
        self._stream.say(Reply(252, "2.5.0", "Try RCPT"))

    async def _unknown(self, argument: str) -> None:
        # HELO and EHLO too: RFC 2033 section 4.1 forbids them here
        raise BadCommand(500, "5.5.1", "This is LMTP; the command is not known here")

    async def _quit(self, argument: str) -> None:
        self._hang_up(Reply(221, "2.0.0", "Goodbye"))


def _words(line: bytes | None) -> tuple[bytes, str]:
    """Split a command line into its upper-case verb and the rest; raises BadCommand for what is no line at all."""
    if line is None:
        raise BadCommand(500, "5.5.2", "The line is too long")
    if not line.endswith(b"\r\n"):
        raise BadCommand(500, "5.5.2", "A line ends with CR LF")
    try:
        text = line[:-2].decode("utf-8")
    except UnicodeDecodeError as problem:
        raise BadCommand(500, "5.5.2", "A command is UTF-8 text") from problem
    if not text.isprintable():
        raise BadCommand(500, "5.5.2", "A command has no control characters")
    name, _, argument = text.strip(" ").partition(" ")
    return name.upper().encode(), argument.strip(" ")


def _check_repertoire(path: str, parameters: dict[str, str]) -> None:
    if not path.isascii() and "SMTPUTF8" not in parameters:
        raise BadCommand(553, "5.6.7", "An address beyond ASCII needs SMTPUTF8")


def _is_final(reply: Reply) -> bool:
    return reply.code // 100 in (2, 4, 5)
