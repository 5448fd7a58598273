"""Changes to shared documents: room for bytes, folders, files, places, rules."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from identity.refusal import Invalid
from lists.documents import access, changes, rules, trash, uploads
from lists.documents.tree import File, Folder
from lists.settings import BadSetting
from resolvers.context import Context, Info
from resolvers.idempotency import idempotent
from resolvers.ids import global_id, key_of
from resolvers.payloads import Payload, UserError, refusable, scoped
from resolvers.problems import BadInput
from resolvers.scenarios import answered
from schema.inputs.common import Everything, given
from schema.inputs.documents import (
    SharedAccessSetInput,
    SharedFileCreateInput,
    SharedFolderCreateInput,
    SharedFolderDescribeInput,
    SharedItemMoveInput,
    SharedItemRef,
    SharedItemRemoveInput,
    SharedItemRestoreInput,
    UploadCreateInput,
)
from storage.database import UnitOfWork
from storage.tables.words import TokenScope

_WAITS = UserError("Your file waits for a moderator of the list.", "NEEDS_MODERATION")
_API_NAMES = {"d_read": "read", "d_edit": "edit"}


class NothingOfItsOwn(Invalid):
    """What is as in the folder around it has no scenario of its own; leave `read` and `edit` out."""


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def upload_create(
    info: Info, uow: UnitOfWork, input: Annotated[UploadCreateInput, Everything]
) -> Payload:
    """Room for the bytes of a file."""
    folder = await _folder(info.context, uow, input.parent_id)
    made = await uploads.begin(
        uow, info.context.actor, folder, input.filename, input.content_type, input.size
    )
    return Payload(upload=made)


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def shared_folder_create(
    info: Info, uow: UnitOfWork, input: Annotated[SharedFolderCreateInput, Everything]
) -> Payload:
    """Make a folder."""
    parent = await _folder(info.context, uow, input.parent_id)
    return Payload(folder=await changes.create_folder(uow, info.context.actor, parent, input.name))


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def shared_folder_describe(
    info: Info, uow: UnitOfWork, input: Annotated[SharedFolderDescribeInput, Everything]
) -> Payload:
    """Say something above and below a folder's listing."""
    folder = await _folder(info.context, uow, input.folder_id)
    header, footer = (None if each is UNSET else each or "" for each in (input.header, input.footer))
    return Payload(folder=await changes.describe(uow, info.context.actor, folder, header, footer))


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def shared_file_create(
    info: Info, uow: UnitOfWork, input: Annotated[SharedFileCreateInput, Everything]
) -> Payload:
    """Give uploaded bytes a name in a folder."""
    context = info.context
    parent = await _folder(context, uow, input.parent_id)
    upload = key_of(context, input.upload_id, "FileUpload")
    put = await changes.put_file(
        uow, context.actor, parent, input.name, upload, replaces=bool(given(input.is_replacement))
    )
    return Payload(
        file=put.file,
        decision=answered(context, put.decision, parent.list_id),
        user_errors=(_WAITS,) if put.file is None else (),
    )


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def shared_item_move(
    info: Info, uow: UnitOfWork, input: Annotated[SharedItemMoveInput, Everything]
) -> Payload:
    """Give an item another folder or name."""
    context = info.context
    item = await _item(context, uow, input.item, given(input.mailing_list_id))
    parent_id = given(input.parent_id)
    parent = None if parent_id is None else await _folder(context, uow, parent_id)
    return Payload(item=await changes.move(uow, context.actor, item, parent, given(input.name)))


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def shared_item_remove(
    info: Info, uow: UnitOfWork, input: Annotated[SharedItemRemoveInput, Everything]
) -> Payload:
    """Put an item in the trash, or take it out of the world."""
    context = info.context
    chosen = given(input.item.id)
    if chosen is None:
        item = await _item(context, uow, input.item, given(input.mailing_list_id))
        chosen = global_id(context, "SharedFolder" if isinstance(item, Folder) else "SharedFile", item.id)
    await trash.remove(uow, context.actor, key_of(context, chosen, "SharedFolder", "SharedFile"))
    return Payload(removed_id=chosen)


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def shared_item_restore(
    info: Info, uow: UnitOfWork, input: Annotated[SharedItemRestoreInput, Everything]
) -> Payload:
    """Take an item out of the trash."""
    key = key_of(info.context, input.item_id, "SharedFolder", "SharedFile")
    return Payload(item=await trash.restore(uow, info.context.actor, key, given(input.name)))


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def shared_access_set(
    info: Info, uow: UnitOfWork, input: Annotated[SharedAccessSetInput, Everything]
) -> Payload:
    """Name the scenarios that decide on an item."""
    key = key_of(info.context, input.item_id, "SharedFolder", "SharedFile")
    item = await access.item_by_key(uow, info.context.actor, key)
    read, edit = given(input.read), given(input.edit)
    if input.is_inherited and (read is not None or edit is not None):
        raise NothingOfItsOwn(path=("is_inherited",))
    try:
        changed = await rules.set_rules(
            uow, info.context.actor, item, read, edit, binds=bool(given(input.is_binding))
        )
    except BadSetting as bad:
        raise BadSetting(bad.message, path=tuple(_API_NAMES[name] for name in bad.path or ())) from bad
    return Payload(item=changed)


async def _folder(context: Context, uow: UnitOfWork, id: strawberry.ID) -> Folder:
    key = key_of(context, id, "SharedFolder")
    return access.readable_folder(await access.item_by_key(uow, context.actor, key))


async def _item(
    context: Context, uow: UnitOfWork, ref: SharedItemRef, list_id: strawberry.ID | None
) -> Folder | File:
    chosen, path = given(ref.id), given(ref.path)
    if chosen is not None:
        key = key_of(context, chosen, "SharedFolder", "SharedFile")
        return await access.item_by_key(uow, context.actor, key)
    if list_id is None or path is None:
        raise BadInput("With a path, say in `mailingListId` which list is meant.")
    tree = await access.opened_by_id(uow, context.actor, key_of(context, list_id, "MailingList"))
    return access.readable(tree.at(path))
