"""One-time tickets: one purpose each, mailed as a link, kept as a hash, used once by whoever presses the button (rows 35 to 37)."""

from typing import Any

import orjson

from identity.refusal import Refused
from identity.secret import hashed, new_secret
from storage import tickets
from storage.database import Reader, UnitOfWork
from storage.site import Site
from storage.tables.access import Ticket
from storage.tables.lists import Robot
from storage.tables.words import TicketPurpose


class TicketInvalid(Refused):
    """This link was used already or has expired; ask for a new one."""

    code = "EXPIRED"


async def issue(
    uow: UnitOfWork,
    purpose: TicketPurpose,
    *,
    robot_id: int,
    address: str,
    list_id: int | None = None,
    person_id: int | None = None,
    session_id: int | None = None,
    payload: dict[str, Any] | None = None,
    lifetime: int | None = None,
) -> str:
    """Make a ticket and return its secret, for `url`; `lifetime` is in microseconds, the site's where None."""
    secret, _ = await issue_numbered(
        uow,
        purpose,
        robot_id=robot_id,
        address=address,
        list_id=list_id,
        person_id=person_id,
        session_id=session_id,
        payload=payload,
        lifetime=lifetime,
    )
    return secret


async def issue_numbered(
    uow: UnitOfWork,
    purpose: TicketPurpose,
    *,
    robot_id: int,
    address: str,
    list_id: int | None = None,
    person_id: int | None = None,
    session_id: int | None = None,
    payload: dict[str, Any] | None = None,
    lifetime: int | None = None,
) -> tuple[str, Ticket]:
    """The same, with the ticket beside its secret."""
    secret = new_secret()
    ticket = await tickets.add(
        uow,
        secret_hash=hashed(secret),
        purpose=purpose,
        robot_id=robot_id,
        list_id=list_id,
        person_id=person_id,
        session_id=session_id,
        address=address,
        payload=orjson.dumps(payload or {}).decode(),
        expires_at=uow.now + (uow.site.ticket_lifetime if lifetime is None else lifetime),
    )
    return secret, ticket


async def look(reader: Reader, secret: str) -> Ticket | None:
    """The ticket, when it could be used now; looking, as mail scanners do, changes nothing (pitfall 44)."""
    return await tickets.by_secret(reader, hashed(secret))


async def redeem(uow: UnitOfWork, secret: str, *purposes: TicketPurpose) -> Ticket:
    """Use the ticket up; of many at once, one gets it. Raises TicketInvalid.

    With `purposes`, a ticket for anything else is refused, and stays as good as it was.
    """
    ticket = await tickets.redeem(uow, hashed(secret), purposes or [*TicketPurpose])
    if ticket is None:
        raise TicketInvalid
    return ticket


def payload(ticket: Ticket) -> dict[str, Any]:
    """What the ticket carries."""
    carried: dict[str, Any] = orjson.loads(ticket.payload)
    return carried


def base_url(site: Site, robot: Robot) -> str:
    """Where the robot's links lead: from the settings, never from a request's Host field (pitfall 46)."""
    return (robot.public_url or site.public_url).rstrip("/")


def url(site: Site, robot: Robot, secret: str) -> str:
    """The link to mail."""
    return f"{base_url(site, robot)}/t/{secret}"
