"""What an act on one's own account asks of the asker: signed in, at a browser of their own, not long ago."""

from identity.actor import Actor
from identity.refusal import Forbidden, SignInNeeded
from mail.instant import HOUR
from storage.tables.access import Session
from storage.tables.people import Person

# How long after signing in dangerous acts are possible without doing it again (pitfall 54).
FRESH = 12 * HOUR
# What a sign-in has to have been, in the words that federations use (RFC 9470, REFEDS profiles).
SINGLE_FACTOR = "https://refeds.org/profile/sfa"
MULTI_FACTOR = "https://refeds.org/profile/mfa"


class TokenNotEnough(Forbidden):
    """An API token may not do this; sign in yourself."""


class ApplicationNotEnough(Forbidden):
    """An application may not do this for you; sign in yourself."""


class SignInIsOld(SignInNeeded):
    """Sign in again: this needs a sign-in that is not older than 12 hours."""

    max_age = FRESH

    def __init__(self, message: str | None = None, *, with_second_factor: bool = False) -> None:
        """`with_second_factor`: the person has one, and has to show it, too."""
        super().__init__(message)
        self.acr = MULTI_FACTOR if with_second_factor else SINGLE_FACTOR


class PasswordFirst(Forbidden):
    """Choose a new password first."""


class SecondFactorFirst(Forbidden):
    """Set up a second factor first: this domain asks it of you, and without one you can only read."""


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


def fresh_session(actor: Actor, now: int, *, sets_up_factor: bool = False) -> tuple[Person, Session]:
    """The same, opened within the last 12 hours and free of a pending password choice (pitfalls 6 and 54).

    Raises SignInIsOld, PasswordFirst; and SecondFactorFirst unless the act is what sets one up.
    """
    person, session = own_session(actor)
    _require_fresh(session, now, sets_up_factor=sets_up_factor)
    return person, session


def require_fresh(actor: Actor, now: int) -> None:
    """The same for dangerous acts on what others have, too: whoever asks from a session has to have signed in lately.

    An API token, an application, a mail and the operator's shell are bounded in ways of their own. Raises SignInIsOld,
    PasswordFirst, SecondFactorFirst (pitfall 54, RFC 9470).
    """
    if actor.session is not None and not actor.application:
        _require_fresh(actor.session, now, sets_up_factor=False)


def _require_fresh(session: Session, now: int, *, sets_up_factor: bool) -> None:
    if session.needs_password_change:
        raise PasswordFirst
    if session.needs_second_factor and not sets_up_factor:
        raise SecondFactorFirst
    # A session in which a second factor was ever shown is one of somebody who has it: both are shown at each sign-in.
    shown = session.second_factor_at
    if now - session.authenticated_at > FRESH or (shown is not None and now - shown > FRESH):
        raise SignInIsOld(with_second_factor=shown is not None)
