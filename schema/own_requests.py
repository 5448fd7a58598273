"""What waits because of a person, as the API shows it."""

from enum import Enum

import strawberry

from lists.own_requests import OwnRequest, Waiting
from resolvers import own_requests
from schema.binding import computed, mirrors, shown
from schema.enums.words import word
from schema.refs import MailingListRef
from schema.scalars import DateTime, EmailAddress


@strawberry.enum(description="What waits. New values may be added.")
class PendingRequestKind(Enum):
    """What waits."""

    MESSAGE = word(Waiting.MESSAGE, "A message, for a moderator.")
    JOIN = word(Waiting.JOIN, "A wish to join, for an owner.")
    LEAVE = word(Waiting.LEAVE, "A wish to leave, for an owner.")
    NEW_LIST = word(Waiting.NEW_LIST, "A new list, for a listmaster.")
    DOCUMENT = word(Waiting.DOCUMENT, "A shared document, for a moderator.")
    CONFIRM_JOIN = word(Waiting.CONFIRM_JOIN, "Joining, for the answer to a mail.")
    CONFIRM_LEAVE = word(Waiting.CONFIRM_LEAVE, "Leaving, for the answer to a mail.")
    INVITATION = word(Waiting.INVITATION, "An invitation, which came by mail.")
    CONFIRM_MESSAGE = word(Waiting.CONFIRM_MESSAGE, "A message, for its author's answer to a mail.")
    CONFIRM_REQUEST = word(Waiting.CONFIRM_REQUEST, "Another request, for the answer to a mail.")


@strawberry.type(description="Something of a person's that waits.")
@mirrors(OwnRequest)
class PendingRequest:
    """Something of a person's that waits."""

    kind: PendingRequestKind = computed(lambda root, _: root.waiting, "What waits.")
    mailing_list: MailingListRef | None = computed(
        own_requests.mailing_list, "The list; null for a request about the whole domain."
    )
    email: EmailAddress = computed(lambda root, _: root.address, "Under which address.")
    is_for_me: bool = shown("It waits for the person, who has a mail about it.")
    subject: str | None = computed(own_requests.subject, "Subject of a message, name of a document.")
    requested_at: DateTime = computed(lambda root, _: root.since, "Since.")
    expires_at: DateTime | None = computed(lambda root, _: root.until, "When it lapses; null for never.")
