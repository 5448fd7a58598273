"""Short-lived signed links to bytes: who follows one needs no session, and reads what its maker could read, no more."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, replace
from enum import StrEnum

import orjson

from identity.tickets import base_url
from lists.documents.access import NoSuchDocument, shares_documents
from lists.documents.tree import File, Folder, Item, tree_of
from mail.instant import MINUTE
from storage import documents as stored
from storage import lists
from storage.database import Reader
from storage.site import Site
from storage.tables.documents import Content, Document
from storage.tables.lists import Robot

LIFETIME = 10 * MINUTE
_LONGEST = 4096
_MAC_BYTES = 16
_PURPOSE = "links to documents"


class LinkKind(StrEnum):
    """What a link is good for."""

    UPLOAD = "u"
    FILE = "f"
    FOLDER = "z"
    PENDING = "p"


@dataclass(frozen=True, slots=True)
class Link:
    """What a link says: the Item's, content's or row's number, until when, and by which scenarios its maker could read."""

    kind: LinkKind
    key: int
    expires_at: int
    policies: frozenset[str] = frozenset()


def to_upload(site: Site, robot: Robot, content: Content) -> str:
    """Where the bytes of an upload are sent."""
    return _url(site, robot, Link(LinkKind.UPLOAD, content.id, content.expires_at))


def to_item(site: Site, robot: Robot, item: Item) -> str:
    """Where a file, or a folder as a zip, is fetched; ten minutes long."""
    is_folder = isinstance(item, Folder)
    readable = item.tree.readable if is_folder else {item.rules.read}
    link = Link(
        LinkKind.FOLDER if is_folder else LinkKind.FILE,
        item.id,
        site.clock() + LIFETIME,
        frozenset(_short(each) for each in readable),
    )
    return _url(site, robot, link)


def to_pending(site: Site, robot: Robot, row: Document) -> str:
    """Where those who decide on a file that waits fetch it; ten minutes long."""
    return _url(site, robot, Link(LinkKind.PENDING, row.id, site.clock() + LIFETIME))


def read(site: Site, token: str) -> Link:
    """What a link says; raises NoSuchDocument for one that is not ours or too old."""
    body, _, mac = token.partition(".")
    if len(token) > _LONGEST or not hmac.compare_digest(_seal(site, body.encode()), mac.encode()):
        raise NoSuchDocument
    try:
        kind, key, expires_at, policies = orjson.loads(
            base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        )
    except (binascii.Error, ValueError):
        raise NoSuchDocument from None
    if expires_at <= site.clock():
        raise NoSuchDocument
    return Link(LinkKind(kind), key, expires_at, frozenset(policies))


async def followed(reader: Reader, link: Link) -> Folder | File:
    """The file or folder that a link leads to, with what its maker could read; raises NoSuchDocument.

    Rules are looked at as they are now: what was closed meanwhile by naming another scenario is closed.
    """
    row = None if link.key % 2 == 0 else await stored.by_id(reader, link.key // 2)
    mlist = await lists.by_id(reader, link.key // 2 if row is None else row.list_id)
    if mlist is None or not shares_documents(mlist):
        raise NoSuchDocument
    tree = tree_of(mlist, await stored.of_list(reader, mlist.id))
    reading, _ = tree.policies()
    tree = replace(tree, readable=frozenset(each for each in reading if _short(each) in link.policies))
    item = tree.item(None if link.key % 2 == 0 else link.key // 2)
    wanted = Folder if link.kind is LinkKind.FOLDER else File
    if item is None or not item.is_readable or not isinstance(item, wanted):
        raise NoSuchDocument
    return item


async def followed_to_pending(reader: Reader, link: Link) -> Document:
    """The file that a link for those who decide leads to, as long as it waits; raises NoSuchDocument."""
    row = await stored.by_id(reader, link.key)
    if link.kind is not LinkKind.PENDING or row is None or not row.is_pending:
        raise NoSuchDocument
    return row


def _url(site: Site, robot: Robot, link: Link) -> str:
    said = orjson.dumps([link.kind.value, link.key, link.expires_at, sorted(link.policies)])
    body = base64.urlsafe_b64encode(said).rstrip(b"=")
    return f"{base_url(site, robot)}/documents/{body.decode()}.{_seal(site, body).decode()}"


def _seal(site: Site, body: bytes) -> bytes:
    mac = hmac.digest(site.key(_PURPOSE), body, "sha256")[:_MAC_BYTES]
    return base64.urlsafe_b64encode(mac).rstrip(b"=")


def _short(policy: str) -> str:
    """A scenario's name as links carry it: names may be long, and are not everybody's business."""
    return hashlib.blake2b(policy.encode(), digest_size=9).hexdigest()
