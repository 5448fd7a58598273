"""A mail server that writes every transaction down: `python -m bench._counting_sink PORT FILE [DELAY [SEED]]`.

FILE gets one JSON line for each message that was taken, written before it is acknowledged: when, the connection's
number, how the client introduced itself, the Message-ID, the recipients. So whatever a killed client may believe, FILE
says who has the message. DELAY seconds for each recipient, ten at most, pass before each acknowledgement, so that a
kill often finds a transaction in doubt. A line on standard input, `MOOD [CHANCE]`, changes what it does from now on (see MOODS); a mood strikes each
command, message or recipient that it is about with that chance (0.3).
"""

import asyncio
import json
import os
import random
import re
import sys
import time
from dataclasses import dataclass, field
from typing import IO, Any

_MESSAGE_ID = re.compile(rb"(?mi)^Message-ID:\s*(\S+)")
_ON_ITS_WAY = 0.2
_PATH = re.compile(rb"<([^>]*)>")
MOODS = {
    "well": "takes everything",
    "defer-some": "puts off some recipients (451)",
    "defer-all": "puts off every recipient (451)",
    "defer-message": "puts off messages after their final dot (452), and does not keep them",
    "drop-before-rcpt": "hangs up at MAIL",
    "drop-after-rcpt": "hangs up at DATA",
    "drop-in-data": "hangs up while the body comes",
    "drop-after-dot": "keeps the message and hangs up without an answer: in doubt",
    "away": "listens no more and hangs up on everybody",
}


@dataclass
class State:
    """What all connections share."""

    log: IO[str]
    delay: float
    chance: random.Random
    mood: str = "well"
    strength: float = 0.3
    connections: int = 0
    open: "set[Sink]" = field(default_factory=set)

    def strikes(self, *moods: str) -> bool:
        """Whether one of these moods is on, and it is this one's turn."""
        return self.mood in moods and self.chance.random() < self.strength


