"""An owner writes a rule of her own, sees first whom it concerns, and the next message is decided by it."""

from typing import Any

from identity import sessions
from storage.tables.words import SignInMethod, Strength, TokenScope
from tests.journeys.hostile_world import Hostile

MALLORY = "mallory@example.net"
ANSWER = """text { name origin source hash } findings { line column code level sentence }
  changes { role concernsAnother methods effect before after }"""
GONE = "text { origin } changes { role effect }"
OPEN = "title Everybody\ntrue() smtp,dkim,md5,smime -> do_it\n"
SHUT = "title Nobody\ntrue() smtp,dkim,md5,smime -> reject(reason='send_closed')\n"
TEXTS = """query ($a: EmailAddress!) { mailingList(address: $a) {
  scenarioTexts { totalCount edges { node { operation name source } } } } }"""
NAMES = """query { robot { scenarios(action: POST, first: 100) { edges { node {
  name title origin source rules { line } } } } } }"""


async def write(hostile: Hostile, token: str, list_id: str, source: str, **more: Any) -> dict[str, Any]:
    """Write `send.private` of a list."""
    given = {"mailingListId": list_id, "operation": "send", "name": "private", "source": source, **more}
    return await hostile.do("scenarioWrite", token, given, ANSWER)


async def code_of_post(hostile: Hostile, subject: str) -> int:
    """The answer to a message from Mallory, who is not on the list."""
    return await hostile.world.mail_in(hostile.world.welcome.address, MALLORY, subject)


async def test_an_owner_writes_a_text_and_messages_are_decided_by_it(hostile: Hostile) -> None:
    carol = await hostile.session(hostile.world.carol)
    list_id = await hostile.id_of(hostile.world.welcome, carol)
    assert await code_of_post(hostile, "before") == 550

    tried = await write(hostile, carol, list_id, OPEN, isDryRun=True)
    assert (tried["text"], tried["userErrors"]) == (None, [])
    gains = {each["role"] for each in tried["changes"] if each["effect"] == "GAINS"}
    assert gains >= {"STRANGER", "NOBODY"}
    assert await code_of_post(hostile, "tried") == 550

    made = await write(hostile, carol, list_id, OPEN)
    assert made["text"]["origin"] == "LIST"
    assert await code_of_post(hostile, "after") == 250

    bad = await write(
        hostile, carol, list_id, "title x\n\nfoo() smtp -> do_it\n", expectedHash=made["text"]["hash"]
    )
    [error] = bad["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID", ["input", "source"])
    assert "line 3, column 1" in error["message"]
    assert [(each["line"], each["column"], each["level"]) for each in bad["findings"]] == [(3, 1, "ERROR")]
    assert await code_of_post(hostile, "bad text") == 250

    unseen = await write(hostile, carol, list_id, SHUT)
    assert [each["code"] for each in unseen["userErrors"]] == ["CONFLICT"]
    assert await code_of_post(hostile, "unseen") == 250
    shut = await write(hostile, carol, list_id, SHUT, expectedHash=made["text"]["hash"])
    assert await hostile.world.mail_in(hostile.world.welcome.address, "alice@example.edu", "shut") == 550

    where = {"mailingListId": list_id, "operation": "send", "name": "private"}
    gone = await hostile.do("scenarioRemove", carol, {**where, "expectedHash": shut["text"]["hash"]}, GONE)
    assert gone["text"] == {"origin": "SERVER"}
    assert await hostile.world.mail_in(hostile.world.welcome.address, "alice@example.edu", "again") == 250


async def test_nobody_else_writes_or_reads_an_owners_text(hostile: Hostile) -> None:
    world = hostile.world
    carol, mallory = await hostile.session(world.carol), await hostile.session(hostile.mallory)
    list_id = await hostile.id_of(world.welcome, carol)
    refused = await write(hostile, mallory, list_id, OPEN)
    assert [each["code"] for each in refused["userErrors"]] == ["FORBIDDEN"]
    assert refused["text"] is None
    narrow = await hostile.api_token(world.carol, TokenScope.OWN)
    given = {"mailingListId": list_id, "operation": "send", "name": "private", "source": OPEN}
    assert await hostile.codes("scenarioWrite", narrow, given) == ["FORBIDDEN"]
    wide = await hostile.api_token(world.carol, TokenScope.ADMINISTRATE)
    assert (await write(hostile, wide, list_id, OPEN))["userErrors"] == []
    found = await hostile.ask(TEXTS, carol, a=world.welcome.address)
    assert found["data"]["mailingList"]["scenarioTexts"] == {
        "totalCount": 1,
        "edges": [{"node": {"operation": "send", "name": "private", "source": OPEN}}],
    }
    hidden = await hostile.ask(TEXTS, mallory, a=world.welcome.address)
    assert hidden["data"]["mailingList"]["scenarioTexts"] is None
    assert [each["extensions"]["code"] for each in hidden["errors"]] == ["FORBIDDEN"]


async def test_a_mailed_code_is_not_enough_to_change_the_rules(hostile: Hostile) -> None:
    """Pitfall 54."""
    world = hostile.world
    list_id = await hostile.id_of(world.welcome, await hostile.session(world.carol))
    async with world.db.write() as uow:
        _, token = await sessions.open_session(
            uow,
            world.carol,
            world.robot,
            method=SignInMethod.TICKET,
            strength=Strength.MD5,
            address=world.carol.main_address,
        )
    refused = await write(hostile, token, list_id, OPEN)
    assert [each["code"] for each in refused["userErrors"]] == ["REAUTHENTICATION_REQUIRED"]


async def test_a_listmaster_writes_for_the_whole_robot_and_only_there(hostile: Hostile) -> None:
    lena, carol = await hostile.session(hostile.lena), await hostile.session(hostile.world.carol)
    found = await hostile.ask("query { robot { id } }", lena)
    given = {"robotId": found["data"]["robot"]["id"], "operation": "send", "name": "house", "source": OPEN}
    assert await hostile.codes("scenarioWrite", carol, given) == ["FORBIDDEN"]
    made = await hostile.do("scenarioWrite", lena, given, ANSWER)
    assert made["text"]["origin"] == "ROBOT"
    seen = {}
    for token in (lena, carol):
        edges = (await hostile.ask(NAMES, token))["data"]["robot"]["scenarios"]["edges"]
        seen[token] = {edge["node"]["name"]: edge["node"] for edge in edges}
    assert seen[lena]["house"]["source"] == OPEN
    assert (seen[carol]["house"]["title"], seen[carol]["house"]["source"]) == ("Everybody", None)
    assert seen[carol]["house"]["rules"] == []
    assert seen[carol]["private"]["source"].startswith("#") or "title" in seen[carol]["private"]["source"]
    directory = {**given, "operation": "search", "name": "staff.ldap", "source": "host x"}
    assert await hostile.codes("scenarioWrite", lena, directory) == ["FORBIDDEN"]
    nowhere = {key: value for key, value in given.items() if key != "robotId"}
    assert await hostile.codes("scenarioWrite", lena, nowhere) == ["INVALID"]
    mallory = await hostile.session(hostile.mallory)
    assert await hostile.codes("scenarioWrite", mallory, given) == ["FORBIDDEN"]


async def test_the_same_key_writes_once_and_answers_alike(hostile: Hostile) -> None:
    carol = await hostile.session(hostile.world.carol)
    list_id = await hostile.id_of(hostile.world.welcome, carol)
    first = await write(hostile, carol, list_id, OPEN, clientMutationId="once")
    second = await write(hostile, carol, list_id, OPEN, clientMutationId="once")
    assert second == first
    assert first["changes"]
