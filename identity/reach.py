"""How far a session reaches: what a robot's own provider vouches for counts in that robot, and so does what is done with it (decision 11)."""

from identity.auth_config import SERVER
from identity.refusal import Forbidden
from mail.address import address_key
from storage import identities, ledger, robots
from storage.database import Reader
from storage.tables.access import Session
from storage.tables.words import SignInMethod


class OnlyHere(Forbidden):
    """This counts in other domains of this server too, where your way to sign in is not known; use your password, or a mail to an address that you have proved yourself."""


async def reach_of(reader: Reader, session: Session) -> int | None:
    """The robot in which alone the session's acts count; None where they count on the whole server.

    Whoever runs a robot's own provider can open a session of everybody who ever came through it, and name addresses at
    which mail reaches themselves: such a session must not be worth more than that robot. Where there is no other robot,
    nothing has to be kept apart.
    """
    match session.method:
        case SignInMethod.PASSWORD:
            is_known_everywhere = True
        case SignInMethod.TICKET:
            key = address_key(session.address)
            rows = await ledger.live(reader, session.person_id, None)
            is_known_everywhere = any(row.address_key == key for row in rows)
        case _:
            is_known_everywhere = session.provider.startswith(f"{SERVER}:")
    if is_known_everywhere or len(await robots.every(reader)) == 1:
        return None
    return session.robot_id


async def require_reach(reader: Reader, session: Session) -> None:
    """Raises OnlyHere where the session's acts count in one robot, and its person is somebody elsewhere too."""
    reach = await reach_of(reader, session)
    if reach is None:
        return
    said = [row.robot_id for row in await ledger.of_people(reader, [session.person_id]) if row.proved_at]
    linked = [each.robot_id for each in await identities.of_person(reader, session.person_id)]
    if any(robot_id != reach for robot_id in (*said, *linked)):
        raise OnlyHere


def ref_of(reach: int | None) -> str:
    """What a ledger row names as its source where a mailbox answered; as far as it reaches, so that no row narrows another."""
    return "" if reach is None else f"robot {reach}"


async def require_whole_server(reader: Reader, session: Session) -> None:
    """Raises OnlyHere where the session's acts count in one robot alone."""
    if await reach_of(reader, session) is not None:
        raise OnlyHere
