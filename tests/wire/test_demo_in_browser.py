"""A newcomer's first minutes in a real browser: one command, one click to sign in, a list joined, a mail received."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.databases import free_port
from tests.wire.chromium import FLAGS, program
from tests.wire.postroom import served

pytestmark = pytest.mark.system


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A page of a fresh Chromium, which fails the test when it asks for anything from elsewhere."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=program(), args=FLAGS)
        opened = await browser.new_page(viewport={"width": 1400, "height": 900})
        elsewhere: list[str] = []
        opened.on(
            "request", lambda asked: elsewhere.append(asked.url) if "127.0.0.1" not in asked.url else None
        )
        yield opened
        await browser.close()
    assert [url for url in elsewhere if not url.startswith(("data:", "blob:"))] == []


async def run(page: Page, example: str) -> None:
    """Choose an example, sign in as the one whom it is for, and press run at once."""
    await page.get_by_role("button", name=example).first.click()
    sign_in = page.get_by_role("button", name="Sign in as")
    if await sign_in.count():
        await sign_in.first.click()
        await expect(sign_in).to_have_count(0)
    await page.locator("button.graphiql-execute-button").click()


async def answers(page: Page, text: str) -> None:
    await expect(page.locator(".result-window")).to_contain_text(text, timeout=10_000)


async def test_a_newcomer_joins_posts_moderates_and_sees_the_mail(tmp_path: Path, page: Page) -> None:
    with served(tmp_path, smtp_port=free_port(), role="demo") as demo:
        await page.goto(f"{demo.url}/playground")
        await run(page, 'Join the list "welcome"')
        await answers(page, "bob@example.edu")
        await answers(page, "ALLOW")
        await run(page, 'Post a message to "announce"')
        await answers(page, "HOLD_FOR_MODERATOR")
        await run(page, "Approve the first message of the queue")
        await answers(page, "decided")
        await run(page, "Watch a delivery live")
        await answers(page, '"isFinal": true')
        await page.goto(f"{demo.url}/playground/mailbox")
        await expect(page.get_by_text("Welcome to welcome").first).to_be_visible(timeout=10_000)
        await expect(page.get_by_text("Croquet on Sunday").first).to_be_visible(timeout=10_000)
