"""A dead mailbox is learnt once for all lists, and its person hears of it at another address (rows 109, 133)."""

import re
from typing import Any

import pytest

from delivery.reception import receive
from identity.ledger import confirm, prove
from lists.bounces import stopping
from storage import bounce_scores, memberships
from storage.tables.people import Person
from storage.tables.words import AddressSource, Strength
from tests.journeys.hostile_world import Hostile
from tests.journeys.test_personal_view import MAIN, WORK, ann, made, nodes, seen

ALERTS = "{ viewer { user { alerts { kind } } } }"
_TICKET = re.compile(r"/t/([\w-]+)")


async def bounce(hostile: Hostile, name: str, address: str, status: str = "5.1.1", times: int = 1) -> None:
    """A report comes back to a list that mail to an address failed."""
    lines = (
        "From: MAILER-DAEMON@mx.example", f"To: {name}-bounce@lists.example.test", "Subject: Undelivered",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"', "MIME-Version: 1.0", "",
        "--b", "Content-Type: text/plain", "", "It failed.", "--b", "Content-Type: message/delivery-status", "",
        "Reporting-MTA: dns; mx.example", "", f"Final-Recipient: rfc822; {address}", "Action: failed",
        f"Status: {status}", "Diagnostic-Code: smtp; 550 no", "", "--b--", "",
    )  # fmt: skip
    raw = "\r\n".join(lines).encode()
    for _ in range(times):
        reply = await receive(hostile.world.db, "", f"{name}-bounce@lists.example.test", raw)
        assert reply.code == 250


async def bouncing(hostile: Hostile, token: str) -> set[str]:
    """Those of the viewer's addresses that are known to bounce."""
    return {each["email"] for each in (await seen(hostile, token))["emailAddresses"] if each["isBouncing"]}


async def told(hostile: Hostile) -> dict[str, list[str]]:
    """By recipient the mails about an address that bounces."""
    found: dict[str, list[str]] = {}
    for each in await hostile.letters():
        if "comes back" in each.text:
            found.setdefault(each.to, []).append(each.text)
    return found


async def world(hostile: Hostile) -> tuple[Person, str]:
    """Somebody on two lists under the address at work."""
    person = await ann(hostile)
    for name in ("one", "two"):
        await made(hostile, name, WORK)
    return person, await hostile.session(person)


async def test_what_one_list_learns_all_know_and_a_new_one_too(hostile: Hostile) -> None:
    _, token = await world(hostile)
    await bounce(hostile, "one", WORK)
    assert await bouncing(hostile, token) == {WORK}
    later = await made(hostile, "later", WORK)
    async with hostile.world.db.read() as reader:
        found = await memberships.in_robot(reader, hostile.world.robot.id, WORK)
    assert [each.is_bouncing for each in found] == [True, True, True]
    assert later.id in {each.list_id for each in found}


@pytest.mark.parametrize("status", ["5.7.1", "5.2.2", "5.1.8", "5.3.4", "5.6.0", "4.2.2"])
async def test_a_refusal_of_a_list_or_a_message_says_nothing_of_the_address(
    hostile: Hostile, status: str
) -> None:
    _, token = await world(hostile)
    await bounce(hostile, "one", WORK, status, times=8)
    assert await bouncing(hostile, token) == set()
    assert await told(hostile) == {}


async def test_the_person_is_told_once_elsewhere_and_takes_the_offer(hostile: Hostile) -> None:
    _, token = await world(hostile)
    await made(hostile, "local", WORK, subscribe="domains(work.example)")
    await bounce(hostile, "one", WORK, times=2)
    await bounce(hostile, "two", WORK, times=2)
    assert await told(hostile) == {}
    await bounce(hostile, "one", WORK, times=3)
    [(to, [text])] = (await told(hostile)).items()
    assert to == MAIN
    alerts = (await hostile.ask(ALERTS, token))["data"]["viewer"]["user"]["alerts"]
    assert [each["kind"] for each in alerts] == ["ADDRESS_BOUNCES"]
    [secret] = _TICKET.findall(text)
    page = await hostile.browser.get(f"/t/{secret}")
    assert WORK in page.text
    assert await where(hostile, token) == {"one": WORK, "two": WORK, "local": WORK}
    done = await hostile.world.press(secret, act="yes")
    assert "domains" in done.text or "local@" in done.text
    assert await where(hostile, token) == {"one": MAIN, "two": MAIN, "local": WORK}
    async with hostile.world.db.read() as reader:
        moved = await memberships.in_robot(reader, hostile.world.robot.id, MAIN)
    assert not any(each.is_bouncing for each in moved)


async def where(hostile: Hostile, token: str) -> dict[str, Any]:
    """Under which address the viewer is on each list."""
    return {
        each["mailingList"]["name"]: each["email"]
        for each in nodes((await seen(hostile, token))["memberships"])
    }


