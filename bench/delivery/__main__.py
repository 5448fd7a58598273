"""Delivery with its whole ledger beside a bare client with the same packets and Postfix's smtp-source, in one run.

Without options, a list of cases that shows what is what; with options, every combination of those that are given.
In each round all take turns; the table has best and median, and their ratios to the bare client. The workers are
processes of their own that have delivered one post before, measured from the first lease (connections not yet open) to
the commit that closes the delivery. CPU is the sender's own, the sink's is not in it. The load average is the machine's
as the case ended, our own part included: beside other work, only CPU and the best rounds tell something.
"""

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path

import uvloop

from bench._world import a_list, a_post, opened, sqlite_url
from bench.delivery import ours, references
from bench.delivery.case import DISTINCT, Case, Measured, Rate
from bench.delivery.modes import MODES, give_key
from bench.delivery.sinks import SINKS, is_there, sink
from delivery.expanding import expand_all
from storage.database import Database
from tests.databases import new_postgresql, postgresql_server, postgresql_template

_DEFAULT = [
    *(Case(mode, recipients) for mode in ("grouped", "verp") for recipients in (10_000, 50_000)),
    Case("grouped", 50_000, domains=DISTINCT),
    Case("verp", 10_000, domains=DISTINCT),
    Case("grouped", 10_000, size=100_000),
    Case("verp", 2_000, size=100_000),
    *(Case(mode, 50_000, workers=workers) for mode in ("grouped", "verp") for workers in (2, 4)),
    Case("grouped", 10_000, sink="ours"),
    *(Case(mode, 10_000) for mode in MODES if mode not in ("grouped", "verp")),
    *(Case(mode, 2_000, size=100_000) for mode in MODES if mode not in ("grouped", "verp")),
]


@asynccontextmanager
async def _database(case: Case, place: str, server: str | None) -> AsyncIterator[tuple[Database, str]]:
    url = await new_postgresql(server) if server else sqlite_url(Path(place))
    async with opened(url, packet_size=case.packet_size) as database:
        yield database, url


async def posted(database: Database, case: Case) -> None:
    """A post whose recipients stand in packets, all of them; what expansion takes is measured from end to end."""
    await a_post(database, "bench", case.size)
    await expand_all(database, lambda: None)


async def measured(case: Case, rounds: int, server: str | None) -> Measured:
    """All ways of sending, taking turns."""
    found: dict[str, list[Rate]] = {"bare": [], "postroom": []}
    with tempfile.TemporaryDirectory() as place, sink(case.sink, pinned=case.pinned) as port:
        async with _database(case, place, server) as (database, url):
            mode = MODES[case.mode]
            domains = case.domains or case.recipients
            await a_list(
                database,
                "bench",
                case.recipients,
                domains=domains,
                personalization=mode.personalization,
                footer=mode.footer,
            )
            if mode.key:
                await give_key(database, mode.key)
            await posted(database, case)
            envelopes, data = await ours.same_bytes(database, 1)
            with ours.workers(case, url, port) as started:
                # The first is for the statements to be made and the pages to be read.
                for number in range(2, rounds + 3):
                    found["bare"].append(await references.bare(case, envelopes, data, port))
                    await posted(database, case)
                    found["postroom"].append(await ours.delivered(case, database, started, number))
                    if is_there("smtp-source"):
                        rate = await references.smtp_source(case, len(data), port)
                        found.setdefault("smtp-source", []).append(rate)
                    if mode.key:
                        found.setdefault("ceiling", []).append(
                            references.ceiling(mode.key, found["bare"][-1])
                        )
    for each in found.values():
        del each[0]
    return Measured(case, found, os.getloadavg()[0])


def _chosen(options: argparse.Namespace) -> list[Case]:
    axes = {
        "mode": options.mode,
        "recipients": options.recipients,
        "domains": options.domains,
        "workers": options.workers,
        "size": options.size,
        "sink": options.sink,
        "connections": options.connections,
        "packet_size": options.packet_size,
    }
    given = {name: values for name, values in axes.items() if values}
    chosen = [Case(**dict(zip(given, values, strict=True))) for values in product(*given.values())]
    return [replace(case, pinned=options.pinned) for case in (chosen if given else _DEFAULT)]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mode", choices=[*MODES], nargs="+")
    parser.add_argument("--recipients", type=int, nargs="+")
    parser.add_argument("--domains", type=int, nargs="+", help=f"{DISTINCT}: all distinct")
    parser.add_argument(
        "--workers", type=int, nargs="+", help="processes; more than one deliver from PostgreSQL"
    )
    parser.add_argument("--size", type=int, nargs="+", help="bytes of the message")
    parser.add_argument("--sink", choices=SINKS, nargs="+")
    parser.add_argument("--connections", type=int, nargs="+", help="of each worker")
    parser.add_argument("--packet-size", type=int, nargs="+")
    parser.add_argument(
        "--pinned", action="store_true", help="the mail server on one core, whoever sends on another"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one line of JSON for each case")
    return parser.parse_args()


def _run(cases: list[Case], rounds: int, server: str | None, *, as_json: bool) -> None:
    for case in cases:
        if not is_there(case.sink):
            print(f"{case}: not measured, {case.sink} is not installed")
            continue
        result = uvloop.run(measured(case, rounds, server if case.is_on_postgresql else None))
        print(json.dumps(result.record()) if as_json else result.table(), flush=True)


def main() -> None:
    """Measure what the command line names."""
    options = _options()
    cases = _chosen(options)
    if not any(case.is_on_postgresql for case in cases):
        _run(cases, options.rounds, None, as_json=options.json)
        return
    with postgresql_server() as server:
        asyncio.run(asyncio.to_thread(postgresql_template, server))
        _run(cases, options.rounds, server, as_json=options.json)


if __name__ == "__main__":
    main()
