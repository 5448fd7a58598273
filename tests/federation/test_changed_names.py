"""A change of keys makes every name new, and is no harvest for that: what was asked about lately may be asked about anew (listfed/1, 3 and 8)."""

from collections.abc import Iterable, Sequence

import pytest

from federation import budgets, discovery, peer_keys, question
from federation.own_keys import own_keys, rotate
from mail.instant import SECOND
from storage import federation_consents as rows
from storage import federation_pairs, peers
from storage.tables.words import AddressVerdict, PeerTrust
from tests.conftest import Clock
from tests.federation.asking_world import Asker, peer_now
from tests.federation.other_server import new_pair
from tests.lists.world import World

DAY_ONE = ("theirs", "ours")


def people(first: int, last: int) -> list[str]:
    return [f"p{number}@x.example" for number in range(first, last)]


async def ask(other: Asker, clock: Clock, addresses: Sequence[str]) -> list[int]:
    """Ask about them, twenty at once and slowly enough; the statuses that came."""
    found = []
    for begins in range(0, len(addresses), 20):
        subjects = [other.subject(each) for each in addresses[begins : begins + 20]]
        answer = await other.post(question.body_of(question.WHICH, question.which_variables(subjects)))
        found.append(answer.status_code)
        clock.advance(seconds=2)
    return found


async def change_theirs(other: Asker) -> None:
    """The peer names addresses by a new key from now on, which this server believes."""
    other.other.agreement.append(new_pair("X25519", not_before=other.now))
    del other.other.agreement[:-2]
    await believe(other)


async def believe(other: Asker) -> None:
    """This server has read the peer's document as it is now."""
    async with other.db.write() as uow:
        document = discovery.read(other.other.document(uow.now).encode(), other.other.issuer, uow.now)
        said, keys = discovery.kept(document.said), peer_keys.kept(document.keys)
        await peers.refreshed(uow, other.peer.id, document.endpoint, said, keys)


async def change_ours(other: Asker, clock: Clock) -> None:
    async with other.db.write() as uow:
        await rotate(uow)
    clock.advance(days=7)
    async with other.db.read() as reader:
        known = await own_keys(reader)
    assert known is not None
    other.own = known


async def trust(other: Asker) -> PeerTrust:
    return (await peer_now(other.db, other.peer)).trust


@pytest.mark.parametrize("whose", ["theirs", "ours"])
async def test_a_change_of_keys_with_700_people_is_no_harvest_and_a_harvest_after_it_is_one(
    world: World, other: Asker, clock: Clock, whose: str
) -> None:
    """All 700 come again in one day; beside them 500 are new, and not one more (threat T3)."""
    await ask(other, clock, people(0, 400))
    clock.advance(days=1)
    await ask(other, clock, people(400, 700))
    clock.advance(days=1)
    if whose == "theirs":
        await change_theirs(other)
    else:
        await change_ours(other, clock)
    assert {*await ask(other, clock, people(0, 700))} == {200}
    assert {*await ask(other, clock, people(1000, 1500))} == {200}
    assert await trust(other) is PeerTrust.MUTUAL
    assert await ask(other, clock, people(2000, 2001)) == [429]
    assert await trust(other) is PeerTrust.ASK_ONLY
    assert "1200" in (await peer_now(other.db, other.peer)).alert


async def take(other: Asker, names: Iterable[str], pair: tuple[str, str]) -> bool:
    """Count a question about names under a pair of keys; False where it was one too many."""
    async with other.db.write() as uow:
        found = await budgets.take_subjects(uow, other.peer, [f"{pair} {each}" for each in names], [pair])
    return found is not None


async def test_what_was_left_of_it_holds_for_thirty_days_and_no_longer(other: Asker, clock: Clock) -> None:
    """Whoever has not come back by then is new (threat T3)."""
    assert await take(other, people(0, 500), DAY_ONE)
    clock.advance(days=1)
    second = ("theirs-2", "ours")
    assert await take(other, people(0, 800), second)
    clock.advance(days=1)
    assert await take(other, people(800, 1500), second)
    assert not await take(other, people(1500, 1501), second)
    clock.advance(days=29)
    assert await take(other, people(2000, 2500), second)
    assert not await take(other, people(2500, 2501), second)


