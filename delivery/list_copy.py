"""What a list changes in a message before it goes out: the fields it adds and takes away, and what each copy adds later."""

from dataclasses import dataclass

from delivery.letter import Letter
from lists.archive import permalink
from mail.automatic import loop_field
from mail.fields import Field, make_field
from mail.list_fields import FOREIGN_LIST_FIELDS, archived_at, list_fields
from mail.message import with_fields
from mail.subject import tagged
from storage.site import Site
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
# What stands on top of every copy in the end: the signatures of this server, the way from here on.
_ON_TOP = (
    "Received",
    "DKIM-Signature",
    "ARC-Seal",
    "ARC-Message-Signature",
    "ARC-Authentication-Results",
)
_OF_EACH_COPY = ("List-Unsubscribe", "List-Unsubscribe-Post")


@dataclass(frozen=True, slots=True)
class Changes:
    """What becomes of the header section: `removed` names in lower case, and `added` fields on top."""

    removed: frozenset[str]
    added: tuple[Field, ...]


def changes_for(letter: Letter, site: Site) -> Changes:
    """The list's own changes to a letter (RFC 2369, 2919, 5064; rows 42, 49)."""
    mlist, message = letter.mlist, letter.message
    removed = {name.lower() for name in FOREIGN_LIST_FIELDS} | _ALWAYS_REMOVED
    added = [
        *_fields_of(mlist, permalink(site, mlist, letter.archive_key, letter.robot)),
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
    subject = message.first("Subject") or ""
    shown = tagged(subject, mlist.subject_tag) if mlist.subject_tag else subject
    if shown != subject:
        # One that has its tag already stays to the octet as its author signed it.
        removed.add("subject")
        added.append(make_field("Subject", shown))
    return Changes(frozenset(removed), tuple(added))


def changed(letter: Letter, changes: Changes) -> bytes:
    """The letter's message with these changes, its body untouched."""
    return with_fields(letter.message, remove=changes.removed, prepend=changes.added)


def added_later(mlist: MailingList) -> tuple[str, ...]:
    """The names of the fields that copies may still get on top, each or all of them."""
    is_shared = mlist.personalization is Personalization.NEVER
    return _ON_TOP if is_shared else (*_ON_TOP, *_OF_EACH_COPY)


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
