"""Which of our addresses a peer means: names made beforehand of every address that is on a list here, under each pair of keys.

A name is looked up and never computed while a peer waits, so that a known and an unknown one cost the same (threat T9).
"""

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

# While a peer waits, and otherwise.
_A_FEW = 2_000
_MANY = 5_000


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


async def catch_up(uow: UnitOfWork, peer: Peer, pairs: Iterable[Pair], *, at_most: int = _A_FEW) -> bool:
    """Name the addresses that came to lists since the last time; whether that was all of them."""
    is_all = True
    for pair in pairs:
        came = await rows.after(uow, await rows.mark(uow, peer.id, pair.name), at_most)
        if came:
            await _name(uow, peer, pair, dict.fromkeys(key for _, key in came))
            await rows.set_mark(uow, peer.id, pair.name, came[-1][0])
        is_all = is_all and len(came) < at_most
    return is_all


async def tidy(db: Database) -> int:
    """Name what has no name yet for every peer that is answered, and forget what nobody can use; how many peers."""
    async with db.read() as reader:
        known = [each for each in await peers.every(reader) if may_answer(each.trust)]
        own = await own_keys(reader)
    for peer in known if own is not None else []:
        assert own is not None
        pairs = pairs_with(own, peer, db.site.clock())
        await _all(db, peer, pairs)
    return len(known)


async def fill(db: Database, peer: Peer, own: OwnKeys) -> None:
    """Name every address that came since the last time, however many, a transaction for each part of them."""
    pairs = pairs_with(own, peer, db.site.clock())
    async with db.read() as reader:
        behind = [
            each for each in pairs if await rows.after(reader, await rows.mark(reader, peer.id, each.name), 1)
        ]
    await _fill(db, peer, behind)


async def _fill(db: Database, peer: Peer, pairs: Sequence[Pair]) -> None:
    while pairs:
        async with db.write(durable=False) as uow:
            if await catch_up(uow, peer, pairs, at_most=_MANY):
                return


async def _all(db: Database, peer: Peer, pairs: Sequence[Pair]) -> None:
    """Name and forget in parts: what takes long to find is only read, and nobody waits to write meanwhile."""
    async with db.write(durable=False) as uow:
        await rows.drop_others(uow, peer.id, [each.name for each in pairs])
    async with db.read() as reader:
        left = await rows.left(reader, peer.id, _MANY)
    if left:
        async with db.write(durable=False) as uow:
            await rows.drop(uow, left)
    for pair in pairs:
        await _fill(db, peer, [pair])
        async with db.read() as reader:
            missed = await rows.missed(reader, peer.id, pair.name, _MANY)
        if missed:
            async with db.write(durable=False) as uow:
                await _name(uow, peer, pair, missed)


async def _name(uow: UnitOfWork, peer: Peer, pair: Pair, keys: Collection[str]) -> None:
    await rows.add(uow, peer.id, pair.name, [(handle(pair.secret, key), key) for key in keys])
