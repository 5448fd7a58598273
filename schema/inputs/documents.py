"""What changes to shared documents take."""

import strawberry

from schema.enums.documents import UploadPurpose
from schema.inputs.common import MutationInput, optional, wanted
from schema.scalars import ByteSize


@strawberry.input(description="A folder or file, in one of two ways.", one_of=True)
class SharedItemRef:
    """A folder or file, in one of two ways."""

    id: strawberry.ID | None = optional("By id.")
    path: str | None = optional("By path, with `mailingListId` of the mutation.")


@strawberry.input(description="Input of uploadCreate.")
class UploadCreateInput(MutationInput):
    """Input of uploadCreate."""

    parent_id: strawberry.ID = wanted("The folder it is for.")
    filename: str = wanted("Name.")
    content_type: str = wanted("Media type.")
    size: ByteSize = wanted("How many bytes, exactly.")
    purpose: UploadPurpose = wanted("What for.")


@strawberry.input(description="Input of sharedFolderCreate.")
class SharedFolderCreateInput(MutationInput):
    """Input of sharedFolderCreate."""

    parent_id: strawberry.ID = wanted("Where.")
    name: str = wanted("Name.")


@strawberry.input(description="Input of sharedFolderDescribe.")
class SharedFolderDescribeInput(MutationInput):
    """Input of sharedFolderDescribe."""

    folder_id: strawberry.ID = wanted("Which.")
    header: str | None = optional("Markdown above the listing; null takes it away.")
    footer: str | None = optional("Markdown below it; null takes it away.")


@strawberry.input(description="Input of sharedFileCreate.")
class SharedFileCreateInput(MutationInput):
    """Input of sharedFileCreate."""

    parent_id: strawberry.ID = wanted("Where.")
    name: str = wanted("Name.")
    upload_id: strawberry.ID = wanted("The bytes.")
    is_replacement: bool | None = optional(
        "A file of this name has these bytes from now on; when left out, a name in use is refused."
    )


@strawberry.input(description="Input of sharedItemMove.")
class SharedItemMoveInput(MutationInput):
    """Input of sharedItemMove."""

    item: SharedItemRef = wanted("Which.")
    mailing_list_id: strawberry.ID | None = optional("For a path.")
    parent_id: strawberry.ID | None = optional("Where to; where it is when left out.")
    name: str | None = optional("New name; its own when left out.")


@strawberry.input(description="Input of sharedItemRemove.")
class SharedItemRemoveInput(MutationInput):
    """Input of sharedItemRemove."""

    item: SharedItemRef = wanted("Which; something in the trash is removed for good, by owners.")
    mailing_list_id: strawberry.ID | None = optional("For a path.")


@strawberry.input(description="Input of sharedItemRestore.")
class SharedItemRestoreInput(MutationInput):
    """Input of sharedItemRestore."""

    item_id: strawberry.ID = wanted("Which.")
    name: str | None = optional("Another name, where its own is in use by now.")


@strawberry.input(description="Input of sharedAccessSet.")
class SharedAccessSetInput(MutationInput):
    """Input of sharedAccessSet."""

    item_id: strawberry.ID = wanted("Which.")
    is_inherited: bool = wanted("As in the folder around; then no scenario may be given.")
    read: str | None = optional("Scenario of reading; as in the folder around when left out or null.")
    edit: str | None = optional("Scenario of changing; as in the folder around when left out or null.")
    is_binding: bool | None = optional(
        "Everything below this folder has exactly its rules, whatever it has of its own; not so when left out."
    )
