"""`postroom dkim`: the keys that sign what leaves, and their records in the DNS."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from delivery.signing import keeping, keys
from delivery.signing.published import Check, check, record_of
from mail.instant import DAY, SECOND
from server.commands.answers import AsJson, table, tell
from server.commands.shell import As, caller, finish, list_named, opened, quiet_settings, robot_named
from server.mail_checks import lookup_of
from storage import lists
from storage.database import Reader, UnitOfWork
from storage.tables.lists import Robot
from storage.tables.signing import Algorithm, DkimKey
from storage.trials import tried

Selector = Annotated[str, typer.Argument(help="The key's selector, as `postroom dkim list` shows it.")]
OfRobot = Annotated[str | None, typer.Option("--robot", help="The domain that it signs for.")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")]
Force = Annotated[bool, typer.Option("--force", help="Also when something speaks against it.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    subject = typer.Typer(no_args_is_help=True, help="Keys that sign what leaves (DKIM, ARC).")
    subject.command("create")(create)
    subject.command("list")(every)
    subject.command("show")(show)
    subject.command("check")(check_key)
    subject.command("activate")(activate)
    subject.command("retire")(retire)
    subject.command("remove")(remove)
    app.add_typer(subject, name="dkim")


def create(
    place: Annotated[str, typer.Argument(help="A domain, or the address of one list.")],
    selector: Annotated[str, typer.Option(help="Its name in the DNS; else made of today's date.")] = "",
    algorithm: Annotated[Algorithm, typer.Option(help="Its kind.")] = Algorithm.RSA2048,
    *,
    dry_run: Dry = False,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and show the record to publish; it signs once it is activated."""
    robot, key = finish(_create(place, selector, algorithm, who, is_dry=dry_run))
    record = record_of(key, robot.domain)
    said = f"Publish this, then run: postroom dkim activate {key.selector} --robot {robot.domain}"
    if dry_run:
        said = f"A key {key.selector} would be made at {record.name}."
        tell({"selector": key.selector, "name": record.name, "dry_run": True}, said, as_json=as_json)
        return
    tell(_shown(key, robot), f"{record.zone_line}\n\n{said}", as_json=as_json)


async def _create(
    place: str, selector: str, algorithm: Algorithm, who: str | None, *, is_dry: bool
) -> tuple[Robot, DkimKey]:
    async with opened() as database:
        async with database.read() as reader:
            mlist = (await list_named(reader, place, who))[1] if "@" in place else None
            robot = await robot_named(reader, place.rpartition("@")[2])
            actor = await caller(reader, robot, who)
            await keeping.require_keeper(reader, actor, robot)
        private = keys.generate(algorithm)

        async def work(uow: UnitOfWork) -> DkimKey:
            return await keeping.create_key(uow, actor, robot, mlist, private, selector)

        return robot, await tried(database, work, is_dry=is_dry)


