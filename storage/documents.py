"""The folders and files of a list: the whole tree in one statement, and the changes to it."""

from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, literal, select, update
from sqlalchemy.sql import Select

from storage.database import Reader, UnitOfWork, one
from storage.query import Query, any_of, param
from storage.tables.documents import Document, document_contents, documents
from storage.tables.lists import lists

_OWN = (
    "id", "list_id", "parent_id", "is_folder", "name", "d_read", "d_edit", "binds", "author", "content_id",
    "is_pending", "created_at", "updated_at", "trashed_at", "trashed_with",
)  # fmt: skip


def _selection(condition: ColumnElement[bool]) -> Select[Any]:
    return (
        select(
            *(documents.c[name] for name in _OWN),
            func.coalesce(document_contents.c.size, 0),
            func.coalesce(document_contents.c.media_type, literal("")),
            func.coalesce(document_contents.c.sha256, literal("")),
        )
        .outerjoin(document_contents, document_contents.c.id == documents.c.content_id)
        .where(condition)
    )


_HERE = documents.c.list_id == param("list_id")
_LIVE = documents.c.trashed_at.is_(None) & documents.c.is_pending.is_(False)
_OF_LIST = Query(_selection(_HERE & _LIVE).order_by(documents.c.id), Document)
_TRASH = Query(
    _selection(_HERE & documents.c.trashed_at.is_not(None)).order_by(
        documents.c.trashed_at.desc(), documents.c.id
    ),
    Document,
)
_BY_ID = Query(_selection(documents.c.id == param("document_id")), Document)
_TEXTS: Query[tuple[int, tuple[str, str]]] = Query(
    select(documents.c.id, documents.c.header, documents.c.footer).where(
        any_of(documents.c.id, "document_ids")
    ),
    lambda key, header, footer: (key, (header, footer)),
)
_COUNT = Query(select(func.count()).select_from(documents).where(_HERE), int)
# Whoever changes a tree has this row, so that no two changes make a circle or pass the quota together.
_LOCK = Query(select(lists.c.id).where(lists.c.id == param("list_id")).with_for_update(), int)
_ADD = Query(
    insert(documents)
    .values(
        list_id=param("list_id"),
        parent_id=param("parent_id"),
        is_folder=param("is_folder"),
        name=param("name"),
        slot=param("slot"),
        author=param("author"),
        content_id=param("content_id"),
        is_pending=param("is_pending"),
        created_at=param("now"),
        updated_at=param("now"),
    )
    .returning(documents.c.id),
    int,
)


def _change(**values: Any) -> Query[int]:
    return Query(
        update(documents)
        .where(documents.c.id == param("document_id"))
        .values(updated_at=param("now"), **values),
        int,
    )


_PLACE = _change(parent_id=param("parent_id"), name=param("name"), slot=param("slot"))
_RULES = _change(d_read=param("d_read"), d_edit=param("d_edit"), binds=param("binds"))
_DESCRIBE = _change(header=param("header"), footer=param("footer"))
_FILL = _change(content_id=param("content_id"), author=param("author"))
_PUBLISH = _change(slot=param("slot"), is_pending=False)
_TRASH_MANY = Query(
    update(documents)
    .where(any_of(documents.c.id, "document_ids"))
    .values(trashed_at=param("now"), trashed_with=param("trashed_with"), slot=None),
    int,
)
_REVIVE = Query(
    update(documents)
    .where(documents.c.id == param("document_id"))
    .values(trashed_at=None, trashed_with=None, slot=param("slot"), updated_at=param("now")),
    int,
)
_DELETE = Query(delete(documents).where(any_of(documents.c.id, "document_ids")), int)
_DELETE_OLD_TRASH = Query(
    delete(documents).where(documents.c.trashed_at.is_not(None), documents.c.trashed_at < param("before")),
    int,
)


