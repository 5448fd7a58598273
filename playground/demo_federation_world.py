"""The world of the federation demo: three servers, people who are on lists of several, and what they agreed to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from federation import consents, peers
from federation.own_keys import ensured
from identity import passwords, people, sessions
from identity.actor import founder, operator
from identity.entrance import actor_for_session
from lists import rosters
from lists.mailing_lists import create_list
from lists.robots import create_robot
from lists.roles import grant_listmaster
from playground.app import DemoPerson
from storage.database import Database, UnitOfWork
from storage.tables.lists import Robot
from storage.tables.words import ConsentMode, PeerTrust, SignInMethod, Strength

PASSWORD = "demo"
ADA, GRACE = "ada@example.edu", "grace@example.edu"


@dataclass(frozen=True, slots=True)
class PlannedServer:
    """A server to be: its lists with their subjects and members, who has an account there, and who agreed that it tells."""

    domain: str
    title: str
    lists: dict[str, tuple[str, Sequence[str]]]
    accounts: Sequence[str]
    asks_for: Sequence[str] = ()
    tells_of: Sequence[str] = ()

    @property
    def listmaster(self) -> str:
        """Who administers it."""
        return f"listmaster@{self.domain}"


UNIVERSITY = PlannedServer(
    "lists.university.example",
    "University",
    {
        "seminar": ("Seminar on analytical engines", (ADA, GRACE)),
        "alumni": ("Those who were here", (ADA,)),
    },
    (ADA, GRACE),
    asks_for=(ADA,),
)
ASSOCIATION = PlannedServer(
    "lists.association.example",
    "Association for computing ladies",
    {"board": ("The board", (ADA,)), "members": ("All members", (ADA, GRACE))},
    (ADA,),
    tells_of=(ADA,),
)
CHOIR = PlannedServer(
    "lists.choir.example", "Choir", {"altos": ("Altos", (ADA,)), "tour": ("The tour", (ADA, GRACE))}, ()
)
PEOPLE = (
    DemoPerson(
        ADA, PASSWORD, "on lists of all three; agreed that all are asked, and that the association tells"
    ),
    DemoPerson(GRACE, PASSWORD, "on lists of all three; agreed to nothing yet"),
    DemoPerson(UNIVERSITY.listmaster, PASSWORD, "the administrator of the university's server"),
)


async def build(db: Database, planned: PlannedServer) -> None:
    """Make one server's world in an empty database."""
    # People of a demo have a password that everybody knows, which the policy would not take.
    secret_hash = await passwords.hash_password(PASSWORD)
    async with db.write() as uow:
        robot = await create_robot(uow, founder(), planned.domain, planned.title)
        for each in (*planned.accounts, planned.listmaster):
            person = await people.create_person(uow, each, proved=True)
            await passwords.keep(uow, person.id, secret_hash)
        await grant_listmaster(uow, operator(robot), robot, planned.listmaster)
        for name, (subject, members) in planned.lists.items():
            await _list(uow, robot, name, subject, members, planned.listmaster)
        await ensured(uow)
    for each in sorted({*planned.asks_for, *planned.tells_of}):
        await _agreed(db, robot, each, planned)


async def _list(
    uow: UnitOfWork, robot: Robot, name: str, subject: str, members: Sequence[str], owner: str
) -> None:
    settings = {"visibility": "noconceal", "subscribe": "open", "unsubscribe": "open"}
    mlist = await create_list(uow, operator(robot), robot, name, subject, settings, [owner])
    await rosters.add(uow, operator(robot), mlist, members, quiet=True)


async def _agreed(db: Database, robot: Robot, address: str, planned: PlannedServer) -> None:
    """The person signs in, says whom to ask and whom to tell, and signs out."""
    async with db.write() as uow:
        person = await people.find_by_address(uow, address)
        assert person is not None
        _, token = await sessions.open_session(
            uow, person, robot, method=SignInMethod.PASSWORD, strength=Strength.MD5, address=address
        )
    async with db.read() as reader:
        actor = await actor_for_session(reader, robot, token)
    assert actor is not None
    async with db.write() as uow:
        await consents.update(
            uow,
            actor,
            outgoing=ConsentMode.ALL_TRUSTED if address in planned.asks_for else None,
            incoming=ConsentMode.ALL_TRUSTED if address in planned.tells_of else None,
        )
        await sessions.sign_out(uow, actor)


async def befriend(db: Database, name: str, thumbprints: Sequence[str], trust: PeerTrust) -> None:
    """One administrator knows and trusts another server, after a telephone call about its `thumbprints`."""
    peer = await peers.register(db, founder(), name)
    async with db.write() as uow:
        await peers.set_trust(uow, founder(), peer.id, trust, thumbprints)


async def thumbprints(db: Database) -> list[str]:
    """What an administrator reads out on the telephone."""
    async with db.write() as uow:
        return [each.kid for each in (await ensured(uow)).signing]
