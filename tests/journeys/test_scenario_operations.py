"""Every operation asks its scenario: a domain and its lists are tuned through the API, and people meet the rules on every way in."""

import re
from typing import Any

import pytest

from delivery.reception import receive
from storage import memberships
from storage import robots as robot_rows
from storage.tables.words import TokenScope
from tests.journeys.hostile_world import Hostile
from tests.server.pages_world import HOST

VERDICTS = """query ($a: EmailAddress!, $action: ScenarioAction!) { mailingList(address: $a) {
  viewerPermissions { verdict(action: $action) } } }"""
ROBOT = (
    "{ robot { permissions { verdict(action: %s) } settings { dkimMethod scenarios { action scenario } } } }"
)
ROBOT_ID = "{ robot { id } }"


async def token_of(hostile: Hostile, who: str) -> str:
    person = {"lena": hostile.lena, "mallory": hostile.mallory, "alice": hostile.world.alice}[who]
    return await hostile.session(person)


async def robot_id(hostile: Hostile, token: str) -> str:
    found: str = (await hostile.ask(ROBOT_ID, token))["data"]["robot"]["id"]
    return found


async def members(hostile: Hostile) -> set[str]:
    async with hostile.world.db.read() as reader:
        return {each.address async for each in memberships.whole_list(reader, hostile.talk.id)}


async def tune(hostile: Hostile, token: str, **settings: Any) -> list[dict[str, Any]]:
    answer = await hostile.do(
        "robotUpdate", token, {"robotId": await robot_id(hostile, token), "settings": settings}
    )
    found: list[dict[str, Any]] = answer["userErrors"]
    return found


async def test_a_listmaster_tunes_the_domain_and_everybody_meets_the_new_rules(hostile: Hostile) -> None:
    lena, alice = await token_of(hostile, "lena"), await token_of(hostile, "alice")
    before = (await hostile.ask(ROBOT % "CREATE_LIST", alice))["data"]["robot"]
    assert before == {"permissions": {"verdict": "REJECT"}, "settings": None}
    assert (
        await tune(hostile, lena, scenarios=[{"action": "CREATE_LIST", "scenario": "public_listmaster"}])
        == []
    )
    # What a robot is like is remembered for a second at most.
    async with hostile.world.db.read() as reader:
        changed = await robot_rows.find(reader, HOST)
    assert changed is not None
    assert changed.create_list == "public_listmaster"


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"scenarios": [{"action": "CREATE_LIST", "scenario": "no_such"}]}, "scenarios"),
        ({"subaddressDomains": ["gmail.com=."]}, "subaddressDomains"),
    ],
)
async def test_a_wrong_setting_is_refused_beside_its_field(
    hostile: Hostile, settings: dict[str, Any], path: str
) -> None:
    [error] = await tune(hostile, await token_of(hostile, "lena"), **settings)
    assert path in error["path"]


async def test_attack_a_listmaster_of_another_domain_tunes_nothing_here(hostile: Hostile) -> None:
    mallory = await token_of(hostile, "mallory")
    errors = await tune(hostile, mallory, scenarioDialect="SYMPA")
    assert [each["code"] for each in errors] == ["FORBIDDEN"]
    lena = await token_of(hostile, "lena")
    assert [each["code"] for each in await tune(hostile, lena, listmastersAreOwners=False)] == ["FORBIDDEN"]


@pytest.mark.parametrize(
    ("action", "listmaster", "member", "stranger"),
    [
        ("TRACK", "ALLOW", "REJECT", "REJECT"),
        ("REMIND", "ALLOW", "REJECT", "REJECT"),
        ("READ_DOCUMENTS", "ALLOW", "ALLOW", "REJECT"),
        ("EDIT_DOCUMENTS", "ALLOW", "REJECT", "REJECT"),
        ("READ_ARCHIVE_BY_MAIL", "ALLOW", "ALLOW", "REJECT"),
        ("ADD", "ALLOW", "REJECT", "REJECT"),
    ],
)
async def test_what_each_may_do_is_told_for_every_action(
    hostile: Hostile, action: str, listmaster: str, member: str, stranger: str
) -> None:
    found = []
    for token in (await token_of(hostile, "lena"), await token_of(hostile, "alice"), None):
        data = (await hostile.ask(VERDICTS, token, a=hostile.talk.address, action=action))["data"]
        found.append(data["mailingList"]["viewerPermissions"]["verdict"])
    assert found == [listmaster, member, stranger]


