"""Listmasters hear of rules that cannot be applied, once an hour for each list."""

import pytest

from identity.actor import Actor
from lists import decisions
from lists.authorize import authorize
from storage import scenario_texts
from storage.tables.lists import MailingList
from tests.conftest import Clock
from tests.lists.world import World

BROKEN = {
    "action-not-permitted": "true() smtp,dkim,md5,smime -> listmaster",
    "scenario-malformed": "whoever -> do_it",
    "error-performing-condition": "search('nowhere.sql') smtp,dkim,md5,smime -> do_it",
}


async def broken(world: World, name: str, text: str) -> MailingList:
    mlist = await world.make(name)
    async with world.database.write() as uow:
        await scenario_texts.put(
            uow, robot_id=world.home.id, list_id=mlist.id, operation="review", name="owner", text=text
        )
    return mlist


async def asked(world: World, mlist: MailingList, actor: Actor) -> str | None:
    async with world.database.read() as reader:
        decision = await authorize(reader, actor, "review", mlist=mlist)
    assert decision.action == "reject"
    await decisions.write_waiting(world.database)
    return decision.reason


@pytest.mark.parametrize("reason", sorted(BROKEN))
async def test_listmasters_are_told_once_an_hour_for_each_list(
    world: World, clock: Clock, reason: str
) -> None:
    await world.listmaster(world.home, "lm@x.example")
    await world.listmaster(world.home, "own@a.example")
    await world.listmaster(world.other, "far@x.example")
    info, news = await broken(world, "info", BROKEN[reason]), await broken(world, "news", BROKEN[reason])
    ann = world.person("ann@x.example")
    for _ in range(3):
        assert await asked(world, info, ann) == reason
    assert [mail.to for mail in await world.mails()] == ["lm@x.example"]
    [told] = await world.mails()
    assert "info@a.example" in told.text
    assert reason in told.text
    assert "ann@x.example" not in told.text
    await asked(world, news, ann)
    assert len(await world.mails()) == 2
    clock.advance(hours=1.01)
    await asked(world, info, ann)
    assert len(await world.mails()) == 3


async def test_a_plain_refusal_is_no_trouble(world: World) -> None:
    await world.listmaster(world.home, "lm@x.example")
    mlist = await world.make("info")
    assert await asked(world, mlist, world.person("ann@x.example")) == "review_owner"
    assert await world.mails() == []
