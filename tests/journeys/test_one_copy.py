"""Somebody who is on a list with several addresses gets one copy, where they want it (row 132)."""

from typing import Any

import pytest

from identity.ledger import prove
from storage.tables.words import AddressSource, Strength
from tests.conftest import Clock
from tests.journeys.hostile_world import Hostile
from tests.journeys.test_personal_view import HOME, MAIN, WORK, ann, brought, made, nodes, seen, takers


async def change(hostile: Hostile, token: str, email: str, **changes: Any) -> None:
    """Change the viewer's membership under one address."""
    for each in nodes((await seen(hostile, token))["memberships"]):
        if each["email"] == email:
            done = await hostile.do("membershipUpdate", token, {"membershipId": each["id"], **changes})
            assert done["userErrors"] == []


async def got(hostile: Hostile, subject: str, author: str = "eve@evil.example") -> set[str]:
    """Who gets a message to the list `all`."""
    return (await takers(hostile, subject, author))["all"]


async def test_one_copy_goes_where_the_person_wants_it(hostile: Hostile) -> None:
    token = await hostile.session(await ann(hostile))
    await made(hostile, "all", HOME, WORK, MAIN, "eve@evil.example")
    others = {"eve@evil.example"}
    assert await got(hostile, "main") == {MAIN} | others
    await change(hostile, token, WORK, isPreferred=True)
    assert await got(hostile, "chosen") == {WORK} | others
    await change(hostile, token, HOME, isPreferred=True)
    assert await got(hostile, "another") == {HOME} | others
    shown = {
        each["email"]: each["isPreferred"] for each in nodes((await seen(hostile, token))["memberships"])
    }
    assert shown == {HOME: True, WORK: False, MAIN: False}
    await change(hostile, token, HOME, reception="NOMAIL")
    assert await got(hostile, "elsewhere") == {MAIN} | others
    await change(hostile, token, MAIN, reception="NOMAIL")
    assert await got(hostile, "oldest") == {WORK} | others


async def test_who_asks_for_each_gets_each(hostile: Hostile) -> None:
    token = await hostile.session(await ann(hostile))
    await made(hostile, "all", HOME, WORK, MAIN)
    for wish, copies in ((True, {HOME, WORK, MAIN}), (False, {MAIN})):
        assert await hostile.codes("profileUpdate", token, {"eachAddressGetsACopy": wish}) == []
        assert await got(hostile, f"each{wish}") == copies


@pytest.mark.parametrize("author", [MAIN, WORK])
async def test_no_copy_of_ones_own_posts_from_whichever_address(hostile: Hostile, author: str) -> None:
    token = await hostile.session(await ann(hostile))
    await made(hostile, "all", WORK, MAIN)
    await change(hostile, token, MAIN, reception="NOT_ME")
    assert await got(hostile, "own", author) == set()
    assert await got(hostile, "other") == {MAIN}


async def test_members_of_a_source_count_as_all_others(hostile: Hostile) -> None:
    await ann(hostile)
    mlist = await made(hostile, "all", WORK, MAIN)
    async with hostile.world.db.write() as uow:
        await brought(uow, mlist, WORK)
    assert await got(hostile, "one") == {MAIN}


async def test_only_addresses_in_force_here_make_one_person(hostile: Hostile, clock: Clock) -> None:
    person = await hostile.person(MAIN)
    day = 86_400_000_000
    async with hostile.world.db.write() as uow:
        await prove(
            uow, person.id, WORK, source=AddressSource.LDAP, strength=Strength.MD5, expires_at=clock.now + day
        )
        await prove(
            uow,
            person.id,
            HOME,
            source=AddressSource.OIDC,
            strength=Strength.MD5,
            robot_id=hostile.other_robot.id,
        )
    await made(hostile, "all", WORK, MAIN, HOME)
    assert await got(hostile, "now") == {MAIN, HOME}
    clock.advance(days=2)
    assert await got(hostile, "later") == {MAIN, WORK, HOME}


async def test_the_counts_of_a_delivery_stay_true(hostile: Hostile) -> None:
    await ann(hostile)
    await made(hostile, "all", HOME, WORK, MAIN, "eve@evil.example")
    await got(hostile, "counted")
    query = """{ mailingList(address: "all@lists.example.test") { deliveries(first: 1) { edges { node {
      progress { total pending handedOver skipped } packets { recipientCount } } } } } }"""
    carol = await hostile.session(hostile.world.carol)
    told = await hostile.ask(query, carol)
    [sent] = nodes(told["data"]["mailingList"]["deliveries"])
    assert sent["progress"] == {"total": 2, "pending": 2, "handedOver": 0, "skipped": 0}
    assert sum(each["recipientCount"] for each in sent["packets"]) == 2


async def test_what_somebody_likes_is_the_same_in_every_session(hostile: Hostile) -> None:
    person = await ann(hostile)
    one, two = await hostile.session(person), await hostile.session(person)
    likes = {"timeZone": "Europe/Vienna", "pageSize": 50, "defaultReception": "DIGEST"}
    fields = "timeZone pageSize defaultReception eachAddressGetsACopy"
    done = await hostile.do("profileUpdate", one, likes, f"user {{ preferences {{ {fields} }} }}")
    assert done["user"]["preferences"] == {**likes, "eachAddressGetsACopy": False}
    query = f"{{ viewer {{ user {{ preferences {{ {fields} }} }} }} }}"
    seen_there = (await hostile.ask(query, two))["data"]["viewer"]["user"]["preferences"]
    assert seen_there == done["user"]["preferences"]
    mlist = await made(hostile, "later")
    join = {"mailingListId": await hostile.id_of(mlist, two)}
    joined = await hostile.do("mailingListSubscribe", two, join, "membership { reception }")
    assert joined["membership"]["reception"] == "DIGEST"
    for wrong in (
        {"timeZone": "../etc/passwd"},
        {"timeZone": "Mars/Olympus"},
        {"timeZone": "\0"},
        {"pageSize": 101},
    ):
        assert await hostile.codes("profileUpdate", one, wrong) == ["INVALID"], wrong
    cleared = await hostile.do(
        "profileUpdate", one, {"timeZone": None}, f"user {{ preferences {{ {fields} }} }}"
    )
    assert cleared["user"]["preferences"]["timeZone"] is None
    lena = await hostile.session(hostile.lena)
    other = "query ($e: EmailAddress!) { user(email: $e) { preferences { timeZone } } }"
    assert (await hostile.ask(other, lena, e=MAIN))["data"]["user"]["preferences"] is None
