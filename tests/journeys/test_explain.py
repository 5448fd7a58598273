"""Why was my message refused? Whoever may know is told, in their language, by mail and API and page; nobody else is."""

import json
import re
from typing import Any

import pytest

from delivery.reception import receive
from identity import ledger
from identity.actor import operator
from lists import decisions, mailing_lists, options, rosters
from mail.message import parse_message
from mail.mime import text_part
from mail.status import Reply
from storage import decisions as kept
from storage import memberships, people, scenario_texts
from storage.keyset import Window
from storage.tables.lists import MailingList
from storage.tables.people import Person
from storage.tables.words import AddressSource, Strength
from tests.journeys.hostile_world import ELSEWHERE, Hostile, cookie

REFERENCE = re.compile(r"https://lists\.example\.test/decisions/([0-9a-v]{26})")
RECORD = """query ($id: ID!) { decision(id: $id) { id reference at action sender target via method messageId
  mailingList { name } decision { reference verdict reason line origin conditionText method element strength
    rule { line condition } scenario { name } trace { line origin conditionText element method outcome failure } } } }"""
NODE = "query ($id: ID!) { node(id: $id) { ... on DecisionRecord { reference sender } } }"
WAITING = """query ($a: EmailAddress!) { mailingList(address: $a) { moderation { edges { node { subject decision {
  reference action sender decision { verdict reason trace { line } } } } } } } }"""
LATELY = """query ($a: EmailAddress!, $f: DecisionFilter, $n: Int, $after: String) { mailingList(address: $a) {
  decisions(filter: $f, first: $n, after: $after) { pageInfo { hasNextPage endCursor } edges { node {
    reference action sender decision { verdict element trace { element } } } } } } }"""
ASK = """query ($a: EmailAddress!, $do: ScenarioAction!, $what: DecisionInput) { mailingList(address: $a) {
  explainDecision(action: $do, input: $what) { reference verdict reason line element conditionText method
    trace { line element outcome } } } }"""


async def private_list(hostile: Hostile, **settings: str) -> MailingList:
    """A list that Alice is on and Carol owns, for subscribers only."""
    actor, robot = operator(hostile.world.robot), hostile.world.robot
    wanted = {"send": "private", "visibility": "noconceal", **settings}
    async with hostile.world.db.write() as uow:
        mlist = await mailing_lists.create_list(
            uow, actor, robot, "council", "Council", wanted, ["carol@example.edu"]
        )
        await rosters.add(uow, actor, mlist, ["alice@example.edu"], quiet=True)
    return mlist


async def posts(hostile: Hostile, author: str, name: str = "council", subject: str = "Hello") -> Reply:
    """Somebody writes to a list by mail."""
    to = f"{name}@lists.example.test"
    raw = f"From: {author}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{author}.{subject}>\r\n\r\nHello.\r\n"
    return await receive(hostile.world.db, author, to, raw.encode())


async def alternate(hostile: Hostile, address: str) -> None:
    """A further proved address of Alice's."""
    async with hostile.world.db.write() as uow:
        await ledger.prove(
            uow, hostile.world.alice.id, address, source=AddressSource.CHALLENGE, strength=Strength.MD5
        )


async def speaks(hostile: Hostile, person: Person, language: str) -> None:
    """Somebody's own language."""
    async with hostile.world.db.write() as uow:
        await people.set_profile(uow, person.id, display_name=person.display_name, locale=language)


def reference(text: str) -> str:
    """The decision that a text names."""
    found = REFERENCE.search(text)
    assert found, text
    return found[1]


