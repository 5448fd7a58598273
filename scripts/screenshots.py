"""Makes the pictures of docs/images/ from a demo of its own: `.venv/bin/python -m scripts.screenshots` (wants Chromium)."""

import asyncio
import contextlib
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
from playwright.async_api import Page, async_playwright

from playground.demo import run_demo
from playground.demo_world import ALICE, CAROL, DOMAIN
from server.settings import load_settings
from tests.databases import free_port

IMAGES = Path(__file__).parent.parent / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
WIDTH = 1200
_LINK = re.compile(r"^http\S+/t/\S+$", re.MULTILINE)
_WHY = re.compile(r"^Why: (http\S+/decisions/\S+)$", re.MULTILINE)


async def main() -> None:
    """Start a demo on free ports, take every picture, stop it."""
    with tempfile.TemporaryDirectory(prefix="screenshots-") as place:
        async with demo(Path(place)) as url, browser() as page:
            await first_page(page, url)
            await an_example(page, url)
            await the_mailbox(page, url)
            await a_ticket(page, url)
            await a_decision(page, url)
            await the_account(page, url)


@contextlib.asynccontextmanager
async def demo(place: Path) -> AsyncIterator[str]:
    """The demo in this process; yields its address when it answers and its first mails are out."""
    settings = load_settings(
        data_dir=place, http_port=free_port(), lmtp_port=free_port(), mail_hostname=DOMAIN
    )
    stop = asyncio.Event()
    running = asyncio.create_task(run_demo(settings, stop))
    try:
        async with asyncio.timeout(60):
            while not await letters(settings.public_url, CAROL) or not await letters(
                settings.public_url, ALICE
            ):
                await asyncio.sleep(0.1)
        yield settings.public_url
    finally:
        stop.set()
        await running


async def letters(url: str, to: str) -> list[str]:
    """The mails to an address, newest last; none while nobody answers."""
    async with httpx.AsyncClient(base_url=url) as client:
        try:
            found = (await client.get("/playground/mailbox.json", params={"to": to})).json()
        except httpx.TransportError:
            return []
    return [str(each["raw"]) for each in found]


@contextlib.asynccontextmanager
async def browser() -> AsyncIterator[Page]:
    """A window of Chromium."""
    async with async_playwright() as playwright:
        program = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield await program.new_page(viewport={"width": WIDTH, "height": 800})
        await program.close()


async def taken(page: Page, name: str) -> None:
    """Keep what the window shows."""
    await page.screenshot(path=IMAGES / f"{name}.png", animations="disabled", caret="hide")


async def first_page(page: Page, url: str) -> None:
    """What a newcomer sees."""
    await page.goto(url)
    await taken(page, "front")


async def an_example(page: Page, url: str) -> None:
    """The playground with an example that was run by the one whom it is for."""
    await page.goto(f"{url}/playground")
    await page.locator(f"[data-email='{CAROL}']").click()
    await page.get_by_text(f"Signed in as {CAROL}").wait_for()
    await page.click("[data-name='41-moderation-queue']")
    # The editor learns the name of the operation a moment after its text.
    await page.locator(".graphiql-tab-button").get_by_text("ModerationQueue").wait_for()
    await page.wait_for_timeout(500)
    await page.get_by_label("Execute query").click()
    await page.locator(".graphiql-response").get_by_text("flamingo").wait_for()
    await taken(page, "playground")


async def the_mailbox(page: Page, url: str) -> None:
    """A message of the list as it left."""
    await page.goto(f"{url}/playground/mailbox")
    await page.get_by_role("button", name="Hello everybody").first.click()
    await page.locator("#letter .text").get_by_text("Curiouser").wait_for()
    await taken(page, "mailbox")


async def a_ticket(page: Page, url: str) -> None:
    """The page on which a moderator decides."""
    await page.goto(await linked(url, _LINK))
    await page.get_by_role("button", name="Approve").wait_for()
    await page.set_viewport_size({"width": WIDTH, "height": 600})
    await taken(page, "moderation")


async def a_decision(page: Page, url: str) -> None:
    """The page that says why a message waits, as the one who runs the list sees it."""
    await page.goto(await linked(url, _WHY))
    await page.get_by_text("The rules that were tried").wait_for()
    await page.set_viewport_size({"width": WIDTH, "height": 1000})
    await taken(page, "decision")


async def the_account(page: Page, url: str) -> None:
    """What somebody sees of their own account, after having come in by the page of ways in."""
    await page.goto(f"{url}/sign-in?return_to=/account")
    await page.set_viewport_size({"width": WIDTH, "height": 760})
    await taken(page, "sign-in")
    await page.get_by_label("Mail address").first.fill(ALICE)
    await page.get_by_label("Password").fill("demo")
    await page.get_by_role("button", name="Sign in with Password").click()
    await page.get_by_role("heading", name="Your account").wait_for()
    await page.set_viewport_size({"width": WIDTH, "height": 1000})
    await taken(page, "account")


async def linked(url: str, pattern: re.Pattern[str]) -> str:
    """The link that the mail to the moderator holds."""
    waiting = next(raw for raw in await letters(url, CAROL) if "Held by:" in raw)
    link = pattern.search(waiting.replace("\r", ""))
    if link is None:
        raise LookupError("the mail to the moderator has no such link")
    return link[link.re.groups]


if __name__ == "__main__":
    asyncio.run(main())
