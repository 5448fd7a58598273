"""Who is asking, how surely, and what they may do outside any list."""

from dataclasses import dataclass
from typing import Any

from identity.actor import Actor
from resolvers.context import Context, Info
from resolvers.strengths import strength_of_actor
from storage.tables.words import SignInMethod


@dataclass(frozen=True, slots=True)
class Viewer:
    """The asker of one request."""

    actor: Actor


async def viewer(info: Info) -> Viewer:
    """The asker; also answers strangers."""
    return Viewer(info.context.actor)


def session(root: Viewer, _context: Context) -> Any:
    """The session in use; None for a stranger and for a token."""
    return root.actor.session


def locale(root: Viewer, _context: Context) -> str:
    """The person's language, or the robot's."""
    return root.actor.person.locale if root.actor.person else root.actor.robot.language


def strength(root: Viewer, _context: Context) -> str:
    """How sure the server is."""
    return strength_of_actor(root.actor)


def methods(root: Viewer, _context: Context) -> list[SignInMethod]:
    """What was used."""
    if root.actor.token is not None:
        return [SignInMethod.API_TOKEN]
    return [root.actor.session.method] if root.actor.session else []


def authenticated_at(root: Viewer, _context: Context) -> int | None:
    """When the person last proved themselves."""
    return root.actor.session.authenticated_at if root.actor.session else None
