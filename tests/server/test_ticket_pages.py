"""Pages behind mailed links: looking changes nothing, one press does what the page says, once."""

import re

import httpx
import pytest

from identity import challenge
from identity.entrance import actor_for_session
from server.asking import COOKIE
from storage import ledger, sessions
from tests.server.pages_world import PASSWORD, World, cookie


async def _sessions(world: World) -> int:
    async with world.db.read() as reader:
        return len(await sessions.of_person(reader, world.alice.id))


async def test_looking_at_a_ticket_ten_times_changes_nothing(pages: World) -> None:
    """Pitfall 44."""
    link = await pages.subscription_link("dora@example.edu")
    for _ in range(10):
        assert (await pages.browser.get(f"/t/{link}")).status_code == 200
        assert (await pages.browser.head(f"/t/{link}")).status_code == 200
    assert await pages.members(pages.welcome) == ["alice@example.edu"]
    assert (await pages.press(link)).status_code == 200
    assert "dora@example.edu" in await pages.members(pages.welcome)


async def test_a_ticket_works_once_and_then_looks_like_one_that_never_was(pages: World) -> None:
    link = await pages.subscription_link("dora@example.edu")
    await pages.press(link)
    spent = await pages.browser.get(f"/t/{link}")
    unknown = await pages.browser.get("/t/never-was")
    assert (spent.status_code, spent.text) == (unknown.status_code, unknown.text)
    posted = await pages.browser.post(f"/t/{link}", data={"act": "yes", "proof": "0" * 64})
    assert (posted.status_code, posted.text) == (unknown.status_code, unknown.text)
    assert spent.status_code == 410


async def test_an_expired_ticket_gets_the_same_answer(pages: World, clock: object) -> None:
    link = await pages.sign_in_link("alice@example.edu")
    clock.advance(days=30)  # type: ignore[attr-defined]
    assert (await pages.browser.get(f"/t/{link}")).text == (await pages.browser.get("/t/never-was")).text


@pytest.mark.parametrize("proof", ["", "0" * 64, "ü"])
async def test_a_form_that_no_page_of_ours_made_is_refused(pages: World, proof: str) -> None:
    """Pitfall 44."""
    link = await pages.subscription_link("dora@example.edu")
    answer = await pages.browser.post(f"/t/{link}", data={"act": "yes", "proof": proof})
    assert answer.status_code == 422
    assert await pages.members(pages.welcome) == ["alice@example.edu"]


async def test_no_page_of_a_ticket_is_kept_by_anybody_or_told_to_other_sites(pages: World) -> None:
    """Pitfall 45."""
    link = await pages.sign_in_link("alice@example.edu")
    for answer in (await pages.browser.get(f"/t/{link}"), await pages.press(link)):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert "<script" not in answer.text


async def test_a_sign_in_link_opens_a_new_session_and_goes_where_it_began(pages: World) -> None:
    link = await pages.sign_in_link("alice@example.edu", return_to="/lists/welcome")
    assert await _sessions(pages) == 0
    answer = await pages.press(link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/lists/welcome")
    made = answer.headers["set-cookie"]
    assert made.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "Secure", "SameSite=lax"} <= set(made.split("; "))
    assert await _sessions(pages) == 1


async def test_signing_in_ends_the_session_that_the_browser_had(pages: World) -> None:
    """Pitfall 48."""
    old = await pages.session(pages.alice)
    link = await pages.sign_in_link("alice@example.edu")
    proof = re.findall(r'name="proof" value="(\w+)"', (await pages.browser.get(f"/t/{link}")).text)[0]
    await pages.browser.post(f"/t/{link}", data={"act": "yes", "proof": proof}, headers=cookie(old))
    async with pages.db.read() as reader:
        assert await actor_for_session(reader, pages.robot, old) is None
    assert await _sessions(pages) == 1


