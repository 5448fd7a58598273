"""Any one thing by its global id, under exactly the authorization of the field that leads to it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, TypeAlias

import strawberry

from identity.refusal import Refused
from resolvers.context import Context, Info
from resolvers.ids import read_id
from resolvers.limits import LIMITS
from resolvers.problems import BadInput

ByKey: TypeAlias = Callable[[Context, int], Awaitable[Any | None]]

NODES: Mapping[str, ByKey] = {}
"""For each type that implements Node: the thing with that key, or None when the asker may not see it."""

RECORDS: Mapping[type, str] = {}
"""The type name of each record that has a global id by its `id`."""

GlobalId = Annotated[strawberry.ID, strawberry.argument(description="Global id.")]
GlobalIds = Annotated[list[strawberry.ID], strawberry.argument(description="At most 100 global ids.")]


async def fetch(context: Context, global_id: str) -> Any | None:
    """The thing with that id, or None when it is gone, hidden, or another robot's; raises IdInvalid for a forged id."""
    try:
        name, key = read_id(context, global_id)
        by_key = NODES.get(name)
        return None if by_key is None else await by_key(context, key)
    except Refused:
        # Hidden looks exactly like absent.
        return None


async def node(info: Info, id: GlobalId) -> Any | None:
    """Any one object."""
    return await fetch(info.context, id)


async def nodes(info: Info, ids: GlobalIds) -> list[Any | None]:
    """Several objects, in the order asked."""
    if len(ids) > LIMITS.max_nodes:
        raise BadInput(f"Ask for at most {LIMITS.max_nodes} ids at once.")
    return list(await asyncio.gather(*(fetch(info.context, each) for each in ids)))
