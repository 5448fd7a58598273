"""What all of the API stands on: Node, Error, pages, and the frame of every mutation's answer."""

from typing import Any, Generic, TypeVar

import strawberry

from resolvers import ids, pages, payloads
from schema.binding import computed, mirrors, resolved, shown
from schema.enums.errors import UserErrorCode
from schema.enums.identity import AuthStrength
from schema.refs import QueryRef
from schema.scalars import DateTime

T = TypeVar("T")


def node_id(type_name: str) -> Any:
    """The id of a Node, out of its record's primary key."""
    return computed(ids.id_of(type_name), "Global id.")


@strawberry.interface(description="Anything that can be fetched again by its global id.")
class Node:
    """Anything that can be fetched again by its global id."""

    id: strawberry.ID = shown("Opaque and stable; do not parse it.")


@strawberry.interface(description="What every problem that a person can correct has in common.")
class Error:
    """What every problem that a person can correct has in common."""

    message: str = shown("For people, in the language of the request.")
    path: list[str] | None = shown(
        'The input member it is about, such as `["input", "email"]`; null when it is about the whole.'
    )
    code: UserErrorCode = shown("For programs.")


@strawberry.type(description="One reason why a change was not made.")
@mirrors(payloads.UserError)
class UserError(Error):
    """One reason why a change was not made."""

    retry_after: DateTime | None = shown("When trying again makes sense, for RATE_LIMITED and LOCKED.")
    decision_id: strawberry.ID | None = shown(
        "The scenario's decision behind it, good for `decision`; null where no scenario refused."
    )
    required_strength: AuthStrength | None = shown(
        "For REAUTHENTICATION_REQUIRED: how surely one has to sign in, at least."
    )
    acr: str | None = shown(
        "For REAUTHENTICATION_REQUIRED: what the sign-in has to be, `https://refeds.org/profile/sfa` for one factor or "
        "`https://refeds.org/profile/mfa` for two (RFC 9470)."
    )
    max_age: int | None = shown(
        "For REAUTHENTICATION_REQUIRED: how many seconds ago one may have signed in at the earliest."
    )


@strawberry.type
class Payload:
    """What every mutation answers."""

    user_errors: list[UserError] = shown("What the caller can correct; empty when the change was made.")
    client_mutation_id: str | None = shown("The key that was sent.")
    query: QueryRef = computed(
        payloads.whole_graph, "The whole graph, to refetch in the same round trip; for tokens that may read."
    )


@strawberry.type(description="How a page lies in the whole.")
class PageInfo:
    """How a page lies in the whole."""

    has_next_page: bool = shown("More follow.")
    has_previous_page: bool = shown("Some precede.")
    start_cursor: str | None = shown("Cursor of the first edge.")
    end_cursor: str | None = shown("Cursor of the last edge.")


@strawberry.type(description="One item in a page.")
class Edge(Generic[T]):
    """One item in a page."""

    cursor: str = computed(
        pages.edge_cursor, "Opaque; good for `after` and `before` with the same filter and order."
    )
    node: T | None = shown("The item; null when it vanished or was hidden between counting and reading.")


@strawberry.type(description="A page of a longer list.")
class Connection(Generic[T]):
    """A page of a longer list."""

    edges: list[Edge[T]] = shown("The edges of this page.")
    page_info: PageInfo = computed(pages.page_info, "How the page lies in the whole.")
    total_count: int | None = resolved(
        pages.total_count,
        "How many there are in all, as far as the caller may see; null when counting is refused or too costly.",
    )
