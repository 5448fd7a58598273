"""The command line about people: removing an account, and making two of a joined one."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from identity import merging
from identity.people import find_by_address
from server.commands.shell import opened
from storage import robots
from storage.database import UnitOfWork
from tests.server.command_line import STAFF, Run


async def _write(work: Callable[[UnitOfWork], Awaitable[None]]) -> None:
    async with opened() as database, database.write() as uow:
        await work(uow)


async def _join(uow: UnitOfWork) -> None:
    robot = (await robots.every(uow))[0]
    keeper = await find_by_address(uow, "alice@example.edu")
    gone = await find_by_address(uow, "al@example.net")
    assert keeper is not None
    assert gone is not None
    await merging.merge(uow, robot, keeper, gone, actor="alice@example.edu", via="web")


def test_an_account_is_shown_marked_and_removed(lists: Run) -> None:
    lists("person", "create", "alice@example.edu")
    Path("members.csv").write_text("email\nalice@example.edu\n")
    lists("membership", "import", STAFF, "members.csv", "--quiet")
    would = lists("person", "remove", "alice@example.edu", "--dry-run")
    assert would["done"] == "nothing"
    assert would["leaves"] == [f"alice@example.edu {STAFF}"]
    marked = lists("person", "remove", "alice@example.edu")
    assert (marked["done"], marked["due"] is not None) == ("marked", True)
    assert "Leaves alice@example.edu" in lists("person", "remove", "alice@example.edu", plain=True)
    assert lists("person", "remove", "alice@example.edu", "--now")["done"] == "removed"
    assert "NOT_FOUND" in lists("person", "remove", "alice@example.edu", fails=1)
    assert lists("person", "create", "alice@example.edu")["email"] == "alice@example.edu"


def test_who_owns_a_list_is_not_removed(lists: Run) -> None:
    lists("person", "create", "carol@example.edu")
    assert "FORBIDDEN" in lists("person", "remove", "carol@example.edu", "--now", fails=1)


def test_the_last_joined_account_becomes_one_of_its_own(lists: Run) -> None:
    lists("person", "create", "alice@example.edu")
    lists("person", "create", "al@example.net")
    asyncio.run(_write(_join))
    found = lists("person", "unmerge", "al@example.net")
    assert found == {"email": "al@example.net", "keeper": "alice@example.edu"}
    assert "NOT_FOUND" in lists("person", "unmerge", "alice@example.edu", fails=1)