async def test_an_owner_reads_why_a_message_was_refused(hostile: Hostile) -> None:
    await private_list(hostile)
    told = await posts(hostile, "mallory@example.net")
    assert told.code == 550
    assert "send.private, line " in told.text
    carol = await hostile.session(hostile.world.carol)
    record = (await hostile.ask(RECORD, carol, id=reference(told.text)))["data"]["decision"]
    assert (record["action"], record["sender"], record["via"]) == ("POST", "mallory@example.net", "mail")
    assert (record["method"], record["messageId"]) == ("SMTP", "<mallory@example.net.Hello>")
    assert record["mailingList"] == {"name": "council"}
    answer = record["decision"]
    assert (answer["verdict"], answer["scenario"]) == ("REJECT", {"name": "private"})
    assert answer["reason"] in told.text
    assert answer["rule"]["line"] == answer["line"]
    assert answer["conditionText"] == "true()"
    assert [step["outcome"] for step in answer["trace"]][-1] == "HELD"
    assert "DID_NOT_HOLD" in {step["outcome"] for step in answer["trace"]}
    # The global id leads to the same.
    again = (await hostile.ask(NODE, carol, id=record["id"]))["data"]["node"]
    assert again == {"reference": record["reference"], "sender": "mallory@example.net"}
    assert (await hostile.ask(RECORD, carol, id=record["id"]))["data"]["decision"] == record


async def test_an_author_is_told_in_their_own_language(hostile: Hostile) -> None:
    await private_list(hostile)
    await speaks(hostile, hostile.mallory, "fr")
    told = await posts(hostile, "mallory@example.net")
    assert "abonn" in told.text.lower()
    mallory = await hostile.session(hostile.mallory)
    record = (await hostile.ask(RECORD, mallory, id=reference(told.text)))["data"]["decision"]
    assert record["decision"]["reason"] in told.text
    shown = await hostile.browser.get(f"/decisions/{reference(told.text)}", headers=cookie(mallory))
    assert shown.status_code == 200
    assert "send.private" in shown.text


async def test_a_held_message_names_its_rule_to_author_and_editor(hostile: Hostile) -> None:
    await private_list(hostile, send="editorkey")
    await speaks(hostile, hostile.mallory, "de")
    assert (await posts(hostile, "mallory@example.net")).code == 250
    [editors] = await hostile.letters("carol@example.edu")
    [authors] = await hostile.letters("mallory@example.net")
    assert "Held by: send.editorkey, line " in editors.text
    held = reference(editors.text)
    text = text_part(parse_message(authors.raw))
    assert "wartet auf die Moderation" in text
    assert "send.editorkey, line " in text
    assert reference(text) == held
    carol = await hostile.session(hostile.world.carol)
    record = (await hostile.ask(RECORD, carol, id=held))["data"]["decision"]
    assert record["decision"]["verdict"] == "HOLD_FOR_MODERATOR"


async def test_whoever_decides_on_what_waits_sees_beside_it_why(hostile: Hostile) -> None:
    mlist = await private_list(hostile, send="editorkey", subscribe="owner")
    for subject in ("One", "Two"):
        assert (await posts(hostile, "mallory@example.net", subject=subject)).code == 250
    mallory = await hostile.session(hostile.mallory)
    wish = {"mailingListId": await hostile.id_of(mlist, mallory)}
    await hostile.do("mailingListSubscribe", mallory, wish)
    carol = await hostile.session(hostile.world.carol)
    found = (await hostile.ask(WAITING, carol, a=mlist.address))["data"]["mailingList"]["moderation"]["edges"]
    assert [each["node"]["decision"]["action"] for each in found] == ["POST", "POST", "SUBSCRIBE"]
    named = {
        reference(letter.text)
        for letter in await hostile.letters("carol@example.edu")
        if "Held by" in letter.text
    }
    assert {each["node"]["decision"]["reference"] for each in found[:2]} == named
    assert {each["node"]["decision"]["sender"] for each in found} == {"mallory@example.net"}
    assert found[0]["node"]["decision"]["decision"]["verdict"] == "HOLD_FOR_MODERATOR"


async def test_a_stranger_with_the_id_sees_nothing(hostile: Hostile) -> None:
    await private_list(hostile)
    told = await posts(hostile, "mallory@example.net")
    name = reference(told.text)
    alice = await hostile.session(hostile.world.alice)
    unknown = decisions.new_id(hostile.world.db.site.clock())
    for token in (None, alice):
        seen, absent = [await hostile.ask(RECORD, token, id=each) for each in (name, unknown)]
        assert seen["data"] == absent["data"] == {"decision": None}
        assert "errors" not in seen
        headers = cookie(token) if token else {}
        page, nothing = [
            await hostile.browser.get(f"/decisions/{each}", headers=headers) for each in (name, unknown)
        ]
        assert (page.status_code, page.text) == (nothing.status_code, nothing.text) == (404, page.text)


