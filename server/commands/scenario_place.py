"""Where a command about scenario texts acts: at a list, at a robot, or at the whole site."""

from typing import Annotated

import typer

from identity.actor import Actor
from identity.refusal import Invalid
from lists.scenario_places import Place
from scenarios.file_names import FileName, read_file_name
from server.commands.shell import caller, list_named, robot_named
from storage import robots
from storage.database import Reader

OfRobot = Annotated[str | None, typer.Option("--robot", help="The domain that it is for.")]
OfList = Annotated[str | None, typer.Option("--list", help="The list that it is for, by its address.")]
OfSite = Annotated[bool, typer.Option("--site", help="It is for every domain of this server.")]
Name = Annotated[
    str,
    typer.Argument(metavar="OPERATION.NAME", help="Such as send.private, include.NAME or search.NAME.txt."),
]


class OnePlace(Invalid):
    """Say one of --site, --robot DOMAIN and --list ADDRESS."""


class BadName(Invalid):
    """Write the name as OPERATION.NAME, such as send.private; fragments are include.NAME, filters search.NAME.txt."""


async def place_named(
    reader: Reader, robot: str | None, mlist: str | None, who: str | None, *, site: bool
) -> tuple[Actor, Place]:
    """Who acts, and the place that was said; the only robot where nothing was.

    Raises OnePlace, NoSuchRobot, NoSuchList or WhichRobot.
    """
    if sum((robot is not None, mlist is not None, site)) > 1:
        raise OnePlace
    if mlist is not None:
        actor, found = await list_named(reader, mlist, who)
        return actor, Place(await robots.by_id(reader, found.robot_id), found)
    if site:
        return await caller(reader, None, who), Place()
    home = await robot_named(reader, robot)
    return await caller(reader, home, who), Place(home)


def name_of(written: str) -> FileName:
    """What a name on the command line means; raises BadName."""
    if written.startswith("search."):
        return FileName("filter", "search", written.removeprefix("search."))
    name = read_file_name(written)
    if name.kind not in {"scenario", "include", "filter"}:
        raise BadName
    return name
