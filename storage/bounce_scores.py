"""What failures add up to, one row for each membership: counted, taken back, halved, probed, stopped, forgotten."""

from typing import Any

from sqlalchemy import BigInteger, and_, cast, delete, exists, literal, or_, select, update

from storage.database import Reader, UnitOfWork, one
from storage.query import Query, any_of, columns_for, param
from storage.tables.bounces import BounceScore, membership_bounces
from storage.tables.lists import lists, memberships
from storage.tables.mail import bouncing_addresses
from storage.tables.words import BounceKind, ListStatus

_DAY = 86_400_000_000
# A row about an address that the membership had before says nothing of it.
OF_MEMBERSHIP = and_(
    memberships.c.id == membership_bounces.c.membership_id,
    memberships.c.address_key == membership_bounces.c.address_key,
)
COLUMNS = columns_for(BounceScore, membership_bounces, memberships)
_JOINED = select(*COLUMNS).select_from(membership_bounces.join(memberships, OF_MEMBERSHIP))
_BY_IDS = Query(_JOINED.where(any_of(membership_bounces.c.membership_id, "ids")), BounceScore)
_TO_CHANGE = Query(
    _JOINED.where(membership_bounces.c.membership_id == param("id")).with_for_update(of=membership_bounces),
    BounceScore,
)
_WHICH = membership_bounces.c.membership_id == param("id")


def _begin(insert: Any) -> Any:
    fresh = {
        "list_id": param("list_id"),
        "address_key": param("address_key"),
        "domain": param("domain"),
        "kind": param("kind"),
        "first_at": param("now"),
        "last_at": param("now"),
        "scored_at": param("now"),
    }
    cleared = {
        **dict.fromkeys(("failures", "score", "proved_score", "day", "day_score", "day_proved"), 0),
        **dict.fromkeys(("probe_number", "probed_at", "probe_failed_at")),
        "occasion": "",
    }
    return (
        insert(membership_bounces)
        .values(membership_id=param("id"), **fresh)
        .on_conflict_do_update(
            index_elements=["membership_id"],
            set_={**fresh, **cleared},
            where=membership_bounces.c.address_key != param("address_key"),
        )
    )


