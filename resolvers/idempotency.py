"""A mutation sent twice under one key happens once; the second time the first answer is put together again."""

import dataclasses
import functools
import inspect
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any

import orjson

from identity import idempotency
from resolvers.context import Context, writing
from resolvers.ids import global_id
from resolvers.node import fetch, type_name_of
from resolvers.payloads import Mutation, Once, Payload, UserError
from storage.database import UnitOfWork
from storage.undone import until_done

_RECALLABLE: dict[str, type] = {}
Writing = Callable[..., Awaitable[Payload]]


def recallable(record: type) -> type:
    """Let a dataclass stand in the results of an idempotent mutation; its fields are kept as results are."""
    _RECALLABLE[record.__name__] = record
    return record


recallable(UserError)


def idempotent(mutation: Writing) -> Mutation:
    """Give a mutation its transaction, and with a clientMutationId of somebody known, run it once.

    The mutation takes `info`, `uow` and `input`; what the client sees has no `uow`. The answer is kept in the mutation's own
    transaction: whoever repeats it while it runs waits for it, and a refused one may be repeated.
    """

    @functools.wraps(mutation)
    async def once(info: Any, input: Any) -> Payload:
        # What the database undid because of somebody else's change has not happened.
        return await until_done(functools.partial(run, info, input))

    async def run(info: Any, input: Any) -> Payload:
        context: Context = info.context
        key = input.client_mutation_id
        asker = _asker(context)
        if not key or asker is None:
            async with writing(info) as uow:
                return await mutation(info=info, uow=uow, input=input)
        hashed = idempotency.input_hash(_plain(input))
        async with writing(info) as uow:
            known = await idempotency.remember(uow, asker, mutation.__name__, key, hashed)
            if known is None:
                payload = await mutation(info=info, uow=uow, input=input)
                await _keep(uow, context, asker, mutation.__name__, key, payload)
                return payload
        return await recalled(context, known)

    bare: Mutation = _without_uow(once, mutation)
    return bare


async def _keep(
    uow: UnitOfWork, context: Context, asker: str, operation: str, key: str, payload: Payload
) -> None:
    shown = {**payload.results, "user_errors": payload.user_errors}
    results = {name: kept(context, value) for name, value in shown.items()}
    await idempotency.keep(uow, asker, operation, key, orjson.dumps(results).decode())


def kept(context: Context, value: Any) -> Any:
    """A result as it is kept: things by their id, plain values as they are, what is shown once not at all."""
    if isinstance(value, Once):
        return None
    if isinstance(value, Enum):
        return kept(context, value.value)
    if value is None or isinstance(value, str | int | bool | float):
        return value
    if isinstance(value, list | tuple):
        return [kept(context, each) for each in value]
    name = type_name_of(context, value)
    if name is not None:
        return {"node": global_id(context, name, value.id)}
    if type(value).__name__ in _RECALLABLE:
        members = {each.name: kept(context, getattr(value, each.name)) for each in dataclasses.fields(value)}
        return {"record": type(value).__name__, "members": members}
    return None


async def recalled(context: Context, answer: str) -> Payload:
    """The payload of a kept answer; things are shown as they are now, and as null when they are gone."""
    results: dict[str, Any] = orjson.loads(answer)
    return Payload(**{name: await _recall(context, value) for name, value in results.items()})


async def _recall(context: Context, value: Any) -> Any:
    if isinstance(value, list):
        return [await _recall(context, each) for each in value]
    if not isinstance(value, dict):
        return value
    if "node" in value:
        return await fetch(context, value["node"])
    members = {name: await _recall(context, each) for name, each in value["members"].items()}
    return _RECALLABLE[value["record"]](**members)


def _asker(context: Context) -> str | None:
    actor = context.actor
    if actor.person is None:
        return None
    asker = f"person {actor.person.id} robot {actor.robot.id}"
    # An application neither gets the person's own answers nor another application's.
    return f"{asker} {actor.via}" if actor.application else asker


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        found = {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
        return {name: each for name, each in found.items() if name != "client_mutation_id"}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Enum):
        return value.name
    return value if value is None or isinstance(value, str | int | bool | float) else str(type(value))


def _without_uow(once: Any, mutation: Writing) -> Any:
    signature = inspect.signature(mutation)
    wanted = [each for each in signature.parameters.values() if each.name != "uow"]
    once.__signature__ = signature.replace(parameters=wanted)
    once.__annotations__ = {name: each for name, each in mutation.__annotations__.items() if name != "uow"}
    # Introspection would otherwise look through to the function with `uow`.
    del once.__wrapped__
    return once
