"""The keys that sign what leaves, as the API shows them; no field shows a private half."""

import strawberry

from delivery.signing import published
from resolvers import signing
from schema.binding import computed, mirrors, resolved, shown
from schema.directives import Cost
from schema.enums.signing import DkimAlgorithm, DkimKeyState, DkimPublication
from schema.foundations import Node, Payload, node_id
from schema.refs import MailingListRef
from schema.scalars import DateTime
from storage.tables import signing as stored


@strawberry.type(description="A TXT record to publish.")
@mirrors(published.Record)
class DkimRecord:
    """A TXT record to publish."""

    name: str = shown("Its full name.")
    text: str = shown("What it says.")
    strings: list[str] = shown("The same in pieces of at most 255 octets, as servers hold it; bounded.")
    zone_line: str = shown("The line of a zone file.")


@strawberry.type(description="What the DNS says about a key.")
@mirrors(published.Check)
class DkimCheck:
    """What the DNS says about a key."""

    publication: DkimPublication = shown("What was found.")
    is_published: bool = shown("Signatures of the key will be believed.")
    sentence: str = shown("What is wrong, or that all is well, in words.")


@strawberry.type(description="A key that signs what leaves; for listmasters.")
@mirrors(stored.DkimKey)
class DkimKey(Node):
    """A key that signs what leaves."""

    id: strawberry.ID = node_id("DkimKey")
    selector: str = shown("Its name in the DNS.")
    algorithm: DkimAlgorithm = shown("Its kind.")
    state: DkimKeyState = shown("What it is for just now.")
    mailing_list: MailingListRef | None = resolved(
        signing.list_of, "The one list that it signs for; null for the whole domain."
    )
    created_at: DateTime = shown("Since when it exists.")
    activated_at: DateTime | None = shown("Since when it signs.")
    retired_at: DateTime | None = shown("Since when it signs no more.")
    published_until: DateTime | None = shown(
        "Until when its record has to stay in the DNS for mail on its way; null while it is not retired."
    )
    dns_record: DkimRecord = computed(signing.dns_record, "The record to publish.")
    check: DkimCheck = resolved(
        signing.dns_check, "What the DNS says now; it is asked.", directives=[Cost(complexity=20)]
    )


@strawberry.type(description="Result of dkimKeyCreate.")
class DkimKeyCreatePayload(Payload):
    """Result of dkimKeyCreate."""

    dkim_key: DkimKey | None = shown("The key; publish its record, then activate it.")


@strawberry.type(description="Result of dkimKeyActivate.")
class DkimKeyActivatePayload(Payload):
    """Result of dkimKeyActivate."""

    dkim_key: DkimKey | None = shown("The key.")
    check: DkimCheck | None = shown("What the DNS said.")


@strawberry.type(description="Result of dkimKeyRetire.")
class DkimKeyRetirePayload(Payload):
    """Result of dkimKeyRetire."""

    dkim_key: DkimKey | None = shown("The key.")


@strawberry.type
class SigningMutations:
    """Keys that sign what leaves."""

    dkim_key_create: DkimKeyCreatePayload = resolved(
        signing.dkim_key_create, "Makes a key, which signs once it is activated; for listmasters."
    )
    dkim_key_activate: DkimKeyActivatePayload = resolved(
        signing.dkim_key_activate,
        "Lets a key sign instead of the one before it, once the DNS shows it; for listmasters.",
    )
    dkim_key_retire: DkimKeyRetirePayload = resolved(
        signing.dkim_key_retire, "Has a key sign no more; for listmasters."
    )
