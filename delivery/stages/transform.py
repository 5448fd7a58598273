"""The copy that goes out: the list's own fields in front, what was another list's taken away, the body untouched."""

from delivery.letter import Done, Letter, Next
from lists.archive import permalink
from mail.automatic import loop_field
from mail.fields import Field, make_field
from mail.list_fields import FOREIGN_LIST_FIELDS, archived_at, list_fields
from mail.message import with_fields
from mail.subject import tagged
from storage.database import UnitOfWork
from storage.tables.lists import MailingList
from storage.tables.words import Personalization

# What the last server wrote about its own delivery, what would redirect bounces past us, and findings about the message
# as it came in, which somebody behind us might believe although they are forged (RFC 8601, section 5).
_ALWAYS_REMOVED = frozenset(
    {
        "return-path",
        "errors-to",
        "sender",
        "precedence",
        "x-loop",
        "delivered-to",
        "authentication-results",
        "x-validation-by",
    }
)


async def transform(letter: Letter, uow: UnitOfWork) -> Next | Done | None:
    """Make `outgoing` from the raw message by splicing fields (RFC 2369, 2919, 5064; rows 42, 49)."""
    mlist, message = letter.mlist, letter.message
    removed = {name.lower() for name in FOREIGN_LIST_FIELDS} | _ALWAYS_REMOVED
    added = [
        *_fields_of(mlist, permalink(uow.site, mlist, letter.archive_key, letter.robot)),
        make_field("Sender", f"{mlist.name}-owner@{mlist.domain}"),
        make_field("Precedence", "list"),
        loop_field(f"{mlist.name}.{mlist.domain}"),
    ]
    if letter.confirmed_by:
        # Members see that this was confirmed, and by whom (requirement 4.9).
        added.append(make_field("X-Validation-by", letter.confirmed_by))
    if message.first("Message-ID") is None:
        added.append(make_field("Message-ID", letter.message_id))
    if mlist.reply_to_list and message.first("Reply-To") is None:
        added.append(make_field("Reply-To", mlist.address))
    if mlist.subject_tag:
        removed.add("subject")
        added.append(make_field("Subject", tagged(message.first("Subject") or "", mlist.subject_tag)))
    letter.outgoing = with_fields(message, remove=removed, prepend=added)
    return None


def _fields_of(mlist: MailingList, permalink: str) -> list[Field]:
    name, domain = mlist.name, mlist.domain
    # Where each recipient has a copy, the way out is in that copy alone (RFC 8058).
    each_their_own = mlist.personalization is Personalization.ALWAYS
    made = list_fields(
        list_name=name,
        domain=domain,
        label=mlist.subject,
        archive_url=permalink.rpartition("/")[0],
        unsubscribe_address=None if each_their_own else f"{name}-unsubscribe@{domain}",
        subscribe_address=f"{name}-subscribe@{domain}",
        owner_address=f"{name}-owner@{domain}",
        help_address=f"{name}-request@{domain}",
    )
    return [*made, archived_at(permalink)]
