"""Somebody who was entitled by what a provider said of them, and tries to stay so; and what no provider can say."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from identity.actor import operator
from identity.steps import Done
from lists import mailing_lists, roles
from storage import roles as stored_roles
from storage import scenario_texts
from storage.tables.words import RoleKind
from tests.identity.papers import Mill, paper_installed
from tests.identity.world import World
from tests.journeys.hostile_world import Hostile

BOB = {"subject": "s-bob", "addresses": [["bob@mill.example", True]]}
SEEN = """{ viewer { permissions { canAdministrateRobot } }
  mailingList(address: "talk@lists.example.test") { subscribers(first: 1) { totalCount } } }"""


@pytest.fixture
async def mill(hostile: Hostile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Mill]:
    with paper_installed(tmp_path / "site", monkeypatch):
        mill = Mill(World(hostile.world.db, hostile.world.robot), hostile.world.robot)
        await mill.set()
        yield mill


async def staff_only(hostile: Hostile) -> None:
    """The list shows its subscribers to those of whom a provider says that they are staff."""
    async with hostile.world.db.write() as uow:
        await scenario_texts.put(
            uow,
            robot_id=hostile.world.robot.id,
            list_id=None,
            operation="review",
            name="staff",
            text="equal([user_attributes->role],'staff') md5 -> do_it",
        )
        await mailing_lists.update_settings(
            uow, operator(hostile.world.robot), hostile.talk, {"review": "staff"}
        )


async def sees(hostile: Hostile, done: Done) -> bool:
    answer = await hostile.ask(SEEN, done.raw_token)
    return answer["data"]["mailingList"]["subscribers"] is not None


@pytest.mark.parametrize("later", [{"role": ["alumni"]}, {"role": []}, {}], ids=["other", "empty", "none"])
async def test_a_right_ends_with_the_claim_in_every_session(
    hostile: Hostile, mill: Mill, later: dict[str, Any]
) -> None:
    """Pitfall 14: the provider's next word takes the former one's place, in sessions that were there before, too."""
    await staff_only(hostile)
    first = await mill.done({**BOB, "attributes": {"role": ["staff"]}})
    assert await sees(hostile, first)
    again = await mill.done({**BOB, "attributes": later})
    assert not await sees(hostile, again)
    assert not await sees(hostile, first)


async def test_an_office_given_by_hand_neither_comes_nor_goes_with_a_claim(
    hostile: Hostile, mill: Mill
) -> None:
    """Pitfall 14: a claim makes no listmaster, and taking it back unmakes none."""
    everything = {name: ["listmaster", "owner", "true", "1"] for name in ("role", "groups", "is_listmaster")}
    bob = await mill.done({**BOB, "attributes": everything})
    answer = await hostile.ask(SEEN, bob.raw_token)
    assert not answer["data"]["viewer"]["permissions"]["canAdministrateRobot"]
    robot = hostile.world.robot
    async with hostile.world.db.write() as uow:
        await roles.grant_listmaster(uow, operator(robot), robot, "bob@mill.example")
        await roles.grant(uow, operator(robot), hostile.talk, "bob@mill.example", RoleKind.EDITOR)
    plain = await mill.done({**BOB, "attributes": {"role": ["nobody"]}})
    answer = await hostile.ask(SEEN, plain.raw_token)
    assert answer["data"]["viewer"]["permissions"]["canAdministrateRobot"]
    # Another address at the provider: the office stays where it was given, and is not his under the new one.
    moved = await mill.done({**BOB, "addresses": [["robert@mill.example", True]]})
    answer = await hostile.ask(SEEN, moved.raw_token)
    assert not answer["data"]["viewer"]["permissions"]["canAdministrateRobot"]
    async with hostile.world.db.read() as reader:
        kept = [each.address for each in await stored_roles.of_robot(reader, robot.id)]
    assert sorted(kept) == ["bob@mill.example", "lena@example.edu"]
