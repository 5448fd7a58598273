"""What keeps the domains of a server from signing what leaves, for whoever runs it."""

import asyncio
from dataclasses import dataclass

from delivery.authentication.lookup import Lookup
from delivery.signing.published import Check, check
from delivery.signing.sealing import KeyUnreadable, opened_key
from storage import dkim_keys, robots
from storage.database import Reader
from storage.tables.lists import Robot
from storage.tables.signing import DkimKey, KeyState

# Questions to the DNS at a time.
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Trouble:
    """A sentence about a domain; `is_broken` where nobody meant it to be so."""

    sentence: str
    is_broken: bool


async def troubles(reader: Reader, lookup: Lookup) -> list[Trouble]:
    """Domains without a key that signs, keys that cannot be opened, and keys that the DNS does not show."""
    signing = await dkim_keys.robots_that_sign(reader)
    found: list[Trouble] = []
    active: list[tuple[Robot, DkimKey]] = []
    for robot in await robots.every(reader):
        if robot.id not in signing:
            found.append(
                Trouble(
                    f"{robot.domain} has no key that signs; run: postroom dkim create {robot.domain}",
                    is_broken=False,
                )
            )
        kept = await dkim_keys.of_robot(reader, robot.id)
        active += [(robot, key) for key in kept if key.state is KeyState.ACTIVE]
    found += [trouble for robot, key in active if (trouble := _unreadable(reader, robot, key)) is not None]
    gate = asyncio.Semaphore(_AT_ONCE)
    checks = await asyncio.gather(*(_checked(gate, lookup, robot, key) for robot, key in active))
    found += [Trouble(each.sentence, is_broken=True) for each in checks if not each.is_published]
    return found


def _unreadable(reader: Reader, robot: Robot, key: DkimKey) -> Trouble | None:
    try:
        opened_key(reader.site, robot.id, key.private_key)
    except KeyUnreadable:
        sentence = (
            f"The key {key.selector} of {robot.domain} was kept with another secret key and signs nothing; "
            "restore that one, or create a new key."
        )
        return Trouble(sentence, is_broken=True)
    return None


async def _checked(gate: asyncio.Semaphore, lookup: Lookup, robot: Robot, key: DkimKey) -> Check:
    async with gate:
        return await check(lookup, key, robot.domain)
