"""`postroom delivery watch`: how far a delivery has come, until it ends."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from delivery.pace import ENDED, Standing, standings
from mail.instant import to_datetime
from server.commands import delivery_still
from server.commands.answers import AsJson, tell
from server.commands.delivery_named import Number, found_delivery
from server.commands.shell import As, finish, opened
from storage.database import Database
from storage.tables.mail import Delivery

_EVERY_SECONDS = 0.5
_LINE_EVERY_SECONDS = 5.0

# What the delivery waits for is the last word: empty while all is well.
Show = Callable[[Delivery, Standing, str], None]


def watch(number: Number, *, who: As = None, as_json: AsJson = False) -> None:
    """Follow a delivery until it ends: a bar on a terminal, a line every five seconds elsewhere; leaves with 1 if it failed."""
    found = finish(_watched(number, who, silently=as_json))
    tell(found, f"Delivery {number} is {found['status']}.", as_json=as_json)
    if found["failed"]:
        raise typer.Exit(1)


async def _watched(number: int, who: str | None, *, silently: bool) -> dict[str, Any]:
    async with opened() as database:
        with _shower(silently=silently) as show:
            while True:
                delivery, standing, still = await _look(database, number, who)
                show(delivery, standing, still)
                if delivery.status in ENDED:
                    return _told(delivery, standing)
                await asyncio.sleep(_EVERY_SECONDS)


async def _look(database: Database, number: int, who: str | None) -> tuple[Delivery, Standing, str]:
    async with database.read() as reader:
        actor, delivery = await found_delivery(reader, number, who)
        (standing,) = await standings(reader, [delivery])
        is_told = actor.is_operator and not standing.rate_per_minute and delivery.status not in ENDED
        return delivery, standing, await delivery_still.reason(reader, delivery) if is_told else ""


@contextmanager
def _shower(*, silently: bool) -> Iterator[Show]:
    """How the state is shown each time: as a bar, as a line now and then, or not at all."""
    if silently:
        yield lambda _delivery, _standing, _still: None
    elif sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield _lines()


@contextmanager
def _bar() -> Iterator[Show]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, note="")

        def show(delivery: Delivery, standing: Standing, still: str) -> None:
            bar.update(
                task,
                description=delivery.status.value,
                completed=standing.settled,
                total=standing.total,
                note=_note(standing, still),
            )

        yield show


def _lines() -> Show:
    said_at = 0.0

    def show(delivery: Delivery, standing: Standing, still: str) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= _LINE_EVERY_SECONDS:
            said_at = time.monotonic()
            line = f"{delivery.status.value} {standing.settled}/{standing.total} {_note(standing, still)}".rstrip()
            sys.stderr.write(line + "\n")

    return show


def _note(standing: Standing, still: str) -> str:
    """The pace, when it will be done, what did not go smoothly, and why nothing moves."""
    words = [f"{standing.rate_per_minute:,.0f}/min"] if standing.rate_per_minute else []
    finish_at = standing.estimated_finish_at
    if finish_at is not None:
        left = max(0, round((finish_at - standing.now) / 1_000_000))
        words.append(f"ready in {left // 3600}:{left // 60 % 60:02}:{left % 60:02}")
    words += [f"{count} {name}" for name, count in _troubles(standing) if count]
    words += [still] if still else []
    return ", ".join(words)


def _troubles(standing: Standing) -> list[tuple[str, int]]:
    return [("put off", standing.deferred), ("refused", standing.failed), ("skipped", standing.skipped)]


def _told(delivery: Delivery, standing: Standing) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "status": delivery.status.value,
        "total": standing.total,
        "accepted": standing.handed_over,
        "deferred": standing.deferred,
        "failed": standing.failed,
        "skipped": standing.skipped,
        "pending": standing.pending,
        "rate_per_minute": standing.rate_per_minute,
        "finished_at": None
        if delivery.finished_at is None
        else to_datetime(delivery.finished_at).isoformat(),
    }
