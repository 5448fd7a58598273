"""One TCP connection on which commands leave in groups and replies come back in order, each in its time."""

import asyncio
import ssl
from typing import cast

from delivery.transports.errors import GarbledReply
from delivery.transports.replies import ReplyBuffer
from mail.status import Reply

LOST = Reply(421, "4.4.2", "the connection was lost")
TIMED_OUT = Reply(421, "4.4.2", "the mail server took too long to answer")
GARBLED = Reply(451, "4.5.0", "the mail server did not speak SMTP")
OUT_OF_STEP = Reply(451, "4.5.0", "the mail server answered what was not asked")
ABANDONED = Reply(421, "4.4.2", "the connection was given up")


class Wire(asyncio.Protocol):
    """Writes groups of commands and hands out their replies; used by one coroutine at a time.

    `ended` is None while the dialogue lives, then the reply that says why it is over: the peer's own 421, or
    one of the constants of this module. Each whole reply restarts the clock of the wait; half a line does not.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer = ReplyBuffer()
        self._replies: list[Reply] = []
        self._owed = 1  # the greeting
        self._wanted = 0
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._seconds = 0.0
        self._deadline = 0.0
        self._paused = False
        self.ended: Reply | None = None
        self.heard = 0

    @property
    def newest(self) -> bytes:
        """The bytes of the newest whole reply, its lines separated by LF."""
        return self._buffer.newest

    @property
    def due(self) -> int:
        """How many replies will have been heard when the peer has answered all that was said so far."""
        return self.heard + self._owed

    @property
    def is_listening(self) -> bool:
        """Whether the dialogue lives and the peer has said nothing that was not read yet."""
        return self.ended is None and not self._replies

    @property
    def has_answer(self) -> bool:
        """Whether a reply waits to be read."""
        return bool(self._replies)

    def write(self, data: bytes, replies: int) -> None:
        """Send `data`, for which the peer owes `replies` replies; nothing happens once the dialogue ended."""
        if self.ended is None and self._transport is not None:
            self._owed += replies
            self._transport.write(data)

    def expect(self, replies: int) -> None:
        """The peer owes so many replies for what is about to be written in pieces."""
        self._owed += replies

    def at_hand(self, count: int) -> list[Reply]:
        """The next `count` replies if they are here already; none if not."""
        return self._take(count) if len(self._replies) >= count else []

    async def answers(self, count: int, seconds: float) -> list[Reply]:
        """Wait for the next `count` replies, at most `seconds` for each; fewer when the dialogue ended."""
        if len(self._replies) < count and self.ended is None:
            await self.coming(count, seconds)
        return self._take(count)

    def coming(self, count: int, seconds: float) -> asyncio.Future[None]:
        """Done when the next `count` replies are at hand, or the dialogue ended; not to be asked for what is there already."""
        self._wanted = count
        return self._wait(seconds)

    def _take(self, count: int) -> list[Reply]:
        got = self._replies[:count]
        del self._replies[:count]
        return got

    async def ask(self, command: bytes, seconds: float) -> Reply:
        """Send one command and return its reply, or the reason why there will be none."""
        self.write(command, 1)
        got = await self.answers(1, seconds)
        return got[0] if got else self.ended or LOST

    async def drained(self, seconds: float) -> None:
        """Wait until the peer has taken what we wrote, has answered early, or the dialogue ended."""
        if self._paused and self.ended is None and not self._replies:
            self._wanted = 1
            await self._wait(seconds)

    async def start_tls(self, context: ssl.SSLContext, host: str, seconds: float) -> None:
        """Turn the connection into a TLS one; raises OSError (ssl.SSLError among them) when that fails.

        A peer (or somebody between) that has already sent more than its 220 is cut off: what came in the
        clear must never be taken for what is said under TLS.
        """
        if self._transport is None or self.ended is not None:
            raise ConnectionError(str(self.ended or LOST))
        if not self._buffer.is_empty or self._replies:
            self.end(OUT_OF_STEP)
            raise ConnectionError(OUT_OF_STEP.text)
        secured = await self._loop.start_tls(
            self._transport,
            self,
            context,
            server_hostname=host,
            ssl_handshake_timeout=seconds,
        )
        if secured is None:
            raise ConnectionError(LOST.text)
        self._transport = secured

    def end(self, why: Reply) -> None:
        """End the dialogue at once; what was written but not sent yet is dropped."""
        if self.ended is None:
            self.ended = why
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._transport is not None:
                self._transport.abort()
            self._wake()

    # ---- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.end(LOST)

    def eof_received(self) -> bool | None:
        self.end(LOST)
        return None

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._wake()

    def data_received(self, data: bytes) -> None:
        if self.ended is not None:
            return
        known = len(self._replies)
        try:
            plain = self._buffer.feed_plain(data)
            if plain is not None and len(plain) <= self._owed:
                self._owed -= len(plain)
                self.heard += len(plain)
                self._replies += plain
            else:
                for reply in self._buffer.feed(data) if plain is None else plain:
                    if not self._hear(reply):
                        return
        except GarbledReply:
            self.end(GARBLED)
            return
        if self._waiter is not None and self._replies:
            if len(self._replies) >= self._wanted:
                self._wake()
            elif len(self._replies) > known:
                self._deadline = self._loop.time() + self._seconds

    def _hear(self, reply: Reply) -> bool:
        """Keep a reply that was owed; return whether the dialogue goes on."""
        if self._owed == 0:
            self.end(reply if reply.code == 421 else OUT_OF_STEP)
            return False
        self._owed -= 1
        self.heard += 1
        self._replies.append(reply)
        if reply.code == 421:
            self.end(reply)
            return False
        return True

    # ---- waiting: one timer for the whole connection, moved lazily, because a timer per reply costs more
    # than the reply

    def _wait(self, seconds: float) -> asyncio.Future[None]:
        # Whoever waits next replaces the future; what happens in between finds it done.
        self._seconds = seconds
        self._deadline = self._loop.time() + seconds
        self._set_timer()
        self._waiter = self._loop.create_future()
        return self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _set_timer(self) -> None:
        if self._timer is not None:
            if self._timer.when() <= self._deadline:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(self._deadline, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._waiter is None or self._waiter.done():
            return
        if self._loop.time() >= self._deadline:
            self.end(TIMED_OUT)
        else:
            self._set_timer()
