"""Somebody hostile who wants to know: concealed members, closed archives, texts for some, by every path there is."""

import json
import re
from typing import Any

from identity.actor import operator
from lists import mailing_lists, options, rosters
from storage import memberships, moderation
from storage.tables.words import ModerationKind, Visibility
from tests.journeys.hostile_world import Hostile, cookie

CONCEALED = "hidden.hannah@example.edu"
MEMBERS = """query ($a: EmailAddress!, $f: SubscriberFilter, $o: MembershipOrder, $n: Int) { mailingList(address: $a) {
  subscribers(first: $n, filter: $f, orderBy: $o) { totalCount pageInfo { hasNextPage endCursor }
    edges { node { id email displayName reception isModeratedAuthor suspension { from } attributes { key value }
      user { id } mailingList { subscribers(first: 9) { totalCount edges { node { email } } } } } } } } }"""


async def with_hannah(hostile: Hostile) -> None:
    """A concealed, paused, moderated member with a name and an answer."""
    actor = operator(hostile.world.robot)
    async with hostile.world.db.write() as uow:
        await rosters.add(uow, actor, hostile.talk, [CONCEALED], quiet=True)
        found = await memberships.find(uow, hostile.talk.id, CONCEALED)
        assert found is not None
        await options.update(
            uow,
            actor,
            found,
            visibility=Visibility.CONCEAL,
            display_name="Hannah Hidden",
            attributes={"phone": "12345"},
            is_moderated=True,
        )


async def test_a_concealed_member_is_seen_on_no_path(hostile: Hostile) -> None:
    """Pitfall 52."""
    await with_hannah(hostile)
    alice, carol = await hostile.session(hostile.world.alice), await hostile.session(hostile.world.carol)
    where: dict[str, Any] = {"a": "talk@lists.example.test", "n": 9}
    for token, total in ((alice, 2), (carol, 3)):
        page = (await hostile.ask(MEMBERS, token, **where))["data"]["mailingList"]["subscribers"]
        assert (page["totalCount"], len(page["edges"])) == (total, total)
        assert ("annah" in json.dumps(page)) is (total == 3)
    # No filter tells what the page hides.
    for narrowed in (
        {"search": "hannah"},
        {"search": "Hidden"},
        {"search": "%"},
        {"search": "_"},
        {"isBouncing": True},
        {"isBouncing": False},
        {"reception": ["NOMAIL"]},
        {"reception": ["MAIL"]},
        {"origin": ["SUBSCRIBED"]},
    ):
        page = (await hostile.ask(MEMBERS, alice, **where, f=narrowed))["data"]["mailingList"]["subscribers"]
        assert "annah" not in json.dumps(page), narrowed
        assert page["totalCount"] in {0, 2}, narrowed
    # Nor does any order, by where pages end.
    for field in ("EMAIL", "SUBSCRIBED_AT"):
        for direction in ("ASC", "DESC"):
            order = {"field": field, "direction": direction}
            page = (await hostile.ask(MEMBERS, alice, a="talk@lists.example.test", n=2, o=order))["data"]
            page = page["mailingList"]["subscribers"]
            assert page["pageInfo"]["hasNextPage"] is False
    carols = (await hostile.ask(MEMBERS, carol, **where))["data"]["mailingList"]["subscribers"]["edges"]
    id = next(each["node"]["id"] for each in carols if each["node"]["email"] == CONCEALED)
    found = await hostile.ask(
        "query ($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }", alice, id=id
    )
    assert found["data"] == {"node": None, "nodes": [None]}
    for name, input in (
        ("mailingListUnsubscribe", {"membershipId": id}),
        ("membershipUpdate", {"membershipId": id, "displayName": "x"}),
    ):
        assert await hostile.codes(name, alice, input) == ["NOT_FOUND"]
    assert CONCEALED in await hostile.world.members(hostile.talk)


async def test_members_know_nothing_of_each_other_but_a_name_on_a_list(hostile: Hostile) -> None:
    actor = operator(hostile.world.robot)
    async with hostile.world.db.write() as uow:
        found = await memberships.find(uow, hostile.talk.id, "alice@example.edu")
        assert found is not None
        await options.update(
            uow,
            actor,
            found,
            attributes={"phone": "12345"},
            suspension=options.Suspension(1, None),
            is_moderated=True,
        )
    mallory = await hostile.session(hostile.mallory)
    page = (await hostile.ask(MEMBERS, mallory, a="talk@lists.example.test", n=9))["data"]["mailingList"]
    [alice] = [
        each["node"] for each in page["subscribers"]["edges"] if each["node"]["email"] == "alice@example.edu"
    ]
    told = {
        name: alice[name] for name in ("reception", "isModeratedAuthor", "suspension", "attributes", "user")
    }
    assert told == {
        "reception": None,
        "isModeratedAuthor": False,
        "suspension": None,
        "attributes": [],
        "user": None,
    }


