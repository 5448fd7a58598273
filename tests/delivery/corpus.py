"""Over five hundred messages for many kinds of lists by all kinds of people, to compare answers on."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric import ed25519

from delivery.evidence import Checks, Evidence
from delivery.letter import Letter
from delivery.preview import Preview, would_answer
from identity.actor import founder, operator
from identity.ledger import add_candidate, prove
from identity.people import create_person
from lists import roles
from lists.mailing_lists import close_list, create_list
from lists.robots import create_robot
from mail.message import Message
from scenarios.library import shipped_names
from storage import lists as stored_lists
from storage import memberships, scenario_texts
from storage.database import Database, Reader, UnitOfWork
from storage.site import Site
from storage.tables.lists import MailingList, Robot
from storage.tables.words import AddressSource, ListStatus, RoleKind, Strength
from tests.delivery.authentication.signing import Zone, record_of, signed

DOMAIN = "lists.example.org"
AUTHSERV_ID = "mx.example.test"
MEMBER, MODERATED, OWNER, EDITOR = "m0@example.edu", "mod@example.edu", "carol@example.edu", "ed@example.edu"
ALTERNATE, CANDIDATE, STRANGER = "m0@alumni.example", "m0@claimed.example", "x@example.net"
LISTMASTER = "lm@example.edu"
SENDERS = {
    "a member": MEMBER,
    "a moderated member": MODERATED,
    "an alternate of the moderated member": "mod@alumni.example",
    "a proved alternate": ALTERNATE,
    "a claimed alternate": CANDIDATE,
    "an address with an extension": "m0+news@example.edu",
    "other letters": "M0@Example.EDU",
    "an owner": OWNER,
    "an editor": EDITOR,
    "a listmaster": LISTMASTER,
    "a stranger": STRANGER,
}
# Texts of the robot's own, beside the shipped ones.
OWN_TEXTS = {
    "quietly": "title Quietly\ntrue() smtp,dkim,md5,smime -> reject,quiet\n",
    "by-hand": "title By hand\ntrue() smtp,dkim,md5,smime -> editor\n",
    "proved": "title Proved\ntrue() dkim,md5,smime -> do_it\ntrue() smtp -> reject(reason='send_subscriber')\n",
    "of-members": (
        "title Members by any address\n"
        "is_subscriber([listname],[sender]) smtp,dkim,md5,smime -> do_it\n"
        "match([sender],/example\\.net$/) smtp -> request_auth\n"
    ),
    "about-headers": (
        "title Headers\n"
        "match([msg_header->Subject],/secret/) smtp,dkim,md5,smime -> reject\n"
        "equal([is_bcc],'1') smtp,dkim,md5,smime -> editorkey\n"
        "true() smtp,dkim,md5,smime -> do_it\n"
    ),
    "broken": "title Broken\nno such rule at all\n",
}


@dataclass(frozen=True)
class Case:
    """One message: at which address it arrives, by whom, of which kind; `again` counts copies of it before."""

    local: str
    sender: str
    kind: str = "plain"
    reverse_path: str | None = None

    @property
    def recipient(self) -> str:
        """The address that it comes for."""
        return f"{self.local}@{DOMAIN}"

    @property
    def path(self) -> str:
        """The envelope's reverse path."""
        return self.sender if self.reverse_path is None else self.reverse_path


def plain(
    case: Case, *, more: str = "", message_id: str | None = "", body: str = "A line.\r\n.\r\n"
) -> bytes:
    """A message of the case's sender."""
    identifier = f"<{secrets.token_hex(8)}@example.edu>" if message_id == "" else message_id
    own = f"Message-ID: {identifier}\r\n" if identifier else ""
    return (
        f"From: M <{case.sender}>\r\nTo: {case.recipient}\r\nSubject: Hello\r\n{own}{more}\r\n{body}".encode()
    )


def _with(**given: str) -> Callable[[Case], bytes]:
    return lambda case: plain(case, **given)


_KEY = ed25519.Ed25519PrivateKey.generate()
_DOMAINS = ("example.edu", "alumni.example", "claimed.example", "example.net")


def _signed(case: Case) -> bytes:
    return signed(plain(case), _KEY, case.sender.rpartition("@")[2].lower())


