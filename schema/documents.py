"""Shared documents, as the API shows them."""

import strawberry

from lists.documents import tree
from lists.documents.trash import KEPT_FOR
from resolvers import documents, list_facts
from schema.binding import computed, mirrors, resolved, shown
from schema.directives import Cost
from schema.foundations import Connection, Node, node_id
from schema.messages import MessageHeader
from schema.refs import SharedFolderRef
from schema.scalars import ByteSize, DateTime, EmailAddress, Url
from schema.scenarios import Scenario
from storage.tables.documents import Content


@strawberry.type(description="Who may do what with a folder or file.")
class SharedAccess:
    """Who may do what with a folder or file."""

    is_inherited: bool = computed(
        documents.is_inherited, "Exactly as in the folder around it; no rule of its own decides."
    )
    inherited_from: SharedFolderRef | None = computed(
        documents.inherited_from,
        "The folder whose rule for reading holds; null where it is its own or the list's, or the folder is hidden.",
    )
    read: Scenario | None = resolved(
        documents.read_scenario, "Who may read.", directives=[Cost(complexity=2)]
    )
    edit: Scenario | None = resolved(
        documents.edit_scenario, "Who may change.", directives=[Cost(complexity=2)]
    )
    own_read: str | None = computed(documents.own_read, "The scenario of reading that was named for it.")
    own_edit: str | None = computed(documents.own_edit, "The scenario of changing that was named for it.")
    is_overruled: bool = computed(
        documents.is_overruled,
        "A folder above binds all below it, so `ownRead` and `ownEdit` count for nothing.",
    )
    is_binding: bool = computed(documents.is_binding, "Everything below this folder has exactly its rules.")


@strawberry.interface(description="A folder or a file.")
class SharedItem(Node):
    """A folder or a file."""

    name: str = shown("Name, any script.")
    path: str = shown("From the top, for people; the names of hidden folders are left out.")
    parent: SharedFolderRef | None = shown("Where it lies; null for the top, or where that is hidden.")
    access: SharedAccess = computed(list_facts.itself, "Who may do what.")
    updated_at: DateTime = shown("Last changed.")
    author: EmailAddress | None = computed(
        documents.author, "Who put it there; null for the top, and for strangers."
    )
    viewer_can_edit: bool = resolved(documents.can_edit, "The viewer may change it.")


@strawberry.type(description="Something that was removed and can be restored.")
class RemovedSharedItem:
    """Something that was removed and can be restored."""

    item_id: strawberry.ID = computed(
        documents.id_of_removed, "Its global id, good for `sharedItemRestore` and `sharedItemRemove`."
    )
    name: str = computed(lambda root, _: root.row.name, "Name.")
    removed_at: DateTime = computed(lambda root, _: root.row.trashed_at, "Since when.")
    expires_at: DateTime = computed(lambda root, _: root.row.trashed_at + KEPT_FOR, "Gone for good then.")


@strawberry.type(description="A folder.")
@mirrors(tree.Folder)
class SharedFolder(SharedItem):
    """A folder."""

    id: strawberry.ID = node_id("SharedFolder")
    header: str | None = resolved(documents.header, "Text above the listing, in Markdown.")
    footer: str | None = resolved(documents.footer, "Text below it, in Markdown.")
    header_html: str | None = resolved(
        documents.header_html, "Text above the listing, as HTML that can be shown as it is."
    )
    footer_html: str | None = resolved(
        documents.footer_html, "Text below it, as HTML that can be shown as it is."
    )
    children: Connection[SharedItem] = resolved(
        documents.children,
        "What lies in it and may be read, by name; nothing is listed through a closed folder.",
    )
    tree: list[SharedItem] = resolved(
        documents.tree_below,
        "Everything below it that may be read, depth first; bounded: the first 1000, `children` has all.",
        directives=[Cost(complexity=100)],
    )
    removed: list[RemovedSharedItem] | None = resolved(
        documents.removed,
        "What was removed from it in the last 30 days; null, with an error, for those who may not change it. "
        "Bounded: the latest 1000.",
        directives=[Cost(complexity=10)],
    )
    zip_url: Url | None = computed(
        documents.link_to_zip, "Link to all of it as a zip, for ten minutes; with what the viewer may read."
    )


@strawberry.type(description="A file.")
@mirrors(tree.File)
class SharedFile(SharedItem):
    """A file."""

    id: strawberry.ID = node_id("SharedFile")
    content_type: str = computed(lambda root, _: root.row.media_type, "Media type.")
    size: ByteSize = computed(lambda root, _: root.row.size, "Size.")
    sha256: str = computed(lambda root, _: root.row.sha256, "SHA-256 of the bytes, in hexadecimal.")
    download_url: Url = computed(documents.link_to_bytes, "Signed link to the bytes, for ten minutes.")


@strawberry.type(description="Where to put the bytes of a file, before naming it in a mutation.")
@mirrors(Content)
class FileUpload(Node):
    """Where to put the bytes of a file, before naming it in a mutation."""

    id: strawberry.ID = node_id("FileUpload")
    url: Url = computed(documents.link_to_room, "PUT the bytes there.")
    headers: list[MessageHeader] = computed(documents.headers_of_upload, "Send these along.")
    max_size: ByteSize = computed(lambda root, _: root.size, "Exactly that many.")
    expires_at: DateTime = shown("Until then.")
