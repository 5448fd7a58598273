"""What each source says of one address: shown to its person, who can take each word back (rows 117 to 120)."""

from identity.actor import Actor
from identity.ledger import LastWayIn, MainAddressStays, effective_addresses, own_row
from identity.reach import OnlyHere, reach_of
from identity.standing import fresh_session
from mail.address import address_key
from storage import audit, ledger, sessions, turns
from storage.database import UnitOfWork
from storage.tables.people import LedgerRow


async def revoke_evidence(uow: UnitOfWork, actor: Actor, row_id: int) -> LedgerRow:
    """Forget what one source says of one address; where nothing else proves it, it counts no more, and its sessions end.

    A provider that says it again at the next sign-in or sync is heard again. Raises NotFound, MainAddressStays and
    LastWayIn where it is all that proves the main address or any address, SignInNeeded, OnlyHere.
    """
    person, session = fresh_session(actor, uow.now)
    await turns.take(uow, [f"person {person.id}"])
    row = await own_row(uow, person.id, row_id)
    reach = await reach_of(uow, session)
    if reach is not None and row.proved_at is not None and row.robot_id != reach:
        raise OnlyHere
    before = await effective_addresses(uow, person.id, actor.robot.id)
    await ledger.drop_row(uow, person.id, row.id)
    left = await ledger.of_address(uow, person.id, row.address_key)
    if not any(each.proved_at is not None for each in left):
        await ledger.let_go(uow, person.id, row.address_key)
    after = {each.address_key for each in await effective_addresses(uow, person.id, actor.robot.id)}
    lost = {each.address_key for each in before} - after
    if person.main_key in lost:
        raise MainAddressStays
    if not after:
        raise LastWayIn
    if lost:
        opened = await sessions.of_person(uow, person.id)
        under = [
            each.id
            for each in opened
            if address_key(each.address) == row.address_key and each.id != session.id
        ]
        await sessions.revoke(uow, person.id, under)
    await audit.record(
        uow,
        "evidence_revoked",
        actor=actor.sender,
        via=actor.via,
        robot_id=actor.robot.id,
        person_id=person.id,
        address=row.address,
        detail={"source": row.source.value, "source_ref": row.source_ref},
    )
    return row
