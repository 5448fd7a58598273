"""Being listmaster does not mean owning a list, where the operator says so (row 85)."""

import pytest

from identity.actor import operator
from lists import archive, offices
from lists.authorize import Rejected, authorize
from lists.robot_settings import update_robot
from storage import scenario_texts
from storage.keyset import Window
from storage.tables.lists import MailingList
from tests.lists.world import World

MEMBERS_AND_OWNERS = """is_subscriber([listname],[user->email]) smtp,dkim,md5,smime -> do_it
is_owner([listname],[user->email]) smtp,dkim,md5,smime -> do_it
true() smtp,dkim,md5,smime -> reject(reason='web_archive_subscriber')"""


async def guarded(world: World, **settings: object) -> MailingList:
    mlist = await world.make("info")
    await world.listmaster(world.home, "lm@x.example")
    async with world.database.write() as uow:
        await scenario_texts.put(
            uow,
            robot_id=None,
            list_id=None,
            operation="archive_web_access",
            name="private",
            text=MEMBERS_AND_OWNERS,
        )
        world.home = await update_robot(uow, operator(world.home), world.home, settings)
    return mlist


async def test_row_85_a_listmaster_is_denied_a_private_archive_by_its_scenario(world: World) -> None:
    mlist = await guarded(world, listmasters_are_owners=False)
    async with world.database.read() as reader:
        with pytest.raises(Rejected):
            await archive.messages(reader, world.person("lm@x.example"), mlist, Window(1))
        assert not await offices.is_owner(reader, world.person("lm@x.example"), mlist)
        assert await offices.is_listmaster(reader, world.person("lm@x.example"), world.home.id)


async def test_row_85_by_default_a_listmaster_counts_as_owner_as_in_sympa(world: World) -> None:
    mlist = await guarded(world)
    async with world.database.read() as reader:
        assert (await archive.messages(reader, world.person("lm@x.example"), mlist, Window(1))).rows == []


async def test_row_85_is_owner_strict_never_means_a_listmaster(world: World) -> None:
    mlist = await guarded(world)
    await world.office(mlist, "owner@x.example")
    async with world.database.write() as uow:
        await scenario_texts.put(
            uow,
            robot_id=None,
            list_id=None,
            operation="review",
            name="owner",
            text="is_owner_strict([listname],[user->email]) md5 -> do_it",
        )
    async with world.database.read() as reader:
        found = [
            (await authorize(reader, world.person(address), "review", mlist=mlist)).action
            for address in ("owner@x.example", "lm@x.example")
        ]
    assert found == ["do_it", "reject"]
