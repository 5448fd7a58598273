"""Somebody hostile with a mailed link in hand: opened by machines, pressed twice, forwarded, kept for too long."""

import asyncio
import re

import pytest

from federation import mailed_consent
from identity import consent, keeping, ledger, removal, tickets
from identity.actor import operator, stranger
from identity.entrance import actor_for_session
from lists import confirmations, mailing_lists, membership, roles
from mail.instant import DAY
from storage import memberships, moderation
from storage import roles as role_rows
from storage.tables.words import (
    AddressSource,
    ModerationKind,
    ModerationState,
    RoleKind,
    Strength,
    TicketPurpose,
)
from tests.conftest import Clock
from tests.federation.other_server import OtherServer, known
from tests.identity.world import Watched
from tests.journeys.hostile_world import Hostile
from tests.server.pages_world import HOST

PROOF = re.compile(r'name="proof" value="([0-9a-f]+)"')
FINISH = """mutation ($input: SignInFinishInput!) { signInFinish(input: $input) {
  step { __typename } userErrors { code } } }"""
START = """mutation ($input: SignInStartInput!) { signInStart(input: $input) {
  step { ... on SignInCode { attemptId } } } }"""


async def every_link(hostile: Hostile) -> dict[TicketPurpose, str]:
    """One live link of each kind, made as the application makes them."""
    world, links = hostile.world, await links_about_accounts(hostile)
    links |= {
        TicketPurpose.SIGN_IN: await world.sign_in_link("alice@example.edu"),
        TicketPurpose.RESET: await world.sign_in_link("alice@example.edu", is_reset=True),
        TicketPurpose.SUBSCRIBE: await world.subscription_link("dora@example.edu"),
    }
    token = await hostile.session(hostile.mallory)
    assert await hostile.codes("emailLink", token, {"email": "linked@example.edu"}) == []
    links[TicketPurpose.LINK_ADDRESS] = await world.newest_link("linked@example.edu")
    async with world.db.write() as uow:
        await confirmations.ask_to_leave(uow, world.robot, world.welcome, "alice@example.edu")
    links[TicketPurpose.UNSUBSCRIBE] = await world.newest_link("alice@example.edu")
    async with world.db.write() as uow:
        await confirmations.send_invitation(
            uow, world.robot, world.welcome, "invited@example.edu", "carol@example.edu", preapproved=True
        )
        act = {"act": "add", "address": "added@example.edu"}
        await confirmations.ask_to_confirm_act(
            uow, world.robot, world.welcome, "carol@example.edu", what="add added@example.edu", act=act
        )
    links[TicketPurpose.INVITATION] = await world.newest_link("invited@example.edu")
    links[TicketPurpose.REQUEST] = await world.newest_link("carol@example.edu")
    assert await world.mail_in(world.announce.address, "alice@example.edu", "held") == 250
    links[TicketPurpose.MODERATE] = await world.newest_link("carol@example.edu")
    async with world.db.write() as uow:
        await mailing_lists.update_settings(uow, operator(world.robot), world.welcome, {"send": "privatekey"})
    assert await world.mail_in(world.welcome.address, "alice@example.edu", "asked") == 250
    links[TicketPurpose.CONFIRM_POST] = await world.newest_link("alice@example.edu")
    peer = await known(world.db, OtherServer())
    assert await mailed_consent.ask(world.db, peer, ["alice@example.edu"]) == 1
    links[TicketPurpose.TELL_PEER] = await world.newest_link("alice@example.edu")
    return links


async def links_about_accounts(hostile: Hostile) -> dict[TicketPurpose, str]:
    """One each that keeps an address, lets one go over to somebody else, and removes an account."""
    world, source = hostile.world, AddressSource.CHALLENGE
    leaving, holder = await hostile.person("leaving@example.edu"), await hostile.person("holder@example.edu")
    async with world.db.write() as uow:
        for address, days in (("lapsing@example.edu", 15), ("wanted@example.edu", 300)):
            until = uow.now + days * DAY
            await ledger.prove(
                uow, holder.id, address, source=source, strength=Strength.MD5, expires_at=until
            )
    clock = world.db.site.clock
    assert isinstance(clock, Clock)
    clock.advance(days=2)
    assert await keeping.warn_of_lapsing(world.db) == 1
    links = {TicketPurpose.KEEP_ADDRESS: await world.newest_link("holder@example.edu")}
    token = await hostile.session(leaving)
    async with world.db.write() as uow:
        await consent.ask_holder(
            uow,
            world.robot,
            hostile.mallory,
            "wanted@example.edu",
            source=source,
            strength=Strength.MD5,
            lasts=DAY,
        )
        actor = await actor_for_session(uow, world.robot, token)
        assert actor is not None
        await removal.ask(uow, actor)
    links[TicketPurpose.CONSENT_ADDRESS] = await world.newest_link("holder@example.edu")
    links[TicketPurpose.REMOVE_ACCOUNT] = await world.newest_link("leaving@example.edu")
    return links


