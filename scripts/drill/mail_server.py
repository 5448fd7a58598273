"""The drill's mail server: started, given orders, and its notes read as they are written."""

import contextlib
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.databases import free_port

DELAY = 0.02


@dataclass(slots=True)
class Transaction:
    """A message that the mail server has: `at` in seconds since the epoch."""

    at: float
    connection: int
    client: str
    message_id: str
    recipients: list[str]
    # It hung up on the client instead of answering.
    is_in_doubt: bool
    # It was answered, and the answer may have been lost when the mail server hung up right after it.
    is_perhaps_unheard: bool = False
    # When its connection took the one before and the next one; known when everything was read.
    before: float = -math.inf
    after: float = math.inf

    @property
    def is_last(self) -> bool:
        """Whether its connection took no further one."""
        return math.isinf(self.after)


class MailServer:
    """What it took, so far as it was read."""

    def __init__(self, port: int, path: Path, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self.taken: list[Transaction] = []
        self.clients: set[str] = set()
        self._last: dict[int, Transaction] = {}
        self._path = path
        self._process = process
        self._read = 0

    def order(self, mood: str, chance: float = 0.3) -> None:
        """From now on it does as bench._counting_sink.MOODS says."""
        if self._process.stdin is None:
            raise RuntimeError("the mail server takes no orders")
        self._process.stdin.write(f"{mood} {chance}\n".encode())
        self._process.stdin.flush()

    def look(self) -> None:
        """Read what it has written since the last time."""
        with self._path.open("rb") as notes:
            notes.seek(self._read)
            for line in notes:
                if not line.endswith(b"\n"):
                    break
                self._read += len(line)
                self._note(json.loads(line))

    def _note(self, entry: dict[str, object]) -> None:
        connection = int(str(entry["connection"]))
        if entry["how"] == "perhaps not heard":
            if connection in self._last:
                self._last[connection].is_perhaps_unheard = True
            return
        if entry["how"] == "not answered":
            self._last[connection].is_in_doubt = True
            return
        recipients = [sys.intern(str(each)) for each in entry["to"]]  # type: ignore[attr-defined]
        made = Transaction(
            float(str(entry["at"])),
            connection,
            sys.intern(str(entry["client"])),
            sys.intern(str(entry["id"])),
            recipients,
            entry["how"] == "in doubt",
        )
        self.taken.append(made)
        self.clients.add(made.client)
        self._last[connection] = made


@contextlib.contextmanager
def mail_server(directory: Path, seed: int) -> Iterator[MailServer]:
    """Start it, and end it."""
    port, path = free_port(), directory / "taken.jsonl"
    path.touch()
    command = [sys.executable, "-m", "bench._counting_sink", str(port), str(path), str(DELAY), str(seed)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        if process.stdout is None or process.stdout.readline() != b"ready\n":
            raise RuntimeError("the mail server did not start")
        try:
            yield MailServer(port, path, process)
        finally:
            process.kill()
