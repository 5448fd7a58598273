"""A listmaster who owns no list breaks the glass: for one list, one session, a reason and a while, seen by its owners."""

import json
from typing import Any

import pytest
from sqlalchemy import delete, select

from identity.actor import operator
from lists import decisions
from lists.robot_settings import update_robot
from storage import decisions as kept
from storage import roles, scenario_texts, sessions
from storage.keyset import Window
from storage.query import Query
from storage.tables.lists import MailingList, lists
from storage.tables.mail import audit
from storage.tables.words import TokenScope
from tests.journeys.hostile_world import ELSEWHERE, Hostile

OWNERS = """is_owner([listname],[user->email]) md5,smime -> do_it
true() md5,smime -> reject(reason='web_archive_owner')"""
WHY = "A court asks for one message of May."
ARCHIVE = """query ($a: EmailAddress!) { mailingList(address: $a) { viewerPermissions { canEditSettings }
  archive { messages(first: 5) { edges { node { message { subject } } } } } } }"""
SESSION = "session { isCurrent elevatedUntil elevatedList { address } }"
SECOND = 1_000_000


@pytest.fixture
async def strict(hostile: Hostile) -> Hostile:
    """A domain whose listmasters own no lists, and whose archives are for owners only."""
    world = hostile.world
    async with world.db.write() as uow:
        world.robot = await update_robot(
            uow, operator(world.robot), world.robot, {"listmasters_are_owners": False}
        )
        for mlist in (hostile.talk, hostile.secret, hostile.hers):
            await scenario_texts.put(
                uow,
                robot_id=mlist.robot_id,
                list_id=mlist.id,
                operation="archive_web_access",
                name="public",
                text=OWNERS,
            )
    assert await world.mail_in("talk@lists.example.test", "alice@example.edu", "From May") == 250
    return hostile


async def elevated(
    hostile: Hostile, token: str | None, minutes: int | None = 15, reason: str | None = WHY, **more: Any
) -> dict[str, Any]:
    """What the mutation answers for `talk`."""
    carol = await hostile.session(hostile.world.carol)
    wanted = {"mailingListId": await hostile.id_of(hostile.talk, carol), "reason": reason, "minutes": minutes}
    sent = {name: value for name, value in {**wanted, **more}.items() if value is not None}
    return await hostile.do("listElevate", token, sent, SESSION)


async def reads(hostile: Hostile, token: str | None, mlist: MailingList | None = None) -> bool:
    """Whether the archive is open, and buttons for owners with it."""
    answer = await hostile.ask(ARCHIVE, token, a=(mlist or hostile.talk).address)
    found = answer["data"]["mailingList"]
    may = found["viewerPermissions"]["canEditSettings"]
    assert "errors" not in answer
    assert (found["archive"] is not None) == may
    return bool(may)


async def trail(hostile: Hostile) -> list[tuple[str, str, int | None, dict[str, Any]]]:
    """What the audit says of elevations, oldest first."""
    query = Query(
        select(audit.c.event, audit.c.actor, audit.c.list_id, audit.c.detail)
        .where(audit.c.event.like("elevation%"))
        .order_by(audit.c.id),
        lambda *row: row,
    )
    async with hostile.world.db.read() as reader:
        return [
            (event, actor, list_id, json.loads(detail))
            for event, actor, list_id, detail in await reader.all(query)
        ]


async def test_row_85_a_listmaster_reads_a_private_archive_only_through_a_logged_elevation(
    strict: Hostile,
) -> None:
    lena, begun = await strict.session(strict.lena), strict.world.db.site.clock()
    assert not await reads(strict, lena)
    answer = await elevated(strict, lena, None)
    assert answer["userErrors"] == []
    assert answer["session"]["isCurrent"]
    assert answer["session"]["elevatedList"] == {"address": "talk@lists.example.test"}
    assert await reads(strict, lena)
    [(event, actor, list_id, detail)] = await trail(strict)
    assert (event, actor, list_id) == ("elevation_began", "lena@example.edu", strict.talk.id)
    assert (detail["reason"], detail["minutes"]) == (WHY, 15)
    assert detail["until"] == answer["session"]["elevatedUntil"]
    async with strict.world.db.read() as reader:
        [session] = [
            each for each in await sessions.of_person(reader, strict.lena.id) if each.elevated_list_id
        ]
    assert session.elevated_until == begun + 15 * 60 * SECOND


async def test_the_owners_are_told_at_once_who_why_and_until_when(strict: Hostile) -> None:
    before = len(await strict.letters("carol@example.edu"))
    others = len(await strict.letters("mallory@example.net"))
    await elevated(strict, await strict.session(strict.lena), 20)
    [letter] = (await strict.letters("carol@example.edu"))[before:]
    text = " ".join(letter.text.split())
    assert "lena@example.edu, who runs lists.example.test" in text
    assert WHY in text
    assert "+0000" in text
    assert "talk@lists.example.test" in text
    assert len(await strict.letters("mallory@example.net")) == others


