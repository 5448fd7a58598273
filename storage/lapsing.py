"""Proved addresses that soon stop counting, unless something confirms them before (row 119)."""

from sqlalchemy import and_, exists, or_, select

from storage.database import Reader
from storage.query import Query, columns_for, param
from storage.tables.account_life import AlertKind, alerts
from storage.tables.people import LedgerRow, addresses

_other = addresses.alias("other")
# Another source that goes on speaking for the address wherever this one does.
_OUTLIVED = exists(
    select(_other.c.id).where(
        _other.c.person_id == addresses.c.person_id,
        _other.c.address_key == addresses.c.address_key,
        _other.c.proved_at.is_not(None),
        or_(_other.c.robot_id.is_(None), _other.c.robot_id == addresses.c.robot_id),
        or_(
            _other.c.expires_at.is_(None),
            _other.c.expires_at > addresses.c.expires_at,
            and_(_other.c.expires_at == addresses.c.expires_at, _other.c.id < addresses.c.id),
        ),
    )
)
_TOLD = exists(
    select(alerts.c.id).where(
        alerts.c.person_id == addresses.c.person_id,
        alerts.c.kind == AlertKind.ADDRESS_LAPSES.value,
        alerts.c.address_key == addresses.c.address_key,
        alerts.c.moment == addresses.c.expires_at,
    )
)
_SOON = Query(
    select(*columns_for(LedgerRow, addresses))
    .where(
        addresses.c.proved_at.is_not(None),
        addresses.c.expires_at > param("now"),
        addresses.c.expires_at <= param("horizon"),
        # What is always shorter than the warning is renewed at each sign-in, or it is not meant to last.
        addresses.c.expires_at - addresses.c.confirmed_at > param("notice"),
        ~_OUTLIVED,
        ~_TOLD,
    )
    .order_by(addresses.c.expires_at, addresses.c.id)
    .limit(param("limit")),
    LedgerRow,
)


async def soon(reader: Reader, *, notice: int, limit: int) -> list[LedgerRow]:
    """The rows with which an address stops counting within `notice` microseconds, nobody having been told yet."""
    return await reader.all(_SOON, now=reader.now, horizon=reader.now + notice, notice=notice, limit=limit)
