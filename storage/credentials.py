"""Password hashes as rows, one for each person."""

from sqlalchemy import select, update

from storage.database import Reader, UnitOfWork
from storage.query import Query, param
from storage.tables.access import credentials

_PASSWORD = "password"
_IS_PASSWORD = credentials.c.kind == _PASSWORD

_FIND = Query(
    select(credentials.c.secret_hash).where(credentials.c.person_id == param("person_id"), _IS_PASSWORD), str
)


def _put(insert: object) -> object:
    made = insert(credentials).values(  # type: ignore[operator]
        person_id=param("person_id"),
        kind=_PASSWORD,
        secret_hash=param("secret_hash"),
        created_at=param("now"),
        updated_at=param("now"),
    )
    return made.on_conflict_do_update(
        index_elements=["person_id", "kind"],
        set_={"secret_hash": made.excluded.secret_hash, "updated_at": made.excluded.updated_at},
    )


_PUT = Query(_put, int)
_USED = Query(
    update(credentials)
    .where(credentials.c.person_id == param("person_id"), _IS_PASSWORD)
    .values(last_used_at=param("now")),
    int,
)


async def password_hash(reader: Reader, person_id: int) -> str | None:
    """The person's password hash (PHC string), or None where there is no password."""
    return await reader.first(_FIND, person_id=person_id)


async def set_password_hash(uow: UnitOfWork, person_id: int, secret_hash: str) -> None:
    """Keep this PHC string as the person's only password hash."""
    await uow.run(_PUT, person_id=person_id, secret_hash=secret_hash, now=uow.now)


async def password_used(uow: UnitOfWork, person_id: int) -> None:
    """Note that somebody came in with the password now."""
    await uow.run(_USED, person_id=person_id, now=uow.now)
