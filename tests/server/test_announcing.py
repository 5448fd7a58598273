"""News of commits reaches whoever listens in this process, and waits in the tray for the others."""

import asyncio

from server.announcing import Announcer
from server.redis_link import deserialize, serialize


async def test_a_listener_gets_a_turn_for_its_own_news_only() -> None:
    announcer = Announcer()
    heard: list[str] = []

    async def listen(what: str) -> None:
        async for _ in announcer.listen(what, look_every=60):
            heard.append(what)  # noqa: PERF401 (it never ends)

    tasks = [asyncio.create_task(listen(what)) for what in ("deliver", "moderation")]
    await asyncio.sleep(0)
    await announcer.announce("deliver")
    await asyncio.sleep(0.01)
    assert heard == ["deliver"]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_listener_looks_for_itself_when_there_is_no_news() -> None:
    turns = 0
    async for _ in Announcer().listen("deliver", look_every=0.01):
        turns += 1
        if turns == 3:
            break
    assert turns == 3


async def test_news_wait_in_the_tray_once_however_often_they_are_told() -> None:
    announcer = Announcer()
    for _ in range(5):
        await announcer.announce("deliver")
    assert announcer.tray == {"deliver"}
    assert announcer.has_news.is_set()


def test_jobs_travel_as_json_and_never_as_pickles() -> None:
    job = {"t": None, "f": "deliver", "a": (), "k": {}, "et": 1}
    assert serialize(job).startswith(b"{")
    assert deserialize(serialize(job))["f"] == "deliver"
    assert b"boom" in serialize({"r": RuntimeError("boom")})
