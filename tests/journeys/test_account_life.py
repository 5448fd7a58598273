"""The life of accounts, told through the API, the mails and their pages."""

from typing import Any

import httpx

from identity import keeping
from identity.actor import operator
from identity.challenge import confirm_address, link_address
from identity.entrance import actor_for_session
from identity.people import find_by_address
from lists import rosters
from server.asking import COOKIE
from storage import people
from storage.tables.people import Person
from tests.conftest import Clock
from tests.journeys.hostile_world import Hostile
from tests.server.pages_world import BASE

ME = """{ viewer { user { mainEmail removalDueAt emailAddresses { email } alerts { id kind email askedBy until }
  accountMerges { id email undoableUntil } memberships(first: 9) { edges { node { email } } } } } }"""
SHARED = "shared@example.edu"


async def me(hostile: Hostile, token: str) -> dict[str, Any]:
    found: dict[str, Any] = (await hostile.ask(ME, token))["data"]["viewer"]["user"]
    return found


async def addresses(hostile: Hostile, token: str) -> list[str]:
    return [each["email"] for each in (await me(hostile, token))["emailAddresses"]]


async def add_address(hostile: Hostile, person: Person, address: str) -> None:
    """The person answers the challenge."""
    world = hostile.world
    token = await hostile.session(person)
    async with world.db.read() as reader:
        actor = await actor_for_session(reader, world.robot, token)
    assert actor is not None
    async with world.db.write() as uow:
        await link_address(uow, actor, address)
    await confirm_address(world.db, actor, address, (await hostile.letters(address))[-1].code)


async def test_an_address_goes_to_another_account_after_a_code_and_the_holders_yes(hostile: Hostile) -> None:
    alice, carol = hostile.world.alice, hostile.world.carol
    await add_address(hostile, alice, SHARED)
    hers, his = await hostile.session(alice), await hostile.session(carol)
    assert await hostile.codes("emailLink", his, {"email": SHARED}) == []
    code = (await hostile.letters(SHARED))[-1].code
    assert await hostile.codes("emailConfirm", his, {"email": SHARED, "code": code}) == ["TAKEN"]
    alerts = (await me(hostile, hers))["alerts"]
    assert [(each["kind"], each["email"], each["askedBy"]) for each in alerts] == [
        ("ADDRESS_CONFLICT", SHARED, carol.main_address)
    ]
    link = (await hostile.letters(alice.main_address))[-1].secret
    shown = await hostile.browser.get(f"/t/{link}")
    assert carol.main_address in shown.text
    assert "Join the two accounts" not in shown.text
    assert SHARED in await addresses(hostile, hers)
    done = await hostile.world.press(link, "move")
    assert "Moved" in done.text
    assert SHARED not in await addresses(hostile, hers)
    assert SHARED in await addresses(hostile, his)
    assert (await hostile.browser.get(f"/t/{link}")).status_code == 410


async def test_the_page_joins_the_accounts_for_whoever_is_signed_in_to_the_other_one(
    hostile: Hostile,
) -> None:
    alice, mallory = hostile.world.alice, hostile.mallory
    await add_address(hostile, alice, SHARED)
    his = await hostile.session(mallory)
    await hostile.codes("emailLink", his, {"email": SHARED})
    code = (await hostile.letters(SHARED))[-1].code
    await hostile.codes("emailConfirm", his, {"email": SHARED, "code": code})
    link = (await hostile.letters(alice.main_address))[-1].secret
    assert "Sign in to the account" in (await hostile.world.press(link, "join")).text
    hers = await hostile.session(alice)
    transport = hostile.browser._transport
    async with httpx.AsyncClient(transport=transport, base_url=BASE, cookies={COOKIE: hers}) as browser:
        assert "Joined" in (await hostile.world.press(link, "join", browser=browser)).text
    found = await me(hostile, his)
    assert {each["email"] for each in found["emailAddresses"]} == {
        mallory.main_address,
        alice.main_address,
        SHARED,
    }
    assert alice.main_address in [edge["node"]["email"] for edge in found["memberships"]["edges"]]


