"""A mail server that takes everything and writes down every transaction: `python -m bench._counting_sink PORT FILE [DELAY]`.

FILE gets one JSON line for each accepted transaction, written before it is acknowledged: the connection's number, the
Message-ID, the recipients. So whatever a killed client may believe, FILE says who has the message. DELAY seconds
pass before each acknowledgement, so that a kill often finds a transaction in doubt.
"""

import asyncio
import json
import re
import sys
from typing import IO, Any

_MESSAGE_ID = re.compile(rb"(?mi)^Message-ID:\s*(\S+)")
_PATH = re.compile(rb"<([^>]*)>")


class Sink(asyncio.Protocol):
    """One connection, with PIPELINING."""

    connections = 0

    def __init__(self, log: IO[str], delay: float) -> None:
        """`log` is the file that transactions are written to, `delay` the seconds before each is acknowledged."""
        self._log = log
        self._delay = delay
        self._buffer = b""
        self._recipients: list[str] = []
        self._in_data = False
        self._waits = False

    def connection_made(self, transport: Any) -> None:
        """Greet."""
        Sink.connections += 1
        self._number = Sink.connections
        self._transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        """Work through whatever is whole."""
        self._buffer += data
        self._work()

    def _work(self) -> None:
        # Answers keep their order: what came behind a message waits with its acknowledgement.
        while not self._waits and self._step():
            continue

    def _step(self) -> bool:
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
        found = _MESSAGE_ID.search(message)
        entry = {"connection": self._number, "id": found[1].decode() if found else "", "to": self._recipients}
        self._log.write(json.dumps(entry) + "\n")
        self._log.flush()
        self._recipients = []
        if self._delay:
            self._waits = True
            asyncio.get_running_loop().call_later(self._delay, self._acknowledge)
        else:
            self._transport.write(b"250 2.0.0 taken\r\n")

    def _acknowledge(self) -> None:
        self._waits = False
        self._transport.write(b"250 2.0.0 taken\r\n")
        self._work()

    def _command(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb == b"RCPT":
            found = _PATH.search(line)
            self._recipients.append(found[1].decode() if found else "")
            self._transport.write(b"250 2.1.5 ok\r\n")
        elif verb == b"DATA":
            self._in_data = True
            self._transport.write(b"354 go on\r\n")
        elif verb == b"EHLO":
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


async def serve(port: int, path: str, delay: float) -> None:
    """Listen on loopback until killed."""
    with open(path, "a", encoding="utf-8") as log:  # noqa: ASYNC230, PTH123 (one small append-only file)
        server = await asyncio.get_running_loop().create_server(lambda: Sink(log, delay), "127.0.0.1", port)
        print("ready", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else 0.0))