async def test_reminders_go_out_for_those_in_office_only(hostile: Hostile) -> None:
    lena, alice = await token_of(hostile, "lena"), await token_of(hostile, "alice")
    list_id = await hostile.id_of(hostile.talk, alice)
    assert await hostile.codes("mailingListRemind", alice, {"mailingListId": list_id}) == ["FORBIDDEN"]
    narrow = await hostile.api_token(hostile.lena, TokenScope.READ)
    assert await hostile.codes("mailingListRemind", narrow, {"mailingListId": list_id}) == ["FORBIDDEN"]
    answer = await hostile.do("mailingListRemind", lena, {"mailingListId": list_id}, "reminded")
    assert (answer["reminded"], answer["userErrors"]) == (2, [])
    assert await hostile.codes("mailingListRemind", lena, {"mailingListId": list_id}) == ["RATE_LIMITED"]
    answer = await hostile.do("robotRemind", lena, {"robotId": await robot_id(hostile, lena)}, "reminded")
    assert answer["reminded"] == 2
    assert len(await hostile.letters("alice@example.edu")) == 1


async def test_a_person_moves_to_a_new_address_which_has_to_say_yes(hostile: Hostile) -> None:
    alice = await token_of(hostile, "alice")
    new = "alice.new@example.edu"
    moving = {"currentEmail": "alice@example.edu", "email": new}
    answer = await hostile.do("addressMove", alice, moving, "moved")
    assert (answer["moved"], [each["code"] for each in answer["userErrors"]]) == (0, ["CHALLENGE_REQUIRED"])
    assert "alice@example.edu" in await members(hostile)
    [letter] = await hostile.letters(new)
    page = await hostile.browser.get(f"/t/{letter.secret}")
    assert "take over the subscriptions of alice@example.edu" in page.text
    assert "alice@example.edu" in await members(hostile)
    proof = re.search(r'name="proof" value="(\w+)"', page.text)
    assert proof is not None
    pressed = await hostile.browser.post(f"/t/{letter.secret}", data={"act": "yes", "proof": proof[1]})
    assert "It is done" in pressed.text
    assert await members(hostile) == {new, "mallory@example.net"}


async def test_attack_nobody_takes_over_the_subscriptions_of_somebody_else(hostile: Hostile) -> None:
    mallory = await token_of(hostile, "mallory")
    for current, email in (
        ("alice@example.edu", "mallory@example.net"),
        ("alice@example.edu", "evil@example.net"),
    ):
        codes = await hostile.codes("addressMove", mallory, {"currentEmail": current, "email": email})
        assert codes == ["FORBIDDEN"]
    assert (
        await hostile.codes(
            "addressMove", None, {"currentEmail": "alice@example.edu", "email": "x@y.example"}
        )
        != []
    )
    assert "alice@example.edu" in await members(hostile)
    assert await hostile.letters("evil@example.net") == []


async def test_attack_a_forged_mail_of_an_owner_changes_nothing(hostile: Hostile) -> None:
    before = await members(hostile)
    for subject in ("add evil@example.net", "del alice@example.edu", "remind", "review"):
        raw = (
            f"From: carol@example.edu\r\nTo: talk-request@{HOST}\r\nSubject: {subject}\r\n"
            f"Message-ID: <{subject.replace(' ', '.')}@x>\r\n\r\n.\r\n"
        )
        reply = await receive(hostile.world.db, "mallory@example.net", f"talk-request@{HOST}", raw.encode())
        assert reply.code == 250
    assert await members(hostile) == before
    assert await hostile.letters("mallory@example.net") == []
    assert await hostile.letters("evil@example.net") == []