async def test_another_domain_knows_nothing_of_a_decision(hostile: Hostile) -> None:
    await private_list(hostile)
    name = reference((await posts(hostile, "mallory@example.net")).text)
    # Mallory is a listmaster there, and it was she who asked here.
    there = await hostile.session(hostile.mallory, hostile.other_robot)
    assert (await hostile.ask(RECORD, there, host=ELSEWHERE, id=name))["data"] == {"decision": None}
    here = await hostile.session(hostile.mallory)
    record = (await hostile.ask(RECORD, here, id=name))["data"]["decision"]
    assert record["reference"] == name
    assert (await hostile.ask(NODE, there, host=ELSEWHERE, id=record["id"]))["data"] == {"node": None}


@pytest.mark.parametrize("text", ["", "0" * 26, "z" * 26, "é" * 26, "0" * 4000, "../../etc/passwd"])
async def test_ids_that_we_never_gave_out_open_nothing(hostile: Hostile, text: str) -> None:
    carol = await hostile.session(hostile.world.carol)
    assert (await hostile.ask(RECORD, carol, id=text))["data"] == {"decision": None}


async def test_alternates_of_an_author_are_not_told_to_the_list(hostile: Hostile) -> None:
    mlist = await private_list(hostile)
    await alternate(hostile, "hidden@example.org")
    await alternate(hostile, "secret@example.com")
    text = "match([user->email],/secret@/) smtp,md5 -> reject(reason='no_secrets')\ntrue() smtp,md5 -> do_it"
    async with hostile.world.db.write() as uow:
        await scenario_texts.put(
            uow, robot_id=mlist.robot_id, list_id=mlist.id, operation="send", name="private", text=text
        )
    told = await posts(hostile, "alice@example.edu")
    carol, lena = await hostile.session(hostile.world.carol), await hostile.session(hostile.lena)
    alice = await hostile.session(hostile.world.alice)
    for token in (carol, lena):
        found = await hostile.ask(RECORD, token, id=reference(told.text))
        page = await hostile.ask(LATELY, token, a=mlist.address)
        html = await hostile.browser.get(f"/decisions/{reference(told.text)}", headers=cookie(token))
        everything = json.dumps([found["data"]["decision"], page["data"]]) + html.text
        assert found["data"]["decision"]["decision"]["element"] is None
        assert "secret@example" not in everything
        assert "hidden@" not in everything
    own = (await hostile.ask(RECORD, alice, id=reference(told.text)))["data"]["decision"]["decision"]
    assert own["element"] == "secret@example.com"
    # The wording of a rule that was written here is for those who run the list.
    assert (own["conditionText"], own["trace"], own["rule"]) == (None, [], None)


async def test_an_owner_sees_the_subscribed_address_that_let_a_message_in(hostile: Hostile) -> None:
    mlist = await private_list(hostile)
    await alternate(hostile, "alice@home.example")
    assert (await posts(hostile, "alice@home.example")).code == 250
    carol = await hostile.session(hostile.world.carol)
    page = (await hostile.ask(LATELY, carol, a=mlist.address, f={"action": ["POST"]}))["data"]["mailingList"]
    [edge] = page["decisions"]["edges"]
    assert edge["node"]["decision"]["verdict"] == "ALLOW"
    assert edge["node"]["decision"]["element"] == "alice@example.edu"


