"""API tokens: a bearer secret of the person's own making, limited to scopes and to a year."""

from collections.abc import Collection

from identity.actor import Actor
from identity.reach import require_whole_server
from identity.refusal import Invalid, NotFound
from identity.secret import hashed, new_secret
from identity.standing import fresh_session, own_session, person_of
from mail.instant import DAY, HOUR
from storage import audit, tokens
from storage.database import Reader, UnitOfWork
from storage.tables.access import Token
from storage.tables.words import TokenScope

PREFIX = "pr_"
SHOWN = 8
DEFAULT_LIFETIME = 90 * DAY
LONGEST_LIFETIME = 366 * DAY
LONGEST_LABEL = 100
MOST_TOKENS = 50


async def create_token(
    uow: UnitOfWork,
    actor: Actor,
    label: str,
    scopes: Collection[TokenScope],
    expires_at: int | None = None,
) -> tuple[Token, str]:
    """Make a token; the second value is the secret, which is shown only here. 90 days where `expires_at` is None.

    Raises SignInNeeded, Invalid, and Forbidden for a token: tokens make no tokens; OnlyHere, since it is good everywhere.
    """
    person, session = fresh_session(actor, uow.now)
    await require_whole_server(uow, session)
    return await make_token(uow, actor, person.id, label, scopes, expires_at)


async def make_token(
    uow: UnitOfWork,
    actor: Actor,
    person_id: int,
    label: str,
    scopes: Collection[TokenScope],
    expires_at: int | None = None,
) -> tuple[Token, str]:
    """The same on behalf of a person, for the operator at the server's own shell; raises Invalid."""
    name = " ".join(label.split())
    if not 0 < len(name) <= LONGEST_LABEL or not name.isprintable():
        raise Invalid(f"A label has 1 to {LONGEST_LABEL} characters.", path=("label",))
    if not scopes:
        raise Invalid("Name at least one scope.", path=("scopes",))
    until = uow.now + DEFAULT_LIFETIME if expires_at is None else expires_at
    if not uow.now < until <= uow.now + LONGEST_LIFETIME:
        raise Invalid("A token ends in the future, within a year.", path=("expires_at",))
    if len(await tokens.of_person(uow, person_id)) >= MOST_TOKENS:
        raise Invalid(f"You have {MOST_TOKENS} tokens already; end one first.")
    secret = PREFIX + new_secret()
    token = await tokens.add(
        uow,
        secret_hash=hashed(secret),
        person_id=person_id,
        label=name,
        prefix=secret[:SHOWN],
        scopes=" ".join(sorted(scope.value for scope in set(scopes))),
        expires_at=until,
    )
    await _record(uow, actor, person_id, "token_created", token.prefix)
    return token, secret


async def list_tokens(reader: Reader, actor: Actor) -> list[Token]:
    """The asker's live tokens, newest first; raises SignInNeeded. An application is told of none."""
    person = person_of(actor)
    return [] if actor.application else await tokens.of_person(reader, person.id)


async def revoke(uow: UnitOfWork, actor: Actor, token_id: int) -> None:
    """End one of the asker's tokens; raises NotFound, SignInNeeded."""
    person, _ = own_session(actor)
    if not await tokens.revoke(uow, person.id, token_id):
        raise NotFound
    await _record(uow, actor, person.id, "token_revoked", "")


async def touch(uow: UnitOfWork, token: Token) -> None:
    """Note that the token is in use; written once an hour at most (`is_stale` says whether to ask)."""
    await tokens.touch(uow, token.id, unless_after=uow.now - HOUR)


def is_stale(token: Token, now: int) -> bool:
    """Whether the last noted use is an hour old."""
    return token.last_used_at is None or token.last_used_at <= now - HOUR


def scopes_of(token: Token) -> frozenset[TokenScope]:
    """What the token may do."""
    return frozenset(TokenScope(word) for word in token.scopes.split())


async def _record(uow: UnitOfWork, actor: Actor, person_id: int, event: str, prefix: str) -> None:
    await audit.record(
        uow,
        event,
        actor=actor.sender,
        via=actor.via,
        robot_id=actor.robot.id,
        person_id=person_id,
        detail={"prefix": prefix},
    )
