"""What a peer may ask anew because a change of keys gave everybody another name: as many as it asked about before (listfed/1, 3 and 8).

Counted is what the peer asked, never whom this server knows, so that the allowance tells it nothing.
"""

from collections.abc import Iterable, Sequence

from storage import federation_lookups, federation_pairs
from storage.database import Reader, UnitOfWork
from storage.tables.federation import Peer
from storage.tables.federation_consents import PairTerm

# Days for which the names under former keys count, and for which the allowance can be used.
LASTS_DAYS = 30
# A peer that changes its own key sooner than so many days after the last time gets nothing for that.
CHANGES_AGAIN_DAYS = 90


async def note(uow: UnitOfWork, peer: Peer, pairs: Iterable[tuple[str, str]], today: int) -> None:
    """Note pairs of keys, the peer's and ours, that are used for the first time; before their names are counted."""
    terms = await federation_pairs.every(uow, peer.id)
    for pair in sorted({*pairs} - {(each.theirs, each.ours) for each in terms}):
        allowance = 0
        if terms and _is_earned(terms, pair, today):
            since = max(each.first_day for each in terms)
            asked_after = today - LASTS_DAYS
            allowance = await federation_lookups.asked(uow, peer.id, first_day=since, day=asked_after)
        await federation_pairs.add(uow, peer.id, pair, today, allowance)
        terms = [*terms, PairTerm(*pair, today, allowance)]


async def left(reader: Reader, peer: Peer, today: int, usual: int) -> int:
    """How many new names beyond the usual ones of a day are left of what changes of keys brought."""
    terms = await federation_pairs.every(reader, peer.id)
    lasting = [each for each in terms if each.allowance and today - each.first_day < LASTS_DAYS]
    if not lasting:
        return 0
    since = min(each.first_day for each in lasting)
    by_day = await federation_lookups.new_by_day(reader, peer.id, since)
    used = sum(max(0, count - usual) for day, count in by_day.items() if day < today)
    return max(0, sum(each.allowance for each in lasting) - used)


def _is_earned(terms: Sequence[PairTerm], pair: tuple[str, str], today: int) -> bool:
    """Whether it is our own change, or the peer's and not too soon after its last one."""
    theirs, ours = pair
    if all(each.ours != ours for each in terms):
        return True
    if any(each.theirs == theirs for each in terms):
        return False
    changes = [
        each.first_day
        for number, each in enumerate(terms)
        if each.allowance and any(before.ours == each.ours for before in terms[:number])
    ]
    return not changes or today - max(changes) >= CHANGES_AGAIN_DAYS
