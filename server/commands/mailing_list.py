"""`postroom list`: mailing lists and their settings."""

from collections.abc import Container
from typing import Annotated, Any

import typer

from identity.actor import Actor
from lists import offices, reminders
from lists.authorize import authorize, require
from lists.mailing_lists import close_list, create_list, open_list, update_settings, visible_among
from lists.reminders import Reminded
from lists.robots import robot_of
from lists.roles import grant
from lists.settings import SETTINGS, parse_settings, shown
from lists.topics import topics_of_list, visible_topics
from server.commands.answers import AsJson, table, tell
from server.commands.shell import (
    As,
    caller,
    finish,
    list_named,
    opened,
    robot_named,
    robot_of_address,
    split_settings,
)
from storage import lists, roles, subscribers
from storage.database import Reader
from storage.tables.lists import MailingList
from storage.tables.words import ListStatus, RoleKind

Address = Annotated[str, typer.Argument(help="The list's address, such as staff@lists.example.org.")]
_SET_HELP = "A setting as name=value, such as send=private; again for more."


def register(app: typer.Typer) -> None:
    """Add the commands."""
    subject = typer.Typer(no_args_is_help=True, help="Mailing lists and their settings.")
    subject.command("create")(create)
    subject.command("list")(list_lists)
    subject.command("show")(show)
    subject.command("set")(set_settings)
    subject.command("close")(close)
    subject.command("open")(open_again)
    subject.command("remind")(remind)
    app.add_typer(subject, name="list")


