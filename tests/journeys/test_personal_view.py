"""Somebody with three addresses sees everything in one question, brings it under one address, and goes on holiday."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from delivery.reception import receive
from identity.actor import operator
from identity.ledger import prove
from lists import mailing_lists, roles, rosters
from lists.robot_settings import update_robot
from mail.instant import DAY, to_rfc3339
from storage import lists, memberships
from storage.database import UnitOfWork
from storage.query import Query, param
from storage.tables.lists import MailingList
from storage.tables.mail import deliveries, packets
from storage.tables.people import Person
from storage.tables.words import AddressSource, Origin, RoleKind, Strength
from tests.conftest import Clock
from tests.journeys.hostile_world import OPEN, Hostile

MAIN, WORK, HOME = "ann@example.edu", "ann@work.example", "ann@home.example"
EVERYTHING = """{ viewer { user { mainEmail
  emailAddresses { email isMain status source strength expiresAt isBouncing membershipCount equivalents }
  memberships(first: 100) { edges { node { id email reception mailingList { name } suspension { from until }
    absence { from until } isHeldByPerson isPreferred skipsAddressedCopies visibility origin subscribedAt displayName } } }
  roles(first: 100) { edges { node { kind email mailingList { name } } } }
  requests { kind email isForMe subject requestedAt expiresAt mailingList { name } }
  toDecide(first: 100) { totalCount edges { node { kind author mailingList { name } } } } } } }"""
CHANGES = "changes { action reason membership { email mailingList { name } } role { kind email } }"
SPAN = "changed { id } refused { id }"
_MEMBERS = Query(
    select(packets.c.member_ids)
    .join(deliveries, deliveries.c.id == packets.c.delivery_id)
    .where(deliveries.c.internet_message_id == param("message"), packets.c.member_ids.is_not(None)),
    str,
)
MODES = ("MAIL", "DIGEST", "NOT_ME", "NOMAIL", "SUMMARY", "MAIL")


async def ann(hostile: Hostile) -> Person:
    """Somebody with a main address and two more."""
    person = await hostile.person(MAIN)
    async with hostile.world.db.write() as uow:
        for address in (WORK, HOME):
            await prove(uow, person.id, address, source=AddressSource.CHALLENGE, strength=Strength.MD5)
    return person


async def made(hostile: Hostile, name: str, *addresses: str, **settings: str) -> MailingList:
    """A list of Carol's with these members."""
    robot = hostile.world.robot
    async with hostile.world.db.write() as uow:
        mlist = await mailing_lists.create_list(
            uow, operator(robot), robot, name, name.title(), {**OPEN, **settings}, ["carol@example.edu"]
        )
        await rosters.add(uow, operator(robot), mlist, addresses, quiet=True)
    return mlist


async def brought(uow: UnitOfWork, mlist: MailingList, address: str) -> None:
    """Let a member count as brought by a data source."""
    found = await memberships.find(uow, mlist.id, address)
    assert found is not None
    await memberships.change(uow, replace(found, origin=Origin.INCLUDED))


async def seen(hostile: Hostile, token: str) -> dict[str, Any]:
    """All that the viewer is shown about themselves."""
    found: dict[str, Any] = (await hostile.ask(EVERYTHING, token))["data"]["viewer"]["user"]
    return found


def nodes(page: dict[str, Any]) -> list[dict[str, Any]]:
    """The nodes of a connection."""
    return [edge["node"] for edge in page["edges"]]