async def test_a_reason_is_words_and_an_hour_is_the_most(strict: Hostile) -> None:
    lena = await strict.session(strict.lena)
    for reason in (None, "", "too short", "  too   short  ", "x" * 501, "with a bell \x07 in it"):
        [error] = (await elevated(strict, lena, reason=reason))["userErrors"]
        assert (error["code"], error["path"]) == ("INVALID", ["input", "reason"])
    for minutes in (61, -1, 2**31 - 1):
        [error] = (await elevated(strict, lena, minutes))["userErrors"]
        assert (error["code"], error["path"]) == ("INVALID", ["input", "minutes"])
    assert not await reads(strict, lena)
    assert await trail(strict) == []


async def test_other_lists_other_sessions_and_tokens_have_nothing_of_it(strict: Hostile) -> None:
    lena, phone = await strict.session(strict.lena), await strict.session(strict.lena)
    await elevated(strict, lena)
    assert await reads(strict, lena)
    assert not await reads(strict, lena, strict.secret)
    assert not await reads(strict, lena, strict.hers)
    assert not await reads(strict, phone)
    assert not await reads(strict, await strict.api_token(strict.lena, TokenScope.ADMINISTRATE))
    # A rule of another list that asks about this one is not what the owners were told of.
    async with strict.world.db.write() as uow:
        await scenario_texts.put(
            uow,
            robot_id=strict.secret.robot_id,
            list_id=strict.secret.id,
            operation="archive_web_access",
            name="public",
            text=OWNERS.replace("[listname]", "talk"),
        )
    assert not await reads(strict, lena, strict.secret)
    token = await strict.api_token(strict.lena, TokenScope.ADMINISTRATE)
    [error] = (await elevated(strict, token))["userErrors"]
    assert error["code"] == "FORBIDDEN"


async def test_a_mail_from_the_same_address_has_nothing_of_it(strict: Hostile) -> None:
    async with strict.world.db.write() as uow:
        await scenario_texts.put(
            uow,
            robot_id=strict.talk.robot_id,
            list_id=strict.talk.id,
            operation="send",
            name="public",
            text="is_owner([listname],[sender]) smtp,dkim,md5,smime -> do_it",
        )
    await elevated(strict, await strict.session(strict.lena))
    assert await strict.world.mail_in("talk@lists.example.test", "carol@example.edu", "Hers") == 250
    assert await strict.world.mail_in("talk@lists.example.test", "lena@example.edu", "Not hers") >= 500


async def test_an_office_that_is_meant_strictly_is_not_held_by_it(strict: Hostile) -> None:
    async with strict.world.db.write() as uow:
        await scenario_texts.put(
            uow,
            robot_id=strict.talk.robot_id,
            list_id=strict.talk.id,
            operation="archive_web_access",
            name="public",
            text=OWNERS.replace("is_owner(", "is_owner_strict("),
        )
    lena = await strict.session(strict.lena)
    await elevated(strict, lena)
    found = (await strict.ask(ARCHIVE, lena, a=strict.talk.address))["data"]["mailingList"]
    assert (found["viewerPermissions"]["canEditSettings"], found["archive"]) == (True, None)


async def test_it_ends_by_itself_by_hand_by_signing_out_and_with_the_office(strict: Hostile) -> None:
    clock: Any = strict.world.db.site.clock
    lena = await strict.session(strict.lena)
    await elevated(strict, lena, 10)
    clock.advance(seconds=599)
    assert await reads(strict, lena)
    clock.advance(seconds=1)
    assert not await reads(strict, lena)
    await elevated(strict, lena, 10)
    assert await reads(strict, lena)
    ended = await elevated(strict, lena, 0, None)
    assert (ended["userErrors"], ended["session"]["elevatedUntil"]) == ([], None)
    assert not await reads(strict, lena)
    await elevated(strict, lena, 10)
    await strict.do("signOut", lena, {})
    again = await strict.session(strict.lena)
    assert not await reads(strict, again)
    await elevated(strict, again, 10)
    async with strict.world.db.write() as uow:
        [role] = [
            each
            for each in await roles.of_robot(uow, strict.world.robot.id)
            if each.address == "lena@example.edu"
        ]
        await roles.remove(uow, role.id)
    assert not await reads(strict, again)
    events = [each[0] for each in await trail(strict)]
    began, ended_by_hand = "elevation_began", "elevation_ended"
    assert events == [began, began, ended_by_hand, began, began]


async def test_another_list_takes_the_place_of_the_first(strict: Hostile) -> None:
    lena = await strict.session(strict.lena)
    await elevated(strict, lena)
    answer = await elevated(strict, lena, mailingListId=await strict.id_of(strict.hers, lena))
    assert answer["session"]["elevatedList"]["address"] == strict.hers.address
    assert await reads(strict, lena, strict.hers)
    assert not await reads(strict, lena)
    assert [(event, list_id) for event, _, list_id, _ in await trail(strict)] == [
        ("elevation_began", strict.talk.id),
        ("elevation_ended", strict.talk.id),
        ("elevation_began", strict.hers.id),
    ]