def create(
    address: Address,
    subject: Annotated[str, typer.Option(help="One line for the directory.")] = "",
    owner: Annotated[list[str] | None, typer.Option(help="An owner's address; again for more.")] = None,
    editor: Annotated[list[str] | None, typer.Option(help="An editor's address; again for more.")] = None,
    setting: Annotated[list[str] | None, typer.Option("--set", help=_SET_HELP)] = None,
    more: Annotated[list[str] | None, typer.Argument(metavar="NAME=VALUE", help="More settings.")] = None,
    *,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Make a list in a robot that exists."""
    found = finish(
        _create(
            address,
            subject,
            owner or [],
            editor or [],
            split_settings([*(setting or []), *(more or [])]),
            who,
        )
    )
    words = "waits for a listmaster" if found["status"] == ListStatus.PENDING.value else "is there"
    tell(found, f"List {address} {words}.", as_json=as_json)


async def _create(
    address: str,
    subject: str,
    owners: list[str],
    editors: list[str],
    settings: dict[str, object],
    who: str | None,
) -> dict[str, Any]:
    async with opened() as database, database.write() as uow:
        robot = await robot_of_address(uow, address)
        actor = await caller(uow, robot, who)
        name = address.rpartition("@")[0]
        mlist = await create_list(uow, actor, robot, name, subject, settings, owners)
        for editor in editors:
            await grant(uow, actor, mlist, editor, RoleKind.EDITOR)
        return await _everything(uow, actor, mlist)


def list_lists(
    robot: Annotated[str | None, typer.Option(help="Only this domain's.")] = None,
    *,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Name all lists of a robot."""
    found = finish(_of_robot(robot, who))
    rows = [(mlist.address, mlist.status.value, mlist.subject) for mlist in found]
    value = [
        {"address": mlist.address, "status": mlist.status.value, "subject": mlist.subject} for mlist in found
    ]
    tell({"lists": value}, table(rows), as_json=as_json)


async def _of_robot(domain: str | None, who: str | None) -> list[MailingList]:
    async with opened() as database, database.read() as reader:
        robot = await robot_named(reader, domain)
        found = await lists.of_robot(reader, robot.id)
        if who is None:
            return found
        return await visible_among(reader, await caller(reader, robot, who), found)


def show(address: Address, *, who: As = None, as_json: AsJson = False) -> None:
    """Show a list's settings, people in office, and how many are subscribed."""
    found = finish(_show(address, who))
    tell(found, _in_lines(found), as_json=as_json)


async def _show(address: str, who: str | None) -> dict[str, Any]:
    async with opened() as database, database.read() as reader:
        actor, mlist = await list_named(reader, address, who)
        await require(reader, actor, "info", mlist=mlist)
        return await _everything(reader, actor, mlist)


def set_settings(
    address: Address,
    setting: Annotated[list[str], typer.Argument(help=_SET_HELP)],
    *,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Change settings of a list; what is not named stays."""
    changes = split_settings(setting)
    found = finish(_set(address, changes, who))
    tell(found, table(_setting_rows(found, parse_settings(changes))), as_json=as_json)


async def _set(address: str, changes: dict[str, object], who: str | None) -> dict[str, Any]:
    async with opened() as database, database.write() as uow:
        actor, mlist = await list_named(uow, address, who)
        return await _everything(uow, actor, await update_settings(uow, actor, mlist, changes))


def close(address: Address, *, who: As = None, as_json: AsJson = False) -> None:
    """Shut a list: it takes no mail any more; its people and archive stay."""
    _tell_state(finish(_close(address, who)), as_json=as_json)


async def _close(address: str, who: str | None) -> MailingList:
    async with opened() as database, database.write() as uow:
        return await close_list(uow, *await list_named(uow, address, who))


def open_again(address: Address, *, who: As = None, as_json: AsJson = False) -> None:
    """Open a list that was shut, or waits to be agreed to."""
    _tell_state(finish(_open(address, who)), as_json=as_json)


async def _open(address: str, who: str | None) -> MailingList:
    async with opened() as database, database.write() as uow:
        return await open_list(uow, *await list_named(uow, address, who))


def _tell_state(mlist: MailingList, *, as_json: bool) -> None:
    state = mlist.status.value
    tell({"address": mlist.address, "status": state}, f"List {mlist.address}: {state}.", as_json=as_json)


def remind(address: Address, *, who: As = None, as_json: AsJson = False) -> None:
    """Mail every member that they are on the list."""
    reminded = finish(_remind(address, who))
    words = f"{who} was asked by mail." if reminded.waits else f"{reminded.count} members were written to."
    tell({"reminded": reminded.count}, words, as_json=as_json)


async def _remind(address: str, who: str | None) -> Reminded:
    async with opened() as database, database.write() as uow:
        actor, mlist = await list_named(uow, address, who)
        return await reminders.remind(uow, actor, mlist)


async def _everything(reader: Reader, actor: Actor, mlist: MailingList) -> dict[str, Any]:
    """All of it for those who run the list; for others its subject and the people whom it shows."""
    values = lists.values_of(mlist)
    if mlist.topics:
        home = await robot_of(reader, actor, mlist)
        seen = topics_of_list(await visible_topics(reader, actor, home), mlist)
        values["topics"] = " ".join(topic.name for topic in seen)
    is_owner = await offices.is_owner(reader, actor, mlist)
    names = [*SETTINGS] if is_owner else ["subject", "description"]
    held = [role for role in await roles.of_list(reader, mlist.id) if role.is_shown or is_owner]
    counted = is_owner or (await authorize(reader, actor, "review", mlist=mlist)).action == "do_it"
    return {
        "address": mlist.address,
        "status": mlist.status.value,
        "settings": {name: shown(name, values[name]) for name in names},
        "roles": [{"kind": role.kind.value, "address": role.address} for role in held],
        "members": await subscribers.count_of_list(reader, mlist.id) if counted else None,
    }


def _in_lines(found: dict[str, Any]) -> str:
    people = [(role["kind"], role["address"]) for role in found["roles"]]
    members = "-" if found["members"] is None else str(found["members"])
    heads = [("address", found["address"]), ("status", found["status"]), ("members", members)]
    return table([*heads, *_setting_rows(found, SETTINGS), *people])


def _setting_rows(found: dict[str, Any], names: Container[str]) -> list[tuple[str, str]]:
    return [(name, value or "-") for name, value in found["settings"].items() if name in names]