async def test_machines_may_open_every_link_as_often_as_they_like(hostile: Hostile) -> None:
    """Pitfall 44."""
    links = await every_link(hostile)
    assert set(links) == set(TicketPurpose)
    before = len(await hostile.letters())
    for purpose, link in links.items():
        for _ in range(10):
            assert (await hostile.browser.get(f"/t/{link}")).status_code == 200, purpose
            assert (await hostile.browser.head(f"/t/{link}")).status_code == 200, purpose
        # Some scanners send the form as well, without having read the page.
        assert (await hostile.browser.post(f"/t/{link}", data={"act": "yes"})).status_code in {403, 422}
        assert (await hostile.browser.post(f"/t/{link}")).status_code in {403, 422}
        async with hostile.world.db.read() as reader:
            assert await tickets.look(reader, link) is not None, purpose
    assert len(await hostile.letters()) == before
    assert "set-cookie" not in (await hostile.browser.get(f"/t/{links[TicketPurpose.SIGN_IN]}")).headers


async def test_no_link_signs_in_but_those_for_signing_in(hostile: Hostile) -> None:
    """Pitfall 45: one purpose each."""
    links = await every_link(hostile)
    begun = await hostile.ask(START, input={"provider": "ticket", "identifier": "mallory@example.net"})
    attempt = begun["data"]["signInStart"]["step"]["attemptId"]
    for purpose, link in links.items():
        if purpose not in {TicketPurpose.SIGN_IN, TicketPurpose.RESET}:
            done = await hostile.ask(FINISH, input={"attemptId": attempt, "code": link})
            assert done["data"]["signInFinish"]["userErrors"] == [{"code": "EXPIRED"}], purpose
        # A page's proof is good for that page.
        proof = PROOF.search((await hostile.browser.get(f"/t/{link}")).text)
        assert proof, purpose
        for other in set(links) - {purpose}:
            crossed = await hostile.browser.post(f"/t/{links[other]}", data={"proof": proof[1], "act": "yes"})
            assert crossed.status_code in {403, 422}, (purpose, other)
    for link in links.values():
        bearer = await hostile.browser.post(
            "/graphql", json={"query": "{ __typename }"}, headers={"Authorization": f"Bearer {link}"}
        )
        assert bearer.status_code == 401
        pressed = await hostile.browser.post(f"/u/{link}", content=b"List-Unsubscribe=One-Click")
        assert pressed.status_code == 200
    assert await hostile.world.members(hostile.world.welcome) == ["alice@example.edu"]


@pytest.mark.parametrize("purpose", [TicketPurpose.SUBSCRIBE, TicketPurpose.MODERATE])
async def test_of_fifty_presses_at_once_one_counts(hostile: Hostile, purpose: TicketPurpose) -> None:
    link = (await every_link(hostile))[purpose]
    proof = PROOF.search((await hostile.browser.get(f"/t/{link}")).text)
    assert proof
    act = "approved" if purpose is TicketPurpose.MODERATE else "yes"
    sent = [hostile.browser.post(f"/t/{link}", data={"proof": proof[1], "act": act}) for _ in range(50)]
    statuses = sorted([each.status_code for each in await asyncio.gather(*sent)])
    assert statuses == [200] + [410] * 49


async def test_a_link_about_one_list_does_nothing_at_another(hostile: Hostile) -> None:
    world = hostile.world
    link = await world.subscription_link("dora@example.edu")
    answer = await world.press(link, list=hostile.talk.address, address="mallory@example.net", act="yes")
    assert answer.status_code == 200
    assert "dora@example.edu" in await world.members(world.welcome)
    assert "mallory@example.net" not in await world.members(world.welcome)
    assert "dora@example.edu" not in await world.members(hostile.talk)