async def test_one_question_shows_addresses_subscriptions_offices_and_what_waits(hostile: Hostile) -> None:
    token = await hostile.session(await ann(hostile))
    await made(hostile, "one", MAIN)
    await made(hostile, "two", WORK, "ann+x@work.example")
    await made(hostile, "held", send="editorkey")
    asks, runs = [await made(hostile, name, subscribe="owner", send="editorkey") for name in ("asks", "runs")]
    robot = hostile.world.robot
    async with hostile.world.db.write() as uow:
        await update_robot(uow, operator(robot), robot, {"subaddress_domains": "work.example=+"})
        await roles.grant(uow, operator(robot), runs, HOME, RoleKind.OWNER)
    for author, to in ((WORK, "held"), ("eve@evil.example", "runs")):
        assert await hostile.world.mail_in(f"{to}@lists.example.test", author, "x") == 250
    alice = await hostile.session(hostile.world.alice)
    for mlist, who in ((asks, token), (runs, alice)):
        join = {"mailingListId": await hostile.id_of(mlist, who)}
        assert await hostile.codes("mailingListSubscribe", who, join) == ["NEEDS_MODERATION"]
    confirming = await made(hostile, "confirming", subscribe="auth")
    stranger = {"mailingListId": await hostile.id_of(confirming, token), "email": WORK}
    await hostile.do("mailingListSubscribe", None, stranger)

    me = await seen(hostile, token)
    assert {each["email"]: each["membershipCount"] for each in me["emailAddresses"]} == {
        MAIN: 1,
        WORK: 1,
        HOME: 0,
    }
    [work] = [each for each in me["emailAddresses"] if each["email"] == WORK]
    assert work["equivalents"] == ["ann+x@work.example"]
    assert (work["source"], work["status"], work["isBouncing"]) == ("CHALLENGE", "VERIFIED", False)
    assert {(each["mailingList"]["name"], each["email"]) for each in nodes(me["memberships"])} == {
        ("one", MAIN),
        ("two", WORK),
    }
    assert {(each["mailingList"]["name"], each["kind"], each["email"]) for each in nodes(me["roles"])} == {
        ("runs", "OWNER", HOME),
    }
    assert {
        (each["kind"], each["email"], each["isForMe"], each["mailingList"]["name"]) for each in me["requests"]
    } == {
        ("MESSAGE", WORK, False, "held"),
        ("JOIN", MAIN, False, "asks"),
        ("CONFIRM_JOIN", WORK, True, "confirming"),
    }
    assert {(each["kind"], each["author"]) for each in nodes(me["toDecide"])} == {
        ("MESSAGE", "eve@evil.example"),
        ("SUBSCRIBE", "alice@example.edu"),
    }
    assert me["toDecide"]["totalCount"] == 2


async def test_nobody_sees_what_waits_for_another(hostile: Hostile) -> None:
    person = await ann(hostile)
    await hostile.session(person)
    query = """query ($e: EmailAddress!) { user(email: $e) { requests { email } toDecide(first: 5) { totalCount }
      unifyPreview(target: $e) { action } memberships(first: 5) { totalCount } } }"""
    await made(hostile, "one", MAIN)
    lena = await hostile.session(hostile.lena)
    found = (await hostile.ask(query, lena, e=MAIN))["data"]["user"]
    assert found == {
        "requests": [],
        "toDecide": {"totalCount": 0},
        "unifyPreview": [],
        "memberships": {"totalCount": 0},
    }


async def subscriptions(hostile: Hostile) -> dict[str, MailingList]:
    """Seven lists under the address at work: two that cannot let it go, one that the main address is on as well."""
    found = {name: await made(hostile, name, WORK) for name in ("a", "b", "c", "d")}
    found["both"] = await made(hostile, "both", MAIN, WORK)
    found["closed"] = await made(hostile, "closed", WORK, subscribe="closed")
    found["local"] = await made(hostile, "local", WORK, subscribe="domains(work.example)")
    found["fed"] = await made(hostile, "fed", WORK)
    async with hostile.world.db.write() as uow:
        await brought(uow, found["fed"], WORK)
    return found


