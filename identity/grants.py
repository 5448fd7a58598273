"""People's leave for applications that need it before they may speak for them, given and taken back by the person alone."""

from collections.abc import Collection

from identity.actor import Actor
from identity.applications import NoSuchApplication, scopes_of, within
from identity.refusal import Forbidden, Invalid, NotFound
from identity.standing import fresh_session, own_session, person_of
from storage import applications, audit
from storage.database import Reader, UnitOfWork
from storage.tables.applications import Application, ApplicationGrant
from storage.tables.words import TokenScope


class GrantNeeded(Forbidden):
    """This person has not agreed to this; ask them to allow it while they are signed in."""


async def give(
    uow: UnitOfWork, actor: Actor, word: str, scopes: Collection[TokenScope]
) -> tuple[ApplicationGrant, Application]:
    """Let an application of this robot, by its client id, speak for the actor with these scopes, instead of any before.

    Raises SignInNeeded, TokenNotEnough, NoSuchApplication, Invalid.
    """
    person, _ = fresh_session(actor, uow.now)
    application = await applications.find(uow, actor.robot.id, word)
    if application is None or application.client_id != word or application.revoked_at is not None:
        raise NoSuchApplication(path=("client_id",))
    granted = within(scopes, scopes_of(application.scopes))
    if not granted:
        raise Invalid("Name a scope that the application may have.", path=("scopes",))
    words = " ".join(sorted(scope.value for scope in granted))
    grant = await applications.put_grant(uow, application.id, person.id, words)
    # What was opened under the former leave would go on for its minutes.
    await applications.end_sessions(uow, application.id, person.id)
    await _record(uow, actor, "application_granted", application, words)
    return grant, application


async def take_back(uow: UnitOfWork, actor: Actor, grant_id: int) -> None:
    """End the actor's own leave; what the application has open for them ends with it. Raises NotFound, SignInNeeded."""
    person, _ = own_session(actor)
    dropped = await applications.drop_grant(uow, person.id, grant_id)
    if dropped is None:
        raise NotFound
    await applications.end_sessions(uow, dropped.application_id, person.id)
    application = (await applications.by_ids(uow, [dropped.application_id]))[dropped.application_id]
    await _record(uow, actor, "application_grant_revoked", application, dropped.scopes)


async def mine(reader: Reader, actor: Actor) -> list[tuple[ApplicationGrant, Application]]:
    """What the actor allowed in this robot, newest first; an application is told nothing. Raises SignInNeeded."""
    person = person_of(actor)
    return [] if actor.application else await applications.grants_of(reader, person.id, actor.robot.id)


async def _record(uow: UnitOfWork, actor: Actor, event: str, application: Application, scopes: str) -> None:
    await audit.record(
        uow,
        event,
        actor=actor.sender,
        via=actor.via,
        robot_id=application.robot_id,
        person_id=None if actor.person is None else actor.person.id,
        detail={"application": application.name, "client_id": application.client_id, "scopes": scopes},
    )
