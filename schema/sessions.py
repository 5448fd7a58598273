"""Sign-ins and tokens, as the API shows them."""

import strawberry

from resolvers import sessions
from schema.binding import computed, mirrors, shown
from schema.enums.identity import AuthMethod, AuthStrength, TokenScope
from schema.foundations import Node, node_id
from schema.scalars import DateTime
from storage.tables import access


@strawberry.type(description="One sign-in.")
@mirrors(access.Session)
class Session(Node):
    """One sign-in."""

    id: strawberry.ID = node_id("Session")
    is_current: bool = computed(sessions.is_current, "It is the one of this request.")
    method: AuthMethod = shown("How it was opened.")
    strength: AuthStrength = computed(sessions.strength, "Level.")
    user_agent: str | None = computed(sessions.user_agent, "What the browser called itself.")
    created_at: DateTime = shown("Opened.")
    last_seen_at: DateTime = shown("Last used, to the hour.")
    expires_at: DateTime = shown("Ends at the latest.")


@strawberry.type(description="A token a person made.")
@mirrors(access.Token)
class ApiToken(Node):
    """A token a person made."""

    id: strawberry.ID = node_id("ApiToken")
    label: str = shown("The person's name for it.")
    prefix: str = shown("First characters, to find it again.")
    scopes: list[TokenScope] = computed(sessions.scopes, "What it may do.")
    last_used_at: DateTime | None = shown("Last used, to the hour.")
    expires_at: DateTime | None = shown("Ends at.")
