"""A subscription that the person holds goes where their main address goes; one that an address holds stays with it (row 131)."""

from typing import Any

import pytest

from identity import merging, sessions
from identity.actor import operator
from identity.ledger import prove
from lists import rosters
from storage import lists
from storage.tables.lists import MailingList
from storage.tables.people import Person
from storage.tables.words import AddressSource, SignInMethod, Strength
from tests.conftest import Clock
from tests.journeys.hostile_world import Hostile
from tests.journeys.test_personal_view import HOME, MAIN, WORK, ann, brought, made, nodes, seen, takers
from tests.server.pages_world import HOST

HELD = "membership { id email isHeldByPerson }"


async def set_main(hostile: Hostile, token: str, address: str) -> None:
    """Make another address the main one, through the API."""
    rows = "{ viewer { user { emailAddresses { id email } } } }"
    found = (await hostile.ask(rows, token))["data"]["viewer"]["user"]["emailAddresses"]
    [key] = [each["id"] for each in found if each["email"] == address]
    assert await hostile.codes("emailSetMain", token, {"userEmailId": key}) == []


async def where(hostile: Hostile, token: str) -> dict[str, set[tuple[str, bool]]]:
    """By list the viewer's addresses on it, and whether the person holds each."""
    found: dict[str, set[tuple[str, bool]]] = {}
    for each in nodes((await seen(hostile, token))["memberships"]):
        found.setdefault(each["mailingList"]["name"], set()).add((each["email"], each["isHeldByPerson"]))
    return found


async def as_person(hostile: Hostile, token: str, name: str, **settings: str) -> dict[str, Any]:
    """Join a new list as oneself."""
    mlist = await made(hostile, name, **settings)
    input = {"mailingListId": await hostile.id_of(mlist, token), "asPerson": True}
    return await hostile.do("mailingListSubscribe", token, input, HELD)


async def test_it_follows_the_main_address_and_the_others_stay(hostile: Hostile) -> None:
    token = await hostile.session(await ann(hostile))
    joined = await as_person(hostile, token, "mine")
    assert (joined["membership"]["email"], joined["membership"]["isHeldByPerson"]) == (MAIN, True)
    await made(hostile, "fixed", MAIN)
    await set_main(hostile, token, WORK)
    assert await where(hostile, token) == {"mine": {(WORK, True)}, "fixed": {(MAIN, False)}}
    got = await takers(hostile, "one")
    assert (got["mine"], got["fixed"]) == ({WORK}, {MAIN})
    posted = await hostile.world.mail_in("mine@lists.example.test", HOME, "y")
    assert posted == 250
    await set_main(hostile, token, HOME)
    assert (await takers(hostile, "two"))["mine"] == {HOME}


async def test_an_existing_one_is_handed_to_the_person_and_back(hostile: Hostile) -> None:
    token = await hostile.session(await ann(hostile))
    await made(hostile, "one", WORK)
    await made(hostile, "both", MAIN, WORK)
    for item in nodes((await seen(hostile, token))["memberships"]):
        if item["email"] == WORK:
            done = await hostile.do(
                "membershipUpdate", token, {"membershipId": item["id"], "isHeldByPerson": True}, HELD
            )
            assert (done["userErrors"], done["membership"]["email"]) == ([], MAIN)
    assert await where(hostile, token) == {"one": {(MAIN, True)}, "both": {(MAIN, True)}}
    [one] = [
        each
        for each in nodes((await seen(hostile, token))["memberships"])
        if each["mailingList"]["name"] == "one"
    ]
    back = {"membershipId": one["id"], "isHeldByPerson": False}
    await hostile.do("membershipUpdate", token, back, HELD)
    await set_main(hostile, token, WORK)
    assert await where(hostile, token) == {"one": {(MAIN, False)}, "both": {(WORK, True)}}


async def test_where_the_new_main_address_is_on_the_list_already_there_is_one(hostile: Hostile) -> None:
    token = await hostile.session(await ann(hostile))
    for name in ("mine", "fed"):
        await as_person(hostile, token, name)
    mlists = [await made_already(hostile, name) for name in ("mine", "fed")]
    async with hostile.world.db.write() as uow:
        for mlist in mlists:
            await rosters.add(uow, operator(hostile.world.robot), mlist, [WORK], quiet=True)
            if mlist.name == "fed":
                await brought(uow, mlist, WORK)
    await set_main(hostile, token, WORK)
    assert await where(hostile, token) == {"mine": {(WORK, True)}, "fed": {(MAIN, True), (WORK, False)}}
    assert (await takers(hostile, "one"))["fed"] == {WORK}


