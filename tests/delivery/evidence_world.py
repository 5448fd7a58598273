"""A mail, a DNS in which its author may sign, and what is found out about who wrote it."""

from cryptography.hazmat.primitives.asymmetric import rsa

from delivery.evidence import Checks, Evidence, gather
from delivery.reception import receive
from mail.instant import SECOND
from mail.message import parse_message
from mail.status import Reply
from storage import scenario_texts
from storage.database import Database
from storage.tables.lists import MailingList
from tests.delivery.authentication.authority import AUTHORITIES
from tests.delivery.authentication.signing import NOW, Zone, record_of
from tests.delivery.test_flow import a_list

MAIL = (
    b"From: M <m0@example.edu>\r\nTo: welcome@lists.example.org\r\nSubject: Hello\r\n"
    b"Message-ID: <1@example.edu>\r\nDate: Mon, 18 Mar 2030 12:00:00 +0000\r\n\r\nA line.\r\n"
)
OURS = "mx.example.org"


def published(key: rsa.RSAPrivateKey) -> Zone:
    """A DNS in which three domains sign with this key."""
    zone = Zone()
    for domain in ("example.edu", "cs.example.edu", "evil.example"):
        zone.publish(domain, record_of(key))
    return zone


def checks(zone: Zone, authserv_id: str = "") -> Checks:
    return Checks(lambda: NOW * SECOND, zone, authserv_id, AUTHORITIES)


async def found(raw: bytes, zone: Zone, authserv_id: str = "") -> Evidence:
    return await gather(parse_message(raw), checks(zone, authserv_id))


def stated(results: str, authserv_id: str = OURS) -> bytes:
    return f"Authentication-Results: {authserv_id}; {results}\r\n".encode()


# ---- what it is worth for a list

ONLY_SIGNED = "title Signed mail\ntrue() dkim,smime -> do_it\ntrue() smtp,md5 -> reject\n"


async def governed(database: Database, rules: str = ONLY_SIGNED, operation: str = "send") -> MailingList:
    """A list with a text of its own."""
    _, mlist = await a_list(database)
    async with database.write() as uow:
        name = str(getattr(mlist, operation))
        await scenario_texts.put(
            uow, robot_id=None, list_id=mlist.id, operation=operation, name=name, text=rules
        )
    return mlist


async def posted(database: Database, mlist: MailingList, raw: bytes, zone: Zone, to: str = "") -> Reply:
    evidence = await found(raw, zone, OURS)
    return await receive(database, "m0@example.edu", to or mlist.address, raw, evidence)
