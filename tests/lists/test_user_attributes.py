"""Rules read what directories and providers say of a person, for as long as it holds, and in the robot that it holds in (row 107)."""

from identity.attributes import attributes_of
from identity.secret import new_secret
from lists.authorize import authorize
from mail.instant import DAY
from storage import attributes, scenario_texts
from storage.tables.words import AddressSource
from tests.lists.world import CountingReader, World


async def say(
    world: World,
    person_id: int,
    values: str,
    *,
    source: AddressSource,
    ref: str,
    lasts: int = DAY,
    robot_id: int | None = None,
) -> None:
    async with world.database.write() as uow:
        await attributes.put_many(
            uow,
            [
                {
                    "person_id": person_id,
                    "robot_id": robot_id,
                    "name": "dept",
                    "values_json": values,
                    "source": source.value,
                    "source_ref": ref,
                    "expires_at": uow.now + lasts,
                }
            ],
        )


async def holds(world: World, value: str) -> bool:
    async with world.database.write() as uow:
        await scenario_texts.put(
            uow,
            robot_id=world.home.id,
            list_id=None,
            operation="review",
            name="own",
            text=f"equal([user_attributes->dept],'{value}') md5 -> do_it",
        )
    mlist = await world.make(f"about-{new_secret()[:8].lower().strip('-_')}", review="own")
    async with world.database.read() as reader:
        return (
            await authorize(reader, world.person("ann@x.example"), "review", mlist=mlist)
        ).action == "do_it"


async def test_any_value_of_an_attribute_may_fit(world: World) -> None:
    await say(world, world.somebody.id, '["art", "math"]', source=AddressSource.LDAP, ref="x:dir")
    assert await holds(world, "math")
    assert not await holds(world, "law")


async def test_what_has_expired_is_not_read(world: World) -> None:
    """Pitfall 14."""
    await say(world, world.somebody.id, '["math"]', source=AddressSource.LDAP, ref="x:dir", lasts=0)
    assert not await holds(world, "math")


async def test_what_another_domains_provider_says_is_not_read(world: World) -> None:
    """Decision 11."""
    await say(
        world, world.somebody.id, '["math"]', source=AddressSource.LDAP, ref="b:dir", robot_id=world.other.id
    )
    assert not await holds(world, "math")


async def test_sources_have_an_order_and_keep_their_own_values(world: World) -> None:
    await say(world, world.somebody.id, '["by hand"]', source=AddressSource.ADMIN, ref="")
    await say(world, world.somebody.id, '["math"]', source=AddressSource.LDAP, ref="x:dir")
    assert await holds(world, "by hand")
    assert not await holds(world, "math")
    async with world.database.write() as uow:
        await attributes.expire_others(uow, world.somebody.id, AddressSource.ADMIN.value, "", [])
    assert await holds(world, "math")


async def test_rules_that_do_not_look_at_attributes_cost_no_statement_for_them(world: World) -> None:
    mlist = await world.make("info", review="private")
    async with world.database.read() as reader:
        counting = CountingReader(reader)
        await authorize(counting, world.person("ann@x.example"), "review", mlist=mlist)
        assert counting.about("attributes") == 0
        assert await attributes_of(reader, world.somebody.id, world.home.id) == []
