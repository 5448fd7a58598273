"""A listmaster makes signing keys through the API; nobody else sees them, and nobody their private half."""

import json
from typing import Any

from schema.schema import schema
from storage import dkim_keys
from tests.journeys.hostile_world import ELSEWHERE, Hostile

KEY = "dkimKey { id selector algorithm state mailingList { address } publishedUntil dnsRecord { name text strings zoneLine } }"
KEYS = """query ($a: EmailAddress!) { robot { dkimKeys(first: 9) { totalCount edges { node { id selector state } } } }
  mailingList(address: $a) { dkimKeys(first: 9) { edges { node { selector } } } } }"""
TALK = "talk@lists.example.test"


async def robot_id(hostile: Hostile, token: str, **options: Any) -> str:
    """The id of the robot that is asked."""
    found: str = (await hostile.ask("{ viewer { robot { id } } }", token, **options))["data"]["viewer"][
        "robot"
    ]["id"]
    return found


async def test_a_key_is_made_shown_and_retired_by_listmasters_alone(hostile: Hostile) -> None:
    lena = await hostile.session(hostile.lena)
    place = {"robotId": await robot_id(hostile, lena)}
    made = (await hostile.do("dkimKeyCreate", lena, {**place, "selector": "s1"}, KEY))["dkimKey"]
    assert (made["state"], made["algorithm"], made["mailingList"]) == ("NEW", "RSA2048", None)
    assert made["dnsRecord"]["name"] == "s1._domainkey.lists.example.test"
    assert len(made["dnsRecord"]["strings"]) == 2
    talk = await hostile.id_of(hostile.talk, lena)
    own = {**place, "mailingListId": talk, "algorithm": "ED25519"}
    assert (await hostile.do("dkimKeyCreate", lena, own, KEY))["dkimKey"]["mailingList"]["address"] == TALK
    found = (await hostile.ask(KEYS, lena, a=TALK))["data"]
    assert found["robot"]["dkimKeys"]["totalCount"] == 2
    assert len(found["mailingList"]["dkimKeys"]["edges"]) == 1
    for other in (None, await hostile.session(hostile.world.carol), await hostile.session(hostile.mallory)):
        seen = (await hostile.ask(KEYS, other, a=TALK))["data"]
        assert seen["robot"]["dkimKeys"] is None
        assert seen["mailingList"]["dkimKeys"] is None
        node = await hostile.ask("query ($i: ID!) { node(id: $i) { id } }", other, i=made["id"])
        assert node["data"]["node"] is None
        assert await hostile.codes("dkimKeyCreate", other, place) != []
        assert await hostile.codes("dkimKeyRetire", other, {"dkimKeyId": made["id"]}) != []
    again = await hostile.codes("dkimKeyCreate", lena, {**place, "selector": "s1"})
    assert again == ["TAKEN"]
    retired = await hostile.do("dkimKeyRetire", lena, {"dkimKeyId": made["id"]}, KEY)
    assert retired["dkimKey"]["state"] == "RETIRED"


async def test_a_listmaster_of_another_domain_finds_no_key_here(hostile: Hostile) -> None:
    """Row 89: not by listing, not by number, not under the address of a list."""
    lena, there = (
        await hostile.session(hostile.lena),
        await hostile.session(hostile.mallory, hostile.other_robot),
    )
    place = {"robotId": await robot_id(hostile, lena), "algorithm": "ED25519"}
    made = (await hostile.do("dkimKeyCreate", lena, place, KEY))["dkimKey"]
    mine = {"dkimKeyId": made["id"]}
    for name in ("dkimKeyActivate", "dkimKeyRetire"):
        assert await hostile.codes(name, there, mine, host=ELSEWHERE) == ["NOT_FOUND"]
    assert await hostile.codes("dkimKeyCreate", there, place, host=ELSEWHERE) == ["NOT_FOUND"]
    here = {"robotId": await robot_id(hostile, there, host=ELSEWHERE), "algorithm": "ED25519"}
    stolen = {**here, "mailingListId": await hostile.id_of(hostile.talk, lena)}
    assert await hostile.codes("dkimKeyCreate", there, stolen, host=ELSEWHERE) == ["NOT_FOUND"]
    seen = await hostile.ask(KEYS, there, host=ELSEWHERE, a="talk@other.example.test")
    assert seen["data"]["robot"]["dkimKeys"]["totalCount"] == 0
    # A selector of the other's choice is a name in the other's own zone.
    forged = {**here, "selector": made["selector"]}
    theirs = (await hostile.do("dkimKeyCreate", there, forged, KEY, host=ELSEWHERE))["dkimKey"]
    assert theirs["dnsRecord"]["name"].endswith("._domainkey.other.example.test")
    assert theirs["dnsRecord"]["text"] != made["dnsRecord"]["text"]


async def test_selectors_that_would_reach_into_other_fields_are_refused(hostile: Hostile) -> None:
    lena = await hostile.session(hostile.lena)
    place = {"robotId": await robot_id(hostile, lena), "algorithm": "ED25519"}
    for selector in (
        "a; d=evil.example",
        "a\r\nBcc: x",
        "x._domainkey.other.example.test.",
        "a b",
        "*",
        "a" * 200,
    ):
        found = await hostile.do("dkimKeyCreate", lena, {**place, "selector": selector})
        assert [each["code"] for each in found["userErrors"]] == ["INVALID"], selector
        assert found["userErrors"][0]["path"] == ["input", "selector"]


async def test_no_answer_holds_a_private_half(hostile: Hostile) -> None:
    lena = await hostile.session(hostile.lena)
    place = {"robotId": await robot_id(hostile, lena), "algorithm": "ED25519"}
    answer = json.dumps(await hostile.do("dkimKeyCreate", lena, place, KEY))
    answer += json.dumps(await hostile.ask(KEYS, lena, a=TALK))
    async with hostile.world.db.read() as reader:
        [key] = await dkim_keys.of_robot(reader, hostile.world.robot.id)
    assert key.private_key[:20] not in answer
    shown = schema.as_str().partition("type DkimKey implements")[2].partition("}\n")[0]
    assert "publishedUntil" in shown
    assert "private" not in shown.lower()
