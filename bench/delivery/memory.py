"""How much memory the worker's process holds above idle while a big list is delivered.

`python -m bench.delivery.memory [--recipients 1000000] [--mode grouped verp]`. It takes minutes: first the list is made.
"""

import argparse
import asyncio
import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import uvloop

from bench._clock_sink import ClockSink
from bench._world import a_list, opened, sqlite_url
from bench.delivery.modes import MODES
from bench.delivery.program import SECRET, Program, running, write_secret

_MEGABYTE = 1_000_000
_LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Held:
    """Megabytes; `idle` is after a first small post, `most` the highest that was seen."""

    mode: str
    recipients: int
    idle: float
    most: float
    after: float
    seconds: float

    def __str__(self) -> str:
        """In words."""
        return (
            f"{self.mode}, {self.recipients:,} recipients in {self.seconds:.0f} s: {self.idle:.1f} MB when idle,"
            f" {self.most:.1f} MB at most ({self.most - self.idle:+.1f}), {self.after:.1f} MB afterwards"
        )


async def measured(mode: str, recipients: int) -> Held:
    """One list, one post, and a look at the process four times a second."""
    with tempfile.TemporaryDirectory(prefix="memory-") as place:
        directory = Path(place)
        url = sqlite_url(directory)
        write_secret(directory)
        async with opened(url, secret=SECRET) as database:
            for name, members in (("small", 1_000), ("big", recipients)):
                await a_list(database, name, members, personalization=MODES[mode].personalization)
        # A worker of its own, so that what the web holds is not in the figure.
        roles = ("web", "door", "worker")
        async with ClockSink() as sink, running(directory, url, sink.port, roles) as program:
            await program.post("small")
            await sink.until("small", 1_000)
            await asyncio.sleep(2)
            idle = program.resident() / _MEGABYTE
            began = time.monotonic()
            watching = asyncio.create_task(_highest(program))
            await program.post("big")
            await sink.until("big", recipients, seconds=3_600)
            seconds = time.monotonic() - began
            await asyncio.sleep(2)
            watching.cancel()
            after = program.resident() / _MEGABYTE
            most = max([idle, after, *await watching])
    return Held(mode, recipients, idle, most, after, seconds)


async def _highest(program: Program) -> list[float]:
    seen: list[float] = []
    try:
        while True:
            seen.append(program.resident() / _MEGABYTE)
            await asyncio.sleep(_LOOK_SECONDS)
    except asyncio.CancelledError:
        return seen


def main() -> None:
    """Measure the modes that the command line names."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipients", type=int, default=1_000_000)
    parser.add_argument("--mode", choices=[*MODES], nargs="+", default=["grouped", "verp"])
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    for mode in chosen.mode:
        held = uvloop.run(measured(mode, chosen.recipients))
        print(json.dumps(asdict(held)) if chosen.json else held, flush=True)


if __name__ == "__main__":
    main()