async def test_owners_page_through_what_was_answered_newest_first(hostile: Hostile) -> None:
    mlist = await private_list(hostile)
    for number in range(5):
        await posts(hostile, f"stranger{number}@example.org", subject=f"N{number}")
    await posts(hostile, "alice@example.edu")
    carol = await hostile.session(hostile.world.carol)
    seen: list[str] = []
    after = None
    while True:
        found: dict[str, Any] = await hostile.ask(
            LATELY, carol, a=mlist.address, f={"verdict": ["REJECT"]}, n=2, after=after
        )
        page = found["data"]["mailingList"]["decisions"]
        seen += [edge["node"]["reference"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen)) == 5
    for token in (await hostile.session(hostile.world.alice), await hostile.session(hostile.mallory), None):
        refused = await hostile.ask(LATELY, token, a=mlist.address)
        assert refused["data"]["mailingList"]["decisions"] is None
        assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_rehearsal_says_what_posting_will_and_leaves_nothing(hostile: Hostile) -> None:
    mlist = await private_list(hostile)
    carol = await hostile.session(hostile.world.carol)
    told = Reply(0, None, "")
    for who, expected in (("alice@example.edu", 250), ("mallory@example.net", 550)):
        what = {"email": who, "method": "SMTP"}
        found = await hostile.ask(ASK, carol, a=mlist.address, do="POST", what=what)
        answer = found["data"]["mailingList"]["explainDecision"]
        assert answer["reference"] is None
        assert answer["trace"]
        told = await posts(hostile, who)
        assert told.code == expected
        assert (answer["verdict"] == "ALLOW") is (expected == 250)
        if expected == 550:
            assert answer["reason"] in told.text
    async with hostile.world.db.read() as reader:
        # Alice's and Mallory's real messages, and no rehearsal.
        kept = await decisions.find(reader, reference(told.text))
        assert kept is not None
    assert len(hostile.world.db.site.later.waiting) == 1


