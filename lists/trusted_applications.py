"""Which applications a domain trusts: its listmasters decide, themselves and newly signed in, or the operator."""

from collections.abc import Collection

from identity import applications
from identity.actor import Actor
from identity.application_keys import NewKey
from identity.applications import NoSuchApplication, Trust
from identity.refusal import Invalid
from identity.standing import fresh_session
from lists.offices import is_listmaster, require_listmaster
from mail.instant import DAY
from storage import applications as stored
from storage.database import Reader, UnitOfWork
from storage.tables.applications import Application, ApplicationKey

LONGEST_OVERLAP = 90 * DAY


async def register(
    uow: UnitOfWork, actor: Actor, name: str, keys: Collection[NewKey], trust: Trust
) -> Application:
    """Trust an application in the actor's robot. Raises ListmastersOnly, SignInNeeded, Invalid, NameTaken."""
    await _require(uow, actor)
    return await applications.register(uow, actor, name, keys, trust)


async def rotate(
    uow: UnitOfWork, actor: Actor, word: str, keys: Collection[NewKey], *, overlap: int
) -> tuple[Application, list[ApplicationKey]]:
    """New keys for the application of this name or client id; its old ones end in `overlap` microseconds.

    Raises ListmastersOnly, SignInNeeded, NoSuchApplication, Invalid, KeyKnown, TooManyKeys.
    """
    await _require(uow, actor)
    if not 0 <= overlap <= LONGEST_OVERLAP:
        raise Invalid("Old keys go on for 90 days at most.", path=("overlap",))
    application = await applications.find(uow, actor.robot.id, word)
    return application, await applications.rotate(uow, actor, application, keys, overlap=overlap)


async def revoke(uow: UnitOfWork, actor: Actor, word: str) -> Application:
    """End the trust. Raises ListmastersOnly, SignInNeeded, NoSuchApplication."""
    await _require(uow, actor)
    return await applications.revoke(uow, actor, await applications.find(uow, actor.robot.id, word))


async def every(reader: Reader, actor: Actor) -> list[Application]:
    """The applications of the actor's robot by name; raises ListmastersOnly."""
    await require_listmaster(reader, actor, actor.robot.id)
    return await stored.of_robot(reader, actor.robot.id)


async def visible(reader: Reader, actor: Actor, application_id: int) -> Application:
    """An application for the eyes of listmasters, of whoever allowed it something, and of itself; raises NoSuchApplication."""
    found = (await stored.by_ids(reader, [application_id])).get(application_id)
    if found is None or found.robot_id != actor.robot.id:
        raise NoSuchApplication
    if actor.session is not None and actor.session.application_id == found.id:
        return found
    if await is_listmaster(reader, actor, actor.robot.id):
        return found
    person = actor.person
    if person is None or actor.application or await stored.granted(reader, found.id, person.id) is None:
        raise NoSuchApplication
    return found


async def _require(uow: UnitOfWork, actor: Actor) -> None:
    await require_listmaster(uow, actor, actor.robot.id)
    if not actor.is_operator:
        fresh_session(actor, uow.now)