async def test_a_reset_link_takes_a_new_password_and_nothing_weak(pages: World) -> None:
    link = await pages.sign_in_link("alice@example.edu", is_reset=True)
    weak = await pages.press(link, password="short", again="short")
    assert weak.status_code == 422
    different = await pages.press(link, password="a quite new one", again="another one")
    assert "differ" in different.text
    done = await pages.press(link, password="a quite new one", again="a quite new one")
    assert done.status_code == 303
    token = httpx.Cookies(done.cookies)[COOKIE]
    async with pages.db.read() as reader:
        actor = await actor_for_session(reader, pages.robot, token)
    assert actor is not None
    assert actor.session is not None
    assert not actor.session.needs_password_change
    assert PASSWORD not in done.text


async def test_an_address_is_added_only_in_the_session_that_asked(pages: World) -> None:
    """Pitfall 7."""
    token = await pages.session(pages.alice)
    async with pages.db.read() as reader:
        actor = await actor_for_session(reader, pages.robot, token)
    assert actor is not None
    async with pages.db.write() as uow:
        await challenge.link_address(uow, actor, "a.liddell@example.net")
    link = await pages.newest_link("a.liddell@example.net")
    elsewhere = await pages.browser.get(f"/t/{link}")
    assert 'value="yes"' not in elsewhere.text
    assert (await pages.press(link, "yes")).status_code == 410
    pages.browser.cookies.set(COOKIE, token)
    assert (await pages.press(link, "yes")).status_code == 200
    async with pages.db.read() as reader:
        rows = await ledger.of_people(reader, [pages.alice.id])
    assert [row.address for row in rows if row.proved_at is not None] == [
        "alice@example.edu",
        "a.liddell@example.net",
    ]


async def test_anybody_with_the_mail_can_reject_a_request_to_add_the_address(pages: World) -> None:
    """Pitfall 7."""
    token = await pages.session(pages.alice)
    async with pages.db.read() as reader:
        actor = await actor_for_session(reader, pages.robot, token)
    assert actor is not None
    async with pages.db.write() as uow:
        await challenge.link_address(uow, actor, "victim@example.net")
    link = await pages.newest_link("victim@example.net")
    assert "rejected" in (await pages.press(link, "no")).text
    pages.browser.cookies.set(COOKIE, token)
    assert (await pages.browser.get(f"/t/{link}")).status_code == 410


async def test_a_moderator_reads_a_hostile_message_as_text_and_approves_it(pages: World) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    assert await pages.mail_in("announce@lists.example.test", "alice@example.edu", hostile, hostile) == 250
    link = await pages.newest_link("carol@example.edu")
    shown = (await pages.browser.get(f"/t/{link}")).text
    assert hostile not in shown
    assert shown.count("&lt;img src=x onerror=alert(1)&gt;") >= 2
    assert "approved" in (await pages.press(link, "approved")).text
    assert (await pages.browser.get(f"/t/{link}")).status_code == 410


async def test_a_message_is_rejected_with_the_reason_that_was_typed(pages: World) -> None:
    await pages.mail_in("announce@lists.example.test", "alice@example.edu", "News")
    link = await pages.newest_link("carol@example.edu")
    assert "rejected" in (await pages.press(link, "rejected", reason="Not news at all")).text
    letters = await pages.newest_text("alice@example.edu")
    assert "Not news at all" in letters


async def test_a_made_up_verdict_decides_nothing(pages: World) -> None:
    await pages.mail_in("announce@lists.example.test", "alice@example.edu", "News")
    link = await pages.newest_link("carol@example.edu")
    assert (await pages.press(link, "waiting")).status_code != 200
    assert 'value="approved"' in (await pages.browser.get(f"/t/{link}")).text


async def test_a_form_larger_than_any_of_ours_is_not_read(pages: World) -> None:
    link = await pages.sign_in_link("alice@example.edu")
    answer = await pages.browser.post(f"/t/{link}", content=b"x" * 100_000)
    assert answer.status_code == 422
    assert await _sessions(pages) == 0
