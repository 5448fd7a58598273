"""What a mutation answers: its results, or the refusal as data that a form can show beside the field."""

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from identity.evenly import evenly
from identity.refusal import Refused, SignInNeeded
from identity.standing import SignInIsOld, TokenNotEnough
from mail.instant import SECOND
from resolvers.context import Context
from scenarios.decision import Decision
from storage.tables.words import TokenScope


@dataclass(frozen=True, slots=True)
class UserError:
    """One reason why a change was not made; `retry_after` is an instant, `decision_id` a scenario's kept decision.

    `required_strength`, `acr` and `max_age` (seconds) say what a sign-in has to be that would do (RFC 9470).
    """

    message: str
    code: str
    path: tuple[str, ...] | None = None
    retry_after: int | None = None
    decision_id: str | None = None
    required_strength: str | None = None
    acr: str | None = None
    max_age: int | None = None


class Once(str):
    """A text that is shown this one time, such as a token's secret; no answer that is kept holds it."""

    __slots__ = ()


class Payload:
    """The results of a mutation by their names; a result that is not given is null."""

    def __init__(
        self,
        *,
        client_mutation_id: str | None = None,
        user_errors: tuple[UserError, ...] = (),
        **results: Any,
    ) -> None:
        self.client_mutation_id = client_mutation_id
        self.user_errors = user_errors
        self.results = results

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.results.get(name)


def whole_graph(_root: Payload, context: Context) -> bool:
    """The root of the graph, which has no record of its own; raises TokenNotEnough for a token that may not read."""
    if not context.actor.may(TokenScope.READ):
        raise TokenNotEnough
    return True


Mutation = Callable[..., Awaitable[Payload]]


def refusable(mutation: Mutation) -> Mutation:
    """Turn the domain's Refused into `userErrors`, and echo the client's mutation id.

    The mutation takes `info` and `input`, and answers a Payload.
    """

    @functools.wraps(mutation)
    async def answered(info: Any, input: Any) -> Payload:
        try:
            payload = await mutation(info=info, input=input)
        except Refused as refused:
            payload = Payload(user_errors=(user_error(refused),))
        # UNSET, which is false, when the client sent none.
        payload.client_mutation_id = input.client_mutation_id or None
        return payload

    return answered


def evened(mutation: Mutation) -> Mutation:
    """Let the answer take as long whatever was found, outside of any transaction (pitfall 47); stands below `refusable`."""

    @functools.wraps(mutation)
    async def even(info: Any, input: Any) -> Payload:
        async with evenly():
            return await mutation(info=info, input=input)

    return even


def scoped(scope: TokenScope) -> Callable[[Mutation], Mutation]:
    """Refuse API tokens without this scope; stands below `refusable`."""

    def limit(mutation: Mutation) -> Mutation:
        @functools.wraps(mutation)
        async def checked(info: Any, input: Any) -> Payload:
            if not info.context.actor.may(scope):
                raise TokenNotEnough
            return await mutation(info=info, input=input)

        return checked

    return limit


def user_error(refused: Refused) -> UserError:
    """A refusal as data; paths begin at `input`, members in the API's spelling."""
    path = None if refused.path is None else ("input", *(_camel(part) for part in refused.path))
    said = UserError(
        refused.message, refused.code, path, getattr(refused, "retry_after", None), decision_of(refused)
    )
    if isinstance(refused, SignInIsOld):
        return replace(
            said, required_strength="CHALLENGED", acr=refused.acr, max_age=refused.max_age // SECOND
        )
    # Whoever is not signed in at all may come in by any way.
    return replace(said, required_strength="CHALLENGED") if isinstance(refused, SignInNeeded) else said


def decision_of(refused: Refused) -> str | None:
    """The id of the scenario's decision behind a refusal; None where none was kept."""
    decision = getattr(refused, "decision", None)
    return (decision.id or None) if isinstance(decision, Decision) else None


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