async def test_nobody_else_may_ask_what_another_person_would_be_answered(hostile: Hostile) -> None:
    mlist = await private_list(hostile, review="private")
    alice = await hostile.session(hostile.world.alice)
    for token in (alice, await hostile.session(hostile.mallory), None):
        for what in (
            {"email": "bob@example.edu"},
            {"method": "SMIME"},
            {"alternates": ["carol@example.edu"]},
            {"isStranger": True},
            {"remoteAddress": "10.0.0.1"},
        ):
            found = await hostile.ask(ASK, token, a=mlist.address, do="REVIEW", what=what)
            assert found["data"]["mailingList"]["explainDecision"] is None, what
            assert found["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    # What they would be answered themselves they may ask.
    own = await hostile.ask(ASK, alice, a=mlist.address, do="REVIEW")
    assert own["data"]["mailingList"]["explainDecision"]["verdict"] == "ALLOW"


async def test_a_supposition_never_tells_whose_address_is_on_the_list(hostile: Hostile) -> None:
    mlist = await private_list(hostile)
    await alternate(hostile, "alice@home.example")
    carol = await hostile.session(hostile.world.carol)
    what = {"email": "alice@home.example", "method": "MD5"}
    found = await hostile.ask(ASK, carol, a=mlist.address, do="POST", what=what)
    answer = found["data"]["mailingList"]["explainDecision"]
    assert answer["verdict"] == "ALLOW"
    assert "alice@example.edu" not in json.dumps(answer)


async def test_a_refused_mutation_names_its_decision_though_it_was_undone(hostile: Hostile) -> None:
    mlist = await private_list(hostile, subscribe="closed")
    mallory = await hostile.session(hostile.mallory)
    wanted = {"mailingListId": await hostile.id_of(mlist, mallory)}
    query = """mutation ($input: MailingListSubscribeInput!) { mailingListSubscribe(input: $input) {
        userErrors { code decisionId } } }"""
    answer = (await hostile.ask(query, mallory, input=wanted))["data"]["mailingListSubscribe"]
    [error] = answer["userErrors"]
    assert error["code"] == "FORBIDDEN"
    record = (await hostile.ask(RECORD, mallory, id=error["decisionId"]))["data"]["decision"]
    assert (record["action"], record["decision"]["verdict"]) == ("SUBSCRIBE", "REJECT")
    await decisions.write_waiting(hostile.world.db)
    assert not hostile.world.db.site.later.waiting
    again = (await hostile.ask(RECORD, mallory, id=error["decisionId"]))["data"]["decision"]
    assert again == record


async def test_a_refused_reading_names_its_decision_in_the_error(hostile: Hostile) -> None:
    mlist = await private_list(hostile, review="owner")
    mallory = await hostile.session(hostile.mallory)
    query = "query ($a: EmailAddress!) { mailingList(address: $a) { subscribers { totalCount } } }"
    [error] = (await hostile.ask(query, mallory, a=mlist.address))["errors"]
    record = (await hostile.ask(RECORD, mallory, id=error["extensions"]["decisionId"]))["data"]["decision"]
    assert record["action"] == "REVIEW"


async def test_a_moderated_member_reads_nowhere_that_they_are(hostile: Hostile) -> None:
    mlist = await private_list(hostile)
    async with hostile.world.db.write() as uow:
        found = await memberships.find(uow, mlist.id, "alice@example.edu")
        assert found is not None
        await options.update(uow, operator(hostile.world.robot), found, is_moderated=True)
    assert (await posts(hostile, "alice@example.edu")).code == 250
    [editors] = await hostile.letters("carol@example.edu")
    assert "a moderated member" in editors.text
    [authors] = await hostile.letters("alice@example.edu")
    told = text_part(parse_message(authors.raw))
    assert "send.private" not in told
    assert "/decisions/" not in told
    alice, carol = await hostile.session(hostile.world.alice), await hostile.session(hostile.world.carol)
    held = reference(editors.text)
    own = json.dumps((await hostile.ask(RECORD, alice, id=held))["data"]["decision"])
    page = (await hostile.browser.get(f"/decisions/{held}", headers=cookie(alice))).text
    assert "HOLD_FOR_MODERATOR" in own
    for text in (own, page):
        assert "moderated member" not in text
        assert ", line " not in text
    seen = (await hostile.ask(RECORD, carol, id=held))["data"]["decision"]["decision"]
    assert seen["conditionText"] == "a moderated member"


async def test_what_lets_somebody_read_is_explained_to_them_and_not_to_owners(hostile: Hostile) -> None:
    mlist = await private_list(hostile, review="private")
    alice, carol = await hostile.session(hostile.world.alice), await hostile.session(hostile.world.carol)
    query = """{ mailingList(address: "council@lists.example.test") { subject subscribers(first: 5) { totalCount } } }"""
    for _ in range(3):  # the page and its count ask each
        seen = await hostile.ask(query, alice)
        assert seen["data"]["mailingList"]["subscribers"]["totalCount"] == 1
    await decisions.write_waiting(hostile.world.db, everything=True)
    async with hostile.world.db.read() as reader:
        rows = (await kept.of_list(reader, mlist.id, Window(50))).rows
    by_operation = {row.operation: row for row in rows if row.is_plain_read}
    assert {"visibility", "info", "review"} <= {*by_operation}
    name = by_operation["review"].id
    asked = RECORD.replace("messageId", "messageId times")
    record = (await hostile.ask(asked, alice, id=name))["data"]["decision"]
    assert (record["action"], record["decision"]["verdict"], record["times"]) == ("REVIEW", "ALLOW", 6)
    assert record["decision"]["line"] is not None
    assert (await hostile.ask(asked, carol, id=name))["data"]["decision"] is None
    page = await hostile.ask(LATELY, carol, a=mlist.address)
    assert page["data"]["mailingList"]["decisions"]["edges"] == []


async def test_a_page_of_the_directory_leaves_one_row_for_each_question(hostile: Hostile) -> None:
    await private_list(hostile)
    query = "{ mailingLists(first: 50) { edges { node { name subject viewerPermissions { canPost } } } } }"
    alice = await hostile.session(hostile.world.alice)
    for _ in range(2):
        assert len((await hostile.ask(query, alice))["data"]["mailingLists"]["edges"]) > 1
    rows = [each.counted() for each in hostile.world.db.site.later.reads.values()]
    assert sorted(row.operation for row in rows) == ["info", "send", "visibility"]
    assert {(row.list_id, row.times) for row in rows} == {(None, 2)}
    told = (await hostile.ask(RECORD, alice, id=rows[0].id))["data"]["decision"]
    assert told["mailingList"] is None
    assert (told["decision"]["conditionText"], told["decision"]["trace"]) == (None, [])
