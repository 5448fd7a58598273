"""The playground and the mailbox in a real Chromium: nothing from outside, and mail appears by itself."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Page, Request, Route, async_playwright
from starlette.applications import Starlette

from playground.app import playground_routes
from playground.mailbox import Mailbox
from tests.wire.chromium import FLAGS, program

pytestmark = pytest.mark.system


@dataclass
class Opened:
    """A browser page, where the site is, its mailbox, and what went wrong or elsewhere so far."""

    page: Page
    url: str
    mailbox: Mailbox
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


@pytest.fixture
async def site() -> AsyncIterator[tuple[str, Mailbox]]:
    """The playground's routes on a free loopback port."""
    mailbox = Mailbox()
    routes = playground_routes(
        version="1", robot="lists.example.org", docs_folder=Path("docs"), mailbox=mailbox
    )
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), port=0, log_level="error"))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}", mailbox
    server.should_exit = True
    await running


@pytest.fixture
async def opened(site: tuple[str, Mailbox]) -> AsyncIterator[Opened]:
    """Chromium with an empty page."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program(), args=FLAGS)
        page = await browser.new_page()
        found = Opened(page, *site)

        async def refuse(route: Route, request: Request) -> None:
            if request.url.startswith((found.url, "data:")):
                await route.continue_()
            else:
                found.elsewhere.append(request.url)
                await route.abort()

        await page.route("**/*", refuse)
        page.on("console", lambda message: found.complaints.append(message.text))
        page.on("pageerror", lambda problem: found.complaints.append(str(problem)))
        yield found
        await browser.close()


async def test_the_editor_opens_under_the_policy_and_asks_nobody_else(opened: Opened) -> None:
    await opened.page.goto(f"{opened.url}/playground")
    await opened.page.click("[data-name='11-one-list']")
    editor = opened.page.locator(".graphiql-query-editor .CodeMirror-code")
    await editor.get_by_text("viewerPermissions").wait_for()
    assert opened.elsewhere == []
    # This site has no /graphql, so the failed request itself is told; nothing else may be.
    assert [text for text in opened.complaints if "404" not in text] == []


async def test_what_an_example_needs_is_in_sight_beside_the_last_of_them_too(opened: Opened) -> None:
    await opened.page.goto(f"{opened.url}/playground")
    await opened.page.click("[data-name='52-decisions']")
    hint = opened.page.locator("#example-hint")
    await hint.get_by_text("Sign in as carol@example.edu first.").wait_for()
    box = await hint.bounding_box()
    assert box is not None
    assert 0 <= box["y"] <= 700


async def test_mail_appears_in_the_open_page_by_itself(opened: Opened) -> None:
    await opened.page.goto(f"{opened.url}/playground/mailbox")
    await opened.page.get_by_text("0 messages").wait_for()
    opened.mailbox.accept("a@x.org", ("bob@x.org",), b"Subject: good news\r\n\r\nx\r\n")
    await opened.page.get_by_role("button", name="good news").wait_for()
    assert opened.complaints == []


async def test_a_message_is_shown_as_text_with_links_that_can_be_followed(opened: Opened) -> None:
    body = b"Go to https://lists.example.org/t/a1?b=2. <img src=x onerror=alert(1)>\r\n"
    opened.mailbox.accept("a@x.org", ("bob@x.org",), b"Subject: <b>bold</b>\r\n\r\n" + body)
    await opened.page.goto(f"{opened.url}/playground/mailbox?to=bob@x.org")
    await opened.page.get_by_role("button", name="<b>bold</b>").click()
    link = opened.page.locator("#letter a")
    assert await link.get_attribute("href") == "https://lists.example.org/t/a1?b=2"
    assert "<img src=x" in await opened.page.locator("#letter .text").inner_text()
    assert await opened.page.locator("#letter img").count() == 0
    assert opened.complaints == []


async def test_the_mailbox_fits_a_phone(opened: Opened) -> None:
    opened.mailbox.accept("a@x.org", ("a" * 60 + "@x.org",), b"Subject: " + b"x" * 200 + b"\r\n\r\ny\r\n")
    await opened.page.set_viewport_size({"width": 360, "height": 640})
    for path in ("/", "/playground", "/playground/mailbox", "/docs"):
        await opened.page.goto(opened.url + path)
        await opened.page.wait_for_timeout(200)
        width = await opened.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, path
