"""Sessions that end because a provider says so: those that it names, and no others."""

from storage import sessions
from tests.identity.world import World

SCOPE = "lists.example.org:shibboleth"


async def came_from(world: World, person: str, provider: str, name: str) -> str:
    """A session that a provider opened; its token."""
    done = await world.by_ticket(person)
    async with world.db.write() as uow:
        await sessions.came_from(
            uow,
            done.session.id,
            provider=provider,
            provider_subject=person,
            provider_session=name,
            provider_kept="",
            acr="",
            authenticated_at=uow.now,
        )
    return done.raw_token


async def test_a_name_alone_ends_the_session_of_that_name_at_any_issuer_of_this_provider(
    world: World,
) -> None:
    ended = await came_from(world, "a@one.example", f"{SCOPE} https://idp.one.example", "_1")
    others = [
        await came_from(world, "b@one.example", f"{SCOPE} https://idp.two.example", "_2"),
        await came_from(world, "c@one.example", "other.example.org:shibboleth https://idp.one.example", "_1"),
        await came_from(world, "d@one.example", f"{SCOPE}2 https://idp.one.example", "_1"),
        await came_from(world, "e@one.example", f"{SCOPE} https://idp.one.example", ""),
    ]
    async with world.db.write() as uow:
        found = await sessions.revoke_named(uow, SCOPE, "_1")
        assert await sessions.revoke_named(uow, SCOPE, "") == []
    assert [each.address for each in found] == ["a@one.example"]
    assert await world.who(ended) is None
    for token in others:
        assert await world.who(token) is not None
