"""Somebody signs in, looks after their account and signs out on pages alone, without a script, and so that everybody can."""

import json
import re
from collections.abc import AsyncIterator, Callable
from html import unescape
from pathlib import Path

import httpx
import pytest

from identity.auth_config import set_auth_config
from identity.totp import STEP, code_at
from server.app import web_application
from server.asking import COOKIE
from tests.conftest import Clock
from tests.identity import world as identity_world
from tests.identity.papers import FILE, paper_installed
from tests.identity.soft_passkey import SoftPasskey
from tests.journeys.hostile_world import Hostile
from tests.journeys.visiting import Visiting
from tests.server.pages_world import BASE, HOST, PASSWORD

A = "alice@example.edu"
PAGE = f"/auth/{HOST}"
PASSWORD_TOO = FILE + '\n[[provider]]\nkey = "password"\nkind = "password"\nlabel = "Password"\n'
ALICE = {"subject": "s-alice", "addresses": [["alice@mill.example", True]], "name": "Alice"}


@pytest.fixture
async def browser(hostile: Hostile) -> AsyncIterator[Visiting]:
    """A browser of its own, with a jar for cookies."""
    transport = httpx.ASGITransport(web_application(hostile.world.state), client=("192.0.2.7", 4711))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        yield Visiting(client)