_BEGIN = Query(_begin, int)
_SAID = (
    "enhanced_status",
    "diagnostic",
    "score",
    "proved_score",
    "scored_at",
    "day",
    "day_score",
    "day_proved",
    "occasion",
)
_WRITE = Query(
    update(membership_bounces)
    .where(_WHICH)
    .values(
        kind=param("kind"),
        failures=membership_bounces.c.failures + 1,
        last_at=param("now"),
        **{name: param(name) for name in _SAID},
    ),
    int,
)
_MARK = Query(
    update(memberships)
    .where(memberships.c.id == param("id"), ~memberships.c.is_bouncing)
    .values(is_bouncing=True),
    int,
)
_taken_back = {
    "score": membership_bounces.c.score - membership_bounces.c.day_score,
    "proved_score": membership_bounces.c.proved_score - membership_bounces.c.day_proved,
    "day_score": 0,
    "day_proved": 0,
    "occasion": "",
    # A probe that came back in a wave says nothing either; the next one may.
    "probe_number": None,
    "probed_at": None,
    "probe_failed_at": None,
}
_of_occasion = (
    membership_bounces.c.list_id == param("list_id"),
    membership_bounces.c.occasion == param("of_occasion"),
)
_TAKE_BACK = Query(update(membership_bounces).where(*_of_occasion).values(_taken_back), int)
_TAKE_BACK_AT = Query(
    update(membership_bounces)
    .where(*_of_occasion, membership_bounces.c.domain == param("domain"))
    .values(_taken_back),
    int,
)
_decay = (
    select(cast(lists.c.bounce_decay_days, BigInteger) * literal(_DAY, BigInteger))
    .where(lists.c.id == membership_bounces.c.list_id)
    .scalar_subquery()
)
_is_suspended = exists().where(
    memberships.c.id == membership_bounces.c.membership_id, memberships.c.bounce_suspended_at.is_not(None)
)
_HALVE = Query(
    update(membership_bounces)
    .where(
        membership_bounces.c.scored_at + _decay <= param("now"),
        membership_bounces.c.score > 0,
        membership_bounces.c.probed_at.is_(None),
        ~_is_suspended,
    )
    .values(
        score=membership_bounces.c.score // literal(2),
        proved_score=membership_bounces.c.proved_score // literal(2),
        scored_at=membership_bounces.c.scored_at + _decay,
    ),
    int,
)
# Less than the least that counts: nothing is known against the address any more.
_SPENT = Query(
    delete(membership_bounces)
    .where(
        membership_bounces.c.score < param("least"),
        membership_bounces.c.last_at + _decay <= param("now"),
        membership_bounces.c.probed_at.is_(None),
        ~_is_suspended,
    )
    .returning(membership_bounces.c.membership_id),
    int,
)
_MOVED = Query(
    delete(membership_bounces).where(
        ~exists().where(
            memberships.c.id == membership_bounces.c.membership_id,
            memberships.c.address_key == membership_bounces.c.address_key,
        )
    ),
    int,
)
_FORGET = Query(delete(membership_bounces).where(any_of(membership_bounces.c.membership_id, "ids")), int)
_FORGET_ADDRESS = Query(
    delete(membership_bounces).where(membership_bounces.c.address_key == param("address_key")), int
)
# Only what the address itself is known for stays (row 133).
_cleared = {
    "bounce_suspended_at": None,
    "is_bouncing": exists().where(bouncing_addresses.c.address_key == memberships.c.address_key),
}
_CLEAR = Query(update(memberships).where(any_of(memberships.c.id, "ids")).values(_cleared), int)
_CLEAR_ADDRESS = Query(
    update(memberships)
    .where(
        memberships.c.address_key == param("address_key"),
        or_(memberships.c.is_bouncing, memberships.c.bounce_suspended_at.is_not(None)),
    )
    .values(_cleared),
    int,
)
_settled = membership_bounces.c.scored_at <= param("settled")
_DUE = _JOINED.join(lists, lists.c.id == membership_bounces.c.list_id).where(
    lists.c.status == ListStatus.OPEN.value, memberships.c.bounce_suspended_at.is_(None)
)
_TO_PROBE = Query(
    _DUE.where(
        lists.c.bounce_probe,
        membership_bounces.c.probed_at.is_(None),
        membership_bounces.c.score >= lists.c.bounce_suspend_score,
        _settled,
    )
    .order_by(membership_bounces.c.membership_id)
    .limit(param("limit")),
    BounceScore,
)
_TO_STOP = Query(
    _DUE.where(
        or_(
            membership_bounces.c.probe_failed_at <= param("settled"),
            and_(
                ~lists.c.bounce_probe,
                membership_bounces.c.proved_score >= lists.c.bounce_suspend_score,
                _settled,
            ),
        )
    )
    .order_by(membership_bounces.c.membership_id)
    .limit(param("limit")),
    BounceScore,
)
_probe_lasts = cast(lists.c.bounce_probe_days, BigInteger) * literal(_DAY, BigInteger)
_TO_CLEAR = Query(
    select(membership_bounces.c.membership_id)
    .join(lists, lists.c.id == membership_bounces.c.list_id)
    .where(
        membership_bounces.c.probed_at + _probe_lasts <= param("now"),
        membership_bounces.c.probe_failed_at.is_(None),
        ~_is_suspended,
    )
    .limit(param("limit")),
    int,
)
_PROBED = Query(
    update(membership_bounces)
    .where(_WHICH, membership_bounces.c.probed_at.is_(None))
    .values(probe_number=param("number"), probed_at=param("now"), probe_failed_at=None),
    int,
)
_PROBE_FAILED = Query(
    update(membership_bounces)
    .where(_WHICH, membership_bounces.c.probe_number == param("number"))
    .values(probe_number=None, probe_failed_at=param("now")),
    int,
)
_failed_probes = (
    membership_bounces.c.list_id == param("list_id"),
    membership_bounces.c.probe_failed_at.is_not(None),
    ~_is_suspended,
)
_unprobed = {"probe_number": None, "probed_at": None, "probe_failed_at": None}
_PROBES_BACK = Query(update(membership_bounces).where(*_failed_probes).values(_unprobed), int)
_PROBES_BACK_AT = Query(
    update(membership_bounces)
    .where(*_failed_probes, membership_bounces.c.domain == param("domain"))
    .values(_unprobed),
    int,
)
_STOP = Query(
    update(memberships)
    .where(memberships.c.id == param("id"), memberships.c.bounce_suspended_at.is_(None))
    .values(bounce_suspended_at=param("now"), is_bouncing=True),
    int,
)


