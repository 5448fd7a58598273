"""Reminders go out as the scenarios `remind` and `global_remind` let somebody, once a day at most."""

import pytest
from sqlalchemy import select

from identity.actor import operator
from identity.refusal import TooMany
from lists import reminders
from lists.authorize import Rejected
from lists.reminders import ReminderNeedsProof
from storage.query import Query
from storage.tables.mail import deliveries, packets
from storage.tables.words import Strength
from tests.conftest import Clock
from tests.lists.world import World

_QUEUED: Query[tuple[str, int]] = Query(
    select(deliveries.c.subject, packets.c.recipient_count)
    .join(packets, packets.c.delivery_id == deliveries.c.id)
    .order_by(deliveries.c.id, packets.c.id),
    lambda *row: row,
)


async def queued(world: World) -> list[tuple[str, int]]:
    async with world.database.read() as reader:
        return await reader.all(_QUEUED)


async def test_an_owner_reminds_every_member_once_a_day(world: World, clock: Clock) -> None:
    mlist = await world.make("info")
    await world.office(mlist, "owner@x.example")
    await world.put(mlist, "ann@x.example", "bob@x.example")
    for _ in range(2):
        async with world.database.write() as uow:
            outcome = await reminders.remind(uow, world.person("owner@x.example"), mlist)
        assert (outcome.count, outcome.waits) == (2, False)
        with pytest.raises(TooMany):
            async with world.database.write() as uow:
                await reminders.remind(uow, world.person("owner@x.example"), mlist)
        clock.advance(days=1.01)
    assert await queued(world) == [("You are subscribed to info", 2)] * 2
    assert ("reminded", "owner@x.example", "") in await world.events()


async def test_members_and_strangers_remind_nobody(world: World) -> None:
    mlist = await world.make("info")
    await world.put(mlist, "ann@x.example")
    for actor in (
        world.person("ann@x.example"),
        world.nobody(),
        world.person("ann@x.example", robot=world.other),
    ):
        with pytest.raises(Rejected):
            async with world.database.write() as uow:
                await reminders.remind(uow, actor, mlist)
    assert await queued(world) == []


async def test_a_plain_mail_of_an_owner_is_confirmed_first(world: World) -> None:
    mlist = await world.make("info")
    await world.office(mlist, "owner@x.example")
    await world.put(mlist, "ann@x.example")
    async with world.database.write() as uow:
        forged = world.person("owner@x.example", via="mail", strength=Strength.SMTP)
        outcome = await reminders.remind(uow, forged, mlist)
    assert outcome.waits
    [asked] = await world.mails()
    assert asked.to == "owner@x.example"
    assert asked.secret


async def test_a_listmaster_reminds_each_address_of_all_its_lists(world: World) -> None:
    info, news, far = await world.make("info"), await world.make("news"), await world.make("far", world.other)
    await world.put(info, "ann@x.example", "bob@x.example")
    await world.put(news, "ann@x.example")
    await world.put(far, "ann@x.example")
    await world.listmaster(world.home, "lm@x.example")
    outcome = await reminders.remind_everybody(world.database, world.person("lm@x.example"))
    assert outcome.count == 2
    found = {mail.to: mail.text for mail in await world.mails()}
    assert {*found} == {"ann@x.example", "bob@x.example"}
    assert "info@a.example" in found["ann@x.example"]
    assert "news@a.example" in found["ann@x.example"]
    assert "far@b.example" not in found["ann@x.example"]
    with pytest.raises(TooMany):
        await reminders.remind_everybody(world.database, world.person("lm@x.example"))


async def test_nobody_but_a_listmaster_reminds_everybody(world: World) -> None:
    mlist = await world.make("info")
    await world.office(mlist, "owner@x.example")
    await world.listmaster(world.other, "lm@x.example")
    for actor in (world.person("owner@x.example"), world.nobody(), world.person("lm@x.example")):
        with pytest.raises(Rejected):
            await reminders.remind_everybody(world.database, actor)


async def test_a_plain_mail_of_a_listmaster_is_not_proof_enough(world: World) -> None:
    await world.listmaster(world.home, "lm@x.example")
    with pytest.raises(ReminderNeedsProof):
        await reminders.remind_everybody(
            world.database, world.person("lm@x.example", via="mail", strength=Strength.SMTP)
        )


async def test_the_operator_may_do_it_again(world: World) -> None:
    mlist = await world.make("info")
    for _ in range(2):
        async with world.database.write() as uow:
            await reminders.remind(uow, operator(world.home), mlist)
    assert [event for event, _, _ in await world.events()].count("reminded") == 2