async def test_everything_goes_over_to_one_address_and_what_stays_is_told(hostile: Hostile) -> None:
    token = await hostile.session(await ann(hostile))
    found = await subscriptions(hostile)
    robot = hostile.world.robot
    async with hostile.world.db.write() as uow:
        await roles.grant(uow, operator(robot), found["a"], WORK, RoleKind.OWNER)
        await roles.grant(uow, operator(robot), found["b"], WORK, RoleKind.EDITOR)
    for item in nodes((await seen(hostile, token))["memberships"]):
        if item["mailingList"]["name"] == "both":
            change = {"reception": "DIGEST"} if item["email"] == MAIN else {"visibility": "CONCEALED"}
            await hostile.do("membershipUpdate", token, {"membershipId": item["id"], **change})
    before = await seen(hostile, token)
    dry = await hostile.do("membershipsUnify", token, {"target": MAIN, "isDryRun": True}, CHANGES)
    preview = """query ($t: EmailAddress!) { viewer { user { unifyPreview(target: $t) {
      action reason membership { email mailingList { name } } role { kind email } } } } }"""
    shown = (await hostile.ask(preview, token, t=MAIN))["data"]["viewer"]["user"]["unifyPreview"]
    assert shown == dry["changes"]
    assert await seen(hostile, token) == before

    done = await hostile.do("membershipsUnify", token, {"target": MAIN}, CHANGES)
    assert done["userErrors"] == []
    assert [each["action"] for each in done["changes"]] == [each["action"] for each in dry["changes"]]
    told = {
        each["membership"]["mailingList"]["name"]: (each["action"], each["reason"])
        for each in done["changes"]
        if each["membership"]
    }
    assert {name for name, (action, _) in told.items() if action == "MOVE"} == {"a", "b", "c", "d", "closed"}
    assert told["both"] == ("MERGE", None)
    assert told["local"][0] == told["fed"][0] == "KEEP"
    assert told["local"][1]
    assert told["fed"][1]
    assert {each["role"]["email"] for each in done["changes"] if each["role"]} == {MAIN}

    after = await seen(hostile, token)
    kept = {each["mailingList"]["name"]: each for each in nodes(after["memberships"])}
    assert {name for name, each in kept.items() if each["email"] == WORK} == {"local", "fed"}
    assert (kept["both"]["reception"], kept["both"]["visibility"]) == ("MAIL", "CONCEALED")
    was = {each["mailingList"]["name"]: each for each in nodes(before["memberships"])}
    for name in ("a", "b", "c", "d", "closed"):
        assert {**was[name], "email": MAIN} == kept[name]
    assert {each["email"] for each in nodes(after["roles"])} == {MAIN}
    notices = [each.text for each in await hostile.letters("carol@example.edu")]
    assert len([text for text in notices if WORK in text and "another address" in text]) == 1
    assert not any(MAIN in text for text in notices)

    again = await hostile.do("membershipsUnify", token, {"target": MAIN}, CHANGES)
    assert {each["action"] for each in again["changes"]} == {"KEEP"}
    assert len(await hostile.letters("carol@example.edu")) == len(notices)


@pytest.mark.parametrize("target", ["mallory@example.net", "nobody@example.edu"])
async def test_attack_nothing_goes_over_to_an_address_that_is_not_ones_own(
    hostile: Hostile, target: str
) -> None:
    token = await hostile.session(await ann(hostile))
    await made(hostile, "a", WORK)
    for dry in (True, False):
        assert await hostile.codes("membershipsUnify", token, {"target": target, "isDryRun": dry}) == [
            "INVALID"
        ]
    query = "query ($t: EmailAddress!) { viewer { user { unifyPreview(target: $t) { action } } } }"
    asked = await hostile.ask(query, token, t=target)
    assert [each["extensions"]["code"] for each in asked["errors"]] == ["BAD_USER_INPUT"]
    assert (await seen(hostile, token))["emailAddresses"][1]["membershipCount"] == 1


async def test_attack_another_persons_subscription_is_not_moved_or_paused(hostile: Hostile) -> None:
    token = await hostile.session(await ann(hostile))
    mlist = await made(hostile, "a", "eve@evil.example", MAIN)
    query = "query ($a: EmailAddress!) { mailingList(address: $a) { subscribers(first: 5) { edges { node { id email } } } } }"
    carol = await hostile.session(hostile.world.carol)
    page = (await hostile.ask(query, carol, a=mlist.address))["data"]["mailingList"]["subscribers"]
    [hers] = [each["id"] for each in nodes(page) if each["email"] == "eve@evil.example"]
    for who in (token, None):
        for name, input in (
            ("membershipsUnify", {"target": WORK, "membershipIds": [hers]}),
            ("membershipsSetOptions", {"membershipIds": [hers], "reception": "NOMAIL"}),
        ):
            assert await hostile.codes(name, who, input) == ["NOT_FOUND"]


async def test_a_domain_that_moves_nobody_keeps_everything(hostile: Hostile) -> None:
    token = await hostile.session(await ann(hostile))
    await made(hostile, "a", WORK)
    robot = hostile.world.robot
    async with hostile.world.db.write() as uow:
        await update_robot(uow, operator(robot), robot, {"move_user": "closed"})
    done = await hostile.do("membershipsUnify", token, {"target": MAIN}, CHANGES)
    [change] = done["changes"]
    assert (change["action"], change["membership"]["email"]) == ("KEEP", WORK)
    assert change["reason"]


async def twelve(hostile: Hostile, token: str) -> None:
    """Twelve lists under three addresses in mixed modes; one has a pause of its own, one member was brought by a source."""
    for n in range(12):
        mlist = await made(hostile, f"list{n:02}", (MAIN, WORK, HOME)[n % 3])
        if n == 4:
            async with hostile.world.db.write() as uow:
                await brought(uow, mlist, WORK)
    for n, item in enumerate(nodes((await seen(hostile, token))["memberships"])):
        change: dict[str, Any] = {"membershipId": item["id"], "reception": MODES[n % 6]}
        if n == 7:
            change["suspension"] = {"from": "2020-01-01T00:00:00Z", "until": "2099-01-01T00:00:00Z"}
        assert (await hostile.do("membershipUpdate", token, change))["userErrors"] == []


