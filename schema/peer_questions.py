"""All that other list servers can ask here: a schema of its own, apart from the API, with one question and one act."""

from typing import Any

import strawberry
from strawberry.extensions import DisableIntrospection
from strawberry.schema.config import StrawberryConfig

from resolvers import peer_questions


@strawberry.type(description="A subscription as told to a peer.")
class PeerSubscriptionItem:
    """A subscription as told to a peer."""

    list_address: str = strawberry.field(description="Posting address of the list.")
    subject: str | None = strawberry.field(description="Directory line.")
    reception: str | None = strawberry.field(
        description="Mode, as a string: unknown ones are shown as given."
    )
    manage_url: str | None = strawberry.field(description="Where to manage it, on this server.")


@strawberry.type(description="What may be told of one subject.")
class PeerWhichAnswer:
    """What may be told of one subject."""

    handle: str = strawberry.field(description="As sent.")
    subscriptions: list[PeerSubscriptionItem] = strawberry.field(description="At most 500.")
    is_truncated: bool = strawberry.field(description="More exist.")


@strawberry.type(description="Answers in the order asked.")
class PeerWhichResult:
    """Answers in the order asked."""

    answers: list[PeerWhichAnswer] = strawberry.field(
        description="One for each subject; empty means nothing to tell, for whatever reason."
    )
    notice: str | None = strawberry.field(
        description="Of the protocol, not of a subject: null or a reason such as RATE_LIMITED."
    )


@strawberry.type(description="What became of an act.")
class PeerActResult:
    """What became of an act."""

    is_done: bool = strawberry.field(description="It is done.")
    notice: str | None = strawberry.field(
        description="Why not: NOT_ALLOWED, WAITING for the list's owners, REFUSED by its rules, RATE_LIMITED."
    )


def _answered(resolver: Any, description: str) -> Any:
    """A field whose value is the domain's own record, from which the type's attributes are read."""
    return strawberry.field(resolver=resolver, description=description)


class _Schema(strawberry.Schema):
    def process_errors(self, errors: Any, execution_context: Any = None) -> None:
        """Refusals are told to the peer, and nothing of them is an error of ours; what is one is raised at the door."""


@strawberry.type(description="What peers may ask: nothing else is reachable here.")
class Query:
    """What peers may ask."""

    peer_which: PeerWhichResult = _answered(
        peer_questions.peer_which, "Subscriptions of the subjects, from local data only."
    )


@strawberry.type(description="What people may have peers do here.")
class Mutation:
    """What people may have peers do."""

    peer_act: PeerActResult = _answered(
        peer_questions.peer_act,
        "Leave a list or pause it, where everybody who has to allow that does.",
    )


peer_schema = _Schema(
    query=Query,
    mutation=Mutation,
    extensions=[DisableIntrospection],
    config=StrawberryConfig(),
)
