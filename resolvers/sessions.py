"""Where a person is signed in, and the tokens they made."""

from resolvers.context import Context
from resolvers.strengths import strength_of_method
from storage.tables.access import Session, Token
from storage.tables.words import TokenScope


def is_current(root: Session, context: Context) -> bool:
    """It is the one of this request."""
    session = context.actor.session
    return session is not None and session.id == root.id


def strength(root: Session, _context: Context) -> str:
    """Level."""
    return strength_of_method(root.strength, root.method)


def user_agent(root: Session, _context: Context) -> str | None:
    """What the browser called itself."""
    return root.user_agent or None


def scopes(root: Token, _context: Context) -> list[TokenScope]:
    """What a token may do."""
    return [TokenScope(each) for each in root.scopes.split()]
