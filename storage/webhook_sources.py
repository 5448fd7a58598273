"""The sources of signed requests about bounces, as rows."""

from sqlalchemy import delete, update

from storage.database import Reader, UnitOfWork
from storage.query import Query, param, query_for
from storage.tables.webhooks import WebhookKind, WebhookSource, webhook_sources

_FIND = query_for(
    WebhookSource, webhook_sources, where=lambda s: s.where(webhook_sources.c.name == param("name"))
)
_OF_ROBOT = query_for(
    WebhookSource,
    webhook_sources,
    where=lambda s: s.where(webhook_sources.c.robot_id == param("robot_id")).order_by(webhook_sources.c.name),
)
_PUT = Query(
    lambda insert: (
        insert(webhook_sources)
        .values(
            robot_id=param("robot_id"),
            name=param("name"),
            kind=param("kind"),
            secret=param("secret"),
            created_at=param("now"),
        )
        .on_conflict_do_update(
            index_elements=["name"],
            set_={"kind": param("kind"), "secret": param("secret")},
            where=webhook_sources.c.robot_id == param("robot_id"),
        )
    ),
    int,
)
_REMOVE = Query(delete(webhook_sources).where(webhook_sources.c.id == param("id")), int)
_HEARD = Query(
    update(webhook_sources).where(webhook_sources.c.id == param("id")).values(heard_at=param("now")), int
)


async def find(reader: Reader, name: str) -> WebhookSource | None:
    """The source of this name, in whichever robot."""
    return await reader.first(_FIND, name=name)


async def of_robot(reader: Reader, robot_id: int) -> list[WebhookSource]:
    """A robot's sources, by name."""
    return await reader.all(_OF_ROBOT, robot_id=robot_id)


async def put(uow: UnitOfWork, robot_id: int, name: str, kind: WebhookKind, secret: str) -> bool:
    """Make a source, or change it; False where another robot has one of this name."""
    return await uow.run(_PUT, robot_id=robot_id, name=name, kind=kind.value, secret=secret, now=uow.now) > 0


async def remove(uow: UnitOfWork, source_id: int) -> None:
    """Take a source away."""
    await uow.run(_REMOVE, id=source_id)


async def heard(uow: UnitOfWork, source_id: int) -> bool:
    """Note that a request of a source is taken in now; False where the source is gone."""
    return await uow.run(_HEARD, id=source_id, now=uow.now) > 0
