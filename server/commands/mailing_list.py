"""`postroom list`: mailing lists and their settings."""

from typing import Annotated, Any

import typer

from identity.actor import operator
from lists import reminders
from lists.mailing_lists import create_list, update_settings
from lists.roles import grant
from lists.settings import SETTINGS, shown
from server.commands.answers import AsJson, table, tell
from server.commands.shell import finish, list_named, opened, robot_named, robot_of_address, split_settings
from storage import lists, roles, subscribers
from storage.database import Reader
from storage.tables.lists import MailingList
from storage.tables.words import RoleKind

Address = Annotated[str, typer.Argument(help="The list's address, such as staff@lists.example.org.")]
_SET_HELP = "A setting as name=value, such as send=private; again for more."


def register(app: typer.Typer) -> None:
    """Add the commands."""
    subject = typer.Typer(no_args_is_help=True, help="Mailing lists and their settings.")
    subject.command("create")(create)
    subject.command("list")(list_lists)
    subject.command("show")(show)
    subject.command("set")(set_settings)
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
    as_json: AsJson = False,
) -> None:
    """Make a list in a robot that exists."""
    found = finish(
        _create(
            address, subject, owner or [], editor or [], split_settings([*(setting or []), *(more or [])])
        )
    )
    tell(found, f"List {address} is there.", as_json=as_json)


async def _create(
    address: str, subject: str, owners: list[str], editors: list[str], settings: dict[str, object]
) -> dict[str, Any]:
    async with opened() as database, database.write() as uow:
        robot = await robot_of_address(uow, address)
        actor = operator(robot)
        name = address.rpartition("@")[0]
        mlist = await create_list(uow, actor, robot, name, subject, settings, owners)
        for editor in editors:
            await grant(uow, actor, mlist, editor, RoleKind.EDITOR)
        return await _everything(uow, mlist)


def list_lists(
    robot: Annotated[str | None, typer.Option(help="Only this domain's.")] = None, *, as_json: AsJson = False
) -> None:
    """Name all lists of a robot."""
    found = finish(_of_robot(robot))
    rows = [(mlist.address, mlist.status.value, mlist.subject) for mlist in found]
    value = [
        {"address": mlist.address, "status": mlist.status.value, "subject": mlist.subject} for mlist in found
    ]
    tell({"lists": value}, table(rows), as_json=as_json)


async def _of_robot(domain: str | None) -> list[MailingList]:
    async with opened() as database, database.read() as reader:
        return await lists.of_robot(reader, (await robot_named(reader, domain)).id)


def show(address: Address, *, as_json: AsJson = False) -> None:
    """Show a list's settings, people in office, and how many are subscribed."""
    found = finish(_show(address))
    tell(found, _in_lines(found), as_json=as_json)


async def _show(address: str) -> dict[str, Any]:
    async with opened() as database, database.read() as reader:
        _, mlist = await list_named(reader, address)
        return await _everything(reader, mlist)


def set_settings(
    address: Address,
    setting: Annotated[list[str], typer.Argument(help=_SET_HELP)],
    *,
    as_json: AsJson = False,
) -> None:
    """Change settings of a list; what is not named stays."""
    found = finish(_set(address, split_settings(setting)))
    tell(found, _in_lines(found), as_json=as_json)


async def _set(address: str, changes: dict[str, object]) -> dict[str, Any]:
    async with opened() as database, database.write() as uow:
        actor, mlist = await list_named(uow, address)
        return await _everything(uow, await update_settings(uow, actor, mlist, changes))


def remind(address: Address, *, as_json: AsJson = False) -> None:
    """Mail every member that they are on the list."""
    count = finish(_remind(address))
    tell({"reminded": count}, f"{count} members were written to.", as_json=as_json)


async def _remind(address: str) -> int:
    async with opened() as database, database.write() as uow:
        actor, mlist = await list_named(uow, address)
        return (await reminders.remind(uow, actor, mlist)).count


async def _everything(reader: Reader, mlist: MailingList) -> dict[str, Any]:
    values = lists.values_of(mlist)
    held = await roles.of_list(reader, mlist.id)
    return {
        "address": mlist.address,
        "status": mlist.status.value,
        "settings": {name: shown(name, values[name]) for name in SETTINGS},
        "roles": [{"kind": role.kind.value, "address": role.address} for role in held],
        "members": await subscribers.count_of_list(reader, mlist.id),
    }


def _in_lines(found: dict[str, Any]) -> str:
    rows = [(name, value or "-") for name, value in found["settings"].items()]
    people = [(role["kind"], role["address"]) for role in found["roles"]]
    heads = [("address", found["address"]), ("status", found["status"]), ("members", str(found["members"]))]
    return table([*heads, *rows, *people])
