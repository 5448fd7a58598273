"""The demo world: one robot, three lists, four people, a message that was sent and one that waits; made once, found again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from delivery import posts
from identity import ledger, passwords, people
from identity.actor import Actor, founder, operator
from identity.entrance import actor_for_mail
from lists import rosters
from lists.mailing_lists import create_list, find_list
from lists.robots import create_robot, find_robot
from lists.roles import grant, grant_listmaster
from mail.instant import DAY
from playground.app import DemoPerson
from storage.database import Database, UnitOfWork
from storage.tables.lists import MailingList, Robot
from storage.tables.words import AddressSource, RoleKind, Strength

DOMAIN = "lists.example.org"
PASSWORD = "demo"
ALICE, BOB, CAROL = "alice@example.edu", "bob@example.edu", "carol@example.edu"
ALTERNATE = "a.liddell@example.net"
LISTMASTER = f"listmaster@{DOMAIN}"

PEOPLE = (
    DemoPerson(ALICE, PASSWORD, f"a subscriber, also known as {ALTERNATE}"),
    DemoPerson(BOB, PASSWORD, "a newcomer, not yet on the list “welcome”"),
    DemoPerson(CAROL, PASSWORD, "the owner of all three lists, and the moderator of “announce”"),
    DemoPerson(LISTMASTER, PASSWORD, "the listmaster of the whole domain"),
)
_NAMES = {ALICE: "Alice Liddell", BOB: "Bob Dodo", CAROL: "Carol Lewis", LISTMASTER: "Listmaster"}


@dataclass(frozen=True, slots=True)
class _DemoList:
    name: str
    subject: str
    settings: Mapping[str, object]
    members: Sequence[str]


_LISTS = (
    _DemoList(
        "welcome",
        "A place to say hello",
        {
            "description": "Everybody may join; subscribers may write.",
            "send": "private",
            "subscribe": "open",
            "review": "private",
            "visibility": "noconceal",
            "archive_web_access": "public",
            "personalization": "always",
            "subject_tag": "welcome",
            # Nobody outside gets what the demo sends, so no domain's policy can fail.
            "dmarc_exempt_domains": "example.edu",
        },
        (ALICE, CAROL, "dinah@example.edu", "hatter@example.com", "duchess@example.com"),
    ),
    _DemoList(
        "announce",
        "News of the house",
        {
            "description": "Moderated: whoever is no editor waits for one.",
            "send": "editorkey",
            "subscribe": "open",
            "visibility": "noconceal",
            "archive_web_access": "public",
            "reply_to_list": False,
            "dmarc_exempt_domains": "example.edu",
        },
        (ALICE, BOB, CAROL, LISTMASTER),
    ),
    _DemoList(
        "staff",
        "Those who run the house",
        {"send": "private", "subscribe": "closed", "review": "private", "visibility": "secret"},
        (CAROL, LISTMASTER),
    ),
)


async def build_world(database: Database) -> None:
    """Make whatever of the demo world is missing; what people changed in it stays."""
    # One policy does not hold for these four: their password is known to everybody, and too short.
    secret_hash = await passwords.hash_password(PASSWORD)
    async with database.write() as uow:
        robot = await find_robot(uow, DOMAIN)
        if robot is None:
            robot = await create_robot(uow, founder(), DOMAIN, "Demo lists")
        for person in PEOPLE:
            await _person(uow, person.email, secret_hash)
        await grant_listmaster(uow, operator(robot), robot, LISTMASTER)
        new = [mlist for planned in _LISTS if (mlist := await _list(uow, robot, planned)) is not None]
        for mlist in new:
            await _first_message(uow, robot, mlist)


async def _person(uow: UnitOfWork, email: str, secret_hash: str) -> None:
    if await people.find_by_address(uow, email) is not None:
        return
    person = await people.create_person(uow, email, display_name=_NAMES[email], proved=True)
    await passwords.keep(uow, person.id, secret_hash)
    if email == ALICE:
        await ledger.prove(
            uow,
            person.id,
            ALTERNATE,
            source=AddressSource.CHALLENGE,
            strength=Strength.MD5,
            expires_at=uow.now + 365 * DAY,
        )


async def _list(uow: UnitOfWork, robot: Robot, planned: _DemoList) -> MailingList | None:
    """The list if it had to be made."""
    if await find_list(uow, f"{planned.name}@{robot.domain}") is not None:
        return None
    actor = operator(robot)
    mlist = await create_list(uow, actor, robot, planned.name, planned.subject, planned.settings, [CAROL])
    if planned.name == "announce":
        await grant(uow, actor, mlist, CAROL, RoleKind.EDITOR)
    await rosters.add(uow, actor, mlist, planned.members, quiet=True)
    return mlist


async def _first_message(uow: UnitOfWork, robot: Robot, mlist: MailingList) -> None:
    if mlist.name == "welcome":
        await posts.post(
            uow,
            await _as(uow, robot, ALICE),
            mlist,
            subject="Hello everybody",
            text="Hello,\n\nthis is the first message of the list. Curiouser and curiouser!\n\nAlice\n",
        )
    elif mlist.name == "announce":
        await posts.post(
            uow,
            await _as(uow, robot, BOB),
            mlist,
            subject="Croquet on Sunday",
            text="Dear all,\n\nthere is croquet on Sunday at three. Bring your own flamingo.\n\nBob\n",
        )


async def _as(uow: UnitOfWork, robot: Robot, address: str) -> Actor:
    return await actor_for_mail(uow, robot, address, Strength.MD5)
