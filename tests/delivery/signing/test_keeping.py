"""Keys are kept sealed, each for one domain; rotation lets mail in flight stay valid; nobody sees another's."""

import asyncio

import pytest
from sqlalchemy import select, text

from delivery.signing import keeping
from delivery.signing.keys import generate, written
from delivery.signing.sealing import KeyUnreadable, opened_key
from identity.actor import stranger
from identity.refusal import NotFound
from lists.offices import ListmastersOnly
from mail.instant import DAY
from storage import dkim_keys
from storage.database import Database
from storage.query import Query
from storage.tables.signing import Algorithm, DkimKey, KeyState
from storage.tables.signing import dkim_keys as table
from tests.conftest import Clock
from tests.delivery.signing.keeping_world import ABSENT, PUBLISHED, a_domain
from tests.delivery.signing.verifying import key as generated

_EVERY_TEXT = Query(select(table.c.private_key), str)
_AUDIT = Query(text("SELECT detail FROM audit WHERE event LIKE 'dkim%'"), str)


async def test_a_key_is_named_after_the_day_and_two_of_a_day_differ(database: Database) -> None:
    here = await a_domain(database)
    names = [
        (await here.key(is_active=False)).selector,
        (await here.key(is_active=False)).selector,
        (await here.key(algorithm=Algorithm.ED25519, is_active=False, of_list=True)).selector,
    ]
    assert names == ["20300317r", "20300317r-2", "20300317e"]


async def test_a_private_key_is_nowhere_but_sealed_in_its_row(database: Database) -> None:
    here = await a_domain(database)
    key = await here.key()
    secret = written(generated().private)
    async with database.read() as reader:
        [kept] = await reader.all(_EVERY_TEXT)
        details = "".join(await reader.all(_AUDIT))
    assert secret[60:120] not in kept
    assert secret[60:120] not in details
    assert kept not in details
    assert kept not in repr(key)
    assert written(opened_key(database.site, here.robot.id, kept)) == secret


async def test_a_row_that_was_moved_to_another_domain_opens_for_nobody(database: Database) -> None:
    here = await a_domain(database)
    there = await a_domain(database, "lists.example.net")
    key = await here.key()
    with pytest.raises(KeyUnreadable):
        opened_key(database.site, there.robot.id, key.private_key)
    with pytest.raises(KeyUnreadable):
        opened_key(database.site, here.robot.id, "AAAA" + key.private_key[4:])


async def test_a_key_that_the_dns_does_not_show_is_activated_by_force_alone(database: Database) -> None:
    here = await a_domain(database)
    key = await here.key(is_active=False)
    async with database.write() as uow:
        with pytest.raises(keeping.NotPublished, match="no TXT record"):
            await keeping.activate_key(uow, here.actor, here.robot, key.id, ABSENT)
        forced = await keeping.activate_key(uow, here.actor, here.robot, key.id, None)
        assert forced.state is KeyState.ACTIVE
        with pytest.raises(keeping.KeyNotNew):
            await keeping.activate_key(uow, here.actor, here.robot, key.id, PUBLISHED)


async def test_rotation_retires_the_key_before_it_and_keeps_its_record_for_a_while(
    database: Database, clock: Clock
) -> None:
    here = await a_domain(database)
    first, other_kind = await here.key(), await here.key(algorithm=Algorithm.ED25519)
    lists_own = await here.key(of_list=True)
    clock.advance(days=30)
    second = await here.key()
    async with database.write() as uow:
        found = {key.id: key for key in await dkim_keys.of_robot(uow, here.robot.id)}
        assert found[first.id].state is KeyState.RETIRED
        assert found[first.id].published_until == clock.now + 12 * DAY
        assert {found[each.id].state for each in (other_kind, lists_own, second)} == {KeyState.ACTIVE}
        with pytest.raises(keeping.KeyStillNeeded):
            await keeping.remove_key(uow, here.actor, here.robot, first.id)
        with pytest.raises(keeping.KeySigns):
            await keeping.remove_key(uow, here.actor, here.robot, second.id, forced=True)
    clock.advance(days=13)
    async with database.write() as uow:
        await keeping.remove_key(uow, here.actor, here.robot, first.id)
        assert await dkim_keys.by_id(uow, first.id) is None


