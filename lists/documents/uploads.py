"""How the bytes of a file come: room is asked for under the folder's rules, filled once, piece by piece, and then named."""

import hashlib
from collections.abc import AsyncIterable

from identity.actor import Actor
from identity.refusal import Conflict, Invalid, NotFound, Refused
from lists.documents.access import may_hand_in
from lists.documents.names import checked_name, media_type_of
from lists.documents.tree import Folder
from mail.instant import HOUR
from storage import document_contents as contents
from storage import documents as stored
from storage.database import Database, Reader, UnitOfWork
from storage.tables.documents import Content
from storage.tables.lists import MailingList

PIECE = 256 * 1024
LIFETIME = HOUR


class TooLarge(Refused):
    """This file is larger than the list takes."""

    code = "TOO_LARGE"


class QuotaFull(Refused):
    """The documents of this list would take more room than it has; remove something for good, or ask its owners for more."""

    code = "TOO_LARGE"


class NoSuchUpload(NotFound):
    """There is no such upload, or its time is over; begin anew."""


class NotAllThere(Invalid):
    """The bytes of this upload are not, or not all, here; send exactly as many as were announced."""


class Overtaken(Conflict):
    """This upload was begun anew by another transfer."""


async def begin(
    uow: UnitOfWork, actor: Actor, folder: Folder, filename: str, media_type: str, size: int
) -> Content:
    """Room for the bytes of a file in a folder, for an hour; `size` is how many they are.

    Raises BadName, Rejected, TooLarge, QuotaFull. So nobody fills a disk who may not put files there anyway.
    """
    checked_name(filename)
    mlist = folder.tree.mlist
    await may_hand_in(uow, actor, folder)
    if size > mlist.document_size_limit:
        raise TooLarge(
            f"This file has {size} bytes; the list takes at most {mlist.document_size_limit}.",
            path=("size",),
        )
    await require_room(uow, mlist, size)
    person_id = None if actor.person is None else actor.person.id
    content_id = await contents.add(
        uow, mlist.id, person_id, media_type_of(media_type), size, uow.now + LIFETIME
    )
    return await _reread(uow, content_id)


async def require_room(uow: UnitOfWork, mlist: MailingList, size: int) -> None:
    """Raises QuotaFull where so many bytes more are too many; whoever asks is the only one who does."""
    await stored.lock(uow, mlist.id)
    if await contents.taken(uow, mlist.id) + size > mlist.documents_quota:
        raise QuotaFull(path=("size",))


async def mine(reader: Reader, actor: Actor, content_id: int) -> Content:
    """An upload of the actor's own whose time is not over; raises NoSuchUpload for any other."""
    found = await contents.by_id(reader, content_id)
    person_id = None if actor.person is None else actor.person.id
    if found is None or found.person_id != person_id or found.expires_at <= reader.now:
        raise NoSuchUpload
    return found


async def complete(reader: Reader, actor: Actor, mlist: MailingList, content_id: int) -> Content:
    """An upload of the actor's own for this list that is all there and no file's yet; raises NoSuchUpload, NotAllThere."""
    found = await mine(reader, actor, content_id)
    if found.list_id != mlist.id or await contents.is_used(reader, content_id):
        raise NoSuchUpload(path=("upload_id",))
    if found.completed_at is None:
        raise NotAllThere(path=("upload_id",))
    return found


async def receive(db: Database, content_id: int, arriving: AsyncIterable[bytes]) -> Content:
    """Take the bytes of an upload as they arrive, never more than two pieces of them in memory.

    Raises NoSuchUpload, TooLarge, NotAllThere, Overtaken. Whatever ends half way can be begun anew.
    """
    async with db.write(durable=False) as uow:
        attempt = await contents.begin(uow, content_id)
        if attempt is None:
            raise NoSuchUpload
        announced = (await _reread(uow, content_id)).size
    digest, size, place, waiting = hashlib.sha256(), 0, 0, bytearray()
    async for part in arriving:
        size += len(part)
        if size > announced:
            raise TooLarge
        digest.update(part)
        waiting += part
        while len(waiting) >= PIECE:
            await _keep(db, content_id, attempt, place, bytes(waiting[:PIECE]))
            del waiting[:PIECE]
            place += 1
    if size != announced:
        raise NotAllThere
    if waiting:
        await _keep(db, content_id, attempt, place, bytes(waiting))
    async with db.write() as uow:
        if not await contents.complete(uow, content_id, attempt, size, digest.hexdigest()):
            raise Overtaken
        return await _reread(uow, content_id)


async def _keep(db: Database, content_id: int, attempt: int, place: int, data: bytes) -> None:
    async with db.write(durable=False) as uow:
        if not await contents.append(uow, content_id, attempt, place, data):
            raise Overtaken


async def _reread(reader: Reader, content_id: int) -> Content:
    found = await contents.by_id(reader, content_id)
    if found is None:
        raise NoSuchUpload
    return found
