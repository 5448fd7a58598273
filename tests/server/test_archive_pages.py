"""Archives in the browser: only for whom the list's scenario lets in, and never as live markup."""

from server.asking import COOKIE
from storage import archived
from storage.keyset import Window
from tests.server.pages_world import World

HOSTILE = "<script>alert(1)</script>"


async def _message(world: World) -> str:
    code = await world.mail_in("welcome@lists.example.test", "alice@example.edu", HOSTILE, HOSTILE)
    assert code == 250
    async with world.db.read() as reader:
        [row] = (await archived.page(reader, world.welcome.id, Window(1))).rows
    return f"/lists/welcome/archive/{row.archive_key}"


async def test_a_member_reads_a_message_as_text_and_downloads_it_as_it_came(pages: World) -> None:
    link = await _message(pages)
    pages.browser.cookies.set(COOKIE, await pages.session(pages.alice))
    shown = await pages.browser.get(link)
    assert shown.status_code == 200
    assert HOSTILE not in shown.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown.text
    raw = await pages.browser.get(f"{link}/raw")
    assert raw.content.startswith(b"From: alice@example.edu\r\n")
    assert raw.headers["content-disposition"].startswith("attachment;")
    assert raw.headers["content-type"] == "application/octet-stream"
    assert link in (await pages.browser.get("/lists/welcome/archive")).text


async def test_what_is_hidden_looks_like_what_is_not_there(pages: World) -> None:
    link = await _message(pages)
    hidden = await pages.browser.get(link)
    for path in (
        "/lists/welcome/archive/no-such-key",
        "/lists/no-such-list/archive/x",
        "/lists/welcome/archive",
        f"{link}/raw",
    ):
        absent = await pages.browser.get(path)
        assert (absent.status_code, absent.text) == (hidden.status_code, hidden.text) == (404, hidden.text)


async def test_a_message_of_another_list_is_not_shown_under_this_one(pages: World) -> None:
    link = await _message(pages)
    pages.browser.cookies.set(COOKIE, await pages.session(pages.alice))
    assert (await pages.browser.get(link.replace("welcome", "announce"))).status_code == 404


async def test_a_list_says_what_it_is_about(pages: World) -> None:
    shown = (await pages.browser.get("/lists/welcome")).text
    assert "Say hello" in shown
    assert "welcome-subscribe@lists.example.test" in shown


async def test_a_place_that_no_page_gave_shows_nothing(pages: World) -> None:
    pages.browser.cookies.set(COOKIE, await pages.session(pages.alice))
    assert (await pages.browser.get("/lists/welcome/archive?after=1' or 1")).status_code == 404
