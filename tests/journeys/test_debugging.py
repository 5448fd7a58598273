"""A listmaster sees how the answers to their own session come about; nobody else ever does, and not for long."""

import json
from typing import Any

from storage import roles, scenario_texts
from storage.tables.words import TokenScope
from tests.journeys.hostile_world import Hostile

TALK = """{ mailingList(address: "talk@lists.example.test") { name viewerPermissions { canPost }
  subscribers(first: 5) { totalCount edges { node { email } } } } }"""
SECRET = "password-of-the-directory"


async def switched(hostile: Hostile, token: str | None, minutes: int) -> dict[str, Any]:
    """What the mutation answers."""
    return await hostile.do("sessionDebug", token, {"minutes": minutes}, "session { debugUntil isCurrent }")


async def notes(hostile: Hostile, token: str | None, query: str = TALK) -> dict[str, Any] | None:
    """What an answer says about itself."""
    found = await hostile.ask(query, token)
    told: dict[str, Any] | None = found["extensions"].get("debug")
    return told


async def test_a_listmaster_sees_statements_and_rules_of_their_own_answers(hostile: Hostile) -> None:
    lena = await hostile.session(hostile.lena)
    assert await notes(hostile, lena) is None
    answer = await switched(hostile, lena, 10)
    assert (answer["userErrors"], answer["session"]["isCurrent"]) == ([], True)
    told = await notes(hostile, lena)
    assert told is not None
    assert told["statements"]["count"] == len(told["statements"]["each"]) > 3
    assert told["statements"]["milliseconds"] > 0
    assert any("FROM memberships" in each["sql"] for each in told["statements"]["each"])
    review = next(each for each in told["decisions"] if each["operation"] == "review")
    assert (review["list"], review["scenario"]) == ("talk@lists.example.test", "private")
    assert review["trace"][-1]["line"] == review["line"]
    # No value that a statement was run with, and no address of anybody.
    assert "example.edu" not in json.dumps(told)
    assert "lena" not in json.dumps(told)


async def test_rules_of_another_domain_are_not_in_the_notes(hostile: Hostile) -> None:
    text = f"match([sender],/{SECRET}/) smtp,md5 -> do_it\ntrue() smtp,md5 -> reject"
    there = hostile.elsewhere
    async with hostile.world.db.write() as uow:
        await scenario_texts.put(
            uow, robot_id=there.robot_id, list_id=there.id, operation="review", name="private", text=text
        )
    lena = await hostile.session(hostile.lena)
    await switched(hostile, lena, 10)
    query = TALK.replace("talk@lists.example.test", there.address)
    found = await hostile.ask(query, lena)
    assert found["errors"]
    assert found["extensions"]["debug"]["statements"]["count"] > 0
    assert SECRET not in json.dumps(found)


async def test_other_sessions_are_never_debugged(hostile: Hostile) -> None:
    lena, phone = await hostile.session(hostile.lena), await hostile.session(hostile.lena)
    await switched(hostile, lena, 60)
    assert await notes(hostile, phone) is None
    for person in (hostile.world.alice, hostile.world.carol, hostile.mallory):
        assert await notes(hostile, await hostile.session(person)) is None
    assert await notes(hostile, None) is None
    assert await notes(hostile, await hostile.api_token(hostile.lena, TokenScope.READ)) is None


async def test_nobody_but_a_listmaster_switches_it_on(hostile: Hostile) -> None:
    for token in (
        None,
        await hostile.session(hostile.mallory),
        await hostile.session(hostile.world.carol),
        await hostile.api_token(hostile.lena, TokenScope.ADMINISTRATE),
    ):
        answer = await switched(hostile, token, 10)
        assert answer["session"] is None
        [error] = answer["userErrors"]
        assert error["code"] in {"FORBIDDEN", "REAUTHENTICATION_REQUIRED"}
        if token is not None:
            assert await notes(hostile, token) is None
    lena = await hostile.session(hostile.lena)
    for minutes in (61, -1, 2**31 - 1):
        assert (await switched(hostile, lena, minutes))["userErrors"][0]["code"] == "INVALID"
        assert await notes(hostile, lena) is None


async def test_it_ends_by_itself_by_hand_by_signing_out_and_with_the_office(hostile: Hostile) -> None:
    clock: Any = hostile.world.db.site.clock
    lena = await hostile.session(hostile.lena)
    await switched(hostile, lena, 10)
    clock.advance(seconds=599)
    assert await notes(hostile, lena) is not None
    clock.advance(seconds=2)
    assert await notes(hostile, lena) is None
    await switched(hostile, lena, 10)
    await switched(hostile, lena, 0)
    assert await notes(hostile, lena) is None
    await switched(hostile, lena, 10)
    await hostile.do("signOut", lena, {})
    again = await hostile.session(hostile.lena)
    assert await notes(hostile, again) is None
    await switched(hostile, again, 10)
    assert await notes(hostile, again) is not None
    async with hostile.world.db.write() as uow:
        [role] = [
            each
            for each in await roles.of_robot(uow, hostile.world.robot.id)
            if each.address == "lena@example.edu"
        ]
        await roles.remove(uow, role.id)
    assert await notes(hostile, again) is None
