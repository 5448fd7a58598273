"""Changes to shared documents, as the API takes them."""

import strawberry

from resolvers import document_changes
from schema.binding import resolved, shown
from schema.documents import FileUpload, SharedFile, SharedFolder, SharedItem
from schema.foundations import Payload
from schema.scenarios import Decision


@strawberry.type(description="Result of uploadCreate.")
class UploadCreatePayload(Payload):
    """Result of uploadCreate."""

    upload: FileUpload | None = shown("Where to put it.")


@strawberry.type(description="Result of sharedFolderCreate.")
class SharedFolderCreatePayload(Payload):
    """Result of sharedFolderCreate."""

    folder: SharedFolder | None = shown("The folder.")


@strawberry.type(description="Result of sharedFolderDescribe.")
class SharedFolderDescribePayload(Payload):
    """Result of sharedFolderDescribe."""

    folder: SharedFolder | None = shown("As it is now.")


@strawberry.type(description="Result of sharedFileCreate.")
class SharedFileCreatePayload(Payload):
    """Result of sharedFileCreate."""

    file: SharedFile | None = shown("The file; null while it waits for a moderator.")
    decision: Decision | None = shown("What the scenario said.")


@strawberry.type(description="Result of sharedItemMove.")
class SharedItemMovePayload(Payload):
    """Result of sharedItemMove."""

    item: SharedItem | None = shown("As it is now.")


@strawberry.type(description="Result of sharedItemRemove.")
class SharedItemRemovePayload(Payload):
    """Result of sharedItemRemove."""

    removed_id: strawberry.ID | None = shown("Which.")


@strawberry.type(description="Result of sharedItemRestore.")
class SharedItemRestorePayload(Payload):
    """Result of sharedItemRestore."""

    item: SharedItem | None = shown("As it is now.")


@strawberry.type(description="Result of sharedAccessSet.")
class SharedAccessSetPayload(Payload):
    """Result of sharedAccessSet."""

    item: SharedItem | None = shown("As it is now.")


@strawberry.type
class DocumentMutations:
    """Changes to shared documents."""

    upload_create: UploadCreatePayload = resolved(
        document_changes.upload_create, "Asks for a place to send the bytes of a file to."
    )
    shared_folder_create: SharedFolderCreatePayload = resolved(
        document_changes.shared_folder_create, "Makes a folder."
    )
    shared_folder_describe: SharedFolderDescribePayload = resolved(
        document_changes.shared_folder_describe,
        "Says something above and below a folder's listing; what is left out stays.",
    )
    shared_file_create: SharedFileCreatePayload = resolved(
        document_changes.shared_file_create,
        "Puts an uploaded file in a folder, or before a moderator where the rules want that.",
    )
    shared_item_move: SharedItemMovePayload = resolved(
        document_changes.shared_item_move, "Gives a folder or file another place, another name, or both."
    )
    shared_item_remove: SharedItemRemovePayload = resolved(
        document_changes.shared_item_remove, "Puts a folder or file in the trash for 30 days."
    )
    shared_item_restore: SharedItemRestorePayload = resolved(
        document_changes.shared_item_restore, "Takes a folder or file out of the trash."
    )
    shared_access_set: SharedAccessSetPayload = resolved(
        document_changes.shared_access_set,
        "Names the scenarios that decide on a folder or file; for the list's owners.",
    )
