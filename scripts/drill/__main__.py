"""The drill's command line.

    .venv/bin/python -m scripts.drill [--database sqlite|postgresql|both] [--mode grouped|each|both]
        [--recipients N] [--kills N] [--chaos LIST|none] [--seed N] [--workers N] [--json] [--plot FILE.png] [--list]

Posts go by LMTP to lists with so many members, and several workers hand them to a mail server that writes down each
transaction before it acknowledges it. Meanwhile workers and the accepting process are killed with SIGKILL at random
instants, and everything around them fails in turn (see scripts/drill/plan.py). In the end every recipient of every post
is counted: nobody may be missing, and each copy too many must be explained by a transaction that was in doubt.
Leaves with 1 when that does not hold.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import shutil
import sys
import tempfile
from pathlib import Path

from bench._world import sqlite_url
from bench.plots import Series, draw
from scripts.drill.happening import Stage
from scripts.drill.outcome import Outcome
from scripts.drill.plan import CHAOS, KILLS, Options
from scripts.drill.run import drill
from tests.databases import PostgresqlServer, new_postgresql, postgresql_template, running_postgresql


def main() -> None:
    """Hold the drills that the command line names; exit 1 when one fails."""
    chosen = _parser().parse_args()
    if chosen.chaos == "none":
        kinds: tuple[str, ...] = ()
    else:
        kinds = tuple(CHAOS) if chosen.chaos == "all" else tuple(chosen.chaos.split(","))
    if unknown := set(kinds) - set(CHAOS):
        raise SystemExit(f"unknown chaos: {', '.join(sorted(unknown))}; there are {', '.join(CHAOS)}")
    # The database goes away on purpose.
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)
    options = Options(chosen.mode, chosen.recipients, chosen.kills, kinds, chosen.seed, chosen.workers)
    outcomes: list[Outcome] = []
    with contextlib.ExitStack() as stack:
        servers: list[PostgresqlServer | None] = [None] if chosen.database != "postgresql" else []
        if chosen.database != "sqlite":
            server = stack.enter_context(running_postgresql())
            postgresql_template(server.url)
            servers.append(server)
        for each in servers:
            outcomes.append(_held(each, options, plot=chosen.plot, is_quiet=chosen.json))
            _tell(outcomes[-1], as_json=chosen.json, with_repeats=chosen.list)
    if not all(outcome.passed for outcome in outcomes):
        raise SystemExit(1)


def _held(server: PostgresqlServer | None, options: Options, *, plot: Path | None, is_quiet: bool) -> Outcome:
    directory = Path(tempfile.mkdtemp(prefix="drill-"))
    url = asyncio.run(new_postgresql(server.url)) if server else sqlite_url(directory)
    try:
        outcome, stage = asyncio.run(
            drill(url, directory, options, postgresql=server, shows_progress=not is_quiet)
        )
    except BaseException:
        print(f"the logs are in {directory}", file=sys.stderr)
        raise
    if plot is not None:
        _draw(plot.with_stem(f"{plot.stem}-{outcome.database}"), outcome, stage)
    if outcome.passed:
        shutil.rmtree(directory, ignore_errors=True)
    else:
        print(f"the logs are in {directory}", file=sys.stderr)
    return outcome


def _draw(path: Path, outcome: Outcome, stage: Stage) -> None:
    taken = [(each.at, len(each.recipients)) for each in stage.mail.taken]
    title = (
        f"{outcome.kills} kills and all else that fails: skipped {outcome.skipped} of {outcome.recipients}"
    )
    kills = [each.at for each in stage.journal if each.kind in KILLS]
    draw(path, [Series(outcome.database, taken)], kills=kills, title=title)


def _tell(outcome: Outcome, *, as_json: bool, with_repeats: bool) -> None:
    if as_json:
        print(json.dumps(outcome.for_programs()), flush=True)
        return
    print(outcome.in_words(), flush=True)
    unexplained = [line for line in outcome.repeats if line.endswith("unexplained")]
    for line in outcome.repeats if with_repeats else unexplained[:20]:
        print(f"  {line}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.drill",
        description=sys.modules[__name__].__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    standard = Options()
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--mode", choices=["grouped", "each", "both"], default=standard.mode)
    parser.add_argument("--recipients", type=int, default=standard.recipients, help="members of each list")
    parser.add_argument("--kills", type=int, default=standard.kills, help="SIGKILLs on each database")
    parser.add_argument("--chaos", default="all", help=f"all, none, or some of {','.join(CHAOS)}")
    parser.add_argument(
        "--seed", type=int, default=standard.seed, help="the plan is the same for the same seed"
    )
    parser.add_argument("--workers", type=int, default=standard.workers, help="workers at once")
    parser.add_argument("--json", action="store_true", help="one JSON object for each drill")
    parser.add_argument("--plot", type=Path, help="draw FILE-DATABASE.png: recipients/s, and the kills")
    parser.add_argument("--list", action="store_true", help="show each repeat with its reason")
    return parser


if __name__ == "__main__":
    main()
