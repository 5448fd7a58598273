"""`postroom robot`: the mail domains of this server."""

from collections.abc import Mapping
from typing import Annotated

import typer

from lists.moving import Moved, move_user
from lists.offices import require_listmaster
from lists.reminders import remind_everybody
from lists.robot_settings import shown_of_robot, update_robot
from lists.robots import base_url, create_robot
from lists.roles import grant_listmaster
from server.commands.answers import AsJson, table, tell
from server.commands.shell import As, caller, finish, opened, robot_named, split_settings
from storage import robots
from storage.site import Site
from storage.tables.lists import Robot


def register(app: typer.Typer) -> None:
    """Add the commands."""
    subject = typer.Typer(no_args_is_help=True, help="Robots: mail domains with lists of their own.")
    subject.command("create")(create)
    subject.command("list")(list_robots)
    subject.command("show")(show)
    subject.command("set")(set_settings)
    subject.command("remind")(remind)
    subject.command("move")(move)
    app.add_typer(subject, name="robot")


def create(
    domain: Annotated[str, typer.Argument(help="The mail domain, such as lists.example.org.")],
    title: Annotated[str, typer.Option(help="Its name for people.")] = "",
    public_url: Annotated[
        str, typer.Option(help="What its links begin with, if not POSTROOM_PUBLIC_URL.")
    ] = "",
    listmaster: Annotated[
        list[str] | None, typer.Option(help="An address that runs the whole domain.")
    ] = None,
    *,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Open a domain for lists."""
    robot, site = finish(_create(domain, title, public_url, listmaster or [], who))
    tell(_shown(robot, site), f"Robot {robot.domain} is there.", as_json=as_json)


async def _create(
    domain: str, title: str, public_url: str, listmasters: list[str], who: str | None
) -> tuple[Robot, Site]:
    async with opened() as database:
        async with database.write() as uow:
            founding = await caller(uow, None, who)
            robot = await create_robot(uow, founding, domain, title, public_url=public_url)
            for address in listmasters:
                await grant_listmaster(uow, await caller(uow, robot, who), robot, address)
        return robot, database.site


def list_robots(*, as_json: AsJson = False) -> None:
    """Name all robots."""
    found, site = finish(_every())
    rows = [(robot.domain, robot.title, base_url(site, robot)) for robot in found]
    tell({"robots": [_shown(robot, site) for robot in found]}, table(rows), as_json=as_json)


async def _every() -> tuple[list[Robot], Site]:
    async with opened() as database, database.read() as reader:
        return await robots.every(reader), database.site


def show(
    domain: Annotated[str, typer.Argument(help="The robot's domain.")],
    *,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Show a domain's settings."""
    robot, site = finish(_named(domain, who))
    _tell_settings(robot, site, as_json=as_json)


async def _named(domain: str, who: str | None) -> tuple[Robot, Site]:
    async with opened() as database, database.read() as reader:
        robot = await robot_named(reader, domain)
        await require_listmaster(reader, await caller(reader, robot, who), robot.id)
        return robot, database.site


def set_settings(
    domain: Annotated[str, typer.Argument(help="The robot's domain.")],
    setting: Annotated[
        list[str], typer.Argument(help="A setting as name=value, such as create_list=closed; again for more.")
    ],
    *,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Change settings of a domain; what is not named stays."""
    changes = split_settings(setting)
    robot, site = finish(_set(domain, changes, who))
    _tell_settings(robot, site, changes, as_json=as_json)


async def _set(domain: str, changes: dict[str, object], who: str | None) -> tuple[Robot, Site]:
    async with opened() as database, database.write() as uow:
        robot = await robot_named(uow, domain)
        return await update_robot(uow, await caller(uow, robot, who), robot, changes), database.site


def remind(
    domain: Annotated[str, typer.Argument(help="The robot's domain.")],
    *,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Mail each address of a domain which of its lists it is on."""
    count = finish(_remind(domain, who))
    tell({"reminded": count}, f"{count} addresses were written to.", as_json=as_json)


async def _remind(domain: str, who: str | None) -> int:
    async with opened() as database:
        async with database.read() as reader:
            actor = await caller(reader, await robot_named(reader, domain), who)
        return (await remind_everybody(database, actor)).count


def move(
    domain: Annotated[str, typer.Argument(help="The robot's domain.")],
    current: Annotated[str, typer.Argument(help="The address that is on the lists now.")],
    new: Annotated[str, typer.Argument(help="The address that takes its place.")],
    *,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Let a new address take the place of an old one on all lists of a domain, offices included."""
    moved = finish(_move(domain, current, new, who))
    words = (
        f"{new} was asked by mail." if moved.waits else f"{moved.count} subscriptions and offices went over."
    )
    tell({"moved": moved.count, **({"waits": True} if moved.waits else {})}, words, as_json=as_json)


async def _move(domain: str, current: str, new: str, who: str | None) -> Moved:
    async with opened() as database, database.write() as uow:
        robot = await robot_named(uow, domain)
        return await move_user(uow, await caller(uow, robot, who), current, new)


def _tell_settings(
    robot: Robot, site: Site, changed: Mapping[str, object] | None = None, *, as_json: bool
) -> None:
    """All settings as JSON; in words those that were changed, or all where nothing was."""
    settings = shown_of_robot(robot)
    rows = [(name, value or "-") for name, value in settings.items() if changed is None or name in changed]
    tell({**_shown(robot, site), "settings": settings}, table(rows), as_json=as_json)


def _shown(robot: Robot, site: Site) -> dict[str, str]:
    return {"domain": robot.domain, "title": robot.title, "public_url": base_url(site, robot)}