async def test_an_answer_from_the_mailbox_ends_it(hostile: Hostile) -> None:
    person, token = await world(hostile)
    await bounce(hostile, "one", WORK, times=5)
    async with hostile.world.db.write() as uow:
        await confirm(uow, person.id, WORK)
    assert await bouncing(hostile, token) == set()
    assert (await hostile.ask(ALERTS, token))["data"]["viewer"]["user"]["alerts"] == []
    async with hostile.world.db.read() as reader:
        found = await memberships.in_robot(reader, hostile.world.robot.id, WORK)
    assert not any(each.is_bouncing for each in found)


async def test_with_no_other_working_address_nobody_is_written_to(hostile: Hostile) -> None:
    person = await hostile.person(MAIN)
    await made(hostile, "one", MAIN, "stranger@example.org")
    await bounce(hostile, "one", MAIN, times=6)
    await bounce(hostile, "one", "stranger@example.org", times=6)
    assert await told(hostile) == {}
    token = await hostile.session(person)
    alerts = (await hostile.ask(ALERTS, token))["data"]["viewer"]["user"]["alerts"]
    assert [each["kind"] for each in alerts] == ["ADDRESS_BOUNCES"]


async def test_attack_an_old_offer_moves_nothing_of_the_addresss_next_holder(hostile: Hostile) -> None:
    _, token = await world(hostile)
    await bounce(hostile, "one", WORK, times=5)
    [(_, [text])] = (await told(hostile)).items()
    [secret] = _TICKET.findall(text)
    rows = "{ viewer { user { emailAddresses { id email } } } }"
    mine = (await hostile.ask(rows, token))["data"]["viewer"]["user"]["emailAddresses"]
    [key] = [each["id"] for each in mine if each["email"] == WORK]
    assert await hostile.codes("emailUnlink", token, {"userEmailId": key}) == []
    async with hostile.world.db.write() as uow:
        await prove(uow, hostile.mallory.id, WORK, source=AddressSource.CHALLENGE, strength=Strength.MD5)
    await hostile.world.press(secret, act="yes")
    assert await where(hostile, token) == {}
    hers = await where(hostile, await hostile.session(hostile.mallory))
    assert (hers["one"], hers["two"]) == (WORK, WORK)


async def stopped_at_work(hostile: Hostile) -> tuple[Person, str, int]:
    """Mail of the list `one` has stopped for the address at work."""
    person, token = await world(hostile)
    await bounce(hostile, "one", WORK)
    async with hostile.world.db.write() as uow:
        found = await memberships.in_robot(uow, hostile.world.robot.id, WORK)
        rows = await bounce_scores.by_ids(uow, [each.id for each in found])
        [row] = rows.values()
        assert await stopping.stop(uow, row)
    return person, token, row.membership_id


async def is_stopped(hostile: Hostile, key: int) -> bool:
    async with hostile.world.db.read() as reader:
        found = await bounce_scores.by_ids(reader, [key])
    return key in found and found[key].bounce_suspended_at is not None


async def test_who_gets_no_more_mail_hears_of_it_elsewhere_and_one_press_lets_it_go_on(
    hostile: Hostile,
) -> None:
    _, token, key = await stopped_at_work(hostile)
    alerts = (await hostile.ask(ALERTS, token))["data"]["viewer"]["user"]["alerts"]
    assert [each["kind"] for each in alerts] == ["DELIVERY_STOPPED"]
    [letter] = [each for each in await hostile.letters() if "sends nothing there" in each.text]
    assert letter.to == MAIN
    [secret] = _TICKET.findall(letter.text)
    assert WORK in (await hostile.browser.get(f"/t/{secret}")).text
    assert await is_stopped(hostile, key)
    await hostile.world.press(secret, act="yes")
    assert not await is_stopped(hostile, key)
    assert (await hostile.ask(ALERTS, token))["data"]["viewer"]["user"]["alerts"] == []


async def test_an_answer_from_the_mailbox_lets_mail_go_on(hostile: Hostile) -> None:
    person, token, key = await stopped_at_work(hostile)
    async with hostile.world.db.write() as uow:
        await confirm(uow, person.id, WORK)
    assert not await is_stopped(hostile, key)
    assert (await hostile.ask(ALERTS, token))["data"]["viewer"]["user"]["alerts"] == []


async def test_attack_an_old_link_to_go_on_is_nothing_for_the_addresss_next_holder(hostile: Hostile) -> None:
    _, token, key = await stopped_at_work(hostile)
    [letter] = [each for each in await hostile.letters() if "sends nothing there" in each.text]
    [secret] = _TICKET.findall(letter.text)
    rows = "{ viewer { user { emailAddresses { id email } } } }"
    mine = (await hostile.ask(rows, token))["data"]["viewer"]["user"]["emailAddresses"]
    [row] = [each["id"] for each in mine if each["email"] == WORK]
    assert await hostile.codes("emailUnlink", token, {"userEmailId": row}) == []
    await hostile.world.press(secret, act="yes")
    assert await is_stopped(hostile, key)
