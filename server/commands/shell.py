"""What commands share: the open database, who acts in a robot, lists and robots by the names that were typed."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypeVar

import typer

from identity.actor import Actor, founder, operator
from identity.entrance import actor_for_command
from identity.refusal import Invalid, NotFound
from lists import decisions
from lists.mailing_lists import find_list, visible_list
from lists.robots import find_robot
from server.logging import configure_logging
from server.settings import Settings, load_settings, make_data_dir
from server.state import site_of
from storage import robots
from storage.database import Database, Reader
from storage.opening import migrate, open_database
from storage.tables.lists import MailingList, Robot

T = TypeVar("T")
As = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="ADDRESS",
        help="Act as this person, whom every rule is asked about; else as the operator, who is obeyed.",
    ),
]


class NoSuchRobot(NotFound):
    """There is no robot for this domain; `postroom robot create DOMAIN` makes one."""


class NoSuchList(NotFound):
    """There is no such list; `postroom list list` names them all."""


class WhichRobot(Invalid):
    """There are several robots; say which one with --robot DOMAIN."""


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work to its end."""
    return asyncio.run(work)


def quiet_settings() -> Settings:
    """The settings, with logging set up for somebody who reads the answer: only warnings, in plain lines."""
    settings = load_settings()
    configure_logging(settings.model_copy(update={"log_level": "warning", "log_format": "console"}))
    return settings


@asynccontextmanager
async def opened() -> AsyncIterator[Database]:
    """The database of the settings, its schema brought up to date, for one command."""
    settings = quiet_settings()
    make_data_dir(settings)
    await migrate(settings.database_url)
    database = await open_database(settings.database_url, site_of(settings), connections=2)
    try:
        yield database
    finally:
        # A refusal undoes its transaction, and nobody else writes down what this process was told.
        await decisions.write_waiting(database, everything=True)
        await database.close()


async def robot_named(reader: Reader, domain: str | None, *, first_of_several: bool = False) -> Robot:
    """The robot of a domain, or the only one (or the first); raises NoSuchRobot or WhichRobot."""
    if domain is not None:
        return await robot_of_address(reader, domain)
    every = await robots.every(reader)
    if not every:
        raise NoSuchRobot
    if len(every) > 1 and not first_of_several:
        raise WhichRobot
    return every[0]


async def robot_of_address(reader: Reader, address: str) -> Robot:
    """The robot of an address's domain, or of a bare domain; raises NoSuchRobot."""
    found = await find_robot(reader, address.rpartition("@")[2])
    if found is None:
        raise NoSuchRobot
    return found


async def caller(reader: Reader, robot: Robot | None, who: str | None) -> Actor:
    """Who acts in a robot, or on the whole server where None: the person named with --as, else the operator."""
    if who is None:
        return founder() if robot is None else operator(robot)
    return await actor_for_command(reader, founder().robot if robot is None else robot, who)


async def list_named(reader: Reader, address: str, who: str | None = None) -> tuple[Actor, MailingList]:
    """Who acts in a list's robot, and the list; raises NoSuchList, also where they may not see it."""
    robot = await find_robot(reader, address.rpartition("@")[2])
    if robot is not None and who is not None:
        actor = await caller(reader, robot, who)
        return actor, await visible_list(reader, actor, address)
    mlist = None if robot is None else await find_list(reader, address)
    if robot is None or mlist is None:
        raise NoSuchList
    return operator(robot), mlist


def split_settings(texts: list[str]) -> dict[str, object]:
    """`name=value` words as a table; raises Invalid for a word without `=`."""
    pairs = [text.partition("=") for text in texts]
    wrong = [name for name, sign, _ in pairs if not sign]
    if wrong:
        raise Invalid(f"Write a setting as name=value; not {wrong[0]!r}.")
    return {name.strip(): value for name, _, value in pairs}
