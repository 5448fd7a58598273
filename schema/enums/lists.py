"""Words about lists and the people on them: states, offices, ways of getting mail, orders of pages."""

from enum import Enum

import strawberry

from schema.enums.words import word
from storage.lists import ListOrder
from storage.subscribers import MembershipOrder
from storage.tables.words import ListStatus, Origin, Protection, Reception, Visibility
from storage.tables.words import Merge as Merging
from storage.tables.words import Personalization as Copies
from storage.tables.words import RoleKind as Office


@strawberry.enum(description="Where a list is in its life. New values may be added.")
class MailingListStatus(Enum):
    """Where a list is in its life."""

    PENDING = word(ListStatus.PENDING, "Waits for a listmaster.")
    OPEN = word(ListStatus.OPEN, "In use.")
    CLOSED = word(ListStatus.CLOSED, "Shut; archive and people kept.")
    FAMILY_CLOSED = word(ListStatus.FAMILY_CLOSED, "Shut by its family.")
    ERROR = word(ListStatus.ERROR, "Its configuration does not hold.")


@strawberry.enum(description="Whether the directory shows a list.")
class ListVisibility(Enum):
    """Whether the directory shows a list."""

    LISTED = word("noconceal", "To those its scenario allows.")
    UNLISTED = word("conceal", "To subscribers and owners only.")


@strawberry.enum(description="When one copy a person is made. New values may be added.")
class Personalization(Enum):
    """When one copy a person is made."""

    NEVER = word(Copies.NEVER, "Recipients share a copy.")
    ON_BOUNCE = word(Copies.ON_BOUNCE, "Only for those that bounce, for a return path of their own.")
    SAMPLED = word(Copies.SAMPLED, "Every tenth message.")
    ALWAYS = word(Copies.ALWAYS, "Always, with merged fields.")


@strawberry.enum(
    description="What is done with a post that would fail the DMARC policy of its author's domain. New values may be added."
)
class DmarcProtection(Enum):
    """What is done with a post that would fail its author's DMARC policy."""

    NONE = word(Protection.NONE, "Nothing, but MUNGE where the domain has failing mail rejected.")
    MUNGE = word(Protection.MUNGE, "It comes from the list, which names the author.")
    WRAP = word(Protection.WRAP, "It is attached, as it was, to a message from the list.")
    REJECT = word(Protection.REJECT, "It is refused, with the reason.")
    DISCARD = word(Protection.DISCARD, "It is taken and goes nowhere.")


@strawberry.enum(description="Whose posts are filled in for each recipient. New values may be added.")
class Merge(Enum):
    """Whose posts are filled in for each recipient."""

    NEVER = word(Merging.NEVER, "Nobody's: posts go out as they were written.")
    OWNERS = word(Merging.OWNERS, "Those of owners, who prove to be them.")
    EDITORS = word(Merging.EDITORS, "Those of owners and editors.")


@strawberry.enum(description="How mail comes. New values may be added.")
class ReceptionMode(Enum):
    """How mail comes."""

    MAIL = word(Reception.MAIL, "Each message.")
    DIGEST = word(Reception.DIGEST, "Collected, MIME.")
    DIGEST_PLAIN = word(Reception.DIGEST_PLAIN, "Collected, plain text.")
    SUMMARY = word(Reception.SUMMARY, "Only the subjects.")
    NOTICE = word(Reception.NOTICE, "Subject and link.")
    URLIZE = word(Reception.URLIZE, "Attachments as links.")
    PLAIN_TEXT = word(Reception.TXT, "Text part only.")
    HTML = word(Reception.HTML, "HTML part only.")
    NOT_ME = word(Reception.NOT_ME, "Each message but one's own.")
    NOMAIL = word(Reception.NOMAIL, "Nothing.")


@strawberry.enum(description="Whether others see a subscriber.")
class SubscriberVisibility(Enum):
    """Whether others see a subscriber."""

    VISIBLE = word(Visibility.NOCONCEAL, "Shown in the review.")
    CONCEALED = word(Visibility.CONCEAL, "Owners only.")


@strawberry.enum(description="How one came to be on a list.")
class MembershipOrigin(Enum):
    """How one came to be on a list."""

    SUBSCRIBED = word(Origin.SUBSCRIBED, "Asked, or was added.")
    INCLUDED = word(Origin.INCLUDED, "Comes from a data source.")
    BOTH = word(Origin.BOTH, "Both.")


@strawberry.enum(description="Offices. New values may be added.")
class RoleKind(Enum):
    """Offices."""

    PRIVILEGED_OWNER = word(Office.PRIVILEGED_OWNER, "May also name owners and close the list.")
    OWNER = word(Office.OWNER, "Runs the list.")
    MODERATOR = word(Office.EDITOR, "Decides on messages.")


@strawberry.enum(description="Whether notices are mailed.")
class RoleReception(Enum):
    """Whether notices are mailed."""

    MAIL = word("mail", "Yes.")
    NOMAIL = word("nomail", "No.")


@strawberry.enum(description="By what lists are ordered.")
class MailingListOrderField(Enum):
    """By what lists are ordered."""

    NAME = word(ListOrder.NAME, "Name.")
    CREATED_AT = word(ListOrder.CREATED_AT, "When made.")
    LATEST_MESSAGE_AT = word(ListOrder.LATEST_MESSAGE_AT, "Last message.")


@strawberry.enum(description="By what subscriptions are ordered.")
class MembershipOrderField(Enum):
    """By what subscriptions are ordered."""

    EMAIL = word(MembershipOrder.EMAIL, "Address.")
    LIST_NAME = word(MembershipOrder.LIST_NAME, "List.")
    SUBSCRIBED_AT = word(MembershipOrder.SUBSCRIBED_AT, "Since when.")