async def test_strangers_get_no_address_out_of_a_public_archive(hostile: Hostile) -> None:
    world = hostile.world
    assert await world.mail_in(hostile.talk.address, "alice@example.edu", "Hello") == 250
    link = re.search(r"/lists/talk/archive/[\w-]+", (await hostile.browser.get("/lists/talk/archive")).text)
    assert link
    pages = ["/lists/talk", "/lists/talk/archive", link[0], f"{link[0]}/raw"]
    for path in pages:
        assert "alice@" not in (await hostile.browser.get(path)).text, path
    assert (await hostile.browser.get(pages[-1])).status_code == 404
    query = """query ($f: ArchiveFilter) { mailingList(address: "talk@lists.example.test") { archive {
      messages(first: 5, filter: $f) { totalCount edges { node { message { author { email }
        headers { name value } } } } } } } }"""
    assert "alice@" not in json.dumps(await hostile.ask(query))
    for guess in ("alice@example.edu", "ali", "nobody@example.edu"):
        answer = await hostile.ask(query, f={"author": guess})
        assert answer["errors"][0]["extensions"]["code"] == "REAUTHENTICATION_REQUIRED", guess
    headers = cookie(await hostile.session(world.alice))
    assert "alice@example.edu" in (await hostile.browser.get(link[0], headers=headers)).text
    assert (await hostile.browser.get(pages[-1], headers=headers)).status_code == 200


async def test_what_only_members_may_read_about_a_list_is_told_to_nobody_else(hostile: Hostile) -> None:
    """Pitfall 52."""
    changes = {"info": "conceal", "subject": "Project Nightingale", "description": "It begins in May."}
    async with hostile.world.db.write() as uow:
        await mailing_lists.update_settings(uow, operator(hostile.world.robot), hostile.talk, changes)
    query = """query ($s: String) { mailingList(address: "talk@lists.example.test") { subject description }
      mailingLists(first: 50, filter: { search: $s }) { totalCount edges { node { name subject description } } } }"""
    for search in ("", "nightingale", "begins", "talk"):
        answer = await hostile.ask(query, s=search)
        assert "Nightingale" not in json.dumps(answer), search
        assert "May" not in json.dumps(answer), search
        if search in {"nightingale", "begins"}:
            assert answer["data"]["mailingLists"]["totalCount"] == 0
    assert "Nightingale" not in (await hostile.browser.get("/lists/talk")).text
    member = await hostile.ask(query, await hostile.session(hostile.world.alice), s="talk")
    assert member["data"]["mailingList"] == {
        "subject": "Project Nightingale",
        "description": "It begins in May.",
    }


async def test_a_hidden_lists_pages_look_like_no_list_at_all(hostile: Hostile) -> None:
    assert await hostile.world.mail_in(hostile.secret.address, "carol@example.edu", "hush") == 250
    headers = cookie(await hostile.session(hostile.mallory))
    for fields in ({}, headers):
        answers = {
            (answer.status_code, answer.text)
            for name in ("secret", "nothing")
            for rest in ("", "/archive", "/archive/x", "/archive/x/raw")
            for answer in [await hostile.browser.get(f"/lists/{name}{rest}", headers=fields)]
        }
        assert len(answers) == 1


async def test_a_moderated_member_is_held_under_every_address_and_never_told(hostile: Hostile) -> None:
    world = hostile.world
    actor = operator(world.robot)
    token = await hostile.session(hostile.mallory)
    assert await hostile.codes("emailLink", token, {"email": "alternate@example.net"}) == []
    code = (await hostile.letters("alternate@example.net"))[-1].code
    confirmed = {"email": "alternate@example.net", "code": code}
    assert await hostile.codes("emailConfirm", token, confirmed) == []
    async with world.db.write() as uow:
        found = await memberships.find(uow, hostile.talk.id, "mallory@example.net")
        assert found is not None
        await options.update(uow, actor, found, is_moderated=True)
    talk = await hostile.id_of(hostile.talk, token)
    for number, sender in enumerate(
        ("mallory@example.net", "Mallory@EXAMPLE.net", "alternate@example.net", "mallory+x@example.net")
    ):
        assert await world.mail_in(hostile.talk.address, sender, f"held {number}") == 250
    post = {"mailingListId": talk, "subject": "x", "text": "y"}
    for sender in ("mallory@example.net", "alternate@example.net"):
        answer = await hostile.do("messagePost", token, {**post, "from": sender}, "outcome { __typename }")
        assert answer["outcome"] == {"__typename": "PostHeld"}, sender
    async with world.db.read() as reader:
        assert await moderation.count(reader, hostile.talk.id, kinds=(ModerationKind.MESSAGE,)) == 6
    flag = "membership { id isModeratedAuthor }"
    shown = await hostile.do("mailingListSubscribe", token, {"mailingListId": talk}, flag)
    assert shown["membership"]["isModeratedAuthor"] is False
    mine = {"membershipId": shown["membership"]["id"]}
    moved = await hostile.do("membershipUpdate", token, {**mine, "email": "alternate@example.net"}, flag)
    assert moved["membership"]["isModeratedAuthor"] is False
    cleared = await hostile.codes("membershipUpdate", token, {**mine, "isModeratedAuthor": False})
    assert cleared == ["FORBIDDEN"]
    # The flag has moved along.
    assert await world.mail_in(hostile.talk.address, "mallory@example.net", "held again") == 250
    async with world.db.read() as reader:
        assert await moderation.count(reader, hostile.talk.id, kinds=(ModerationKind.MESSAGE,)) == 7
    # An editor's yes still lets a message out.
    link = await world.newest_link("carol@example.edu")
    assert (await world.press(link, "approved")).status_code == 200
    async with world.db.read() as reader:
        assert await moderation.count(reader, hostile.talk.id, kinds=(ModerationKind.MESSAGE,)) == 6
