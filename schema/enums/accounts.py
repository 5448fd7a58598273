"""Words about what happens to accounts."""

from enum import Enum

import strawberry

from schema.enums.words import word
from storage.tables.account_life import AlertKind as Kind


@strawberry.enum(description="What an alert is about. New values may be added.")
class AlertKind(Enum):
    """What an alert is about."""

    ADDRESS_LAPSES = word(Kind.ADDRESS_LAPSES, "An address soon stops counting.")
    ADDRESS_BOUNCES = word(Kind.ADDRESS_BOUNCES, "Mail to an address comes back.")
    DELIVERY_STOPPED = word(
        Kind.DELIVERY_STOPPED, "A list sends nothing to an address any more, since it comes back."
    )
    ADDRESS_CONFLICT = word(
        Kind.ADDRESS_CONFLICT, "Another account has shown one of the addresses as its own."
    )
    IDENTITY_LINKED = word(Kind.IDENTITY_LINKED, "A way to sign in was added.")
    SECOND_ACCOUNT = word(
        Kind.SECOND_ACCOUNT, "A provider vouches for one of the addresses in another account."
    )
