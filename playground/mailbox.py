"""The mailbox that stands where an MTA would: it takes every message for anybody and shows it to the newcomer."""

from __future__ import annotations

import asyncio
import base64
import errno
import json
import os
import time
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from io import FileIO
from itertools import count
from pathlib import Path

from playground.letter import subject
from playground.smtp import SmtpConversation

CAPACITY = 20_000
BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class MailboxItem:
    """One message as one recipient got it.

    `number` grows by one per item while the process runs; `received_at` is an Instant (microseconds, UTC);
    `raw` is the message as it came over the wire, CRLF line ends.
    """

    number: int
    to: str
    sender: str
    received_at: int
    raw: bytes

    @property
    def subject(self) -> str:
        """The decoded Subject field, or an empty string."""
        return _subject(self.raw)


_subject = lru_cache(maxsize=1024)(subject)


class Mailbox:
    """A catch-all SMTP server on a loopback port with the last `capacity` messages, at most 256 MB, in memory.

    With a `directory`, each transaction is also appended to `mailbox.jsonl` there (and the file before that kept as
    `mailbox.old.jsonl`), so that a restart shows the same mail; without one, memory is all.
    """

    def __init__(self, directory: Path | None = None, *, capacity: int = CAPACITY) -> None:
        self._directory = directory
        self._capacity = capacity
        self._items: deque[MailboxItem] = deque()
        self._held = 0
        self._numbers = count(1)
        self._file: FileIO | None = None
        self._file_count = 0
        self._server: asyncio.Server | None = None
        self._read_back()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> tuple[str, int]:
        """Listen and return where: the host and the port really taken (`port=0` picks a free one)."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SmtpConversation(self.accept, "mailbox.invalid"), host, port
        )
        bound = self._server.sockets[0].getsockname()
        return str(bound[0]), int(bound[1])

    async def stop(self) -> None:
        """Stop listening, close the connections and the file; what was kept stays readable."""
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._file is not None:
            self._file.close()
            self._file = None

    def accept(self, sender: str, recipients: tuple[str, ...], raw: bytes) -> None:
        """Keep one transaction: an item per recipient, on disk before it is acknowledged."""
        now = time.time_ns() // 1000
        if self._directory is not None:
            self._append(sender, recipients, now, raw)
        self._remember(sender, recipients, now, raw)

    def messages(self, to: str | None = None, *, after: int = 0) -> list[MailboxItem]:
        """What was received, oldest first; only for the recipient `to` (case ignored) and numbered above `after`."""
        wanted = None if to is None else to.casefold()
        return [
            item
            for item in self._items
            if item.number > after and (wanted is None or item.to.casefold() == wanted)
        ]

    def message(self, number: int) -> MailboxItem | None:
        """The item of that number, or None when it was never there or has been pushed out."""
        first = self._items[0].number if self._items else 0
        place = number - first
        return self._items[place] if 0 <= place < len(self._items) else None

    def _remember(self, sender: str, recipients: tuple[str, ...], at: int, raw: bytes) -> None:
        for recipient in recipients:
            self._items.append(MailboxItem(next(self._numbers), recipient, sender, at, raw))
            self._held += len(raw)
        while self._items and (len(self._items) > self._capacity or self._held > BYTES):
            self._held -= len(self._items.popleft().raw)

    def _append(self, sender: str, recipients: tuple[str, ...], at: int, raw: bytes) -> None:
        assert self._directory is not None
        path = self._directory / "mailbox.jsonl"
        if self._file is None:
            self._directory.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab", buffering=0)
        if self._file_count >= self._capacity or self._file.seek(0, os.SEEK_END) >= 2 * BYTES:
            self._file.close()
            path.replace(self._directory / "mailbox.old.jsonl")
            self._file = path.open("ab", buffering=0)
            self._file_count = 0
        record = {"from": sender, "to": recipients, "at": at, "raw": base64.b64encode(raw).decode()}
        _write_whole(self._file, json.dumps(record).encode() + b"\n")
        self._file_count += len(recipients)

    def _read_back(self) -> None:
        if self._directory is None:
            return
        self._read_file(self._directory / "mailbox.old.jsonl")
        self._file_count = self._read_file(self._directory / "mailbox.jsonl")

    def _read_file(self, path: Path) -> int:
        """Read one file of transactions, cutting off a last line that a kill left half written; return its items."""
        if not path.exists():
            return 0
        found = whole = 0
        with path.open("r+b") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    lines.truncate(whole)
                    break
                whole += len(line)
                record = json.loads(line)
                recipients = tuple(record["to"])
                found += len(recipients)
                self._remember(record["from"], recipients, record["at"], base64.b64decode(record["raw"]))
        return found


def _write_whole(file: FileIO, line: bytes) -> None:
    """Append the line or nothing of it: a full disk must not leave half a record in the middle."""
    end = file.seek(0, os.SEEK_END)
    try:
        written = file.write(line)
    except OSError:
        file.truncate(end)
        raise
    if written != len(line):
        file.truncate(end)
        raise OSError(errno.ENOSPC, "only a part could be written")
