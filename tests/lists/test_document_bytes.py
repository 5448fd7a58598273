"""The bytes of documents on both databases: how they come and go, in little memory, and when they are swept away."""

import tracemalloc
from collections.abc import AsyncIterator
from typing import cast

import pytest

from lists.documents import access, changes, links, trash, uploads
from lists.documents.access import NoSuchDocument
from lists.documents.bundle import zipped
from lists.documents.uploads import NoSuchUpload, NotAllThere, Overtaken, TooLarge
from storage import document_contents as contents
from storage import documents as stored
from storage.database import UnitOfWork
from tests.conftest import Clock
from tests.lists.documents_world import CHUNKS, OWNER, folder, pieces, put, shelf, top
from tests.lists.world import World


async def test_the_trash_is_emptied_after_thirty_days_with_its_bytes(world: World, clock: Clock) -> None:
    mlist = await shelf(world)
    await folder(world, mlist, "a")
    await put(world, mlist, "a/file", b"1" * 600_000)
    kept = await put(world, mlist, "kept", b"2" * 10)
    await put(world, mlist, "kept", b"3" * 10, replaces=True)
    async with world.database.write() as uow:
        tree = await access.opened(uow, world.person(OWNER), mlist)
        a = access.readable(tree.at("a"))
        await trash.remove(uow, world.person(OWNER), a.id)
    clock.advance(days=29)
    await trash.sweep(world.database)
    async with world.database.write() as uow:
        assert await contents.taken(uow, mlist.id) == 600_010
        await trash.restore(uow, world.person(OWNER), a.id)
        await trash.remove(uow, world.person(OWNER), a.id)
    clock.advance(days=31)
    # The folder and its file, its bytes; the bytes that were replaced went the first time.
    assert await trash.sweep(world.database) >= 2
    async with world.database.read() as reader:
        assert await contents.taken(reader, mlist.id) == 10
        assert await reader.first(CHUNKS) == 1
        assert await stored.trash_of(reader, mlist.id) == []
        assert kept is not None
        with pytest.raises(NoSuchDocument):
            await trash.restore(cast(UnitOfWork, reader), world.person(OWNER), a.id)


async def test_an_upload_is_taken_whole_once_and_by_whom_it_was_asked(world: World, clock: Clock) -> None:
    mlist = await shelf(world, d_edit="private")
    around = await top(world, mlist)
    async with world.database.write() as uow:
        room = await uploads.begin(uow, world.person(OWNER), around, "x", "text/plain", 5)
    with pytest.raises(TooLarge):
        await uploads.receive(world.database, room.id, pieces(b"123", b"456"))
    with pytest.raises(NotAllThere):
        await uploads.receive(world.database, room.id, pieces(b"123"))
    async with world.database.write() as uow:
        with pytest.raises(NotAllThere):
            await changes.put_file(uow, world.person(OWNER), around, "x", room.id)
    assert (await uploads.receive(world.database, room.id, pieces(b"12", b"345"))).size == 5
    with pytest.raises(NoSuchUpload):
        await uploads.receive(world.database, room.id, pieces(b"12345"))
    elsewhere = await shelf(world, "elsewhere")
    async with world.database.write() as uow:
        other = (await access.opened(uow, world.person(OWNER), elsewhere)).top
        with pytest.raises(NoSuchUpload):
            await changes.put_file(uow, world.person(OWNER), other, "x", room.id)
        await changes.put_file(uow, world.person(OWNER), around, "x", room.id)
        with pytest.raises(NoSuchUpload):
            await changes.put_file(uow, world.person(OWNER), around, "y", room.id)
    async with world.database.write() as uow:
        late = await uploads.begin(uow, world.person(OWNER), around, "x", "text/plain", 1)
    clock.advance(hours=2)
    with pytest.raises(NoSuchUpload):
        await uploads.receive(world.database, late.id, pieces(b"1"))
    assert await trash.sweep(world.database) == 1


async def test_a_transfer_that_is_begun_anew_ends_the_one_before(world: World) -> None:
    mlist = await shelf(world)
    async with world.database.write() as uow:
        room = await uploads.begin(
            uow, world.person(OWNER), await top(world, mlist), "x", "a/b", uploads.PIECE * 2
        )

    async def slow() -> AsyncIterator[bytes]:
        yield b"a" * uploads.PIECE
        await uploads.receive(world.database, room.id, pieces(b"b" * uploads.PIECE * 2))
        yield b"a" * uploads.PIECE

    with pytest.raises(Overtaken):
        await uploads.receive(world.database, room.id, slow())
    found = [each async for each in contents.chunks(world.database, room.id, uploads.PIECE * 2)]
    assert b"".join(found) == b"b" * uploads.PIECE * 2


async def test_a_large_file_comes_and_goes_in_little_memory(world: World) -> None:
    size, part = 64 * 1024 * 1024, b"0123456789abcdef" * 4096
    mlist = await shelf(world)
    await folder(world, mlist, "a")
    around = access.readable_folder((await top(world, mlist)).tree.at("a"))
    async with world.database.write() as uow:
        room = await uploads.begin(uow, world.person(OWNER), around, "x", "video/mp4", size)

    async def arriving() -> AsyncIterator[bytes]:
        for _ in range(size // len(part)):
            yield part

    tracemalloc.start()
    try:
        await uploads.receive(world.database, room.id, arriving())
        async with world.database.write() as uow:
            await changes.put_file(uow, world.person(OWNER), around, "film.mp4", room.id)
        given = 0
        async for piece in contents.chunks(world.database, room.id, size):
            given += len(piece)
        zipped_size = 0
        async for piece in zipped(
            world.database, access.readable_folder((await top(world, mlist)).tree.at("a"))
        ):
            zipped_size += len(piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert given == size
    assert size < zipped_size < size + 1000
    assert peak < 16 * 1024 * 1024


async def test_bytes_that_are_missing_end_the_answer_and_are_no_whole_file(world: World) -> None:
    with pytest.raises(LookupError):
        [each async for each in contents.chunks(world.database, 999, 10)]


async def test_a_link_ends_and_no_letter_of_it_can_be_changed(world: World, clock: Clock) -> None:
    mlist = await shelf(world)
    file = await put(world, mlist, "a")
    assert file is not None
    token = links.to_item(world.database.site, world.home, file).rpartition("/")[2]
    assert links.read(world.database.site, token).key == file.id
    for place in range(len(token)):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(NoSuchDocument):
            links.read(world.database.site, changed)
    for bad in ("", ".", "a.b", "é.é", "x" * 5000):
        with pytest.raises(NoSuchDocument):
            links.read(world.database.site, bad)
    clock.advance(seconds=601)
    with pytest.raises(NoSuchDocument):
        links.read(world.database.site, token)
