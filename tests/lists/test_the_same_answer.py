"""Who asks about somebody else's address learns nothing: the same answer for the same work (requirement 4.9)."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from identity.actor import Actor
from lists import membership, rosters
from storage import scenario_texts
from storage.database import UnitOfWork
from storage.tables.lists import MailingList
from tests.identity.world import Watched
from tests.lists.world import World

Act = Callable[[UnitOfWork, Actor, MailingList, str], Awaitable[Any]]


async def _subscribe(uow: UnitOfWork, actor: Actor, mlist: MailingList, address: str) -> Any:
    outcome = await membership.subscribe(uow, actor, mlist, address=address)
    return outcome.membership, outcome.waits_for, outcome.decision.action, outcome.decision.argument


async def _unsubscribe(uow: UnitOfWork, actor: Actor, mlist: MailingList, address: str) -> Any:
    outcome = await membership.unsubscribe_address(uow, actor, mlist, address)
    return outcome.removed, outcome.waits_for, outcome.decision.action, outcome.decision.argument


def _roster(act: Callable[..., Awaitable[rosters.RosterOutcome]]) -> Act:
    async def run(uow: UnitOfWork, actor: Actor, mlist: MailingList, address: str) -> Any:
        outcome = await act(uow, actor, mlist, [address])
        return len(outcome.done), len(outcome.already), len(outcome.asked), len(outcome.problems)

    return run


ACTS: dict[str, Act] = {
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
    "add": _roster(rosters.add),
    "del": _roster(rosters.remove),
    "invite": _roster(rosters.invite),
}


@pytest.mark.parametrize("operation", sorted(ACTS))
async def test_members_and_others_get_the_same_answer_for_the_same_work(world: World, operation: str) -> None:
    """Pitfall 47."""
    mlist = await world.make("info", invite="public")
    text = "true() smtp,dkim,md5,smime -> request_auth([email])"
    async with world.database.write() as uow:
        for name in {mlist.add, mlist.del_, mlist.subscribe, mlist.unsubscribe}:
            if operation != "invite":
                await scenario_texts.put(
                    uow, robot_id=None, list_id=None, operation=operation, name=name, text=text
                )
    await world.put(mlist, "inside@x.example")
    watched = Watched(world.database)
    found = []
    for address in ("inside@x.example", "outside@x.example"):
        watched.told()
        async with watched.write() as uow:
            answer = await ACTS[operation](uow, world.person("eve@evil.example"), mlist, address)
        found.append((answer, len(watched.told())))
    assert found[0] == found[1]
    assert [mail.to for mail in await world.mails()] == ["inside@x.example", "outside@x.example"]