async def made_already(hostile: Hostile, name: str) -> MailingList:
    """A list by name."""
    async with hostile.world.db.read() as reader:
        found = await lists.find(reader, name, HOST)
    assert found is not None
    return found


async def under(hostile: Hostile, person: Person, address: str) -> str:
    """A session that was opened under an alternate address."""
    async with hostile.world.db.write() as uow:
        _, token = await sessions.open_session(
            uow,
            person,
            hostile.world.robot,
            method=SignInMethod.PASSWORD,
            strength=Strength.MD5,
            address=address,
        )
    return token


async def lapsing(hostile: Hostile, clock: Clock) -> tuple[Person, str]:
    """Somebody whose main address holds for a day; with a session under another one."""
    person = await hostile.person(MAIN)
    async with hostile.world.db.write() as uow:
        await prove(uow, person.id, WORK, source=AddressSource.CHALLENGE, strength=Strength.MD5)
        await prove(
            uow,
            person.id,
            MAIN,
            source=AddressSource.ACCOUNT,
            strength=Strength.MD5,
            expires_at=clock.now + 86_400_000_000,
        )
    return person, await under(hostile, person, WORK)


async def test_without_a_proved_main_address_nobody_holds_one(hostile: Hostile, clock: Clock) -> None:
    _, token = await lapsing(hostile, clock)
    clock.advance(days=2)
    refused = await as_person(hostile, token, "mine")
    assert (refused["membership"], [each["code"] for each in refused["userErrors"]]) == (None, ["CONFLICT"])
    await made(hostile, "one", WORK)
    [one] = nodes((await seen(hostile, token))["memberships"])
    change = {"membershipId": one["id"], "isHeldByPerson": True}
    assert await hostile.codes("membershipUpdate", token, change) == ["CONFLICT"]
    assert await where(hostile, token) == {"one": {(WORK, False)}}


async def test_attack_a_lapsed_main_address_that_another_proves_does_not_take_it_along(
    hostile: Hostile, clock: Clock
) -> None:
    _, token = await lapsing(hostile, clock)
    await as_person(hostile, token, "mine")
    clock.advance(days=2)
    async with hostile.world.db.write() as uow:
        await prove(uow, hostile.mallory.id, MAIN, source=AddressSource.CHALLENGE, strength=Strength.MD5)
    assert await where(hostile, token) == {"mine": {(WORK, True)}}
    assert (await takers(hostile, "one"))["mine"] == {WORK}


@pytest.mark.parametrize("who", ["carol", "mallory"])
async def test_attack_nobody_else_hands_it_to_a_person(hostile: Hostile, who: str) -> None:
    mlist = await made(hostile, "one", WORK)
    carol = await hostile.session(hostile.world.carol)
    query = "query ($a: EmailAddress!) { mailingList(address: $a) { subscribers(first: 5) { edges { node { id } } } } }"
    [one] = nodes((await hostile.ask(query, carol, a=mlist.address))["data"]["mailingList"]["subscribers"])
    token = carol if who == "carol" else await hostile.session(hostile.mallory)
    for change in ({"isHeldByPerson": True}, {"isPreferred": True}):
        codes = await hostile.codes("membershipUpdate", token, {"membershipId": one["id"], **change})
        assert codes in (["INVALID"], ["NOT_FOUND"], ["FORBIDDEN"])


async def test_joined_accounts_hold_one_each_get_one_copy_and_follow_one_address(hostile: Hostile) -> None:
    keeper, gone = await ann(hostile), await hostile.person("anna@old.example")
    token = await hostile.session(keeper)
    old = await hostile.session(gone)
    for name in ("same", "only"):
        mlist = await made(hostile, name)
        for who in (token, old) if name == "same" else (old,):
            input = {"mailingListId": await hostile.id_of(mlist, who), "asPerson": True}
            assert (await hostile.do("mailingListSubscribe", who, input, HELD))["userErrors"] == []
    robot = hostile.world.robot
    async with hostile.world.db.write() as uow:
        joined = await merging.merge(uow, robot, keeper, gone, actor=MAIN, via="web")
    both = {(MAIN, True), ("anna@old.example", True)}
    assert await where(hostile, token) == {"same": both, "only": {("anna@old.example", True)}}
    assert (await takers(hostile, "joined"))["same"] == {MAIN}
    await set_main(hostile, token, WORK)
    assert await where(hostile, token) == {"same": {(WORK, True)}, "only": {(WORK, True)}}
    async with hostile.world.db.write() as uow:
        await merging.undo(uow, joined, robot=robot, actor=MAIN, via="web")
    found = [await where(hostile, await hostile.session(each)) for each in (keeper, gone)]
    assert found[1]["only"] == {("anna@old.example", True)}
    assert "same" in found[0] or "same" in found[1]
