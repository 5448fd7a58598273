"""Any one thing by its global id, under exactly the authorization of the field that leads to it."""

import asyncio
from typing import Annotated, Any

import strawberry

from identity.refusal import Refused
from resolvers.context import Context, Info
from resolvers.ids import read_id
from resolvers.limits import LIMITS
from resolvers.problems import BadInput

GlobalId = Annotated[strawberry.ID, strawberry.argument(description="Global id.")]
GlobalIds = Annotated[list[strawberry.ID], strawberry.argument(description="At most 100 global ids.")]


async def fetch(context: Context, global_id: str) -> Any | None:
    """The thing with that id, or None when it is gone, hidden, or another robot's; raises IdInvalid for a forged id."""
    try:
        name, key = read_id(context, global_id)
        kind = context.nodes.get(name)
        return None if kind is None else await kind.by_key(context, key)
    except Refused:
        # Hidden looks exactly like absent.
        return None


def type_name_of(context: Context, record: Any) -> str | None:
    """The name of the type that shows this record under a global id."""
    return next((name for name, kind in context.nodes.items() if isinstance(record, kind.record)), None)


async def node(info: Info, id: GlobalId) -> Any | None:
    """Any one object."""
    return await fetch(info.context, id)


async def nodes(info: Info, ids: GlobalIds) -> list[Any | None]:
    """Several objects, in the order asked."""
    if len(ids) > LIMITS.max_nodes:
        raise BadInput(f"Ask for at most {LIMITS.max_nodes} ids at once.")
    return list(await asyncio.gather(*(fetch(info.context, each) for each in ids)))
