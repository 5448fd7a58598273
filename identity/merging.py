"""Two accounts of one person made one, and two again as long as that can be undone (rows 103, 134)."""

from typing import Any

import orjson

from identity import life_mails
from identity.actor import Actor
from identity.ledger import effective_addresses
from identity.reach import require_reach
from identity.refusal import Conflict, NotFound, SignInNeeded
from identity.secret import hashed
from identity.standing import FRESH, fresh_session
from mail.instant import DAY
from storage import arrivals, audit, held_memberships, merges, people, removals, sessions
from storage.database import Reader, UnitOfWork
from storage.tables.account_life import Merge
from storage.tables.lists import Robot
from storage.tables.people import Person

UNDOABLE = 30 * DAY


class OtherNotProved(SignInNeeded):
    """Sign in to the other account too, within the last 12 hours, and give the token of that session."""


class SameAccount(Conflict):
    """These are one account already."""


class TooLateToUndo(Conflict):
    """This was undone already, or it is more than 30 days ago."""


class UndoTheLaterFirst(Conflict):
    """Another account was joined after this one; undo that first."""


async def join(uow: UnitOfWork, actor: Actor, other_token: str) -> Merge:
    """Join the account that another session token opens to the asker's own: both are proved by who signed in to them.

    Raises SignInNeeded, OtherNotProved, SameAccount, OnlyHere.
    """
    keeper, session = fresh_session(actor, uow.now)
    await require_reach(uow, session)
    arrival = await arrivals.by_token(uow, hashed(other_token), actor.robot.id, [actor.robot.id])
    if (
        arrival is None
        or not arrival.rows
        or arrival.session.needs_password_change
        or arrival.session.needs_second_factor
        or uow.now - arrival.session.authenticated_at > FRESH
    ):
        raise OtherNotProved(path=("session_token",))
    await require_reach(uow, arrival.session)
    return await merge(uow, actor.robot, keeper, arrival.person, actor=actor.sender, via=actor.via)


async def merge(
    uow: UnitOfWork, robot: Robot, keeper: Person, gone: Person, *, actor: str, via: str
) -> Merge:
    """Let all that is `gone`'s be `keeper`'s; both were proved to be one person's. Raises SameAccount.

    What the keeper has already (a password, a word of the same source) stays behind with the other account, which
    nobody can come into. Its sessions end. Subscriptions and offices are held by addresses and go with them.
    """
    if keeper.id == gone.id:
        raise SameAccount
    keys = await merges.held(uow, gone.id)
    # What the keeper only claimed to be theirs is about to be.
    await merges.drop_claims(uow, keeper.id, keys)
    rows = await merges.movable(uow, keeper.id, gone.id)
    earlier = [each.id for each in await merges.of_person(uow, gone.id) if each.undone_at is None]
    snapshot = {
        "rows": rows,
        "held": keys,
        "keeper_main": [keeper.main_address, keeper.main_key],
        "earlier": earlier,
    }
    told = (await effective_addresses(uow, keeper.id, robot.id))[:1]
    await merges.give(uow, rows, giver_id=gone.id, taker_id=keeper.id)
    await merges.give_held(uow, keys, giver_id=gone.id, taker_id=keeper.id)
    await merges.rechain(uow, earlier, keeper.id)
    await sessions.revoke_all(uow, gone.id)
    await removals.cancel(uow, keeper.id)
    await removals.cancel(uow, gone.id)
    made = await merges.add(
        uow,
        keeper_id=keeper.id,
        gone_id=gone.id,
        robot_id=robot.id,
        snapshot=orjson.dumps(snapshot).decode(),
        gone_address=gone.main_address,
        until=uow.now + UNDOABLE,
    )
    await _record(uow, "accounts_joined", robot.id, keeper.id, gone.main_address, actor=actor, via=via)
    for row in told:
        await life_mails.joined(uow, robot, row.address, other=gone.main_address, until=made.undoable_until)
    return made


async def undo(uow: UnitOfWork, made: Merge, *, robot: Robot, actor: str, via: str) -> Person:
    """Make two accounts of one again, as they were; the one that had been joined. Raises TooLateToUndo, UndoTheLaterFirst.

    What ended meanwhile (a token, an address that was taken away) does not come back. All sessions end.
    """
    later = [
        each
        for each in await merges.of_person(uow, made.keeper_id)
        if each.id > made.id and each.undone_at is None and each.gone_id is not None
    ]
    if later:
        raise UndoTheLaterFirst
    if made.gone_id is None or not await merges.undone(uow, made.id):
        raise TooLateToUndo
    snapshot: dict[str, Any] = orjson.loads(made.snapshot)
    keeper_id, gone_id = made.keeper_id, made.gone_id
    await merges.give(uow, snapshot["rows"], giver_id=keeper_id, taker_id=gone_id)
    await merges.give_held(uow, snapshot["held"], giver_id=keeper_id, taker_id=gone_id)
    # Proofs of these addresses that were added since are about the mailbox, and go with it.
    await merges.give_addresses(uow, snapshot["held"], giver_id=keeper_id, taker_id=gone_id)
    await merges.rechain(uow, snapshot["earlier"], gone_id)
    await _main_as_before(uow, keeper_id, snapshot)
    for person_id in (keeper_id, gone_id):
        await sessions.revoke_all(uow, person_id)
        for row in (await effective_addresses(uow, person_id, robot.id))[:1]:
            await life_mails.parted(uow, robot, row.address)
    await _record(uow, "accounts_parted", robot.id, keeper_id, made.gone_address, actor=actor, via=via)
    gone = await people.find(uow, gone_id)
    assert gone is not None
    # What they hold themselves may have followed the other's main address meanwhile (row 131).
    await held_memberships.follow(uow, gone_id, gone.main_address, gone.main_key)
    return gone


async def undo_own(uow: UnitOfWork, actor: Actor, merge_id: int) -> Person:
    """The same for an account that was joined to the asker's. Raises SignInNeeded, NotFound, TooLateToUndo, OnlyHere."""
    person, session = fresh_session(actor, uow.now)
    await require_reach(uow, session)
    made = next((each for each in await merges.of_person(uow, person.id) if each.id == merge_id), None)
    if made is None:
        raise NotFound
    return await undo(uow, made, robot=actor.robot, actor=actor.sender, via=actor.via)


async def joined_accounts(reader: Reader, person_id: int) -> list[Merge]:
    """The accounts that were joined to a person's and can still be parted from it, newest first."""
    return [
        each
        for each in await merges.of_person(reader, person_id)
        if each.undone_at is None and each.gone_id is not None and each.undoable_until > reader.now
    ]


async def _main_as_before(uow: UnitOfWork, keeper_id: int, snapshot: dict[str, Any]) -> None:
    keeper = await people.find(uow, keeper_id)
    if keeper is not None and keeper.main_key in snapshot["held"]:
        address, key = snapshot["keeper_main"]
        await people.set_main(uow, keeper_id, address=address, address_key=key)


async def _record(
    uow: UnitOfWork, event: str, robot_id: int, person_id: int, address: str, *, actor: str, via: str
) -> None:
    await audit.record(
        uow, event, actor=actor, via=via, robot_id=robot_id, person_id=person_id, address=address
    )