async def test_nobody_but_a_listmaster_of_this_domain_breaks_the_glass(strict: Hostile) -> None:
    world = strict.world
    for person in (world.alice, world.carol, strict.mallory):
        token = await strict.session(person)
        assert [each["code"] for each in (await elevated(strict, token))["userErrors"]] == ["FORBIDDEN"]
    [error] = (await elevated(strict, None))["userErrors"]
    assert error["code"] == "REAUTHENTICATION_REQUIRED"
    # Where the list is hidden from them, and where there is none, the answer is the same.
    hidden = await strict.id_of(strict.secret, await strict.session(world.carol))
    mallory = await strict.session(strict.mallory)
    gone = await strict.id_of(strict.hers, mallory)
    async with world.db.write() as uow:
        assert await uow.run(Query(delete(lists).where(lists.c.id == strict.hers.id), int)) == 1
    told = [(await elevated(strict, mallory, mailingListId=each))["userErrors"] for each in (hidden, gone)]
    assert told[0] == told[1]
    assert told[0][0]["code"] == "NOT_FOUND"
    assert await trail(strict) == []


async def test_lists_of_another_domain_are_not_there(strict: Hostile) -> None:
    lena = await strict.session(strict.lena)
    there = await strict.session(strict.mallory, strict.other_robot)
    foreign = await strict.id_of(strict.elsewhere, there, host=ELSEWHERE)
    seen_from_here = await strict.ask(
        "query ($a: EmailAddress!) { mailingList(address: $a) { id } }", lena, a=strict.elsewhere.address
    )
    ids = [foreign, (seen_from_here["data"]["mailingList"] or {}).get("id")]
    for each in filter(None, ids):
        [error] = (await elevated(strict, lena, mailingListId=each))["userErrors"]
        assert error["code"] == "NOT_FOUND"


async def test_where_listmasters_own_every_list_there_is_nothing_to_elevate(hostile: Hostile) -> None:
    lena = await hostile.session(hostile.lena)
    [error] = (await elevated(hostile, lena))["userErrors"]
    assert error["code"] == "CONFLICT"
    assert await trail(hostile) == []


async def test_every_decision_and_change_by_virtue_of_it_says_so(strict: Hostile) -> None:
    lena = await strict.session(strict.lena)
    await elevated(strict, lena)
    assert await reads(strict, lena)
    talk = await strict.id_of(strict.talk, lena)
    changed = await strict.do(
        "mailingListUpdate", lena, {"mailingListId": talk, "settings": {"subject": "Looked into"}}
    )
    assert changed["userErrors"] == []
    assert [each[0] for each in await trail(strict)] == ["elevation_began", "elevation_used"]
    await decisions.write_waiting(strict.world.db)
    async with strict.world.db.read() as reader:
        found = (await kept.of_list(reader, strict.talk.id, Window(100))).rows
    by_it = [each for each in found if each.via == "elevation"]
    assert {(each.operation, each.action, each.sender) for each in by_it} == {
        ("archive_web_access", "do_it", "lena@example.edu")
    }
    # Carol, who owns the list, finds them, and nobody who read by the list's own rules.
    carol = await strict.session(strict.world.carol)
    assert await reads(strict, carol)
    await decisions.write_waiting(strict.world.db, everything=True)
    page = await strict.ask(
        'query { mailingList(address: "talk@lists.example.test") { decisions(first: 50) { edges { node { via } } } } }',
        carol,
    )
    told = [each["node"]["via"] for each in page["data"]["mailingList"]["decisions"]["edges"]]
    assert "elevation" in told


async def test_the_same_request_sent_twice_elevates_no_other_session(strict: Hostile) -> None:
    lena, phone = await strict.session(strict.lena), await strict.session(strict.lena)
    before = len(await strict.letters("carol@example.edu"))
    for token in (lena, lena, phone):
        answer = await elevated(strict, token, clientMutationId="once")
        assert answer["userErrors"] == []
    # Nor for the rest of the request that it answers.
    wanted = {
        "mailingListId": await strict.id_of(strict.talk, lena),
        "reason": WHY,
        "minutes": 15,
        "clientMutationId": "once",
    }
    again = f"query {{ {ARCHIVE.partition('{')[2].replace('$a', json.dumps(strict.talk.address))}"
    for token, opens in ((phone, False), (lena, True)):
        found = await strict.do("listElevate", token, wanted, again)
        shown = found["query"]["mailingList"]
        assert (shown["viewerPermissions"]["canEditSettings"], shown["archive"] is not None) == (opens, opens)
    assert len(await strict.letters("carol@example.edu")) == before + 1
    assert await reads(strict, lena)
    assert not await reads(strict, phone)
