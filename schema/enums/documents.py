"""Words about shared documents."""

from enum import Enum

import strawberry

from schema.enums.words import word


@strawberry.enum(description="What a file is for. New values may be added.")
class UploadPurpose(Enum):
    """What a file is for."""

    SHARED_DOCUMENT = word("shared_document", "A shared document.")