async def test_no_secret_of_a_link_lies_in_the_database_or_in_an_answer(hostile: Hostile) -> None:
    """Pitfall 45."""
    links = await every_link(hostile)
    async with hostile.world.db.read() as reader:
        for purpose, link in links.items():
            ticket = await tickets.look(reader, link)
            assert ticket is not None
            assert link not in repr(ticket), purpose
    for link in links.values():
        page = await hostile.browser.get(f"/t/{link}")
        assert link not in page.text
        assert link not in str(page.headers)
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"


async def test_every_link_ends_by_the_clock_alone(hostile: Hostile, clock: Clock) -> None:
    """Pitfall 45."""
    links = await every_link(hostile)
    never = (await hostile.browser.get("/t/never-was")).text
    clock.advance(days=31)
    for purpose, link in links.items():
        answer = await hostile.browser.get(f"/t/{link}")
        assert (answer.status_code, answer.text) == (410, never), purpose
        assert (await hostile.browser.post(f"/t/{link}", data={"act": "yes"})).status_code == 410, purpose


async def test_who_lost_the_office_decides_nothing_by_an_old_link(hostile: Hostile) -> None:
    """Pitfall 14."""
    world = hostile.world
    assert await world.mail_in(world.announce.address, "alice@example.edu", "held") == 250
    link = await world.newest_link("carol@example.edu")
    proof = PROOF.search((await hostile.browser.get(f"/t/{link}")).text)
    assert proof
    async with world.db.write() as uow:
        await roles.grant(uow, operator(world.robot), world.announce, "lena@example.edu", RoleKind.EDITOR)
        await roles.grant(
            uow, operator(world.robot), world.announce, "lena@example.edu", RoleKind.PRIVILEGED_OWNER
        )
        for role in await role_rows.of_list(uow, world.announce.id):
            if role.address == "carol@example.edu":
                await roles.revoke(uow, operator(world.robot), role.id)
    late = await hostile.browser.post(f"/t/{link}", data={"proof": proof[1], "act": "approved"})
    assert late.status_code == 410
    assert (await hostile.browser.get(f"/t/{link}")).status_code == 410
    async with world.db.read() as reader:
        assert await moderation.count(reader, world.announce.id, kinds=tuple(ModerationKind)) == 1


async def test_a_made_up_verdict_decides_nothing(hostile: Hostile) -> None:
    world = hostile.world
    assert await world.mail_in(world.announce.address, "alice@example.edu", "held") == 250
    link = await world.newest_link("carol@example.edu")
    for act in (ModerationState.WAITING.value, "", "yes", "approved\0", "APPROVED"):
        assert (await world.press(link, act)).status_code == 410
    assert (await world.press(link, "approved")).status_code == 200


async def test_asking_for_somebody_else_costs_the_same_whether_or_not_they_are_on_the_list(
    hostile: Hostile,
) -> None:
    """Pitfall 47."""
    world = hostile.world
    watched = Watched(world.db)
    token = await hostile.session(hostile.mallory)
    listed = await hostile.id_of(world.welcome, token)
    answers = [
        await hostile.do(
            "mailingListSubscribe",
            token,
            {"mailingListId": listed, "email": address},
            "membership { id } decision { verdict reason }",
        )
        for address in ("alice@example.edu", "alina@example.edu")
    ]
    assert answers[0] == answers[1]
    assert answers[0]["userErrors"][0]["code"] == "CHALLENGE_REQUIRED"
    asked = []
    for address in ("alice@example.edu", "alina@example.edu"):
        async with watched.write() as uow:
            await membership.subscribe(uow, stranger(world.robot), world.welcome, address=address)
        asked.append(watched.told())
    assert asked[0] == asked[1]
    for address in ("alice@example.edu", "alina@example.edu"):
        async with watched.write() as uow:
            await membership.unsubscribe_address(uow, stranger(world.robot), world.welcome, address)
        asked.append(watched.told())
    assert asked[2] == asked[3]
    for to in ("alice@example.edu", "alina@example.edu"):
        assert HOST in (await hostile.letters(to))[-1].text
    assert await world.members(world.welcome) == ["alice@example.edu"]
    async with world.db.read() as reader:
        assert await memberships.find(reader, world.welcome.id, "alina@example.edu") is None