async def lock(uow: UnitOfWork, list_id: int) -> None:
    """Be the only one who changes this list's documents until the transaction ends."""
    await uow.first(_LOCK, list_id=list_id)


async def of_list(reader: Reader, list_id: int) -> list[Document]:
    """Everything that a list shares; neither the trash nor what waits."""
    return await reader.all(_OF_LIST, list_id=list_id)


async def trash_of(reader: Reader, list_id: int) -> list[Document]:
    """What was removed and can be restored, latest first, with what went along with a folder."""
    return await reader.all(_TRASH, list_id=list_id)


async def by_id(reader: Reader, document_id: int) -> Document | None:
    """One folder or file, wherever it is: shared, waiting, in the trash."""
    return await reader.first(_BY_ID, document_id=document_id)


async def texts(reader: Reader, document_ids: list[int]) -> dict[int, tuple[str, str]]:
    """What is said above and below the listings of folders, in Markdown, by their numbers."""
    return dict(await reader.all(_TEXTS, document_ids=document_ids))


async def count(reader: Reader, list_id: int) -> int:
    """How many folders and files a list has, the trash and those that wait included."""
    return await one(reader, _COUNT, list_id=list_id)


async def add(
    uow: UnitOfWork,
    list_id: int,
    parent_id: int | None,
    name: str,
    *,
    slot: str | None,
    author: str,
    content_id: int | None = None,
    is_pending: bool = False,
) -> int:
    """A new file, or a folder where there is no content; its number."""
    return await one(
        uow,
        _ADD,
        list_id=list_id,
        parent_id=parent_id,
        is_folder=content_id is None,
        name=name,
        slot=slot,
        author=author,
        content_id=content_id,
        is_pending=is_pending,
        now=uow.now,
    )


async def place(uow: UnitOfWork, document_id: int, parent_id: int | None, name: str, slot: str) -> None:
    """Give an item another folder or name."""
    await uow.run(_PLACE, document_id=document_id, parent_id=parent_id, name=name, slot=slot, now=uow.now)


async def set_rules(
    uow: UnitOfWork, document_id: int, d_read: str | None, d_edit: str | None, *, binds: bool
) -> None:
    """Give an item rules of its own, or none."""
    await uow.run(_RULES, document_id=document_id, d_read=d_read, d_edit=d_edit, binds=binds, now=uow.now)


async def describe(uow: UnitOfWork, document_id: int, header: str, footer: str) -> None:
    """Say something above and below a folder's listing."""
    await uow.run(_DESCRIBE, document_id=document_id, header=header, footer=footer, now=uow.now)


async def fill(uow: UnitOfWork, document_id: int, content_id: int, author: str) -> None:
    """Give a file another content; what it had is nobody's then, and swept away."""
    await uow.run(_FILL, document_id=document_id, content_id=content_id, author=author, now=uow.now)


async def publish(uow: UnitOfWork, document_id: int, slot: str) -> None:
    """Share a file that waited."""
    await uow.run(_PUBLISH, document_id=document_id, slot=slot, now=uow.now)


async def trash(uow: UnitOfWork, document_ids: list[int], trashed_with: int) -> None:
    """Put an item with all that lies in it in the trash."""
    await uow.run(_TRASH_MANY, document_ids=document_ids, trashed_with=trashed_with, now=uow.now)


async def revive(uow: UnitOfWork, items: list[tuple[int, str]]) -> None:
    """Take items out of the trash, each with its slot."""
    await uow.run_many(_REVIVE, [{"document_id": key, "slot": slot, "now": uow.now} for key, slot in items])


async def remove(uow: UnitOfWork, document_ids: list[int]) -> None:
    """Take items away for good; their contents are swept away."""
    await uow.run(_DELETE, document_ids=document_ids)


async def remove_old_trash(uow: UnitOfWork, before: int) -> int:
    """Take away for good what was put in the trash before an instant; how many items."""
    return await uow.run(_DELETE_OLD_TRASH, before=before)
