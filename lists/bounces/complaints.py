"""A member's provider reports that they called a list's message spam (RFC 5965): they leave, or it is written down."""

from lists import one_click
from lists.bounces.scores import Failure, failed
from mail.verp import parse_verp
from storage import audit, memberships
from storage.database import Reader, UnitOfWork
from storage.tables.lists import MailingList, Membership
from storage.tables.words import BounceKind, Complaint

# The reports that mean "I do not want this"; "not-spam" means the opposite, and "virus" or "other" is no wish.
UNWANTED = frozenset({"abuse", "fraud", "opt-out", "opt-out-list", "unsubscribe"})


async def member_named(
    reader: Reader, mlist: MailingList, paths: list[str], links: list[str]
) -> Membership | None:
    """The list's member whom a secret return path or one-click link in the report names; None where there is neither."""
    for path in paths:
        named = parse_verp(path.rpartition("@")[0], reader.site.key("verp"))
        member = None if named is None else await memberships.by_id(reader, named[0])
        if member is not None and member.list_id == mlist.id:
            return member
    for link in links:
        found = one_click.named_by(reader.site, link)
        member = None if found is None or found[0] != mlist.id else await memberships.by_id(reader, found[1])
        if member is not None and member.list_id == mlist.id:
            return member
    return None


async def complained(uow: UnitOfWork, mlist: MailingList, member: Membership, words: str) -> None:
    """Do as the list's setting says; what was proved by nothing but an address in the report never comes here."""
    await failed(uow, mlist, member, Failure(BounceKind.COMPLAINT, "", words, is_proved=True))
    if mlist.bounce_complaint is not Complaint.LEAVE:
        return
    gone = await memberships.remove(uow, mlist.id, member.id)
    if gone is not None:
        await audit.record(
            uow,
            "unsubscribed",
            actor=gone.address,
            via="complaint",
            robot_id=mlist.robot_id,
            list_id=mlist.id,
            address=gone.address,
        )