class Sink(asyncio.Protocol):
    """One connection, with PIPELINING."""

    def __init__(self, state: State) -> None:
        """`state` is what it shares with the others."""
        self._state = state
        self._buffer = b""
        self._recipients: list[str] = []
        self._client = ""
        self._in_data = False
        self._waits = False
        self._is_owed_an_answer = False
        self._has_just_answered = False

    def connection_made(self, transport: Any) -> None:
        """Greet."""
        state = self._state
        state.connections += 1
        self._number = state.connections
        self._transport = transport
        state.open.add(self)
        transport.write(b"220 sink\r\n")

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._state.open.discard(self)
        self._waits = True

    def data_received(self, data: bytes) -> None:
        """Work through whatever is whole."""
        self._buffer += data
        self._work()

    def hang_up(self) -> None:
        """Go without a word; a message that was written down and not acknowledged yet is in doubt then."""
        self._waits = True
        self._transport.abort()
        if self._is_owed_an_answer:
            self._is_owed_an_answer = False
            self._note({"connection": self._number, "how": "not answered"})
        elif self._has_just_answered:
            # Hanging up at once may overtake the answer (RFC 1122, 4.2.2.13: a reset drops what was not read yet).
            self._note({"connection": self._number, "how": "perhaps not heard"})

    def _note(self, entry: dict[str, object]) -> None:
        self._state.log.write(json.dumps(entry) + "\n")
        self._state.log.flush()

    def _work(self) -> None:
        # Answers keep their order: what came behind a message waits with its acknowledgement.
        while not self._waits and self._step():
            continue

    def _step(self) -> bool:
        if self._in_data and self._buffer and self._state.strikes("drop-in-data"):
            self.hang_up()
            return False
        end = b"\r\n.\r\n" if self._in_data else b"\r\n"
        head, found, rest = self._buffer.partition(end)
        if not found:
            return False
        self._buffer = rest
        if self._in_data:
            self._take(head)
        else:
            self._command(head)
        return True

    def _take(self, message: bytes) -> None:
        self._in_data = False
        if self._state.strikes("defer-message"):
            self._recipients = []
            self._later(b"452 4.3.1 not now\r\n", 1)
            return
        is_dropped = self._state.strikes("drop-after-dot")
        found = _MESSAGE_ID.search(message)
        recipients, self._recipients = self._recipients, []
        self._note(
            {
                "at": time.time(),
                "connection": self._number,
                "client": self._client,
                "id": found[1].decode() if found else "",
                "how": "in doubt" if is_dropped else "taken",
                "to": recipients,
            }
        )
        if is_dropped:
            self.hang_up()
        else:
            self._is_owed_an_answer = True
            self._later(b"250 2.0.0 taken\r\n", len(recipients))

    def _later(self, answer: bytes, recipients: int) -> None:
        delay = self._state.delay * min(recipients, 10)
        if not delay:
            self._acknowledge(answer)
            return
        self._waits = True
        asyncio.get_running_loop().call_later(delay, self._come_back, answer)

    def _come_back(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._waits = False
            self._acknowledge(answer)
            self._work()

    def _acknowledge(self, answer: bytes) -> None:
        self._is_owed_an_answer = False
        self._has_just_answered = True
        asyncio.get_running_loop().call_later(_ON_ITS_WAY, self._was_heard)
        self._transport.write(answer)

    def _was_heard(self) -> None:
        self._has_just_answered = False

    def _command(self, line: bytes) -> None:
        verb, state = line[:4].upper(), self._state
        if (verb == b"MAIL" and state.strikes("drop-before-rcpt")) or (
            verb == b"DATA" and state.strikes("drop-after-rcpt")
        ):
            self.hang_up()
        elif verb == b"RCPT":
            self._recipient(line)
        elif verb == b"DATA":
            self._in_data = bool(self._recipients)
            self._transport.write(b"354 go on\r\n" if self._recipients else b"554 5.5.1 no recipients\r\n")
        elif verb == b"EHLO":
            self._client = line[5:].decode("ascii", "replace").strip()
            self._transport.write(
                b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n"
            )
        elif verb == b"QUIT":
            self._transport.write(b"221 bye\r\n")
            self._transport.close()
        else:
            if verb in (b"MAIL", b"RSET"):
                self._recipients = []
            self._transport.write(b"250 2.0.0 ok\r\n")

    def _recipient(self, line: bytes) -> None:
        if self._state.mood == "defer-all" or self._state.strikes("defer-some"):
            self._transport.write(b"451 4.2.1 not now\r\n")
            return
        found = _PATH.search(line)
        self._recipients.append(found[1].decode() if found else "")
        self._transport.write(b"250 2.1.5 ok\r\n")


class Listener:
    """The listening socket, which goes away and comes back with the mood."""

    def __init__(self, port: int, state: State) -> None:
        """`port` on loopback."""
        self._port = port
        self._state = state
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Sink(self._state), "127.0.0.1", self._port)

    async def change(self, mood: str, strength: float) -> None:
        """From now on the server does as MOODS says."""
        state = self._state
        state.mood, state.strength = mood, strength
        if mood == "away" and self._server is not None:
            self._server.close()
            self._server = None
            for each in list(state.open):
                each.hang_up()
        elif mood != "away" and self._server is None:
            await self.open()


async def serve(port: int, path: str, delay: float, seed: int) -> None:
    """Listen on loopback and obey standard input until killed."""
    with open(path, "a", encoding="utf-8") as log:  # noqa: ASYNC230, PTH123 (one small append-only file)
        listener = Listener(port, State(log, delay, random.Random(seed)))
        await listener.open()
        print("ready", flush=True)
        orders = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(orders), os.fdopen(0, "rb", buffering=0)
        )
        while line := await orders.readline():
            mood, *strength = line.decode().split()
            if mood not in MOODS:
                raise SystemExit(f"no such mood: {mood}")
            await listener.change(mood, float(strength[0]) if strength else 0.3)
        # Whoever gives orders has gone.


if __name__ == "__main__":
    asyncio.run(
        serve(
            int(sys.argv[1]),
            sys.argv[2],
            float(sys.argv[3]) if len(sys.argv) > 3 else 0.0,
            int(sys.argv[4]) if len(sys.argv) > 4 else 0,
        )
    )
