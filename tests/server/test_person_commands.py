"""The command line about people: removing an account, and making two of a joined one."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from identity import merging
from identity.people import find_by_address
from server.commands.shell import opened
from storage import robots, second_factors
from storage.database import UnitOfWork
from storage.tables.second_factors import FactorKind
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


async def _give_factor(uow: UnitOfWork) -> None:
    alice = await find_by_address(uow, "alice@example.edu")
    assert alice is not None
    await second_factors.add(uow, person_id=alice.id, kind=FactorKind.PASSKEY, label="Key", secret="")


def test_who_lost_their_second_factor_is_helped_by_the_operator(lists: Run) -> None:
    lists("person", "create", "alice@example.edu")
    asyncio.run(_write(_give_factor))
    found = lists("person", "forget-factors", "alice@example.edu")
    assert found == {"email": "alice@example.edu", "factors": 1}
    assert lists("person", "forget-factors", "alice@example.edu")["factors"] == 0
    assert "NOT_FOUND" in lists("person", "forget-factors", "nobody@example.edu", fails=1)


def test_a_password_comes_as_a_hash_and_not_as_text_that_can_be_read(lists: Run) -> None:
    made = lists(
        "person",
        "create",
        "alice@example.edu",
        "--password-hash",
        "--password-case",
        "insensitive",
        given="d8578edf8458ce06fbc5bb76a58c5ca4\n",
    )
    assert made["has_password"]
    refused = lists("person", "create", "bob@example.edu", "--password-hash", given="plain text\n", fails=1)
    assert "INVALID" in refused
    wrong = lists("person", "create", "bob@example.edu", "--password-case", "maybe", fails=1)
    assert "sensitive" in wrong
