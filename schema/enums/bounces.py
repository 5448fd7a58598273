"""Words about mail that comes back."""

from enum import Enum

import strawberry

from schema.enums.words import word
from storage.tables.words import BounceDigest as Digest
from storage.tables.words import BounceKind as Kind
from storage.tables.words import Complaint


@strawberry.enum(description="What a failure says. New values may be added.")
class BounceKind(Enum):
    """What a failure says."""

    HARD = word(Kind.HARD, "For good: there is no such mailbox, or no such domain.")
    SOFT = word(Kind.SOFT, "For now: the mailbox is full, or its server away for too long.")
    POLICY = word(
        Kind.POLICY,
        "The message was refused, as spam, by policy or for its size; it says nothing of the address.",
    )
    COMPLAINT = word(Kind.COMPLAINT, "The recipient called the message spam.")
    UNKNOWN = word(Kind.UNKNOWN, "It came back, and nobody can tell why.")


@strawberry.enum(description="What becomes of a member who called a message spam. New values may be added.")
class ComplaintAction(Enum):
    """What becomes of a member who called a message spam."""

    LEAVE = word(Complaint.LEAVE, "They are taken off the list.")
    MARK = word(Complaint.MARK, "It is shown to the owners only.")


@strawberry.enum(description="How often owners are told of mail that comes back. New values may be added.")
class BounceDigest(Enum):
    """How often owners are told of mail that comes back."""

    DAILY = word(Digest.DAILY, "Once a day, when there is something new.")
    WEEKLY = word(Digest.WEEKLY, "Once a week, when there is something new.")
    NEVER = word(Digest.NEVER, "Not at all.")