def every(
    robot: OfRobot = None,
    *,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Name the keys of a domain and of its lists."""
    home, found, addresses = finish(_every(robot, who))
    rows = [
        (key.selector, key.algorithm.value, key.state.value, addresses.get(key.list_id or 0, home.domain))
        for key in found
    ]
    tell({"keys": [_shown(key, home) for key in found]}, table(rows), as_json=as_json)


async def _every(domain: str | None, who: str | None) -> tuple[Robot, list[DkimKey], dict[int, str]]:
    async with opened() as database, database.read() as reader:
        robot = await robot_named(reader, domain)
        found = await keeping.keys_of(reader, await caller(reader, robot, who), robot)
        named = [await lists.by_id(reader, key.list_id) for key in found if key.list_id is not None]
        return robot, found, {mlist.id: mlist.address for mlist in named if mlist is not None}


def show(selector: Selector, robot: OfRobot = None, *, who: As = None, as_json: AsJson = False) -> None:
    """Show a key and the record to publish."""
    home, key = finish(_show(selector, robot, who))
    record = record_of(key, home.domain)
    words = [("state", key.state.value), ("algorithm", key.algorithm.value), ("name", record.name)]
    if key.published_until is not None:
        words.append(("record needed until", _day(key.published_until)))
    text = f"{table(words)}\n\nAs one text:\n{record.text}\n\nIn a zone file:\n{record.zone_line}"
    tell(_shown(key, home), text, as_json=as_json)


async def _show(selector: str, domain: str | None, who: str | None) -> tuple[Robot, DkimKey]:
    async with opened() as database, database.read() as reader:
        return await _named(reader, selector, domain, who)


def check_key(selector: Selector, robot: OfRobot = None, *, who: As = None, as_json: AsJson = False) -> None:
    """Ask the DNS whether it shows a key; leaves with 1 when it does not."""
    home, key = finish(_show(selector, robot, who))
    found = finish(_asked(key, home))
    tell({**_shown(key, home), "check": _found(found)}, found.sentence, as_json=as_json)
    if not found.is_published:
        raise typer.Exit(1)


def activate(
    selector: Selector,
    robot: OfRobot = None,
    *,
    grace_days: Annotated[
        int | None,
        typer.Option(min=0, help="How long the record of the key before it is still needed; 12 as a rule."),
    ] = None,
    force: Force = False,
    dry_run: Dry = False,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Let a key sign from the next delivery on, instead of the one before it."""
    home, key = finish(_show(selector, robot, who))
    found = finish(_asked(key, home))
    grace = None if grace_days is None else grace_days * DAY

    async def work(uow: UnitOfWork) -> DkimKey:
        actor = await caller(uow, home, who)
        return await keeping.activate_key(uow, actor, home, key.id, None if force else found, grace=grace)

    after = finish(_work(work, is_dry=dry_run))
    said = f"{'It would sign' if dry_run else 'It signs'} for {home.domain} now. {found.sentence}"
    tell({**_shown(after, home), "check": _found(found), "dry_run": dry_run}, said, as_json=as_json)


def retire(
    selector: Selector,
    robot: OfRobot = None,
    *,
    compromised: Annotated[
        bool,
        typer.Option("--compromised", help="Nobody is to believe it any more: its record can go at once."),
    ] = False,
    dry_run: Dry = False,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Have a key sign no more, from the next delivery on."""
    home, key = finish(_show(selector, robot, who))

    async def work(uow: UnitOfWork) -> DkimKey:
        actor = await caller(uow, home, who)
        return await keeping.retire_key(uow, actor, home, key.id, grace=0 if compromised else None)

    after = finish(_work(work, is_dry=dry_run))
    day = _day(after.published_until or 0)
    said = (
        f"It {'would sign' if dry_run else 'signs'} no more; its record is needed until {day}."
        if not compromised
        else f"It {'would sign' if dry_run else 'signs'} no more; publish its record with an empty p= now."
    )
    tell({**_shown(after, home), "dry_run": dry_run}, said, as_json=as_json)


def remove(
    selector: Selector,
    robot: OfRobot = None,
    *,
    force: Force = False,
    dry_run: Dry = False,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Delete a key that signs no more, for good."""
    home, key = finish(_show(selector, robot, who))

    async def work(uow: UnitOfWork) -> DkimKey:
        return await keeping.remove_key(uow, await caller(uow, home, who), home, key.id, forced=force)

    finish(_work(work, is_dry=dry_run))
    said = f"Key {key.selector} {'would be' if dry_run else 'is'} gone; take its record out of the DNS, too."
    tell({"removed": key.selector, "dry_run": dry_run}, said, as_json=as_json)


async def _named(reader: Reader, selector: str, domain: str | None, who: str | None) -> tuple[Robot, DkimKey]:
    robot = await robot_named(reader, domain)
    return robot, await keeping.key_named(reader, await caller(reader, robot, who), robot, selector)


async def _asked(key: DkimKey, robot: Robot) -> Check:
    return await check(lookup_of(quiet_settings()), key, robot.domain)


async def _work(work: Any, *, is_dry: bool) -> DkimKey:
    async with opened() as database:
        return await tried(database, work, is_dry=is_dry)


def _shown(key: DkimKey, robot: Robot) -> dict[str, Any]:
    """A key for programs, without its private half."""
    record = record_of(key, robot.domain)
    return {
        "selector": key.selector,
        "domain": robot.domain,
        "is_of_a_list": key.list_id is not None,
        "algorithm": key.algorithm.value,
        "state": key.state.value,
        "created_at": key.created_at,
        "activated_at": key.activated_at,
        "retired_at": key.retired_at,
        "published_until": key.published_until,
        "record": {**asdict(record), "strings": record.strings, "zone_line": record.zone_line},
    }


def _found(found: Check) -> dict[str, Any]:
    return {
        "publication": found.publication.value,
        "is_published": found.is_published,
        "sentence": found.sentence,
    }


def _day(instant: int) -> str:
    return f"{datetime.fromtimestamp(instant // SECOND, UTC):%Y-%m-%d}"
