"""The engine: one letter goes through the stages of its route until one of them ends the journey."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from delivery.letter import TAKEN, Done, Letter, Next
from storage.database import Reader

# What a stage is given beside the letter: a transaction, or a reader where nothing is done but looking.
R = TypeVar("R", bound=Reader)
Stage = Callable[[Letter, R], Awaitable[Next | Done | None]]
Routes = Mapping[str, Sequence[Stage[R]]]
_MOST_ROUTES = 8


class WentRound(Exception):
    """A letter changed its route too often; it stays with the server that brought it."""

    code = "WENT_ROUND"


async def wind(letter: Letter, routes: Routes[R], start: str, uow: R) -> Done:
    """Take a letter through `start` and the routes that follow, in the caller's transaction; raises WentRound."""
    route = start
    while len(letter.trail) < _MOST_ROUTES:
        letter.trail.append(route)
        turn = await _through(letter, routes[route], uow)
        if isinstance(turn, Done):
            return turn
        route = turn.route
    raise WentRound


async def _through(letter: Letter, stages: Sequence[Stage[R]], uow: R) -> Next | Done:
    for stage in stages:
        turn = await stage(letter, uow)
        if turn is not None:
            return turn
    return Done(TAKEN)