async def test_two_who_do_it_at_once_leave_one_key_that_signs(database: Database) -> None:
    here = await a_domain(database)
    made = await asyncio.gather(*(here.key(is_active=False) for _ in range(4)))
    assert len({each.selector for each in made}) == 4

    async def activate(key: DkimKey) -> None:
        async with database.write() as uow:
            await keeping.activate_key(uow, here.actor, here.robot, key.id, PUBLISHED)

    await asyncio.gather(*map(activate, made))
    async with database.read() as reader:
        assert len(await dkim_keys.signing(reader, here.robot.id, None)) == 1


async def test_a_stolen_key_can_go_at_once_and_one_that_never_signed_too(database: Database) -> None:
    here = await a_domain(database)
    stolen, unused = await here.key(), await here.key(is_active=False)
    async with database.write() as uow:
        await keeping.retire_key(uow, here.actor, here.robot, stolen.id, grace=0)
        await keeping.remove_key(uow, here.actor, here.robot, stolen.id)
        await keeping.retire_key(uow, here.actor, here.robot, unused.id)
        await keeping.remove_key(uow, here.actor, here.robot, unused.id)
        assert await dkim_keys.of_robot(uow, here.robot.id) == []


async def test_another_domains_keys_are_not_there(database: Database) -> None:
    here = await a_domain(database)
    there = await a_domain(database, "lists.example.net")
    key = await here.key(is_active=False)
    async with database.write() as uow:
        assert await keeping.keys_of(uow, there.actor, there.robot) == []
        with pytest.raises(keeping.NoSuchKey):
            await keeping.key_named(uow, there.actor, there.robot, key.selector)
        for act in (keeping.retire_key, keeping.remove_key, keeping.key_by_id):
            with pytest.raises(keeping.NoSuchKey):
                await act(uow, there.actor, there.robot, key.id)
        with pytest.raises(keeping.NoSuchKey):
            await keeping.activate_key(uow, there.actor, there.robot, key.id, PUBLISHED)
        with pytest.raises(NotFound):
            await keeping.create_key(uow, there.actor, there.robot, here.mlist, generated().private)
        # Nor does the list's owner, or anybody else, come near them.
        with pytest.raises(ListmastersOnly):
            await keeping.keys_of(uow, stranger(here.robot), here.robot)
        with pytest.raises(ListmastersOnly):
            await keeping.create_key(uow, stranger(here.robot), here.robot, None, generated().private)


@pytest.mark.parametrize(
    "selector", ["a b", "a;d=evil.example", "x\r\nBcc: e", "-a", "a.", "a..b", "ä", "a" * 64, "a_b", "*"]
)
async def test_a_selector_can_only_be_labels(database: Database, selector: str) -> None:
    here = await a_domain(database)
    with pytest.raises(keeping.BadSelector):
        await here.key(selector=selector)


async def test_a_selector_is_used_once_in_a_domain(database: Database) -> None:
    here = await a_domain(database)
    await here.key(selector="Spring.2030")
    with pytest.raises(keeping.SelectorTaken):
        await here.key(selector="spring.2030", of_list=True)


async def test_a_lists_keys_go_with_it_and_a_listing_of_it_shows_its_own(database: Database) -> None:
    here = await a_domain(database)
    await here.key()
    own = await here.key(of_list=True)
    async with database.read() as reader:
        found = await keeping.keys_of(reader, here.actor, here.robot, here.mlist)
        assert [key.id for key in found] == [own.id]


def test_both_kinds_of_keys_can_be_generated() -> None:
    assert generate(Algorithm.RSA2048).key_size == 2048  # type: ignore[union-attr]
    assert len(generate(Algorithm.ED25519).public_key().public_bytes_raw()) == 32  # type: ignore[union-attr]
