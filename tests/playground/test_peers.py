"""The page of other servers: a table and a picture for administrators, a sentence for everybody else."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient

from federation import told
from federation.circuits import circuits_of
from identity.actor import operator
from lists import roles
from playground.peer_picture import Neighbour, picture
from playground.serving import pages
from server.app import web_application
from storage import peers
from storage.database import Database
from storage.tables.words import PeerTrust
from tests.federation.other_server import OtherServer, known
from tests.journeys.readable import problems
from tests.server.pages_world import BASE, World, cookie, world_of


@pytest.fixture
async def world(sqlite: Database, tmp_path: Path, sqlite_template: Path) -> AsyncIterator[World]:
    async with world_of(sqlite, f"sqlite+aiosqlite:///{sqlite_template}", tmp_path) as made:
        yield made


async def shown(world: World, token: str | None) -> tuple[int, str]:
    transport = ASGITransport(web_application(world.state, pages), client=("192.0.2.7", 4711))
    async with AsyncClient(transport=transport, base_url=BASE) as client:
        answer = await client.get("/playground/peers", headers=cookie(token) if token else {})
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    return answer.status_code, answer.text


async def test_strangers_and_people_learn_nothing_there(world: World) -> None:
    await known(world.db, OtherServer())
    for token in (None, await world.session(world.alice)):
        status, text = await shown(world, token)
        assert status == 403
        assert "other.example" not in text


async def test_administrators_see_how_each_does(world: World) -> None:
    one = await known(world.db, OtherServer())
    two = await known(world.db, OtherServer("https://two.example"), PeerTrust.ASK_ONLY)
    async with world.db.write() as uow:
        await peers.went(uow, two.id, failures=7, retry_at=uow.now + 10**9, failure="TIMED_OUT")
        await told.record(uow, one, "x@example.edu", None, world.robot.id, 2)
        await roles.grant_listmaster(uow, operator(world.robot), world.robot, "carol@example.edu")
    status, text = await shown(world, await world.session(world.carol))
    assert status == 200, text
    assert "7 failures" in text
    assert "once" in text
    assert "1 are in trouble" in text
    assert 'class="ill"' in text
    assert problems(text) == []


async def test_every_process_shows_the_same(world: World) -> None:
    """What is shown is what all wrote down, not what this process saw."""
    one = await known(world.db, OtherServer())
    two = await known(world.db, OtherServer("https://two.example"))
    async with world.db.write() as uow:
        await roles.grant_listmaster(uow, operator(world.robot), world.robot, "carol@example.edu")
        await peers.went(uow, one.id, failures=0, retry_at=None, latency_ms=1234)
        await peers.went(uow, two.id, failures=1, retry_at=uow.now + 10**9, failure="INVALID_RESPONSE")
    token = await world.session(world.carol)
    _, text = await shown(world, token)
    assert "1234 ms" in text
    assert "its answer was not believed" in text
    assert "left alone until" in text
    circuits_of(world.db.site).was_well(two)
    circuits_of(world.db.site).failed(one, world.db.site.clock(), opens=True)
    assert (await shown(world, token))[1] == text


def test_the_picture_names_everybody_and_holds_no_style_or_script() -> None:
    drawn = picture(
        "here.example", [Neighbour(f"<{n}>.example", n % 2 == 0, n % 3 == 0, "well") for n in range(100)]
    )
    assert drawn.count("<circle") == 101
    assert "style=" not in drawn
    assert "&lt;7&gt;.example" in drawn
    assert not re.search(r"<(script|foreignObject|image)", drawn)
    assert 'role="img"' in drawn
    assert "100 servers are known: 50 are asked, 34 may ask, 0 are in trouble." in drawn
