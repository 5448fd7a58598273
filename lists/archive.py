"""Reading a list's archive, as its scenario allows, by page and by permalink."""

from identity.actor import Actor
from identity.refusal import NotFound, SignInNeeded
from lists.authorize import authorize, require
from lists.mailing_lists import visible_by_id
from lists.reading import hides_addresses
from storage import archived
from storage.database import Reader
from storage.keyset import Page, Window
from storage.site import Site
from storage.tables.lists import MailingList, Robot
from storage.tables.mail import StoredMessage


class AuthorsNotTold(SignInNeeded):
    """Sign in to look for an author: strangers are shown no addresses here."""


class NoSuchMessage(NotFound):
    """There is no such message in this archive, or it is not for your eyes."""


async def messages(
    reader: Reader,
    actor: Actor,
    mlist: MailingList,
    window: Window,
    *,
    since: int | None = None,
    until: int | None = None,
    author: str = "",
) -> Page[StoredMessage]:
    """A page of the archive, latest first, as the scenario `archive_web_access` lets the actor; raises Rejected.

    `since` (included) and `until` (not included) are instants of archiving. Raises AuthorsNotTold where a hit would
    tell a stranger an address.
    """
    await require(reader, actor, "archive_web_access", mlist=mlist)
    _no_guessing(actor, author)
    return await archived.page(reader, mlist.id, window, since=since, until=until, author=author)


async def count_of_messages(
    reader: Reader,
    actor: Actor,
    mlist: MailingList,
    *,
    since: int | None = None,
    until: int | None = None,
    author: str = "",
) -> int:
    """How many messages `messages` has; raises as it does."""
    await require(reader, actor, "archive_web_access", mlist=mlist)
    _no_guessing(actor, author)
    return await archived.count(reader, mlist.id, since=since, until=until, author=author)


async def message_by_key(reader: Reader, actor: Actor, mlist: MailingList, archive_key: str) -> StoredMessage:
    """The message behind a permalink of this list; raises Rejected or NoSuchMessage."""
    await require(reader, actor, "archive_web_access", mlist=mlist)
    found = await archived.by_key(reader, mlist.id, archive_key)
    if found is None:
        raise NoSuchMessage
    return found


async def message_by_id(reader: Reader, actor: Actor, stored_id: int) -> StoredMessage:
    """The archived message with this number, wherever it is; raises NoSuchMessage whatever the reason (row 86)."""
    found = (await archived.by_ids(reader, [stored_id])).get(stored_id)
    if found is None or found.archived_at is None:
        raise NoSuchMessage
    mlist = await visible_by_id(reader, actor, found.list_id)
    if (await authorize(reader, actor, "archive_web_access", mlist=mlist)).action != "do_it":
        raise NoSuchMessage
    return found


async def raw_message(reader: Reader, actor: Actor, mlist: MailingList, message: StoredMessage) -> bytes:
    """The message byte for byte, addresses and all; raises Rejected, or NoSuchMessage for another list's."""
    await require(reader, actor, "archive_web_access", mlist=mlist)
    raw = None if message.list_id != mlist.id else await archived.raw(reader, message.id)
    if raw is None:
        raise NoSuchMessage
    return raw


async def messages_by_mail(
    reader: Reader, actor: Actor, mlist: MailingList, window: Window
) -> Page[StoredMessage]:
    """A page of the archive, latest first, for an answer by mail, as `archive_mail_access` lets the actor; raises Rejected."""
    await require(reader, actor, "archive_mail_access", mlist=mlist)
    return await archived.page(reader, mlist.id, window)


async def message_by_mail(reader: Reader, actor: Actor, mlist: MailingList, archive_key: str) -> bytes:
    """One message byte for byte, as `messages_by_mail`; raises Rejected or NoSuchMessage."""
    await require(reader, actor, "archive_mail_access", mlist=mlist)
    found = await archived.by_key(reader, mlist.id, archive_key)
    raw = None if found is None else await archived.raw(reader, found.id)
    if raw is None:
        raise NoSuchMessage
    return raw


def _no_guessing(actor: Actor, author: str) -> None:
    if author and hides_addresses(actor):
        raise AuthorsNotTold(path=("filter", "author"))


def permalink(site: Site, mlist: MailingList, archive_key: str, robot: Robot | None = None) -> str:
    """The stable address of an archived message; `robot` when its own public URL should be used (row 86)."""
    base = (robot.public_url if robot is not None and robot.public_url else site.public_url).rstrip("/")
    return f"{base}/lists/{mlist.name}/archive/{archive_key}"