async def by_ids(reader: Reader, membership_ids: list[int]) -> dict[int, BounceScore]:
    """What is known against each of these memberships; those of whom nothing is are left out."""
    return {each.membership_id: each for each in await reader.all(_BY_IDS, ids=membership_ids)}


async def begin(
    uow: UnitOfWork, membership_id: int, *, list_id: int, address_key: str, domain: str, kind: BounceKind
) -> BounceScore:
    """The membership's row, made where there is none for this address, and held until the end of the transaction."""
    await uow.run(
        _BEGIN,
        id=membership_id,
        list_id=list_id,
        address_key=address_key,
        domain=domain,
        kind=kind.value,
        now=uow.now,
    )
    return await one(uow, _TO_CHANGE, id=membership_id)


async def write(uow: UnitOfWork, changed: BounceScore) -> None:
    """One more failure, with everything that follows from it for the row; a score marks the membership as bouncing."""
    said = {name: getattr(changed, name) for name in _SAID}
    await uow.run(_WRITE, id=changed.membership_id, kind=changed.kind.value, now=uow.now, **said)
    if changed.score:
        await uow.run(_MARK, id=changed.membership_id)


async def take_back(uow: UnitOfWork, list_id: int, occasion: str, domain: str) -> None:
    """What was counted on one occasion was nobody's own fault; `domain` is "" for all."""
    if domain:
        await uow.run(_TAKE_BACK_AT, list_id=list_id, of_occasion=occasion, domain=domain)
    else:
        await uow.run(_TAKE_BACK, list_id=list_id, of_occasion=occasion)


async def halve(uow: UnitOfWork) -> int:
    """Halve the scores of those of whom nothing was heard for their list's time of decay; how many."""
    return await uow.run(_HALVE, now=uow.now)


async def forget_spent(uow: UnitOfWork, *, least: int) -> int:
    """Forget whoever has a score below `least` and was quiet for the time of decay, and rows of former addresses."""
    spent = await uow.all(_SPENT, now=uow.now, least=least)
    if spent:
        await uow.run(_CLEAR, ids=spent)
    return len(spent) + await uow.run(_MOVED)


async def forget(uow: UnitOfWork, membership_ids: list[int]) -> None:
    """Forget everything against these memberships; they get mail again."""
    await uow.run(_FORGET, ids=membership_ids)
    await uow.run(_CLEAR, ids=membership_ids)


async def forget_address(uow: UnitOfWork, address_key: str) -> bool:
    """Forget everything against an address, on all lists; whether there was anything."""
    await uow.run(_FORGET_ADDRESS, address_key=address_key)
    return await uow.run(_CLEAR_ADDRESS, address_key=address_key) > 0


async def to_probe(reader: Reader, *, settled: int, limit: int) -> list[BounceScore]:
    """Those whose score asks for a probe, the latest failure not after `settled`."""
    return await reader.all(_TO_PROBE, settled=settled, limit=limit)


async def to_stop(reader: Reader, *, settled: int, limit: int) -> list[BounceScore]:
    """Those whose probe came back not after `settled`, or who need none."""
    return await reader.all(_TO_STOP, settled=settled, limit=limit)


async def to_clear(reader: Reader, *, limit: int) -> list[int]:
    """Those whose probe did not come back in its time."""
    return await reader.all(_TO_CLEAR, now=reader.now, limit=limit)


async def probed(uow: UnitOfWork, membership_id: int, number: int) -> bool:
    """A probe of this number goes out; False where there is one already."""
    return await uow.run(_PROBED, id=membership_id, number=number, now=uow.now) == 1


async def probe_failed(uow: UnitOfWork, membership_id: int, number: int) -> bool:
    """The probe of this number came back; False where it is not the one that is out."""
    return await uow.run(_PROBE_FAILED, id=membership_id, number=number, now=uow.now) == 1


async def take_back_probes(uow: UnitOfWork, list_id: int, domain: str) -> None:
    """Too many probes of a list came back at once: none of them counts."""
    if domain:
        await uow.run(_PROBES_BACK_AT, list_id=list_id, domain=domain)
    else:
        await uow.run(_PROBES_BACK, list_id=list_id)


async def stop(uow: UnitOfWork, membership_id: int) -> bool:
    """Send this membership nothing any more; False where it is so already."""
    return await uow.run(_STOP, id=membership_id, now=uow.now) == 1