def checks(site: Site) -> Checks:
    """What the doors need to check signatures: a zone with the keys of the senders' domains."""
    zone = Zone()
    for domain in _DOMAINS:
        zone.publish(domain, record_of(_KEY))
    return Checks(site.clock, zone, AUTHSERV_ID)


KINDS: dict[str, Callable[[Case], bytes]] = {
    "plain": plain,
    "html and a file": _with(
        more='MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n',
        body="--b\r\nContent-Type: text/html\r\n\r\n<p>Hi</p>\r\n--b\r\nContent-Type: image/png\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n",
    ),
    "folded": _with(more="X-Long: one\r\n two\r\n\tthree\r\nReferences:\r\n <a@b>\r\n <c@d>\r\n"),
    "no message id": lambda case: plain(case, message_id=None),
    "seen before": _with(message_id="<seen@example.edu>"),
    "too large": _with(body=("x" * 70 + "\r\n") * 60),
    "a loop": lambda case: plain(case, more=f"List-Id: <{case.local}.{DOMAIN}>\r\n"),
    "a relayed loop": lambda case: plain(case, more=f"X-Loop: {case.local}.{DOMAIN}\r\n"),
    "many hops": _with(more="Received: from a by b; Thu, 1 Jan 2026 00:00:00 +0000\r\n" * 51),
    "another list's post": _with(more="List-Id: <else.example.com>\r\nPrecedence: list\r\n"),
    "a vacation notice": _with(more="Auto-Submitted: auto-replied\r\n"),
    "a nightly report": _with(more="Auto-Submitted: auto-generated\r\n"),
    "an old vacation notice": _with(more="X-Autoreply: yes\r\n"),
    "a null path": plain,
    "two authors": _with(more="From: two@example.edu\r\n"),
    "two in one From": lambda case: plain(replace(case, sender=f"{case.sender}>, N <n@example.edu")),
    "no From": lambda case: plain(case).partition(b"\r\n")[2],
    "a bad From": lambda case: plain(replace(case, sender="not an address")),
    "a group": lambda case: (
        plain(case).replace(b"From: M <", b"From: friends: <").replace(b">\r\nTo", b">;\r\nTo")
    ),
    "a blind copy": lambda case: plain(case).replace(f"To: {case.recipient}".encode(), b"To: a@example.net"),
    "a secret": lambda case: plain(case).replace(b"Subject: Hello", b"Subject: top secret"),
    "a passed DKIM": lambda case: plain(
        case,
        more=f"Authentication-Results: {AUTHSERV_ID}; dkim=pass header.d={case.sender.rpartition('@')[2].lower()}\r\n",
    ),
    "a forged DKIM result": _with(
        more="Authentication-Results: elsewhere.example; dkim=pass header.d=example.edu\r\n"
    ),
    "a DKIM signature": _signed,
    "a broken DKIM signature": lambda case: _signed(case) + b"P.S.: more\r\n",
    "a DKIM signature of somebody else": lambda case: signed(plain(case), _KEY, "claimed.example"),
    "a signed message sent to another list": lambda case: signed(
        plain(case).replace(f"To: {case.recipient}".encode(), b"To: else@lists.example.org"),
        _KEY,
        case.sender.rpartition("@")[2].lower(),
    ),
    "a confirmation": lambda case: plain(case).replace(b"Subject: Hello", b"Subject: AUTH 1234567890"),
    "eight bits": _with(more="Content-Transfer-Encoding: 8bit\r\n", body="Grüße\r\n"),
    "nothing in it": lambda case: b"\r\n\r\n",
    "a signed one": _with(
        more='Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary="s"\r\n',
        body="--s\r\n\r\nHi\r\n--s\r\nContent-Type: application/pkcs7-signature\r\n\r\nAAAA\r\n--s--\r\n",
    ),
}


def lists_by_policy() -> list[str]:
    """One list for each policy, named after it."""
    return sorted({*(name for name in shipped_names("send") if "(" not in name), *OWN_TEXTS})