def at(clock: Clock, days: int) -> str:
    """An instant some days from now, as the API writes it."""
    return to_rfc3339(clock.now + days * DAY)


async def takers(hostile: Hostile, subject: str, author: str = "eve@evil.example") -> dict[str, set[str]]:
    """Who gets a message that is sent to each list of the world now, by list."""
    found = {}
    async with hostile.world.db.read() as reader:
        mlists = await lists.of_robot(reader, hostile.world.robot.id)
    for mlist in mlists:
        raw = f"From: {author}\r\nTo: {mlist.address}\r\nSubject: x\r\nMessage-ID: <{subject}.{mlist.name}@x>\r\n\r\nx\r\n"
        await receive(hostile.world.db, author, mlist.address, raw.encode())
        found[mlist.name] = {*await takers_of(hostile, f"<{subject}.{mlist.name}@x>")}
    return found


async def takers_of(hostile: Hostile, message_id: str) -> list[str]:
    """Who gets a message that was sent, once for each copy."""
    async with hostile.world.db.read() as reader:
        ids = [key for text in await reader.all(_MEMBERS, message=message_id) for key in orjson.loads(text)]
        members = await memberships.by_ids(reader, ids)
    return [members[key].address for key in ids]


@pytest.mark.parametrize("by_reception", [True, False])
async def test_a_holiday_ends_by_itself_and_each_list_is_as_it_was(
    hostile: Hostile, clock: Clock, by_reception: bool
) -> None:
    person = await ann(hostile)
    token = await hostile.session(person)
    await twelve(hostile, token)
    before, got = nodes((await seen(hostile, token))["memberships"]), await takers(hostile, "before")
    holiday: dict[str, Any] = {"suspension": {"from": at(clock, 1), "until": at(clock, 11)}}
    if by_reception:
        holiday["reception"] = "NOMAIL"
    done = await hostile.do("membershipsSetOptions", token, holiday, SPAN)
    assert (len(done["changed"]), done["refused"], done["userErrors"]) == (12, [], [])
    assert await takers(hostile, "eve") == got
    clock.advance(days=1)
    nothing = await takers(hostile, "away")
    assert not any(addresses & {MAIN, WORK, HOME} for addresses in nothing.values())
    assert nothing["talk"] == got["talk"] != set()
    clock.advance(days=10)
    assert await takers(hostile, "back") == got
    now = nodes((await seen(hostile, await hostile.session(person)))["memberships"])
    assert [{**each, "absence": None} for each in now] == before


async def test_a_holiday_that_is_called_off_leaves_no_trace(hostile: Hostile, clock: Clock) -> None:
    token = await hostile.session(await ann(hostile))
    await twelve(hostile, token)
    before, got = nodes((await seen(hostile, token))["memberships"]), await takers(hostile, "before")
    holiday = {"reception": "NOMAIL", "suspension": {"from": at(clock, 0), "until": at(clock, 30)}}
    await hostile.do("membershipsSetOptions", token, holiday, SPAN)
    away = nodes((await seen(hostile, token))["memberships"])
    assert {each["absence"]["until"] for each in away} == {at(clock, 30)}
    await hostile.do("membershipsSetOptions", token, {"suspension": None}, SPAN)
    assert nodes((await seen(hostile, token))["memberships"]) == before
    assert await takers(hostile, "after") == got
    wrong = {"suspension": {"from": at(clock, 3), "until": at(clock, 3)}}
    assert await hostile.codes("membershipsSetOptions", token, wrong) == ["INVALID"]


async def test_some_of_them_get_another_mode(hostile: Hostile) -> None:
    token = await hostile.session(await ann(hostile))
    await twelve(hostile, token)
    chosen = {"filter": {"emails": [HOME]}, "reception": "DIGEST", "visibility": "CONCEALED"}
    done = await hostile.do("membershipsSetOptions", token, chosen, SPAN)
    assert len(done["changed"]) == 4
    for each in nodes((await seen(hostile, token))["memberships"]):
        assert (each["visibility"] == "CONCEALED") is (each["email"] == HOME)
        assert each["email"] != HOME or each["reception"] == "DIGEST"