async def test_a_peer_that_changes_its_key_often_gains_nothing(other: Asker, clock: Clock) -> None:
    """Once in 90 days its own change counts, whichever keys it shows; what was used up is used up (threat T3)."""
    assert await take(other, people(0, 500), DAY_ONE)
    clock.advance(days=1)
    assert await take(other, people(0, 1000), ("theirs-2", "ours"))
    clock.advance(days=1)
    assert await take(other, people(0, 500), ("theirs-3", "ours"))
    assert not await take(other, people(500, 501), ("theirs-3", "ours"))
    clock.advance(days=80)
    assert await take(other, people(0, 500), ("theirs-4", "ours"))
    assert not await take(other, people(500, 501), ("theirs-4", "ours"))
    clock.advance(days=10)
    assert await take(other, people(0, 500), ("theirs-4", "ours"))
    clock.advance(days=1)
    assert await take(other, people(0, 1000), ("theirs-5", "ours"))


async def test_both_servers_may_change_theirs_within_days(other: Asker, clock: Clock) -> None:
    """Each of the two changes makes the same people new once more (threat T3)."""
    assert await take(other, people(0, 400), DAY_ONE)
    clock.advance(days=1)
    assert await take(other, people(400, 700), DAY_ONE)
    clock.advance(days=1)
    assert await take(other, people(0, 300), ("theirs-2", "ours"))
    clock.advance(days=1)
    assert await take(other, people(0, 700), ("theirs-2", "ours-2"))
    # Going back to former keys makes nobody new.
    async with other.db.read() as reader:
        before = await federation_pairs.every(reader, other.peer.id)
    assert await take(other, people(0, 10), ("theirs-2", "ours"))
    async with other.db.read() as reader:
        assert await federation_pairs.every(reader, other.peer.id) == before


async def test_the_first_keys_of_all_bring_nothing(other: Asker) -> None:
    """A server that was never asked owes nobody anything (threat T3)."""
    assert await take(other, people(0, 500), DAY_ONE)
    assert not await take(other, people(500, 501), DAY_ONE)


async def test_who_is_let_in_again_on_the_same_day_is_answered(other: Asker) -> None:
    """An administrator looked at it: what it asked before that is not counted against it (threat T3)."""
    assert not await take(other, people(0, 501), DAY_ONE)
    async with other.db.write() as uow:
        await budgets.forgive(uow, other.peer.id)
    assert await take(other, people(501, 1001), DAY_ONE)
    assert not await take(other, people(1001, 1002), DAY_ONE)


async def test_keys_that_are_not_the_pairs_own_count_for_nothing(
    world: World, other: Asker, clock: Clock
) -> None:
    """A statement may name whatever keys it likes (threat T3)."""
    await ask(other, clock, people(0, 500))
    clock.advance(days=1)
    made = [other.subject(each, pair=("made", f"up{each}")) for each in people(500, 520)]
    await other.which(made)
    async with other.db.read() as reader:
        assert len(await federation_pairs.every(reader, other.peer.id)) == 1


async def test_a_peer_names_addresses_by_its_two_newest_keys_alone(
    world: World, other: Asker, clock: Clock
) -> None:
    """Many keys at once would be as many times the questions about one name (threat T3)."""
    mlist = await world.make("news", visibility="noconceal")
    await world.put(mlist, "ada@x.example")
    async with other.db.write() as uow:
        await rows.decide(uow, other.peer.id, "ada@x.example", AddressVerdict.ALLOWED)
    oldest = other.subject("ada@x.example")
    for age in (2, 1):
        other.other.agreement.append(new_pair("X25519", not_before=other.now - age * SECOND))
    await believe(other)
    newest, keys = other.subject("ada@x.example"), [*other.other.agreement]
    other.other.agreement[:] = keys[:2]
    second = other.subject("ada@x.example")
    told = [await other.which([each]) for each in (oldest, second, newest)]
    assert [len(each["answers"][0]["subscriptions"]) for each in told] == [0, 1, 1]
