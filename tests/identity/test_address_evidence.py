"""A person sees which source says what of each address, and takes each word back by itself."""

import pytest

from identity.address_evidence import revoke_evidence
from identity.ledger import MainAddressStays, effective_addresses, prove
from identity.refusal import NotFound
from storage import ledger
from storage.tables.words import AddressSource, Strength
from tests.identity.papers import Mill

ALICE = {"subject": "s", "addresses": [["alice@mill.example", True], ["a@corp.example", True]]}


async def test_two_sources_are_two_rows_and_one_of_them_can_go(mill: Mill) -> None:
    """Row 117."""
    done = await mill.done(ALICE)
    async with mill.world.db.write() as uow:
        await prove(
            uow, done.person.id, "a@corp.example", source=AddressSource.CHALLENGE, strength=Strength.MD5
        )
        rows = await ledger.of_address(uow, done.person.id, "a@corp.example")
    assert {row.source for row in rows} == {AddressSource.OIDC, AddressSource.CHALLENGE}
    actor = await mill.actor(done)
    for gone, left in ((rows[0], 2), (rows[1], 1)):
        async with mill.world.db.write() as uow:
            await revoke_evidence(uow, actor, gone.id)
        async with mill.world.db.read() as reader:
            assert len(await effective_addresses(reader, done.person.id, mill.robot.id)) == left


async def test_an_address_that_nothing_proves_any_more_is_free(mill: Mill) -> None:
    done = await mill.done(ALICE)
    actor = await mill.actor(done)
    async with mill.world.db.write() as uow:
        [row] = await ledger.of_address(uow, done.person.id, "a@corp.example")
        await revoke_evidence(uow, actor, row.id)
    other = await mill.world.person("a@corp.example")
    assert other.id != done.person.id


async def test_what_alone_proves_the_main_address_stays(mill: Mill) -> None:
    done = await mill.done(ALICE)
    actor = await mill.actor(done)
    async with mill.world.db.read() as reader:
        [row] = await ledger.of_address(reader, done.person.id, "alice@mill.example")
    with pytest.raises(MainAddressStays):
        async with mill.world.db.write() as uow:
            await revoke_evidence(uow, actor, row.id)
    async with mill.world.db.read() as reader:
        assert len(await effective_addresses(reader, done.person.id, mill.robot.id)) == 2


async def test_nobody_takes_back_what_is_said_of_somebody_else(mill: Mill) -> None:
    done = await mill.done(ALICE)
    mallory = await mill.actor(await mill.done({"subject": "m", "addresses": [["m@mill.example", True]]}))
    async with mill.world.db.read() as reader:
        [row] = await ledger.of_address(reader, done.person.id, "a@corp.example")
    with pytest.raises(NotFound):
        async with mill.world.db.write() as uow:
            await revoke_evidence(uow, mallory, row.id)
