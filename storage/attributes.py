"""What sources say about people beside their addresses, one row for each person, name and source."""

from sqlalchemy import and_, or_, update

from storage.database import Reader, UnitOfWork
from storage.query import Query, any_of, param, query_for
from storage.tables.providers import StoredAttribute, attributes

_HERE = or_(attributes.c.robot_id.is_(None), attributes.c.robot_id == param("robot_id"))
_UNEXPIRED = or_(attributes.c.expires_at.is_(None), attributes.c.expires_at > param("now"))
_LIVE = query_for(
    StoredAttribute,
    attributes,
    where=lambda s: s.where(any_of(attributes.c.person_id, "person_ids"), _HERE, _UNEXPIRED).order_by(
        attributes.c.person_id, attributes.c.name, attributes.c.id
    ),
)
_PUT = Query(
    lambda insert: (
        insert(attributes)
        .values(
            person_id=param("person_id"),
            robot_id=param("robot_id"),
            name=param("name"),
            values_json=param("values_json"),
            source=param("source"),
            source_ref=param("source_ref"),
            updated_at=param("now"),
            expires_at=param("expires_at"),
        )
        .on_conflict_do_update(
            index_elements=["person_id", "name", "source", "source_ref"],
            set_={
                "values_json": param("values_json"),
                "robot_id": param("robot_id"),
                "updated_at": param("now"),
                "expires_at": param("expires_at"),
            },
        )
    ),
    int,
)
_EXPIRE_OTHERS = Query(
    update(attributes)
    .where(
        and_(
            attributes.c.person_id == param("person_id"),
            attributes.c.source == param("source"),
            attributes.c.source_ref == param("source_ref"),
        ),
        ~any_of(attributes.c.name, "names"),
        _UNEXPIRED,
    )
    .values(expires_at=param("now")),
    int,
)


async def live(reader: Reader, person_ids: list[int], robot_id: int | None) -> list[StoredAttribute]:
    """What unexpired sources say of these people here, person after person."""
    return await reader.all(_LIVE, person_ids=person_ids, robot_id=robot_id, now=reader.now)


async def put_many(uow: UnitOfWork, rows: list[dict[str, object]]) -> None:
    """Set what one source says; each row has person_id, robot_id, name, values_json, source, source_ref, expires_at."""
    await uow.run_each(_PUT, [{**row, "now": uow.now} for row in rows])


async def expire_others(
    uow: UnitOfWork, person_id: int, source: str, source_ref: str, names: list[str]
) -> int:
    """What this source no longer says ends now; other sources' values stay. How much ended."""
    return await uow.run(
        _EXPIRE_OTHERS, person_id=person_id, source=source, source_ref=source_ref, names=names, now=uow.now
    )
