"""Setting a password: with the old one, or in a session that a ticket opened; all other sessions end (rows 34, 36)."""

from identity import attempts, mails, passwords
from identity.actor import Actor
from identity.ledger import effective_addresses
from identity.reach import OnlyHere, reach_of
from identity.refusal import SignInNeeded
from identity.sessions import rotate
from identity.sign_in import WrongCredentials
from identity.standing import FRESH, own_session
from storage import audit, credentials, sessions
from storage.database import Database, UnitOfWork
from storage.tables.access import Session
from storage.tables.people import Person
from storage.tables.words import SignInMethod


class WrongPassword(WrongCredentials):
    """This is not your password; without it, ask for a mail to reset it."""


async def change_password(
    db: Database,
    actor: Actor,
    new: str,
    *,
    current: str | None = None,
    hands_out_token: bool = True,
) -> tuple[Session, str | None]:
    """Set the asker's password; the session goes on under another token, the second value.

    `current` is not needed in a session that a ticket to an address of the whole server opened within 12 hours. A client that keeps a bearer token and
    cannot be handed another says `hands_out_token=False`: its own session stays as it is. API tokens stay. It opens
    its own transactions, so that wrong tries are counted and no hash is computed inside one. Raises WrongPassword,
    Invalid, TooMany, SignInNeeded, OnlyHere.
    """
    person, session = own_session(actor)
    passwords.check(new)
    async with db.read() as reader:
        stored = await credentials.password_hash(reader, person.id)
        is_enough = _by_fresh_ticket(session, db.site.clock())
        if is_enough and await reach_of(reader, session) is not None:
            # The password is good everywhere, and the address that the ticket went to is not.
            if not current:
                raise OnlyHere
            is_enough = False
    if not is_enough:
        await _check_current(db, person, stored, current or "")
    secret_hash = await passwords.hash_password(new)
    async with db.write() as uow:
        if await credentials.password_hash(uow, person.id) != stored:
            raise WrongPassword(path=("current_password",))
        await passwords.keep(uow, person.id, secret_hash)
        renewed = await _only_this_session(uow, person, session, hands_out_token=hands_out_token)
        await audit.record(
            uow,
            "password_changed",
            actor=actor.sender,
            via=actor.via,
            robot_id=actor.robot.id,
            person_id=person.id,
        )
        for row in (await effective_addresses(uow, person.id, actor.robot.id))[:1]:
            await mails.password_changed(uow, actor.robot, row.address)
    return renewed


async def _check_current(db: Database, person: Person, stored: str | None, current: str) -> None:
    async with db.write(durable=False) as uow:
        taken = await attempts.take(uow, [(attempts.PASSWORD_CHANGE, str(person.id))])
    is_right, _ = await passwords.verify(stored, current)
    if not is_right:
        raise WrongPassword(path=("current_password",))
    async with db.write(durable=False) as uow:
        await attempts.give_back(uow, taken)


async def _only_this_session(
    uow: UnitOfWork, person: Person, session: Session, *, hands_out_token: bool
) -> tuple[Session, str | None]:
    await sessions.revoke_all(uow, person.id, but=session.id)
    await sessions.password_chosen(uow, session.id)
    mine = next((each for each in await sessions.of_person(uow, person.id) if each.id == session.id), None)
    if mine is None:
        raise SignInNeeded
    return await rotate(uow, mine) if hands_out_token else (mine, None)


def _by_fresh_ticket(session: Session, now: int) -> bool:
    return session.method is SignInMethod.TICKET and now - session.authenticated_at <= FRESH
