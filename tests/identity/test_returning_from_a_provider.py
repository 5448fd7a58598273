"""What comes back with somebody from a provider says neither where they go next nor whose session they have."""

from typing import Any

import pytest

from identity import ways_in
from identity.provider import Inbound, NotProved
from identity.provider_sign_in import arrive
from identity.return_to import ElsewhereRefused
from identity.steps import Done, Elsewhere
from tests.identity.papers import Mill

ALICE = '{"subject": "s-alice", "addresses": [["alice@mill.example", true]]}'
EVIL = ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]


async def come_back(mill: Mill, **query: str) -> Any:
    inbound = Inbound("GET", "https://x.example/cb", query={"paper": ALICE, **query})
    return await arrive(mill.world.db, mill.robot, await mill.entry(), inbound, mill.visitor())


@pytest.mark.parametrize("place", EVIL)
async def test_a_sign_in_begins_only_with_a_place_of_ours(mill: Mill, place: str) -> None:
    """Pitfalls 21 and 33."""
    with pytest.raises(ElsewhereRefused):
        await ways_in.begin(mill.world.db, mill.robot, "mill", mill.visitor(), return_to=place)


async def test_what_goes_to_the_provider_does_not_tell_where_to_return(mill: Mill) -> None:
    """Pitfall 33: the state (RelayState in SAML) is a handle, and what it stands for is kept here."""
    begun = await ways_in.begin(mill.world.db, mill.robot, "mill", mill.visitor(), return_to="/lists/secret")
    assert isinstance(begun, Elsewhere)
    state = begun.url.partition("state=")[2]
    assert "secret" not in begun.url
    assert len(state) == 43
    more = dict.fromkeys(("return_to", "next", "RelayState", "redirect_uri", "TARGET"), EVIL[0])
    done = await come_back(mill, state=state, **more)
    assert isinstance(done, Done)
    assert done.return_to == "/lists/secret"


@pytest.mark.parametrize("place", [*EVIL, "/lists/secret", ""])
async def test_a_place_in_the_states_place_signs_nobody_in(mill: Mill, place: str) -> None:
    """Pitfalls 15 and 33."""
    await mill.begin()
    with pytest.raises(NotProved):
        await come_back(mill, state=place)


async def test_a_session_that_somebody_planted_ends_when_its_browser_signs_in(mill: Mill) -> None:
    """Pitfall 48: the visitor comes out with a session of their own, and the planted one is over."""
    planted = await mill.world.by_ticket("mallory@else.example")
    visitor = mill.visitor(session=planted.session)
    done = await mill.done({"subject": "s-alice", "addresses": [["alice@mill.example", True]]}, visitor)
    assert done.raw_token != planted.raw_token
    assert done.session.id != planted.session.id
    assert await mill.world.who(planted.raw_token) is None
    actor = await mill.world.who(done.raw_token)
    assert actor is not None
    assert actor.addresses == ("alice@mill.example",)
