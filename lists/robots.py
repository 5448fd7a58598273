"""Robots: the mail domains of this server, each with its own lists, offices and public address."""

from identity.actor import Actor
from identity.refusal import Forbidden, Invalid, Taken
from mail.domain import display_domain, normal_domain
from mail.errors import BadAddress
from storage import audit
from storage import robots as stored
from storage.database import Reader, UnitOfWork
from storage.site import Site
from storage.tables.lists import MailingList, Robot


class OperatorOnly(Forbidden):
    """Only the operator of this server may do this, at its command line."""


class DomainTaken(Taken):
    """This domain has its robot already."""


class BadDomain(Invalid):
    """This is not a domain name; write it as lists.example.org."""


async def create_robot(
    uow: UnitOfWork,
    actor: Actor,
    domain: str,
    title: str = "",
    *,
    description: str = "",
    language: str = "en",
    public_url: str = "",
    listmasters_are_owners: bool = True,
) -> Robot:
    """Open a domain for lists (row 89); raises OperatorOnly, BadDomain or DomainTaken.

    `public_url` is the base of mailed links, empty for the server's own.
    """
    if not actor.is_operator:
        raise OperatorOnly
    normal = _normal(domain)
    if normal is None:
        raise BadDomain(path=("domain",))
    if await stored.find(uow, normal) is not None:
        raise DomainTaken(path=("domain",))
    robot = await stored.add(
        uow,
        normal,
        title or display_domain(normal),
        description=description,
        language=language,
        public_url=public_url.rstrip("/"),
        listmasters_are_owners=listmasters_are_owners,
    )
    await audit.record(uow, "robot_created", actor=actor.sender, via=actor.via, robot_id=robot.id)
    return robot


async def find_robot(reader: Reader, domain: str) -> Robot | None:
    """The robot of a domain, however it is written; None for a domain that is not ours."""
    normal = _normal(domain)
    return None if normal is None else await stored.find(reader, normal)


async def robot_of(reader: Reader, actor: Actor, mlist: MailingList | None) -> Robot:
    """The robot that a request is about: the list's, or the actor's own; a statement only for a foreign list."""
    if mlist is None or mlist.robot_id == actor.robot.id:
        return actor.robot
    robot = await stored.by_id(reader, mlist.robot_id)
    if robot is None:
        raise LookupError("a list has no robot")
    return robot


def base_url(site: Site, robot: Robot) -> str:
    """What mailed links of this robot begin with, without a final slash; never taken from a request (pitfall 46)."""
    return (robot.public_url or site.public_url).rstrip("/")


def _normal(domain: str) -> str | None:
    try:
        return normal_domain(domain.strip())
    except BadAddress:
        return None
