"""Whether a page in Chromium is for everybody, by the rules of axe."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

AXE = Path(__file__).parent / "axe" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]


async def page_with_axe(browser: Browser) -> Page:
    """A fresh page that can say what axe finds; skips the test where axe is not installed, unless every test is asked for."""
    if not AXE.is_file():
        if os.environ.get("REQUIRE_EVERY_TEST"):
            pytest.fail("axe is missing: make setup-test")
        pytest.skip("needs axe: make setup-test")
    # Our own policy would let axe do nothing; what it says of scripts is tried where pages are walked without it.
    context = await browser.new_context(bypass_csp=True)
    await context.add_init_script(path=AXE)
    return await context.new_page()


async def is_for_everybody(page: Page) -> None:
    """No rule of WCAG 2.2 AA that a program can check is broken here, by day or by night."""
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        found: Any = await page.evaluate(f"axe.run(document, {{runOnly: {RULES}}})")
        broken = {each["id"]: [node["html"] for node in each["nodes"]] for each in found["violations"]}
        assert broken == {}, (page.url, scheme)
