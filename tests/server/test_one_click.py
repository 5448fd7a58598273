"""One-click unsubscription: at once by POST, never by GET, and no answer says whether a token was good."""

from lists.one_click import token
from storage import memberships
from tests.server.pages_world import World

FORM = {"List-Unsubscribe": "One-Click"}


async def _link(world: World) -> str:
    async with world.db.read() as reader:
        [member] = [each async for each in memberships.whole_list(reader, world.welcome.id)]
    return f"/u/{token(world.db.site, world.welcome.id, member.id)}"


async def test_the_mail_programs_post_unsubscribes_without_cookie_or_redirect(pages: World) -> None:
    answer = await pages.browser.post(await _link(pages), data=FORM)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert await pages.members(pages.welcome) == []


async def test_a_form_in_parts_is_understood_too(pages: World) -> None:
    answer = await pages.browser.post(await _link(pages), files={"List-Unsubscribe": (None, "One-Click")})
    assert answer.status_code == 200
    assert await pages.members(pages.welcome) == []


async def test_opening_the_link_changes_nothing_and_shows_a_button(pages: World) -> None:
    """Pitfall 44."""
    link = await _link(pages)
    for _ in range(10):
        shown = await pages.browser.get(link)
        await pages.browser.head(link)
    assert '<form method="post">' in shown.text
    assert await pages.members(pages.welcome) == ["alice@example.edu"]


async def test_a_post_without_the_words_changes_nothing(pages: World) -> None:
    assert (await pages.browser.post(await _link(pages), data={"a": "b"})).status_code == 400
    assert await pages.members(pages.welcome) == ["alice@example.edu"]


async def test_good_spent_and_made_up_tokens_get_one_answer(pages: World) -> None:
    """Pitfall 47."""
    link = await _link(pages)
    answers = [await pages.browser.post(path, data=FORM) for path in (link, link, "/u/made-up")]
    assert len({(answer.status_code, answer.text) for answer in answers}) == 1
