"""A member's provider reports that they called a list's message spam (RFC 5965): they leave, or it is written down."""

from lists import one_click
from lists.bounces.scores import Failure, failed
from mail.verp import parse_verp
from storage import audit, lists, memberships
from storage.database import Reader, UnitOfWork
from storage.tables.lists import MailingList, Membership
from storage.tables.words import BounceKind, Complaint

# The reports that mean "I do not want this"; "not-spam" means the opposite, and "virus" or "other" is no wish.
UNWANTED = frozenset({"abuse", "fraud", "opt-out", "opt-out-list", "unsubscribe"})


async def member_named(
    reader: Reader, robot_id: int, paths: list[str], links: list[str]
) -> tuple[Membership, MailingList] | None:
    """The member whom a secret return path or one-click link in the report names, with their list; None for neither.

    A provider has one address for all complaints about a domain, so it may be any list of the robot.
    """
    verp = [parse_verp(path.rpartition("@")[0], reader.site.key("verp")) for path in paths]
    keys = [named[0] for named in verp if named is not None]
    keys += [named[1] for link in links if (named := one_click.named_by(reader.site, link)) is not None]
    for key in keys:
        member = await memberships.by_id(reader, key)
        mlist = None if member is None else await lists.by_id(reader, member.list_id)
        if member is not None and mlist is not None and mlist.robot_id == robot_id:
            return member, mlist
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
