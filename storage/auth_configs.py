"""Each robot's file of providers, as a row."""

from storage.database import Reader, UnitOfWork
from storage.query import Query, any_of, param, query_for
from storage.tables.providers import AuthDocument, auth_configs

_OF = query_for(AuthDocument, auth_configs, where=lambda s: s.where(any_of(auth_configs.c.scope, "scopes")))
_PUT = Query(
    lambda insert: (
        insert(auth_configs)
        .values(
            scope=param("scope"),
            robot_id=param("robot_id"),
            document=param("document"),
            updated_at=param("now"),
        )
        .on_conflict_do_update(
            index_elements=["scope"],
            set_={"document": param("document"), "updated_at": param("now")},
        )
    ),
    int,
)
_EVERY = query_for(AuthDocument, auth_configs, where=lambda s: s.order_by(auth_configs.c.scope))


async def of_scopes(reader: Reader, scopes: list[str]) -> list[AuthDocument]:
    """The files of these scopes (domains, or * for the server's own) that are there."""
    return await reader.all(_OF, scopes=scopes)


async def every(reader: Reader) -> list[AuthDocument]:
    """All files."""
    return await reader.all(_EVERY)


async def put(uow: UnitOfWork, scope: str, robot_id: int | None, document: str) -> None:
    """Set the file of a scope."""
    await uow.run(_PUT, scope=scope, robot_id=robot_id, document=document, now=uow.now)
