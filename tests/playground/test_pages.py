"""The pages say what they should, and nothing in them comes from outside or runs inline."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from httpx import AsyncClient

from playground.app import STATIC

PAGES = ["/", "/playground", "/playground/mailbox", "/docs", "/docs/start.md", "/docs/nothing.md"]
OWN_FILES = [path for path in STATIC.iterdir() if path.suffix in {".css", ".js", ".svg"}]


class _References(HTMLParser):
    """What a page loads, links and runs."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.inline: list[str] = []
        self.labelled: set[str] = set()
        self.fields: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.loaded += [value for name, value in attrs if name in {"src", "href", "action"} and value]
        self.inline += [name for name, _ in attrs if name == "style" or name.startswith("on")]
        if tag == "script" and "src" not in found:
            self.inline.append("script")
        if tag == "style":
            self.inline.append("style")


def _references(html: str) -> _References:
    parser = _References()
    parser.feed(html)
    return parser


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_is_under_the_strict_policy(browser: AsyncClient, path: str) -> None:
    headers = (await browser.get(path)).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_loads_only_from_this_server_and_runs_nothing_inline(
    browser: AsyncClient, path: str
) -> None:
    found = _references((await browser.get(path)).text)
    assert found.inline == []
    assert found.loaded
    assert [url for url in found.loaded if not re.match(r"/(?!/)|#|\.\./", url)] == []


async def test_everything_a_page_loads_is_there(browser: AsyncClient) -> None:
    for path in PAGES[:3]:
        for url in _references((await browser.get(path)).text).loaded:
            if url.startswith("/playground/static/"):
                answer = await browser.get(url)
                assert answer.status_code == 200, url
                assert "content-security-policy" in answer.headers


@pytest.mark.parametrize("path", OWN_FILES, ids=lambda path: path.name)
def test_our_own_files_name_no_other_host(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"(https?:)?//[a-z0-9-]+\.[a-z]", text, re.IGNORECASE)
    assert "@import" not in text


@pytest.mark.parametrize(
    "path", [path for path in OWN_FILES if path.suffix == ".js"], ids=lambda path: path.name
)
def test_what_a_script_imports_lies_beside_it(path: Path) -> None:
    for name in re.findall(r'^import .* from "(.+)";$', path.read_text(encoding="utf-8"), re.MULTILINE):
        assert (STATIC / name).is_file()


@pytest.mark.parametrize(
    "path", [path for path in OWN_FILES if path.suffix == ".js"], ids=lambda path: path.name
)
def test_a_script_never_makes_html_out_of_text(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text)


async def test_the_front_page_tells_where_to_begin_and_as_whom(browser: AsyncClient) -> None:
    text = (await browser.get("/")).text
    for expected in (
        "lists.example.org",
        "1.2.3",
        "alice@example.edu",
        "<code>demo</code>",
        "http://lists.test/graphql",
    ):
        assert expected in text
    for link in ("/playground", "/playground/mailbox", "/docs", "/metrics", "/healthz"):
        assert f'href="{link}"' in text


async def test_words_about_people_are_escaped(browser: AsyncClient) -> None:
    for path in ("/", "/playground"):
        text = (await browser.get(path)).text
        assert "a member &amp; &quot;more&quot;" in text


async def test_a_host_name_cannot_bring_html_into_the_front_page(browser: AsyncClient) -> None:
    answer = await browser.get("/", headers={"host": "<b>x</b>"})
    assert "<b>" not in answer.text


async def test_without_a_demo_no_password_and_no_mailbox_is_shown(visitor: AsyncClient) -> None:
    for path in ("/", "/playground", "/docs"):
        text = (await visitor.get(path)).text
        assert "demo" not in text.replace("demo people", "")
        assert "/playground/mailbox" not in text
    assert (await visitor.get("/playground/mailbox")).status_code == 404
    assert (await visitor.get("/playground/mailbox.json")).status_code == 404


async def test_files_outside_the_static_folder_cannot_be_fetched(browser: AsyncClient) -> None:
    assert (await browser.get("/playground/static/..%2fapp.py")).status_code == 404
