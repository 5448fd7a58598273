"""Every type with a global id, and the function that fetches one under the authorization of its field."""

from collections.abc import Mapping

from resolvers.context import NodeKind
from resolvers.emails import UserEmail, email_by_key
from resolvers.people import user_by_key
from resolvers.sessions import session_by_key, token_by_key
from storage.tables.access import Session, Token
from storage.tables.people import Person

NODES: Mapping[str, NodeKind] = {
    "User": NodeKind(Person, user_by_key),
    "UserEmail": NodeKind(UserEmail, email_by_key),
    "Session": NodeKind(Session, session_by_key),
    "ApiToken": NodeKind(Token, token_by_key),
}
