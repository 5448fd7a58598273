"""The real program from door to wire: `python -m bench.delivery.through [--rounds 5] [--big 100000] [--json]`.

How long after LMTP's 250 the first recipient is named, the first copy is there, and the last recipient is named; how
long a post of high priority to ten waits in the middle of a big run; how long after SIGTERM the process is gone.
"""

import argparse
import asyncio
import json
import signal
import tempfile
import time
from pathlib import Path
from statistics import median

import uvloop

from bench._clock_sink import ClockSink
from bench._world import a_list, opened, sqlite_url
from bench.delivery.program import ROLES, SECRET, Program, running, write_secret
from bench.plots import Series, draw

_MEMBERS = (10, 10_000, 50_000)
_FEW = 10
_PICTURE = Path(__file__).parents[2] / "docs" / "images" / "delivery-rate.png"
Figures = dict[str, list[float]]


async def _prepared(url: str, big: int) -> None:
    async with opened(url, secret=SECRET) as database:
        for members in _MEMBERS:
            await a_list(database, f"l{members}", members)
        await a_list(database, "biggrouped", big)
        await a_list(database, "bigverp", big, personalization="always")
        await a_list(database, "urgent", _FEW, priority=0)


async def _latency(program: Program, sink: ClockSink, found: Figures) -> None:
    for members in _MEMBERS:
        sink.forget()
        at = await program.post(f"l{members}")
        came = await sink.until(f"l{members}", members)
        for what, then in (
            ("first recipient", came.first_named),
            ("first copy", came.first_copy),
            ("last recipient", came.last_named),
        ):
            found.setdefault(f"{members:,} members: {what}", []).append(then - at)
        # Until the answers are on record.
        await asyncio.sleep(0.5)


async def _urgent(program: Program, sink: ClockSink, name: str, big: int, found: Figures) -> None:
    sink.forget()
    await program.post(name)
    came = await sink.until(name, big // 20)
    before = came.copies
    at = await program.post("urgent")
    first = await sink.until("urgent", 1)
    found.setdefault(f"urgent post in the middle of {name}: first copy", []).append(first.first_copy - at)
    if came.copies >= big:
        raise RuntimeError("the big run was over before the urgent post came")
    print(f"    ({name}: {before:,} of {big:,} were sent when it came)", flush=True)


async def _ended(program: Program) -> float:
    began = time.monotonic()
    program.sender.send_signal(signal.SIGTERM)
    await asyncio.to_thread(program.sender.wait, 20)
    return time.monotonic() - began


async def measured(roles: tuple[str, ...], rounds: int, big: int, *, picture: bool) -> Figures:
    """All of it with the program in these roles."""
    found: Figures = {}
    with tempfile.TemporaryDirectory(prefix="through-") as place:
        directory = Path(place)
        url = sqlite_url(directory)
        write_secret(directory)
        await _prepared(url, big)
        async with ClockSink() as sink, running(directory, url, sink.port, roles) as program:
            began = time.monotonic()
            # What a process does for the first time is told apart.
            first: Figures = {}
            await _latency(program, sink, first)
            found |= {f"after the start, {what}": each for what, each in first.items()}
            for _ in range(rounds):
                await _latency(program, sink, found)
            await _urgent(program, sink, "biggrouped", big, found)
            await sink.until("biggrouped", big)
            series = [Series("grouped", sink.of("biggrouped").taken)]
            await asyncio.sleep(1)
            await _urgent(program, sink, "bigverp", big, found)
            # Far enough for the picture.
            await sink.until("bigverp", big // 2)
            found["SIGTERM in the middle of bigverp: gone"] = [await _ended(program)]
            series.append(Series("a copy each", sink.of("bigverp").taken))
            if picture:
                draw(_PICTURE, series, title=f"{big:,} recipients, one worker, until SIGTERM")
            print(f"    (the program ran for {time.monotonic() - began:.0f} s)", flush=True)
    return found


def main() -> None:
    """Measure both ways of running the program."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--big", type=int, default=100_000, help="recipients of the big runs")
    parser.add_argument("--roles", choices=[*ROLES], nargs="+", default=[*ROLES])
    parser.add_argument("--picture", action="store_true", help=f"draw {_PICTURE.name}")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    for name in chosen.roles:
        print(f"{name} on SQLite, 4 kB", flush=True)
        found = uvloop.run(measured(ROLES[name], chosen.rounds, chosen.big, picture=chosen.picture))
        if chosen.json:
            print(json.dumps({"roles": name, "seconds": found}))
            continue
        for what, each in found.items():
            print(f"    {what:55} best {min(each) * 1000:8.1f} ms   median {median(each) * 1000:8.1f} ms")


if __name__ == "__main__":
    main()
