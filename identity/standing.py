"""What an act on one's own account asks of the asker: signed in, at a browser of their own, not long ago."""

from identity.actor import Actor
from identity.refusal import Forbidden, SignInNeeded
from mail.instant import HOUR
from storage.tables.access import Session
from storage.tables.people import Person

# How long after signing in dangerous acts are possible without doing it again (pitfall 54).
FRESH = 12 * HOUR


class TokenNotEnough(Forbidden):
    """An API token may not do this; sign in yourself."""


class ApplicationNotEnough(Forbidden):
    """An application may not do this for you; sign in yourself."""


class SignInIsOld(SignInNeeded):
    """Sign in again: this needs a sign-in that is not older than 12 hours."""


class PasswordFirst(Forbidden):
    """Choose a new password first."""


def person_of(actor: Actor) -> Person:
    """The signed-in person; raises SignInNeeded."""
    if actor.person is None or (actor.session is None and actor.token is None):
        raise SignInNeeded
    return actor.person


def own_session(actor: Actor) -> tuple[Person, Session]:
    """The person and the session they ask from; raises SignInNeeded.

    TokenNotEnough for an API token, ApplicationNotEnough where an application speaks for the person (pitfall 53).
    """
    person = person_of(actor)
    if actor.application:
        raise ApplicationNotEnough
    if actor.token is not None or actor.session is None:
        raise TokenNotEnough
    return person, actor.session


def fresh_session(actor: Actor, now: int) -> tuple[Person, Session]:
    """The same, opened within the last 12 hours and free of a pending password choice (pitfalls 6 and 54)."""
    person, session = own_session(actor)
    if session.needs_password_change:
        raise PasswordFirst
    if now - session.authenticated_at > FRESH:
        raise SignInIsOld
    return person, session