async def test_two_accounts_are_joined_with_both_tokens_and_parted_again(hostile: Hostile) -> None:
    alice, mallory = hostile.world.alice, hostile.mallory
    mine, theirs = await hostile.session(mallory), await hostile.session(alice)
    payload = await hostile.do("accountMerge", mine, {"sessionToken": theirs}, "user { mainEmail }")
    assert payload == {"user": {"mainEmail": mallory.main_address}, "userErrors": []}
    assert alice.main_address in await addresses(hostile, mine)
    [merge] = (await me(hostile, mine))["accountMerges"]
    assert merge["email"] == alice.main_address
    assert await hostile.codes("accountMerge", mine, {"sessionToken": theirs}) == [
        "REAUTHENTICATION_REQUIRED"
    ]
    payload = await hostile.do("accountUnmerge", mine, {"accountMergeId": merge["id"]}, "email")
    assert payload["email"] == alice.main_address
    again = await hostile.session(mallory)
    assert await addresses(hostile, again) == [mallory.main_address]
    async with hostile.world.db.read() as reader:
        found = await find_by_address(reader, alice.main_address)
    assert found is not None
    assert found.id == alice.id


async def test_a_person_removes_their_account_by_the_button_in_the_mail(hostile: Hostile) -> None:
    alice, world = hostile.world.alice, hostile.world
    token = await hostile.session(alice)
    payload = await hostile.do("accountRemove", token, {}, "sentTo")
    assert payload["userErrors"] == []
    assert alice.main_address not in payload["sentTo"]
    link = (await hostile.letters(alice.main_address))[-1].secret
    assert "Kept" in (await world.press(link, "no")).text
    assert "Removed" in (await world.press(link)).text
    assert alice.main_address not in await world.members(world.welcome)
    assert (await hostile.ask(ME, token))["errors"]
    async with world.db.read() as reader:
        assert await people.find(reader, alice.id) is None


async def test_who_runs_a_list_cannot_go_before_handing_it_over(hostile: Hostile) -> None:
    token = await hostile.session(hostile.world.carol)
    assert await hostile.codes("accountRemove", token, {}) == ["FORBIDDEN"]


async def test_a_lapsing_address_is_kept_by_two_pages_and_the_alert_goes(
    hostile: Hostile, clock: Clock
) -> None:
    alice, world = hostile.world.alice, hostile.world
    await add_address(hostile, alice, SHARED)
    clock.advance(days=355)
    await keeping.warn_of_lapsing(world.db)
    token = await hostile.session(alice)
    [alert] = (await me(hostile, token))["alerts"]
    assert (alert["kind"], alert["email"]) == ("ADDRESS_LAPSES", SHARED)
    warning = (await hostile.letters(alice.main_address))[-1].secret
    assert "Sent" in (await world.press(warning)).text
    question = (await hostile.letters(SHARED))[-1].secret
    assert alice.main_address in (await hostile.browser.get(f"/t/{question}")).text
    assert "Kept" in (await world.press(question)).text
    assert (await me(hostile, token))["alerts"] == []
    clock.advance(days=100)
    assert SHARED in await addresses(hostile, await hostile.session(alice))


async def test_an_alert_is_put_away_once(hostile: Hostile, clock: Clock) -> None:
    alice = hostile.world.alice
    await add_address(hostile, alice, SHARED)
    clock.advance(days=355)
    await keeping.warn_of_lapsing(hostile.world.db)
    token = await hostile.session(alice)
    [alert] = (await me(hostile, token))["alerts"]
    assert await hostile.codes("alertDismiss", token, {"alertId": alert["id"]}) == []
    assert (await me(hostile, token))["alerts"] == []
    assert await hostile.codes("alertDismiss", token, {"alertId": alert["id"]}) == ["NOT_FOUND"]
    await keeping.warn_of_lapsing(hostile.world.db)
    assert (await me(hostile, token))["alerts"] == []


async def test_what_an_account_is_told_is_for_its_person_alone(hostile: Hostile, clock: Clock) -> None:
    alice = hostile.world.alice
    await add_address(hostile, alice, SHARED)
    clock.advance(days=355)
    await keeping.warn_of_lapsing(hostile.world.db)
    listmaster = await hostile.session(hostile.lena)
    query = (
        "query ($e: EmailAddress!) { user(email: $e) { id alerts { id } accountMerges { id } removalDueAt } }"
    )
    found = (await hostile.ask(query, listmaster, e=alice.main_address))["data"]["user"]
    assert (found["alerts"], found["accountMerges"], found["removalDueAt"]) == ([], [], None)
    # Nor does being on a list with them help.
    async with hostile.world.db.write() as uow:
        await rosters.add(uow, operator(hostile.world.robot), hostile.talk, [SHARED], quiet=True)
    assert SHARED in await hostile.world.members(hostile.talk)
