"""Postroom's processes, started, killed, frozen and replaced."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 10
_GONE_WITHIN_SECONDS = 10.0


class Nursery:
    """The process that forks the others (scripts.drill.nursery)."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def start(self, role: str, environment: Mapping[str, str], log: Path) -> int:
        """Start `postroom ROLE`; its process id."""
        order = {"role": role, "environment": dict(environment), "log": str(log)}
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the nursery takes no orders")
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextlib.contextmanager
def nursery() -> Iterator[Nursery]:
    """Start it, and end it with all that it started."""
    command = [sys.executable, "-m", "scripts.drill.nursery"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        if process.stdout is None or process.stdout.readline() != b"ready\n":
            raise RuntimeError("the nursery did not start")
        yield Nursery(process)


@dataclass(frozen=True, slots=True)
class Child:
    """One process; `name` is how it introduces itself to the mail server."""

    name: str
    pid: int

    @property
    def lives(self) -> bool:
        """Whether it has not ended."""
        return self._sent(0)

    def kill(self) -> None:
        """SIGKILL, and wait until the kernel has closed its connections."""
        self._sent(signal.SIGKILL)
        self.await_end(_GONE_WITHIN_SECONDS)

    def terminate(self) -> None:
        """SIGTERM."""
        self._sent(signal.SIGTERM)

    def stop(self) -> None:
        """SIGSTOP: it stands still, its connections stay open."""
        self._sent(signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        self._sent(signal.SIGCONT)

    def await_end(self, seconds: float) -> bool:
        """Whether it ended within so many seconds."""
        deadline = time.monotonic() + seconds
        while self.lives:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.002)
        return True

    def _sent(self, number: int) -> bool:
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return False
        return True


class Crew:
    """So many processes of one role at all times: whoever ends is replaced at once.

    There is always more than one worker: on PostgreSQL they deliver side by side, on SQLite one delivers and the others
    wait for its lock, so that the next one is there when it is killed.
    """

    def __init__(
        self, role: str, size: int, directory: Path, settings: Mapping[str, str], starting: Nursery
    ) -> None:
        """`settings` are environment variables without their prefix."""
        self.role = role
        self.members: list[Child] = []
        self.started = 0
        self._size = size
        self._log = directory / f"{role}.log"
        self._nursery = starting
        self._environment = os.environ | {f"POSTROOM_{name}": value for name, value in settings.items()}

    def tend(self) -> None:
        """Replace who has ended."""
        self.members = [child for child in self.members if child.lives]
        while len(self.members) < self._size:
            self.started += 1
            name = f"{self.role}{self.started}.drill.example"
            environment = self._environment | {"POSTROOM_MAIL_HOSTNAME": name}
            self.members.append(Child(name, self._nursery.start(self.role, environment, self._log)))

    def leave(self, seconds: float = 5.0) -> float:
        """End everybody politely; how long the slowest took, in seconds."""
        began = time.monotonic()
        self._size = 0
        for child in self.members:
            child.go_on()
            child.terminate()
        for child in self.members:
            if not child.await_end(seconds):
                child.kill()
        self.members = []
        return time.monotonic() - began
