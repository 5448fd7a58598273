"""Sign-ins and tokens, as the API shows them."""

import strawberry

from resolvers import sessions
from schema.binding import computed, mirrors, resolved, shown
from schema.enums.identity import AuthMethod, AuthStrength, TokenScope
from schema.foundations import Node, Payload, node_id
from schema.refs import MailingListRef
from schema.scalars import DateTime, Url
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
    second_factor_at: DateTime | None = shown("When a second factor was shown in it; null for never.")
    needs_second_factor: bool = shown("It can only read until the person has set up a second factor.")
    debug_until: DateTime | None = shown(
        "Until when its answers say how they came about; null when they do not."
    )
    elevated_until: DateTime | None = computed(
        sessions.elevated_until, "Until when a listmaster counts as an owner of a list in it; null when not."
    )
    elevated_list: MailingListRef | None = resolved(
        sessions.elevated_list, "Which list that is; null for other sessions than the one of this request."
    )


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


@strawberry.type(description="Result of signOut.")
class SignOutPayload(Payload):
    """Result of signOut."""

    redirect_url: Url | None = shown("For single sign-out at the provider.")


@strawberry.type(description="Result of sessionDebug.")
class SessionDebugPayload(Payload):
    """Result of sessionDebug."""

    session: Session | None = shown("The session.")


@strawberry.type(description="Result of listElevate.")
class ListElevatePayload(Payload):
    """Result of listElevate."""

    session: Session | None = shown("The session.")


@strawberry.type(description="Result of apiTokenCreate.")
class ApiTokenCreatePayload(Payload):
    """Result of apiTokenCreate."""

    api_token: ApiToken | None = shown("The token.")
    secret: str | None = shown("Shown this once; null when the same key is sent again.")


@strawberry.type(description="Result of apiTokenRevoke.")
class ApiTokenRevokePayload(Payload):
    """Result of apiTokenRevoke."""

    revoked_id: strawberry.ID | None = shown("Which.")


@strawberry.type
class SessionMutations:
    """Ends of sessions, and tokens."""

    sign_out: SignOutPayload = resolved(sessions.sign_out, "Ends a session.")
    session_debug: SessionDebugPayload = resolved(
        sessions.session_debug,
        "For listmasters: lets the answers to this very session say in `extensions.debug` how they came about, with the "
        "statements and their times and the rules that were tried; never those to another session.",
    )
    list_elevate: ListElevatePayload = resolved(
        sessions.list_elevate,
        "For listmasters who own no lists: lets them count as an owner of one list, in this very session, for a reason "
        "and a while; its owners are told at once.",
    )
    api_token_create: ApiTokenCreatePayload = resolved(sessions.api_token_create, "Makes a token.")
    api_token_revoke: ApiTokenRevokePayload = resolved(sessions.api_token_revoke, "Ends a token.")
