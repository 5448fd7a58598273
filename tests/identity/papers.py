"""People who come to a small world with papers of a provider."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from identity import provider_sign_in, registry, ways_in
from identity.actor import Actor
from identity.auth_config import Entry, auth_config, set_auth_config
from identity.entrance import actor_for_session
from identity.provider import Inbound
from identity.provider_sign_in import Onward, Visitor
from identity.steps import Done, Elsewhere, Step
from storage.tables.access import Session
from storage.tables.lists import Robot
from tests.identity.world import World

FILE = """
[[provider]]
key = "mill"
kind = "paper"
label = "The mill"
vouches_for = ["mill.example", "corp.example"]
addresses_last = "30d"

[[provider]]
key = "ticket"
kind = "ticket"
"""


@contextmanager
def paper_installed(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the kind `paper` be installed until the block ends."""
    described = place / "postroom_paper-1.0.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: postroom-paper\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text(
        "[postroom.providers]\npaper = tests.identity.paper_provider\n"
    )
    monkeypatch.syspath_prepend(str(place))
    registry.installed.cache_clear()
    registry.provider_of.cache_clear()
    yield
    sys.path.remove(str(place))
    registry.installed.cache_clear()
    registry.provider_of.cache_clear()


@dataclass
class Mill:
    """A world whose robot has the paper provider."""

    world: World
    robot: Robot

    async def set(self, text: str = FILE, robot: Robot | None = None) -> None:
        """Give a robot its file."""
        async with self.world.db.write() as uow:
            await set_auth_config(uow, robot or self.robot, text)

    async def entry(self, key: str = "mill", robot: Robot | None = None) -> Entry:
        """A provider of a robot."""
        async with self.world.db.read() as reader:
            found = (await auth_config(reader, robot or self.robot)).entry(key)
        assert found is not None
        return found

    def visitor(self, secret: str = "browser one", session: Session | None = None) -> Visitor:
        """Somebody at a browser."""
        browser = self.world.browser
        return Visitor(type(browser)(browser.user_agent, browser.remote, session), secret)

    async def begin(self, visitor: Visitor | None = None, **more: Any) -> str:
        """Begin at the mill; the state that has to come back."""
        step = await ways_in.begin(self.world.db, self.robot, "mill", visitor or self.visitor(), **more)
        assert isinstance(step, Elsewhere)
        return step.url.partition("state=")[2]

    async def come_back(
        self, state: str, paper: Mapping[str, Any], visitor: Visitor | None = None, *, method: str = "GET"
    ) -> Step | Onward:
        """Come back with a paper."""
        sent = {"state": state, "paper": json.dumps(paper)}
        inbound = Inbound(method, "https://x.example/cb", **{"query" if method == "GET" else "form": sent})
        entry = await self.entry()
        return await provider_sign_in.arrive(
            self.world.db, self.robot, entry, inbound, visitor or self.visitor()
        )

    async def sign_in(self, paper: Mapping[str, Any], visitor: Visitor | None = None) -> Step | Onward:
        """The whole way with one paper."""
        return await self.come_back(await self.begin(visitor), paper, visitor)

    async def step(self, attempt_id: str, visitor: Visitor | None = None, **given: Any) -> Step:
        """A further step."""
        return await ways_in.go_on(self.world.db, self.robot, attempt_id, visitor or self.visitor(), **given)

    async def done(self, paper: Mapping[str, Any], visitor: Visitor | None = None) -> Done:
        """Sign in, for somebody of whom nothing more is asked."""
        step = await self.sign_in(paper, visitor)
        assert isinstance(step, Done), step
        return step

    async def actor(self, done: Done) -> Actor:
        """Whoever has signed in, as the next request sees them."""
        async with self.world.db.read() as reader:
            actor = await actor_for_session(reader, self.robot, done.raw_token)
        assert actor is not None
        return actor
