"""`postroom robot`: the mail domains of this server."""

from typing import Annotated

import typer

from identity.actor import founder, operator
from lists.robots import base_url, create_robot
from lists.roles import grant_listmaster
from server.commands.answers import AsJson, table, tell
from server.commands.shell import finish, opened
from storage import robots
from storage.site import Site
from storage.tables.lists import Robot


def register(app: typer.Typer) -> None:
    """Add the commands."""
    subject = typer.Typer(no_args_is_help=True, help="Robots: mail domains with lists of their own.")
    subject.command("create")(create)
    subject.command("list")(list_robots)
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
    as_json: AsJson = False,
) -> None:
    """Open a domain for lists."""
    robot, site = finish(_create(domain, title, public_url, listmaster or []))
    tell(_shown(robot, site), f"Robot {robot.domain} is there.", as_json=as_json)


async def _create(domain: str, title: str, public_url: str, listmasters: list[str]) -> tuple[Robot, Site]:
    async with opened() as database:
        async with database.write() as uow:
            robot = await create_robot(uow, founder(), domain, title, public_url=public_url)
            for address in listmasters:
                await grant_listmaster(uow, operator(robot), robot, address)
        return robot, database.site


def list_robots(*, as_json: AsJson = False) -> None:
    """Name all robots."""
    found, site = finish(_every())
    rows = [(robot.domain, robot.title, base_url(site, robot)) for robot in found]
    tell({"robots": [_shown(robot, site) for robot in found]}, table(rows), as_json=as_json)


async def _every() -> tuple[list[Robot], Site]:
    async with opened() as database, database.read() as reader:
        return await robots.every(reader), database.site


def _shown(robot: Robot, site: Site) -> dict[str, str]:
    return {"domain": robot.domain, "title": robot.title, "public_url": base_url(site, robot)}
