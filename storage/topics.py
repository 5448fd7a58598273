"""Topics of robots: read together, since they are few, and written one by one."""

from sqlalchemy import ColumnElement, delete, func, literal_column, select, update

from storage.database import Reader, UnitOfWork, one
from storage.query import Query, columns_for, param
from storage.tables.lists import lists
from storage.tables.topics import Topic, topics

_OF_ROBOT = Query(
    select(*columns_for(Topic, topics)).where(topics.c.robot_id == param("robot_id")).order_by(topics.c.name),
    Topic,
)
_WORDS = {"title": param("title"), "visibility": param("visibility")}
_PUT = Query(
    lambda made: (
        made(topics)
        .values(robot_id=param("robot_id"), name=param("name"), **_WORDS)
        .on_conflict_do_update(index_elements=["robot_id", "name"], set_=_WORDS)
        .returning(*columns_for(Topic, topics))
    ),
    Topic,
)
_REMOVE = Query(
    delete(topics).where(topics.c.robot_id == param("robot_id"), topics.c.name == param("name")), int
)
_SPACE: ColumnElement[str] = literal_column("' '")
# The names of a list's topics stand between spaces.
_PADDED = _SPACE.concat(lists.c.topics).concat(_SPACE)
_TAKE_OFF_LISTS = Query(
    update(lists)
    .where(lists.c.robot_id == param("robot_id"), _PADDED.like(param("pattern"), escape="!"))
    .values(topics=func.trim(func.replace(_PADDED, param("padded"), _SPACE))),
    int,
)


async def of_robot(reader: Reader, robot_id: int) -> list[Topic]:
    """All topics of a robot, each after the one that it lies under."""
    return await reader.all(_OF_ROBOT, robot_id=robot_id)


async def put(uow: UnitOfWork, robot_id: int, name: str, *, title: str, visibility: str) -> Topic:
    """Make a topic, or change what it is called and who sees it."""
    return await one(uow, _PUT, robot_id=robot_id, name=name, title=title, visibility=visibility)


async def remove(uow: UnitOfWork, robot_id: int, name: str) -> None:
    """Take a topic away, off its lists too."""
    padded = f" {name} "
    await uow.run(_TAKE_OFF_LISTS, robot_id=robot_id, padded=padded, pattern=f"%{padded.replace('_', '!_')}%")
    await uow.run(_REMOVE, robot_id=robot_id, name=name)
