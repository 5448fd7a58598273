"""Browsers that other sites' pages send to ours, as browsers do that: without our cookies, but keeping what the answer sets."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette

from server.asking import BROWSER_COOKIE, COOKIE
from server.auth_pages import auth_routes
from storage.database import Database
from tests.identity.papers import FILE, Mill, paper_installed
from tests.identity.world import World, make_robot

BASE = "https://lists.example.test"
PAGE = "/auth/example.test"
ALICE = {"subject": "s-alice", "addresses": [["alice@mill.example", True]]}


@pytest.fixture
async def mill(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Mill]:
    with paper_installed(tmp_path / "site", monkeypatch):
        world = World(database, await make_robot(database, "example.test"))
        mill = Mill(world, world.robot)
        await mill.set()
        yield mill


@pytest.fixture
async def browser(mill: Mill) -> AsyncIterator[AsyncClient]:
    async with _client(mill) as browser:
        yield browser


def _client(mill: Mill) -> AsyncClient:
    return AsyncClient(transport=ASGITransport(Starlette(routes=auth_routes(mill.world.db))), base_url=BASE)


async def _left(browser: AsyncClient) -> str:
    """The state with which a browser went away to the mill."""
    proof = re.search(r'name="proof" value="([^"]+)"', (await browser.get(PAGE)).text)
    assert proof
    left = await browser.post(PAGE, data={"provider": "mill", "proof": proof[1]})
    state = re.search(r"state=([\w-]+)", left.headers["refresh"])
    assert state
    return state[1]


async def _sent_across(mill: Mill, browser: AsyncClient, path: str, form: Mapping[str, str]) -> Response:
    """A form that another site's page sends: a cookie that is SameSite=Lax stays behind, one in the answer is taken."""
    async with _client(mill) as crossing:
        answer = await crossing.post(f"{PAGE}/{path}", data=form)
        browser.cookies.update(crossing.cookies)
    return answer


async def test_a_form_that_comes_back_from_another_site_ends_in_the_browser_that_began(
    mill: Mill, browser: AsyncClient
) -> None:
    """Pitfall 15: the answer to a request without cookies must not take the browser's own word away."""
    state, word = await _left(browser), browser.cookies[BROWSER_COOKIE]
    back = await _sent_across(mill, browser, "mill/callback", {"state": state, "paper": json.dumps(ALICE)})
    assert browser.cookies[BROWSER_COOKIE] == word
    done = await browser.get(back.headers["location"])
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert COOKIE in done.cookies


@pytest.mark.parametrize("path", ["mill/callback", "mill/heard", "mill/logout"])
async def test_no_other_site_ends_what_a_browser_has_begun(
    mill: Mill, browser: AsyncClient, path: str
) -> None:
    state, word = await _left(browser), browser.cookies[BROWSER_COOKIE]
    await _sent_across(mill, browser, path, {"state": "made up"})
    assert browser.cookies[BROWSER_COOKIE] == word
    paper = {"state": state, "paper": json.dumps(ALICE)}
    done = await browser.get(f"{PAGE}/mill/callback", params=paper)
    assert COOKIE in done.cookies


async def test_somebody_elses_answer_signs_no_browser_in(mill: Mill, browser: AsyncClient) -> None:
    """Pitfall 15, login CSRF: the attacker's own begun sign-in, sent by the victim's browser."""
    await browser.get(PAGE)
    async with _client(mill) as attacker:
        state = await _left(attacker)
    back = await _sent_across(mill, browser, "mill/callback", {"state": state, "paper": json.dumps(ALICE)})
    done = await browser.get(back.headers["location"])
    assert (done.status_code, COOKIE in done.cookies) == (403, False)


@pytest.mark.parametrize(
    "place",
    [
        "javascript:alert(1)//",
        "https://mill.example;script-src *;/",
        "https://mill.example script-src/",
        "https://mill.example'unsafe-inline'/",
        "https://user@mill.example/",
        "https://mill.example\\\\@evil.example/",
        "https://mill.example/\\r\\nSet-Cookie: a=b",
        'https://mill.example/\\"><script>',
        "https://mill.example/\\u20ac",
        "//mill.example/",
        "",
    ],
)
@pytest.mark.parametrize("by_button", ["true", "false"])
async def test_a_provider_has_nobody_sent_to_what_is_no_web_address(
    mill: Mill, browser: AsyncClient, place: str, by_button: str
) -> None:
    """Pitfall 21, and the policy of the page that leads away: what the address says stays in the address."""
    settings = f'settings = {{ sends_to = "{place}", by_button = {by_button} }}'
    await mill.set(FILE.replace('addresses_last = "30d"', settings))
    proof = re.search(r'name="proof" value="([^"]+)"', (await browser.get(PAGE)).text)
    assert proof
    answer = await browser.post(PAGE, data={"provider": "mill", "proof": proof[1]})
    assert answer.status_code == 503
    assert "refresh" not in answer.headers
    assert "mill.example" not in answer.text


async def test_the_page_that_leads_away_lets_its_form_go_there_and_nowhere_else(
    mill: Mill, browser: AsyncClient
) -> None:
    place = "https://[2001:db8::1]:8443/sso/redirect?a=b&c=d;e#f"
    await mill.set(
        FILE.replace('addresses_last = "30d"', f'settings = {{ sends_to = "{place}", by_button = true }}')
    )
    proof = re.search(r'name="proof" value="([^"]+)"', (await browser.get(PAGE)).text)
    assert proof
    answer = await browser.post(PAGE, data={"provider": "mill", "proof": proof[1]})
    policy = answer.headers["content-security-policy"].split("; ")
    assert "form-action 'self' https://[2001:db8::1]:8443" in policy
    assert not [each for each in policy if each.startswith("script-src")]
