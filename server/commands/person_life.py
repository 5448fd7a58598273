"""`postroom person remove` and `unmerge`: the end of an account, and two accounts out of a joined one."""

from typing import Annotated, Any

import typer

from identity import merging, removal
from identity.actor import founder
from identity.people import find_by_address
from lists import account_removal
from mail.instant import shown_day, to_rfc3339
from server.commands.answers import AsJson, tell
from server.commands.shell import finish, opened, robot_named
from server.commands.token import NoSuchPerson
from storage import ledger, removals
from storage.database import Reader, UnitOfWork
from storage.tables.account_life import RemovalReason
from storage.tables.people import Person

_Email = Annotated[str, typer.Argument(help="Any address of the account that counts.")]


class NothingToUndo(NoSuchPerson):
    """No account was joined to this one within the last 30 days."""


def remove(
    email: _Email,
    *,
    now: Annotated[bool, typer.Option("--now", help="At once, without the days of grace.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove an account with all its addresses, subscriptions and ways to sign in.

    Its person is told, and has the days of grace to sign in or subscribe, which keeps the account. One that holds an office is refused.
    """
    found = finish(_remove(email, now=now, dry_run=dry_run))
    tell(found, _in_words(found), as_json=as_json)


def unmerge(
    email: _Email,
    robot: Annotated[
        str | None, typer.Option(help="The robot that writes to the people; the first of several.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Make two accounts, as they were, of the last one that was joined to this account, within 30 days."""
    found = finish(_unmerge(email, robot))
    tell(found, f"{found['email']} is an account of its own again.", as_json=as_json)


async def _remove(email: str, *, now: bool, dry_run: bool) -> dict[str, Any]:
    async with opened() as database, database.write() as uow:
        person = await _person(uow, email)
        await removal.require_no_office(uow, person)
        answer = await _what_it_has(uow, person)
        answer["due"] = None
        if dry_run:
            return {**answer, "done": "nothing"}
        if now:
            await account_removal.remove_account(uow, founder(), person, reason="operator")
            return {**answer, "done": "removed"}
        await removal.mark(uow, person, RemovalReason.OPERATOR, actor="operator", via="cli")
        marked = await removals.find(uow, person.id)
        assert marked is not None
        return {**answer, "done": "marked", "due": to_rfc3339(marked.due_at), "day": shown_day(marked.due_at)}


async def _what_it_has(reader: Reader, person: Person) -> dict[str, Any]:
    held = await account_removal.departures(reader, founder(), person)
    rows = await ledger.of_people(reader, [person.id])
    return {
        "email": person.main_address,
        "addresses": sorted({row.address for row in rows if row.proved_at is not None}),
        "leaves": [f"{each.membership.address} {each.mlist.address}" for each in held if each.leaves],
        "stays": [f"{each.membership.address} {each.mlist.address}" for each in held if not each.leaves],
    }


async def _unmerge(email: str, domain: str | None) -> dict[str, Any]:
    async with opened() as database, database.write() as uow:
        person = await _person(uow, email)
        robot = await robot_named(uow, domain, first_of_several=True)
        joined = await merging.joined_accounts(uow, person.id)
        if not joined:
            raise NothingToUndo
        gone = await merging.undo(uow, joined[0], robot=robot, actor="operator", via="cli")
        return {"email": gone.main_address, "keeper": person.main_address}


async def _person(uow: UnitOfWork, email: str) -> Person:
    person = await find_by_address(uow, email)
    if person is None:
        raise NoSuchPerson
    return person


def _in_words(found: dict[str, Any]) -> str:
    said = {
        "nothing": f"{found['email']} would be removed.",
        "removed": f"{found['email']} is removed.",
        "marked": f"{found['email']} will be removed on {found.get('day')}, unless it is used before.",
    }
    lines = [
        said[found["done"]],
        f"Addresses: {', '.join(found['addresses'])}",
        *(f"Leaves {each}" for each in found["leaves"]),
        *(f"Stays subscribed: {each}" for each in found["stays"]),
    ]
    return "\n".join(lines)
