"""Who of a list is written to directly as well, and wants no second copy (row 132)."""

from collections.abc import Collection

from lists.subaddresses import Subaddresses, subaddresses_of
from mail.addressees import addressees
from mail.message import Message
from storage import addressed, memberships
from storage.database import Reader
from storage.tables.lists import MailingList, Robot

# At domains whose tags follow another sign than plus, each name is compared with all members there.
_MOST_COMPARED = 10


async def addressed_members(
    reader: Reader, robot: Robot, mlist: MailingList, message: Message, *, but_for: Collection[str]
) -> list[int]:
    """The memberships that get no copy of a message, since To or Cc names their people, who asked for that.

    A person is named by each of their addresses that is in force here; a member of no account by their own. A tag is
    its mailbox, where the domain is known for that (row 115). `but_for` are keys that name nobody: the list's own.
    """
    keys = [each.key for each in addressees(message) if each.key not in but_for]
    if not keys:
        return []
    table = subaddresses_of(robot)
    mailboxes = {table.mailbox(key) for key in keys}
    holders = await addressed.holders(reader, robot.id, mailboxes.union(keys))
    # Whoever has exactly that address comes before whoever has its mailbox.
    known = (key if key in holders else table.mailbox(key) for key in keys)
    people = {holders[key] for key in known if key in holders}
    names = mailboxes.union(keys, await _tags(reader, mlist, table, mailboxes))
    return await addressed.skipping(reader, mlist.id, robot.id, keys=names, people=people)


async def _tags(reader: Reader, mlist: MailingList, table: Subaddresses, mailboxes: set[str]) -> list[str]:
    """The members' addresses that are tags of these mailboxes."""
    tagged = [key for key in mailboxes if key.rpartition("@")[2] in table.domains]
    if not tagged:
        return []
    patterns = table.patterns(tagged)[:_MOST_COMPARED]
    near = await memberships.keys_near(reader, [mlist.id], table.bases(tagged), patterns)
    return [key for _, key in near if table.mailbox(key) in mailboxes]
