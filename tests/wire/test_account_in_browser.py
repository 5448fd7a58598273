"""The pages of signing in and of the account in Chromium: for everybody by axe's rules, and a passkey that its own program makes."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright

from tests.databases import free_port
from tests.wire.chromium import FLAGS, program
from tests.wire.for_everybody import is_for_everybody, page_with_axe
from tests.wire.postroom import Running, served

pytestmark = pytest.mark.system

DOMAIN, EMAIL, PASSWORD = "lists.example.org", "alice@example.edu", "correct horse battery"
# What a passkey's own program would be, without a finger to put on it.
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
FILE = """
[[provider]]
key = "password"
kind = "password"
label = "Password"

[[provider]]
key = "campus"
kind = "oidc"
label = "The campus"
[provider.settings]
issuer = "https://id.example.org"
client_id = "postroom"
client_secret = "env:SECRET"

[[provider]]
key = "ticket"
kind = "ticket"
"""


@dataclass
class Seen:
    """A browser page, and where the server is."""

    page: Page
    url: str

    async def is_for_everybody(self) -> None:
        """No rule of axe is broken here."""
        await is_for_everybody(self.page)

    async def press(self, label: str) -> None:
        """Press a button, and wait for what comes."""
        await self.page.get_by_role("button", name=label, exact=True).click()
        await self.page.wait_for_load_state()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server at localhost, which browsers take for safe, with Alice in it."""
    place = tmp_path_factory.mktemp("account")
    os.environ["SECRET"] = "not asked in these tests"
    with served(place, smtp_port=free_port()) as running:
        running.command("robot", "create", DOMAIN, "--public-url", url_of(running))
        running.command("person", "create", EMAIL, "--password-stdin", given=f"{PASSWORD}\n")
        file = place / "providers.toml"
        file.write_text(FILE)
        running.command("provider", "set", DOMAIN, str(file))
        yield running


def url_of(server: Running) -> str:
    """The server under a name, since an address in numbers has no passkeys."""
    return server.url.replace("127.0.0.1", "localhost")


@asynccontextmanager
async def chromium(server: Running) -> AsyncIterator[Seen]:
    """A page that can say what axe finds."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=program(), args=FLAGS)
        yield Seen(await page_with_axe(browser), url_of(server))
        await browser.close()


async def test_every_page_of_signing_in_and_of_the_account_is_for_everybody(server: Running) -> None:
    async with chromium(server) as seen:
        page = seen.page
        await page.goto(f"{seen.url}/")
        await page.get_by_role("link", name="Sign in", exact=True).click()
        await seen.is_for_everybody()
        await page.get_by_role("link", name="Forgotten your password?").click()
        await seen.is_for_everybody()
        await page.goto(f"{seen.url}/sign-in?return_to=/account")
        await page.locator("#password-identifier").fill(EMAIL)
        await page.locator("#password-password").fill("not it at all")
        await seen.press("Sign in with Password")
        await seen.is_for_everybody()
        assert await page.locator("#password-password").evaluate("each => each === document.activeElement")
        await page.locator("#ticket-identifier").fill(EMAIL)
        await seen.press("Send me a link")
        await seen.is_for_everybody()
        await page.goto(f"{seen.url}/sign-in?return_to=/account")
        await page.locator("#password-identifier").fill(EMAIL)
        await page.locator("#password-password").fill(PASSWORD)
        await seen.press("Sign in with Password")
        assert page.url == f"{seen.url}/account"
        for path in ("/account", "/account/second-factors", "/account/password", "/sign-out"):
            await page.goto(f"{seen.url}{path}")
            await seen.is_for_everybody()
        await page.goto(f"{seen.url}/account/second-factors")
        await seen.press("Set up an authenticator")
        await seen.is_for_everybody()
        await page.goto(f"{seen.url}/account")
        await page.locator("#add-email").fill("more@example.edu")
        await seen.press("Add this address")
        await seen.is_for_everybody()
        await page.goto(f"{seen.url}/")
        assert EMAIL in await page.locator("main").inner_text()
        await seen.is_for_everybody()


async def test_a_passkey_of_the_browsers_own_is_made_and_asked_for(server: Running) -> None:
    """The one script that we have, under its policy, with what Chromium has for a security key."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=program(), args=FLAGS)
        context = await browser.new_context()
        page = await context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda problem: complaints.append(str(problem)))
        devtools = await context.new_cdp_session(page)
        await devtools.send("WebAuthn.enable")
        await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        seen = Seen(page, url_of(server))
        await _sign_in(seen)
        await page.goto(f"{seen.url}/account/second-factors")
        await seen.press("Set up a passkey")
        await page.get_by_label("Your name for it").fill("Chromium's")
        await page.get_by_role("button", name="Make the passkey").click()
        await page.get_by_role("heading", name="Your recovery codes").wait_for()
        await context.clear_cookies()
        await _sign_in(seen)
        await page.get_by_role("button", name="Use a passkey").click()
        await page.wait_for_url(f"{seen.url}/account")
        assert "and a second factor" in await page.locator("main").inner_text()
        assert complaints == []
        await page.goto(f"{seen.url}/account/second-factors")
        await seen.press("Remove Chromium's")
        await browser.close()


async def _sign_in(seen: Seen) -> None:
    await seen.page.goto(f"{seen.url}/sign-in?return_to=/account")
    await seen.page.locator("#password-identifier").fill(EMAIL)
    await seen.page.locator("#password-password").fill(PASSWORD)
    await seen.press("Sign in with Password")