def cases() -> list[Case]:
    """All of them, in the order in which they are to be sent."""
    policies = lists_by_policy()
    found = [Case(policy, sender) for policy in policies for sender in SENDERS.values()]
    found += [
        Case(policy, sender, kind)
        for policy in ("private", "public", "editorkey", "publickey", "about-headers", "confidential")
        for sender in (MEMBER, STRANGER, MODERATED)
        for kind in KINDS
        if kind not in ("plain", "a null path")
    ]
    found += [
        Case(policy, sender, kind)
        for policy in ("quietly", "proved", "of-members", "privateoreditorkey")
        for sender in (MEMBER, STRANGER)
        for kind in ("a passed DKIM", "a forged DKIM result", "seen before", "too large", "a blind copy")
    ]
    found += [
        Case(policy, sender, kind)
        for policy in policies
        for sender in (MEMBER, ALTERNATE, STRANGER)
        for kind in KINDS
        if "DKIM sig" in kind or kind == "a signed message sent to another list"
    ]
    found += [Case(policy, MEMBER, "a null path", "") for policy in policies]
    found += [
        Case(special, sender)
        for special in ("shut", "pending", "strict", "asks")
        for sender in SENDERS.values()
    ]
    found += [
        Case(f"private{suffix}", sender, kind, path)
        for suffix in ("-owner", "-editor", "-request", "-subscribe", "-unsubscribe", "-bounce")
        for sender in (MEMBER, STRANGER)
        for kind, path in (
            ("plain", None),
            ("two authors", None),
            ("a null path", ""),
            ("a vacation notice", None),
        )
    ]
    found += [Case(local, STRANGER) for local in ("listmaster", "postmaster", "unknown", "unknown-owner")]
    # One author's questions have a limit, and the copy of what was taken is taken and forgotten.
    found += [Case("publickey", "asked@example.net") for _ in range(22)]
    return found


async def build(database: Database) -> dict[str, MailingList]:
    """The robot, its lists and its people; lists by name."""
    async with database.write() as uow:
        robot = await create_robot(uow, founder(), DOMAIN, "Lists")
        await roles.grant_listmaster(uow, operator(robot), robot, LISTMASTER)
        for name, text in OWN_TEXTS.items():
            await scenario_texts.put(
                uow, robot_id=robot.id, list_id=None, operation="send", name=name, text=text
            )
        made = {
            name: await _a_list(uow, robot, name, send=name) for name in lists_by_policy() if name != "broken"
        }
        made["broken"] = await _a_list(uow, robot, "broken", send="closed")
        await scenario_texts.put(
            uow,
            robot_id=None,
            list_id=made["broken"].id,
            operation="send",
            name="closed",
            text=OWN_TEXTS["broken"],
        )
        made["shut"] = await close_list(
            uow, operator(robot), await _a_list(uow, robot, "shut", send="public")
        )
        pending = await _a_list(uow, robot, "pending", send="public")
        await stored_lists.change(uow, pending, {}, status=ListStatus.PENDING)
        made["pending"] = replace(pending, status=ListStatus.PENDING)
        made["strict"] = await _a_list(uow, robot, "strict", send="private", strict_main_address="true")
        made["asks"] = await _a_list(uow, robot, "asks", send="publickey")
        await _people(uow)
    return made


async def _a_list(uow: UnitOfWork, robot: Robot, name: str, **settings: str) -> MailingList:
    settings = {"message_size_limit": "4000"} | settings
    mlist = await create_list(uow, operator(robot), robot, name, name, settings, owners=[OWNER])
    await roles.grant(uow, operator(robot), mlist, EDITOR, RoleKind.EDITOR)
    for address in (MEMBER, MODERATED):
        await memberships.add(uow, mlist.id, address=address, address_key=address)
    moderated = await memberships.find(uow, mlist.id, MODERATED)
    assert moderated is not None
    await memberships.change(uow, replace(moderated, is_moderated=True))
    return mlist


async def _people(uow: UnitOfWork) -> None:
    for main, alternate in ((MEMBER, ALTERNATE), (MODERATED, "mod@alumni.example")):
        person = await create_person(uow, main, proved=True, strength=Strength.MD5)
        await prove(uow, person.id, alternate, source=AddressSource.CHALLENGE, strength=Strength.MD5)
        if main == MEMBER:
            await add_candidate(uow, person.id, CANDIDATE, source=AddressSource.CHALLENGE)


async def preview(
    reader: Reader,
    robot: Robot,
    mlist: MailingList,
    message: Message,
    path: str,
    evidence: Evidence | None = None,
) -> Preview:
    """What posting to a list would be answered, also where mail does not find it; `path` is the envelope's."""
    letter = Letter(robot, mlist, message, path, evidence=evidence, is_prospect=True)
    return await would_answer(reader, letter, "incoming")
