"""From a token, a mail's author, a command or a ticket to the asker of a request, with the addresses that count here and now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from identity import second_factors
from identity.actor import Actor
from identity.ledger import best_rows, effective_addresses, read_address
from identity.people import find_by_address
from identity.secret import hashed
from identity.tokens import scopes_of
from mail.address import address_key, parse_address
from scenarios.request import Identity
from storage import arrivals, people, tokens
from storage.database import Reader
from storage.tables.access import Session, Ticket
from storage.tables.lists import Robot
from storage.tables.people import LedgerRow, Person
from storage.tables.words import Strength, TokenScope


async def actor_for_session(
    reader: Reader,
    robot: Robot,
    raw_token: str,
    *,
    remote_address: str = "",
    also_of: Sequence[int] = (),
) -> Actor | None:
    """The person whose session the token opens in this robot, under the address they signed in with; one statement.

    None when the session ended, belongs to a robot that is neither this one nor one of `also_of`, or its address no
    longer counts here. Who still has to choose a password, or to set up a second factor, may only read.
    """
    arrival = await arrivals.by_token(reader, hashed(raw_token), robot.id, [robot.id, *also_of])
    if arrival is None:
        return None
    person, rows = arrival.person, best_rows(arrival.rows)
    session = await _as_good_here(reader, robot, arrival.session, person)
    key = address_key(session.address)
    sender = next((row for row in rows if row.address_key == key), None)
    if sender is None:
        return None
    strength = min(session.strength, sender.strength)
    return Actor(
        robot,
        sender=sender.address,
        identities=_identities(sender.address, key, strength, rows),
        strength=strength,
        via="web",
        person=person,
        session=session,
        scopes=frozenset({TokenScope.READ}) if _may_only_read(session) else None,
        remote_address=remote_address,
    )


async def actor_for_token(
    reader: Reader, robot: Robot, raw_token: str, *, remote_address: str = ""
) -> Actor | None:
    """The person who made this API token, under their main address, limited to the token's scopes."""
    token = await tokens.by_secret(reader, hashed(raw_token))
    if token is None:
        return None
    person = await people.find(reader, token.person_id)
    rows = await effective_addresses(reader, token.person_id, robot.id)
    if person is None or not rows:
        return None
    sender = rows[0]
    strength = min(Strength.MD5, sender.strength)
    return Actor(
        robot,
        sender=sender.address,
        identities=_identities(sender.address, sender.address_key, strength, rows),
        strength=strength,
        via="token",
        person=person,
        token=token,
        scopes=scopes_of(token),
        remote_address=remote_address,
    )


async def actor_for_mail(
    reader: Reader,
    robot: Robot,
    address: str,
    strength: Strength,
    *,
    results: Mapping[str, str] | None = None,
    mailbox: str = "",
) -> Actor:
    """Whoever wrote a mail from `address`, as surely as the mail itself shows; raises BadAddress.

    `results` is what was found out about the mail's origin, in RFC 8601's words. The person behind the address brings
    their other addresses along, which never raise the strength (row 121). Where nobody has that address, whoever has
    `mailbox`, to which its mail goes, is known by it too (row 115).
    """
    author = parse_address(address)
    person = await find_by_address(reader, address, robot_id=robot.id)
    if person is None and mailbox not in ("", author.key):
        person = await find_by_address(reader, mailbox, robot_id=robot.id)
    rows = [] if person is None else await effective_addresses(reader, person.id, robot.id)
    return Actor(
        robot,
        sender=str(author),
        identities=_identities(str(author), author.key, strength, rows),
        strength=strength,
        via="mail",
        person=person,
        mail_results=results or {},
    )


async def actor_for_command(reader: Reader, robot: Robot, address: str) -> Actor:
    """The person whom a command at the server's own shell names: whoever may run it vouches for them; raises Invalid.

    An address that is nobody's is presented as it is, by somebody without an account.
    """
    author = read_address(address, "as")
    person = await find_by_address(reader, address, robot_id=robot.id)
    rows = [] if person is None else await effective_addresses(reader, person.id, robot.id)
    return Actor(
        robot,
        sender=str(author),
        identities=_identities(str(author), author.key, Strength.MD5, rows),
        strength=Strength.MD5,
        via="cli",
        person=person,
    )


async def actor_for_ticket(reader: Reader, robot: Robot, ticket: Ticket) -> Actor | None:
    """Whoever has a ticket's mail before them: its address and nothing else of the person's (row 37).

    None for a ticket of another robot.
    """
    if ticket.robot_id != robot.id:
        return None
    return Actor(
        robot,
        sender=ticket.address,
        identities=(Identity(ticket.address, Strength.MD5.method),),
        strength=Strength.MD5,
        via="ticket",
    )


async def _as_good_here(reader: Reader, robot: Robot, session: Session, person: Person) -> Session:
    """A session of this robot as it is; one of another robot, which asks for no second factor, waits for one where this one does."""
    if session.robot_id == robot.id or session.second_factor_at is not None:
        return session
    return replace(session, needs_second_factor=await second_factors.is_wanted(reader, robot, person))


def _may_only_read(session: Session) -> bool:
    return session.needs_password_change or session.needs_second_factor


def _identities(sender: str, key: str, strength: Strength, rows: Iterable[LedgerRow]) -> tuple[Identity, ...]:
    others = (Identity(row.address, row.strength.method) for row in rows if row.address_key != key)
    return (Identity(sender, strength.method), *others)
