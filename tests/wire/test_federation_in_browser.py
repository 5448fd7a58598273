"""One person, three servers and a hostile one in a real browser: the view fills in, and consent is given by the mailed link."""

import os
import re
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.databases import free_port
from tests.wire.chromium import FLAGS, program
from tests.wire.for_everybody import is_for_everybody, page_with_axe
from tests.wire.postroom import PROGRAM

pytestmark = pytest.mark.system

ADA = "ada@example.edu"
UNIVERSITY, ASSOCIATION, CHOIR, LIAR = (f"127.0.0.{n}" for n in range(1, 5))


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Where the demo of four servers answers."""
    port, log = free_port(), tmp_path / "demo.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [PROGRAM, "demo-federation", "--port", str(port)],
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env=os.environ | {"TMPDIR": str(tmp_path)},
        )
    assert process.stdout is not None
    try:
        assert any("Ctrl-C ends" in line for line in process.stdout), log.read_text()[-3000:]
        yield port
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(30)
        process.stdout.close()
    assert code == 0, log.read_text()[-3000:]
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith("postroom-federation-")] == []


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A page of a fresh Chromium; no script may complain, and nothing may be asked of anybody else."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=program(), args=FLAGS)
        opened = await browser.new_page(viewport={"width": 1200, "height": 900})
        complaints: list[str] = []
        opened.on("pageerror", lambda problem: complaints.append(str(problem)))
        opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        opened.on(
            "request", lambda asked: None if "://127.0.0." in asked.url else complaints.append(asked.url)
        )
        yield opened
        await browser.close()
    assert complaints == []


async def shows(page: Page, server: str, status: str, *words: str) -> None:
    row = page.locator(f"#servers tr[data-server^='{server}']")
    await expect(row).to_have_attribute("data-status", status, timeout=15_000)
    for each in words:
        await expect(row).to_contain_text(each)


@pytest.mark.timeout(180)
async def test_the_view_fills_in_and_a_mailed_link_adds_the_server_that_asked_first(
    port: int, page: Page
) -> None:
    home = f"http://{UNIVERSITY}:{port}"
    await page.goto(f"{home}/playground/everywhere")
    await page.get_by_role("button", name=ADA).click()
    await shows(page, "lists.university.example", "here", "seminar@lists.university.example")
    await shows(
        page, ASSOCIATION, "OK", "board@lists.association.example", "members@lists.association.example"
    )
    await shows(page, LIAR, "INVALID_RESPONSE", "not believed")
    await shows(page, CHOIR, "OK", "Nothing, or nothing that it may tell")
    # What a server that was taken over says is nowhere on the page.
    await expect(page.locator("#servers")).not_to_contain_text("urgent@")
    await agree_by_mail(page, home)
    await page.goto(f"{home}/playground/everywhere")
    # The page of the account asked it already.
    await shows(page, CHOIR, "CACHED", "altos@lists.choir.example", "tour@lists.choir.example")
    await shows(page, ASSOCIATION, "CACHED", "board@lists.association.example")
    await shows(page, LIAR, "CIRCUIT_OPEN", "left alone")


async def agree_by_mail(page: Page, home: str) -> None:
    """Read the mail, follow its link to the server that asks, say yes there, and hand its token over here."""
    await page.goto(f"{home}/playground/mailbox?to={ADA}")
    await page.get_by_role("button", name=re.compile("lists")).first.click()
    link = page.locator("#letter .text a").first
    await expect(link).to_have_attribute("href", re.compile(rf"^http://{re.escape(CHOIR)}:"))
    await link.click()
    await expect(page.locator("body")).to_contain_text("altos@lists.choir.example", timeout=15_000)
    await page.locator("button[name=act][value=yes]").click()
    handover = page.locator("a[href*='/federation/consent#']")
    await handover.click(timeout=15_000)
    await page.wait_for_url(re.compile(rf"^{re.escape(home)}/federation/consent"))
    # The page's own script has taken the token out of the address and into the form.
    await expect(page.get_by_label(re.compile("link", re.IGNORECASE))).to_have_value(re.compile("token="))
    assert "token" not in page.url
    await page.get_by_role("button", name="Keep it").click()
    await expect(page.locator("body")).to_contain_text("This server can show there now")


@pytest.mark.timeout(180)
async def test_every_page_about_other_servers_is_for_everybody(port: int) -> None:
    home = f"http://{UNIVERSITY}:{port}"
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=program(), args=FLAGS)
        page = await page_with_axe(browser)
        await check_ones_own(page, home)
        await check_as_administrator(page, home)
        await browser.close()


async def check_ones_own(page: Page, home: str) -> None:
    """What Ada sees of other servers, in her account and behind the mailed question."""
    await page.goto(f"{home}/playground/everywhere")
    await expect(page.get_by_role("button", name=ADA)).to_be_visible()
    await is_for_everybody(page)
    await page.get_by_role("button", name=ADA).click()
    await shows(page, CHOIR, "OK")
    await shows(page, LIAR, "INVALID_RESPONSE")
    await is_for_everybody(page)
    await fits_a_phone(page)
    for path in ("/account", "/account/other-servers", "/federation/consent"):
        await page.goto(f"{home}{path}")
        await is_for_everybody(page)
        await fits_a_phone(page)
    await page.get_by_label(re.compile("link", re.IGNORECASE)).fill("nothing of the kind")
    await page.get_by_role("button", name="Keep it").click()
    await expect(page.locator("body")).to_contain_text("not the whole link")
    await is_for_everybody(page)
    await page.goto(f"{home}/playground/mailbox?to={ADA}")
    await page.get_by_role("button", name=re.compile("lists")).first.click()
    await page.locator("#letter .text a").first.click()
    await expect(page.locator("button[name=act][value=yes]")).to_be_visible(timeout=15_000)
    await is_for_everybody(page)
    await page.locator("button[name=act][value=yes]").click()
    await expect(page.locator("a[href*='/federation/consent#']")).to_be_visible(timeout=15_000)
    await is_for_everybody(page)
    await page.goto(f"{home}/account/other-servers")
    await page.locator("#incoming-all_trusted").check()
    await page.get_by_role("button", name="Keep this").click()
    await expect(page.locator("body")).to_contain_text("is kept, and holds", timeout=15_000)
    await is_for_everybody(page)
    await page.get_by_role("button", name=re.compile("show that it is you")).first.click()
    await expect(page.get_by_role("link", name="Go on at the other server")).to_be_visible()
    await is_for_everybody(page)
    await page.goto(f"{home}/playground/peers")
    await is_for_everybody(page)


async def check_as_administrator(page: Page, home: str) -> None:
    """How the servers do, and their picture."""
    await page.goto(f"{home}/playground/everywhere")
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("button", name="listmaster@").click()
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    await page.goto(f"{home}/playground/peers")
    await expect(page.locator("svg.peers")).to_be_visible()
    await is_for_everybody(page)
    await fits_a_phone(page)


async def fits_a_phone(page: Page) -> None:
    """Nothing has to be pushed sideways but what scrolls by itself."""
    await page.set_viewport_size({"width": 360, "height": 640})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360, page.url
    await page.set_viewport_size({"width": 1200, "height": 900})
