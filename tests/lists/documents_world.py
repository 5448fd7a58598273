"""A list with documents, for the tests of them."""

from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar

from sqlalchemy import func, select

from identity.refusal import Refused
from lists.documents import access, changes, rules, uploads
from lists.documents.tree import File, Folder
from storage.query import Query
from storage.tables.documents import document_chunks
from storage.tables.lists import MailingList
from tests.lists.world import World

T = TypeVar("T")
OWNER, MEMBER, EDITOR = "owner@x.example", "member@x.example", "editor@x.example"
CHUNKS = Query(select(func.count()).select_from(document_chunks), int)


async def shelf(world: World, name: str = "talk", **settings: object) -> MailingList:
    """A list with an owner and a member."""
    made = await world.make(name, None, **settings)
    await world.office(made, OWNER)
    await world.put(made, MEMBER)
    return made


async def top(world: World, mlist: MailingList, who: str = OWNER) -> Folder:
    """The list's own folder as somebody meets it now."""
    async with world.database.read() as reader:
        return (await access.opened(reader, world.person(who), mlist)).top


async def folder(world: World, mlist: MailingList, path: str, who: str = OWNER) -> Folder:
    """Make the folders of a path that are not there; the last one."""
    for depth in range(1, len(parts := path.split("/")) + 1):
        async with world.database.write() as uow:
            tree = await access.opened(uow, world.person(who), mlist)
            if tree.at("/".join(parts[:depth])) is None:
                parent = access.readable_folder(tree.at("/".join(parts[: depth - 1])))
                await changes.create_folder(uow, world.person(who), parent, parts[depth - 1])
    return access.readable_folder((await top(world, mlist, who)).tree.at(path))


async def pieces(*data: bytes) -> AsyncIterator[bytes]:
    """Bytes as they arrive."""
    for each in data:
        yield each


async def uploaded(world: World, parent: Folder, data: bytes, who: str = OWNER) -> int:
    """An upload that is all there; its number."""
    async with world.database.write() as uow:
        room = await uploads.begin(uow, world.person(who), parent, "x", "text/plain", len(data))
    await uploads.receive(world.database, room.id, pieces(data))
    return room.id


async def put(
    world: World,
    mlist: MailingList,
    path: str,
    data: bytes = b"x",
    who: str = OWNER,
    *,
    replaces: bool = False,
) -> File | None:
    """A file at a path."""
    around, _, name = path.rpartition("/")
    parent = access.readable_folder((await top(world, mlist, who)).tree.at(around))
    content = await uploaded(world, parent, data, who)
    async with world.database.write() as uow:
        fresh = access.readable_folder(await access.item_by_key(uow, world.person(who), parent.id))
        done = await changes.put_file(uow, world.person(who), fresh, name, content, replaces=replaces)
    return done.file


async def rule(
    world: World,
    mlist: MailingList,
    path: str,
    read: str | None,
    edit: str | None = None,
    *,
    binds: bool = False,
) -> None:
    """Name the scenarios of an item, as its owner."""
    async with world.database.write() as uow:
        tree = await access.opened(uow, world.person(OWNER), mlist)
        await rules.set_rules(
            uow, world.person(OWNER), access.readable(tree.at(path)), read, edit, binds=binds
        )


async def outcome(act: Awaitable[T]) -> T | Refused:
    """What came of something, be it a refusal."""
    try:
        return await act
    except Refused as refused:
        return refused
