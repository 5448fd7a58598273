"""Which of our addresses a peer means: names made beforehand of every address that is on a list here, under each pair of keys.

A name is looked up and never computed while a peer waits, so that a known and an unknown one cost the same (threat T9).
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from federation import peer_keys
from federation.handles import handle
from federation.own_keys import AGREEMENT, MOST_AT_ONCE, OwnKeys, own_keys
from federation.pair_keys import pair_key
from federation.trust import may_answer
from storage import federation_handles as rows
from storage import peers
from storage.database import Database, UnitOfWork
from storage.tables.federation import Peer

# In parts that hold nobody up for longer than some hundredths of a second; `bench/federation.py` measures it.
_AT_ONCE = 500
# Above every number of a row.
_END = 2**62


@dataclass(frozen=True, slots=True)
class Pair:
    """Two keys, the peer's and ours, and the secret that they make."""

    kids: tuple[str, str]
    secret: bytes

    @property
    def name(self) -> str:
        """Under which its names are kept."""
        return " ".join(self.kids)


def pairs_with(own: OwnKeys, peer: Peer, now: int) -> list[Pair]:
    """All that a peer may use now: while one of us changes keys, those before count too, and no more than two of each."""
    ours = [each for each in own.agreement if each.not_before <= now]
    good = [each for each in peer_keys.keys_of(peer) if each.curve == AGREEMENT and each.is_good(now)]
    theirs = sorted(good, key=lambda each: (each.not_before, each.kid))[-MOST_AT_ONCE:]
    return [
        Pair((their.kid, our.kid), pair_key(our, own.issuer, their, peer.issuer))
        for their in theirs
        for our in ours
    ]


async def catch_up(uow: UnitOfWork, peer: Peer, pairs: Iterable[Pair], *, at_most: int = _AT_ONCE) -> bool:
    """Name the addresses that came to lists since the last time; whether that was all of them."""
    is_all = True
    for pair in pairs:
        came = await rows.after(uow, await rows.mark(uow, peer.id, pair.name), at_most)
        if came:
            await _name(uow, peer, pair, dict.fromkeys(key for _, key in came))
            await rows.set_mark(uow, peer.id, pair.name, came[-1][0])
        is_all = is_all and len(came) < at_most
    return is_all


async def tidy(db: Database, *, at_once: int = _AT_ONCE) -> int:
    """Name what has no name yet for every peer that is answered, and forget what nobody can use; how many peers.

    What takes long to find is only read, and everything goes in parts of `at_once` rows, so that nobody waits for it.
    """
    async with db.read() as reader:
        known = [each for each in await peers.every(reader) if may_answer(each.trust)]
        own = await own_keys(reader)
    await _forget_left(db, at_once)
    # Without keys of our own nobody was ever answered.
    if own is None:
        return len(known)
    for peer in known:
        pairs = pairs_with(own, peer, db.site.clock())
        await _forget_others(db, peer, {each.name for each in pairs}, at_once)
        for pair in pairs:
            await _fill(db, peer, [pair], at_once)
            await _name_missed(db, peer, pair, at_once)
    return len(known)


async def fill(db: Database, peer: Peer, own: OwnKeys, *, at_once: int = _AT_ONCE) -> None:
    """Name every address that came since the last time, however many, a transaction for each part of them."""
    pairs = pairs_with(own, peer, db.site.clock())
    async with db.read() as reader:
        behind = [
            each for each in pairs if await rows.after(reader, await rows.mark(reader, peer.id, each.name), 1)
        ]
    await _fill(db, peer, behind, at_once)


async def _fill(db: Database, peer: Peer, pairs: Sequence[Pair], at_once: int) -> None:
    while pairs:
        async with db.write() as uow:
            if await catch_up(uow, peer, pairs, at_most=at_once):
                return


async def _forget_left(db: Database, at_once: int) -> None:
    """Forget the names, of whichever peer, of addresses that are on no list any more."""
    after: int | None = 0
    while after is not None:
        async with db.read() as reader:
            edge = await rows.edge_of_names(reader, after, at_once)
            left = await rows.left(reader, after, _END if edge is None else edge)
        await _drop(db, left)
        after = edge


async def _forget_others(db: Database, peer: Peer, good: Collection[str], at_once: int) -> None:
    """Forget the names under pairs of keys that cannot be used any more."""
    async with db.read() as reader:
        over = [each for each in await rows.pairs_of(reader, peer.id) if each not in good]
    for pair in over:
        while True:
            async with db.read() as reader:
                some = await rows.of_pair(reader, peer.id, pair, at_once)
            if not some:
                break
            await _drop(db, some)
        async with db.write() as uow:
            await rows.drop_mark(uow, peer.id, pair)


async def _name_missed(db: Database, peer: Peer, pair: Pair, at_once: int) -> None:
    """Name what came by another way than a new membership."""
    after: int | None = 0
    while after is not None:
        async with db.read() as reader:
            edge = await rows.edge_of_memberships(reader, after, at_once)
            missed = await rows.missed(reader, peer.id, pair.name, after, _END if edge is None else edge)
        if missed:
            async with db.write() as uow:
                await _name(uow, peer, pair, missed)
        after = edge
        # Reading a file of this machine gives nobody else a turn.
        await asyncio.sleep(0)


async def _drop(db: Database, ids: Collection[int]) -> None:
    if ids:
        async with db.write() as uow:
            await rows.drop(uow, ids)
    await asyncio.sleep(0)


async def _name(uow: UnitOfWork, peer: Peer, pair: Pair, keys: Collection[str]) -> None:
    await rows.add(uow, peer.id, pair.name, [(handle(pair.secret, key), key) for key in keys])
