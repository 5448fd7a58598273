"""What became of a message is told as the list's scenario `tracking` says."""

import pytest

from delivery import oversight
from delivery.oversight import NoSuchDelivery
from delivery.reception import receive
from lists.authorize import Rejected
from storage import deliveries
from storage.database import Database
from storage.keyset import Window
from storage.tables.words import RoleKind
from tests.lists.world import World, world_in


@pytest.fixture
async def world(database: Database) -> World:
    """Two robots."""
    return await world_in(database)


@pytest.mark.parametrize(
    ("tracking", "following"),
    [
        ("owner", {"owner@x.example", "lm@x.example"}),
        ("private", {"owner@x.example", "lm@x.example", "editor@x.example", "ann@x.example"}),
    ],
)
async def test_only_whom_the_scenario_lets_follows_a_message(
    world: World, tracking: str, following: set[str]
) -> None:
    mlist = await world.make("info", tracking=tracking, send="public")
    await world.put(mlist, "ann@x.example")
    await world.office(mlist, "owner@x.example")
    await world.office(mlist, "editor@x.example", RoleKind.EDITOR)
    await world.listmaster(world.home, "lm@x.example")
    raw = b"From: eve@y.example\r\nTo: info@a.example\r\nMessage-ID: <1@y>\r\n\r\nhi\r\n"
    assert (await receive(world.database, "eve@y.example", mlist.address, raw)).code == 250
    everybody = ("owner@x.example", "lm@x.example", "editor@x.example", "ann@x.example", "bob@x.example")
    found = set()
    async with world.database.read() as reader:
        [delivery] = await deliveries.of_list(reader, mlist.id, before=2**62, limit=5)
        for address in everybody:
            try:
                seen, _ = await oversight.seen(reader, world.person(address), delivery.id)
                await oversight.recipients_of(reader, world.person(address), seen, Window(5))
            except (NoSuchDelivery, Rejected):
                continue
            found.add(address)
        with pytest.raises(NoSuchDelivery):
            await oversight.seen(reader, world.person("ann@x.example", robot=world.other), delivery.id)
        with pytest.raises(NoSuchDelivery):
            await oversight.seen(reader, world.nobody(), delivery.id)
    assert found == following
