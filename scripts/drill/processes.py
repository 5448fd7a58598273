"""Postroom's processes, started, killed, frozen and replaced."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 10
LEASE_SECONDS = 2.0


@dataclass(slots=True)
class Child:
    """One process; `name` is how it introduces itself to the mail server."""

    name: str
    process: subprocess.Popen[bytes]

    @property
    def lives(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def kill(self) -> None:
        """SIGKILL, and wait until the kernel has closed its connections."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """SIGSTOP: it stands still, its connections stay open."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        if self.lives:
            self.process.send_signal(signal.SIGCONT)


class Crew:
    """So many processes of one role at all times: whoever ends is replaced at once.

    A worker needs about a second to start, so there is always more than one: on PostgreSQL they deliver side by side, on
    SQLite one delivers and the others wait for its lock, so that the next one is there when it is killed.
    """

    def __init__(self, role: str, size: int, directory: Path, settings: Mapping[str, str]) -> None:
        """`settings` are environment variables without their prefix."""
        self.role = role
        self.members: list[Child] = []
        self.started = 0
        self._size = size
        self._log = (directory / f"{role}.log").open("ab")
        self._environment = os.environ | {f"POSTROOM_{name}": value for name, value in settings.items()}

    def tend(self) -> None:
        """Replace who has ended."""
        self.members = [child for child in self.members if child.lives]
        while len(self.members) < self._size:
            self.started += 1
            name = f"{self.role}{self.started}.drill.example"
            command = [str(Path(sys.executable).parent / "postroom"), self.role]
            process = subprocess.Popen(
                command,
                env=self._environment | {"POSTROOM_MAIL_HOSTNAME": name},
                stdout=self._log,
                stderr=self._log,
            )
            self.members.append(Child(name, process))

    def leave(self, seconds: float = 5.0) -> float:
        """End everybody politely; how long the slowest took, in seconds."""
        began = time.monotonic()
        self._size = 0
        for child in self.members:
            child.go_on()
            child.process.terminate()
        for child in self.members:
            try:
                child.process.wait(seconds)
            except subprocess.TimeoutExpired:
                child.kill()
        self.members = []
        self._log.close()
        return time.monotonic() - began
