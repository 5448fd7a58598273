"""What comes back, at the command line: listed, shown, reset, and only looked at first."""

import asyncio
from pathlib import Path

from lists.bounces.scores import Failure, failed
from storage import lists as stored
from storage import memberships
from storage.opening import open_database
from storage.site import Site
from storage.tables.words import BounceKind
from tests.server.command_line import STAFF, Run

DEAD = "dead@example.net"


async def hurt(path: Path) -> None:
    """Mail to a member comes back."""
    database = await open_database(f"sqlite+aiosqlite:///{path}", Site("https://x.example", b"s" * 32))
    async with database.write() as uow:
        mlist = await stored.find(uow, *STAFF.split("@"))
        assert mlist is not None
        member = await memberships.add(uow, mlist.id, address=DEAD, address_key=DEAD)
        assert member is not None
        await failed(uow, mlist, member, Failure(BounceKind.HARD, "5.1.1", "550 gone", is_proved=True))
    await database.close()


def test_bounces_are_listed_shown_and_reset(lists: Run, tmp_path: Path) -> None:
    assert lists("bounce", "list", STAFF) == {"bounces": []}
    asyncio.run(hurt(tmp_path / "var" / "postroom.db"))
    [row] = lists("bounce", "list", STAFF)["bounces"]
    assert (row["address"], row["score"], row["kind"], row["state"]) == (DEAD, 20, "hard", "counted")
    assert "  20 %  " in lists("bounce", "list", STAFF, plain=True)
    assert "20 % of bounce_suspend_score" in lists("bounce", "show", STAFF, DEAD, plain=True)
    assert lists("bounce", "list", STAFF, "--minimum", "50")["bounces"] == []
    shown = lists("bounce", "show", STAFF, DEAD)
    assert [each["diagnostic"] for each in shown["latest"]] == ["550 gone"]
    assert "NOT_FOUND" in lists("bounce", "show", STAFF, "nobody@example.net", fails=1)
    assert lists("bounce", "reset", STAFF, DEAD, "--dry-run") == {"reset": [DEAD], "dry_run": True}
    assert len(lists("bounce", "list", STAFF)["bounces"]) == 1
    assert lists("bounce", "reset", STAFF, DEAD)["reset"] == [DEAD]
    assert lists("bounce", "list", STAFF)["bounces"] == []
    assert lists("bounce", "show", STAFF, DEAD)["state"] == "fine"


def test_who_does_not_run_the_list_sees_nothing(lists: Run, tmp_path: Path) -> None:
    asyncio.run(hurt(tmp_path / "var" / "postroom.db"))
    lists("person", "create", "alice@example.edu")
    assert "NOT_FOUND" in lists("bounce", "list", STAFF, "--as", "alice@example.edu", fails=1)