@pytest.fixture
async def mill(hostile: Hostile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The robot offers the paper mill, a mailed link, and a password."""
    with paper_installed(tmp_path / "site", monkeypatch):
        await give_file(hostile, PASSWORD_TOO)
        yield


async def give_file(hostile: Hostile, text: str) -> None:
    async with hostile.world.db.write() as uow:
        await set_auth_config(uow, hostile.world.robot, text)


def with_settings(table: str) -> str:
    """The file, with settings for the mill."""
    return PASSWORD_TOO.replace('addresses_last = "30d"', f'addresses_last = "30d"\nsettings = {table}')


async def sign_in(browser: Visiting, place: str = "/sign-in") -> None:
    await browser.open(place)
    await browser.press("Sign in with Password", identifier=A, password=PASSWORD)


async def code_to(hostile: Hostile, address: str) -> str:
    return (await identity_world.World(hostile.world.db, hostile.world.robot).mails(address))[-1].code


async def enrol(hostile: Hostile, browser: Visiting) -> tuple[str, list[str]]:
    """Set an authenticator up; its secret, and the recovery codes."""
    await browser.open("/account/second-factors")
    await browser.press("Set up an authenticator")
    found = re.search(r"secret=([A-Z2-7]+)", browser.text)
    assert found
    code = code_at(found[1], hostile.world.db.site.clock() // STEP)
    await browser.press("Check the code", code=code, label="My <phone>")
    codes = re.findall(r"<code>([\w-]+)</code>", browser.text)
    assert len(codes) == 10
    return found[1], codes


def code_of(hostile: Hostile, secret: str) -> str:
    return code_at(secret, hostile.world.db.site.clock() // STEP)


async def test_a_stranger_who_wants_to_the_account_signs_in_and_gets_there(browser: Visiting) -> None:
    await browser.open("/account")
    assert browser.path.startswith(PAGE)
    await browser.press("Sign in with Password", identifier=A, password=PASSWORD)
    assert browser.path == "/account"
    assert f"You are signed in as {A}" in browser.text


async def test_a_wrong_password_is_told_at_its_field_and_the_way_on_is_kept(browser: Visiting) -> None:
    await browser.open("/sign-in?return_to=/lists/welcome")
    await browser.press("Sign in with Password", identifier=A, password="not it at all")
    assert browser.status == 422
    assert f'value="{A}"' in browser.text
    assert "not it at all" not in browser.text
    assert 'aria-describedby="password-password-error"' in browser.text
    await browser.press("Sign in with Password", identifier=A, password=PASSWORD)
    assert browser.path == "/lists/welcome"


@pytest.mark.parametrize("place", ["https://evil.example/", "//evil.example", "/\\evil.example"])
async def test_no_page_leads_to_another_server(browser: Visiting, place: str) -> None:
    """Pitfall 21."""
    await browser.open(f"/sign-in?return_to={place}")
    assert browser.status == 403
    assert "evil" not in browser.text
    await sign_in(browser)
    for path in ("/account/second-factors", "/account/password"):
        assert "evil" not in await browser.open(f"{path}?return_to={place}")


async def test_a_mailed_code_is_typed_on_the_page_and_a_wrong_one_is_told_there(
    hostile: Hostile, browser: Visiting
) -> None:
    await browser.open("/sign-in")
    await browser.press("Send me a link", identifier=A)
    await browser.press("Go on", code="22222222")
    assert browser.status == 422
    assert 'aria-invalid="true"' in browser.text
    await browser.press("Go on", code=await code_to(hostile, A))
    assert COOKIE in browser.client.cookies


async def test_a_forgotten_password_is_chosen_anew(hostile: Hostile, browser: Visiting) -> None:
    await browser.open("/sign-in")
    await browser.open(f"{PAGE}/forgotten")
    await browser.press("Send me a link", identifier=A)
    await browser.press("Go on", code=await code_to(hostile, A))
    assert browser.path.startswith("/account/password")
    await browser.press("Set the password", new="another good one", again="another one")
    assert 'aria-describedby="password-again-error"' in browser.text
    await browser.press("Set the password", new="another good one", again="another good one")
    assert "Your new password is set." in browser.text


async def test_addresses_are_added_confirmed_made_main_and_removed(
    hostile: Hostile, browser: Visiting
) -> None:
    await sign_in(browser)
    await browser.open("/account")
    await browser.press("Add this address", email="alice@home.example")
    await browser.press("Confirm this address", code="22222222")
    assert browser.status == 422
    await browser.press("Confirm this address", code=await code_to(hostile, "alice@home.example"))
    assert "The address belongs to your account now." in browser.text
    await browser.press("Make alice@home.example the main one")
    assert "alice@home.example, your main address" in browser.text
    await browser.press("Make alice@example.edu the main one")
    await browser.press("Remove alice@home.example")
    assert "alice@home.example" not in browser.text
    await browser.press("Add this address", email="no address")
    assert browser.status == 422


async def test_sessions_are_seen_and_ended(hostile: Hostile, browser: Visiting) -> None:
    await hostile.session(hostile.world.alice)
    await hostile.session(hostile.world.alice)
    await sign_in(browser)
    await browser.open("/account")
    assert browser.text.count("End the session of") == 2
    await browser.press(re.findall(r"End the session of [^<]+", browser.text)[0])
    assert "The session has ended." in browser.text
    await browser.press("End all other sessions")
    assert "End the session of" not in browser.text


async def test_forms_of_the_account_are_not_sent_by_others(hostile: Hostile, browser: Visiting) -> None:
    await sign_in(browser)
    await browser.open("/account")
    _, hidden = browser.form("Add this address")
    for data, headers in (
        ({"email": "x@evil.example"}, {}),
        ({"email": "x@evil.example", "proof": "0" * 64}, {}),
        ({"email": "x@evil.example", **hidden}, {"Sec-Fetch-Site": "cross-site"}),
    ):
        answer = await browser.client.post("/account/address-add", data=data, headers=headers)
        assert answer.status_code == 422
    assert await hostile.letters("x@evil.example") == []


async def test_signing_out_wants_a_button_and_ends_the_session(hostile: Hostile, browser: Visiting) -> None:
    await sign_in(browser)
    token = browser.client.cookies[COOKIE]
    await browser.open("/sign-out")
    assert await identity_world.World(hostile.world.db, hostile.world.robot).who(token) is not None
    await browser.press("Sign out")
    assert await identity_world.World(hostile.world.db, hostile.world.robot).who(token) is None
    assert COOKIE not in browser.client.cookies


async def test_an_old_session_signs_in_again_and_goes_on(
    hostile: Hostile, browser: Visiting, clock: Clock
) -> None:
    """Pitfall 54."""
    await sign_in(browser)
    before = browser.client.cookies[COOKIE]
    clock.advance(hours=13)
    await browser.open("/account")
    await browser.press("Add this address", email="alice@home.example")
    assert browser.status == 401
    again = re.search(r'href="([^"]+)">Sign in again', browser.text)
    assert again
    await browser.open(again[1].replace("&amp;", "&"))
    assert f'value="{A}"' in browser.text
    await browser.press("Sign in with Password", identifier=A, password=PASSWORD)
    assert browser.path == "/account"
    assert browser.client.cookies[COOKIE] != before
    assert await identity_world.World(hostile.world.db, hostile.world.robot).who(before) is None
    assert browser.text.count("This session") == 1
    assert "End the session of" not in browser.text
    await browser.press("Add this address", email="alice@home.example")
    assert browser.status == 200


class TestSecondFactors:
    """An authenticator and a passkey on pages."""

    async def test_an_authenticator_is_set_up_and_asked_for(
        self, hostile: Hostile, browser: Visiting, clock: Clock
    ) -> None:
        await sign_in(browser)
        before = browser.client.cookies[COOKIE]
        secret, codes = await enrol(hostile, browser)
        assert browser.client.cookies[COOKIE] != before
        assert "My &lt;phone&gt;" in await browser.open("/account/second-factors")
        clock.advance(seconds=90)
        browser.client.cookies.clear()
        await sign_in(browser, "/sign-in?return_to=/account")
        assert COOKIE not in browser.client.cookies
        await browser.press("Go on", code="000000")
        assert browser.status == 422
        await browser.press("Go on", code=code_of(hostile, secret))
        assert browser.path == "/account"
        assert "and a second factor" in browser.text
        await browser.open("/account/second-factors")
        await browser.press("Make new recovery codes")
        assert codes[0] not in browser.text
        await browser.open("/account/second-factors")
        await browser.press("Remove My <phone>")
        assert "My &lt;phone&gt;" not in browser.text

    async def test_a_mailed_link_asks_for_it_too(
        self, hostile: Hostile, browser: Visiting, clock: Clock
    ) -> None:
        await sign_in(browser)
        secret, _ = await enrol(hostile, browser)
        clock.advance(seconds=90)
        browser.client.cookies.clear()
        await browser.open(f"/t/{await hostile.world.sign_in_link(A)}")
        await browser.press("Sign in")
        assert COOKIE not in browser.client.cookies
        await browser.press("Go on", code=code_of(hostile, secret))
        assert COOKIE in browser.client.cookies

    async def test_a_new_password_by_mail_is_chosen_behind_the_second_factor(
        self, hostile: Hostile, browser: Visiting, clock: Clock
    ) -> None:
        await sign_in(browser)
        secret, _ = await enrol(hostile, browser)
        clock.advance(seconds=90)
        browser.client.cookies.clear()
        await browser.open(f"/t/{await hostile.world.sign_in_link(A, is_reset=True)}")
        await browser.press("Set the password", password="another good one", again="another good one")
        assert COOKIE not in browser.client.cookies
        await browser.press("Go on", code=code_of(hostile, secret))
        assert browser.path.startswith("/account/password")

    async def test_whoever_needs_one_is_led_to_it_and_then_on(
        self, hostile: Hostile, browser: Visiting, mill: None
    ) -> None:
        await give_file(hostile, 'second_factor = "everybody"\n' + PASSWORD_TOO)
        await sign_in(browser, "/sign-in?return_to=/lists/welcome")
        assert browser.path.startswith("/account/second-factors")
        assert "you can only read" in browser.text
        await browser.open("/account")
        await browser.press("Add this address", email="x@home.example")
        assert browser.path == "/account/second-factors"
        await browser.open("/account/second-factors?return_to=/lists/welcome")
        await browser.press("Set up an authenticator")
        found = re.search(r"secret=([A-Z2-7]+)", browser.text)
        assert found
        await browser.press("Check the code", code=code_of(hostile, found[1]), label="")
        assert 'href="/lists/welcome"' in browser.text
        await browser.open("/account")
        await browser.press("Add this address", email="x@home.example")
        assert browser.status == 200

    async def test_a_passkey_is_made_and_used_under_a_policy_of_one_script(
        self, hostile: Hostile, browser: Visiting
    ) -> None:
        await sign_in(browser)
        await browser.open("/account/second-factors")
        await browser.press("Set up a passkey")
        passkey = SoftPasskey(BASE, HOST)
        await self.answer(browser, "Make the passkey", passkey.register, label="Key")
        assert len(re.findall(r"<code>", browser.text)) == 10
        browser.client.cookies.clear()
        await sign_in(browser)
        await self.answer(browser, "Use a passkey", passkey.sign)
        assert COOKIE in browser.client.cookies

    async def answer(self, browser: Visiting, button: str, ask: Callable[[str], str], **fields: str) -> None:
        """What the script does: answer the question of the page, and send the form."""
        assert browser.shown is not None
        policy = browser.shown.headers["content-security-policy"]
        assert policy.endswith("script-src 'self'")
        question = re.search(r'data-options="([^"]+)"', browser.text)
        assert question
        await browser.press(button, passkey=ask(unescape(question[1])), **fields)


class TestProviders:
    """Providers on the pages: their answer, the questions that stay open, and their absence."""

    async def come_back(self, browser: Visiting, paper: object) -> None:
        place = f"{PAGE}/mill/callback?state={browser.state()}"
        await browser.open(str(httpx.URL(place).copy_merge_params({"paper": json.dumps(paper)})))

    async def test_without_an_address_one_is_chosen_and_proved(
        self, hostile: Hostile, browser: Visiting, mill: None
    ) -> None:
        """Row 42."""
        await browser.open("/sign-in?return_to=/account")
        await browser.press("Sign in with The mill")
        await self.come_back(
            browser, {"subject": "s-carol", "addresses": [["c@x.example", True], ["c@y.example", True]]}
        )
        await browser.press("Go on", address="another address", other="no address")
        assert browser.status == 422
        await browser.press("Go on", address="c@x.example")
        await browser.press("Go on", code="22222222")
        assert browser.status == 422
        await browser.press("Go on", code=await code_to(hostile, "c@x.example"))
        assert browser.path == "/account"
        assert "c@x.example, your main address" in browser.text

    async def test_a_provider_is_linked_after_its_answer_was_shown_and_taken_away_again(
        self, hostile: Hostile, browser: Visiting, mill: None
    ) -> None:
        """Pitfall 6."""
        await sign_in(browser, "/sign-in?return_to=/account")
        await browser.press("Add The mill")
        await self.come_back(browser, ALICE)
        assert "alice@mill.example" in browser.text
        await browser.press("Go on")
        assert "You can sign in that way from now on." in browser.text
        await browser.press("Remove The mill")
        assert "You cannot sign in that way any more." in browser.text

    async def test_a_provider_that_is_away_is_told_and_the_others_still_let_in(
        self, hostile: Hostile, browser: Visiting, mill: None
    ) -> None:
        await give_file(hostile, with_settings("{is_away = true}"))
        await browser.open("/sign-in?return_to=/account")
        await browser.press("Sign in with The mill")
        assert browser.status == 503
        assert "does not answer at the moment" in browser.text
        await browser.press("Sign in with Password", identifier=A, password=PASSWORD)
        assert browser.path == "/account"

    async def test_of_several_organizations_one_is_found_and_chosen(
        self, hostile: Hostile, browser: Visiting, mill: None
    ) -> None:
        await give_file(hostile, with_settings('{knows = ["North", "South", "<b>East</b>"]}'))
        await browser.open("/sign-in?return_to=/account")
        await browser.press("Sign in with The mill")
        assert "South" in browser.text
        await browser.open(f"{PAGE}/mill/choose?q=NORTH&return_to=/account")
        assert "South" not in browser.text
        assert "No organization" in await browser.open(f"{PAGE}/mill/choose?q=xyz&return_to=/account")
        await browser.open(f"{PAGE}/mill/choose?q=&return_to=/account")
        await browser.press("South")
        assert browser.refresh.endswith("&organization=south"), browser.text
        await self.come_back(browser, ALICE)
        assert browser.path == "/account"

    @pytest.mark.parametrize("by_button", [False, True])
    async def test_signing_out_here_leads_to_signing_out_there(
        self, hostile: Hostile, browser: Visiting, mill: None, *, by_button: bool
    ) -> None:
        """Pitfall 13."""
        await browser.open("/sign-in")
        await browser.press("Sign in with The mill")
        await self.come_back(browser, ALICE)
        word = "true" if by_button else "false"
        out = f'{{signs_out_at = "https://mill.example/out", by_button = {word}}}'
        await give_file(hostile, with_settings(out))
        await browser.open("/sign-out")
        await browser.press("Sign out")
        assert COOKIE not in browser.client.cookies
        assert "You are signed out here." in browser.text
        assert browser.shown is not None
        if by_button:
            assert browser.form("Go on") == ("https://mill.example/out", {"subject": "s-alice"})
            policy = browser.shown.headers["content-security-policy"]
            assert "form-action 'self' https://mill.example;" in policy
        else:
            assert browser.refresh == "https://mill.example/out?subject=s-alice"

    async def test_what_cannot_be_believed_leads_back_to_the_ways_in(
        self, browser: Visiting, mill: None
    ) -> None:
        await browser.open(f"{PAGE}/mill/callback?state=x&paper=y")
        assert browser.status == 403
        assert f'href="{PAGE}"' in browser.text
        await browser.open("/sign-in?return_to=/lists/welcome")
        await browser.press("Sign in with The mill")
        await browser.open(f"{PAGE}/mill/callback?state={browser.state()}")
        assert browser.status == 403
        assert f'href="{PAGE}?return_to=/lists/welcome"' in browser.text


async def test_no_credentials_are_taken_in_the_clear(hostile: Hostile, browser: Visiting) -> None:
    """Row 39."""
    await sign_in(browser)
    token = browser.client.cookies[COOKIE]
    clear = f"http://{HOST}"
    for path in (
        PAGE,
        f"{PAGE}/step",
        "/account/address-add",
        "/account/second-factors/confirm",
        "/sign-out",
    ):
        answer = await hostile.browser.post(f"{clear}{path}", data={"identifier": A, "password": PASSWORD})
        assert answer.status_code == 400
    for path in ("/account", "/account/second-factors", "/sign-out"):
        answer = await hostile.browser.get(f"{clear}{path}", headers={"Cookie": f"{COOKIE}={token}"})
        assert answer.status_code == 400
        assert A not in answer.text
