"""Who reads what is said about a list's bounces: its owners, and the listmasters of its domain."""

from lists.relations import OWNING
from storage import address_facts, roles
from storage.database import Reader
from storage.tables.lists import MailingList, Robot
from storage.tables.words import Reception


async def owners(reader: Reader, mlist: MailingList) -> list[str]:
    """The owners who take mail, without those whose own address is dead."""
    held = await roles.of_list(reader, mlist.id, *OWNING)
    taking = {each.address_key: each.address for each in held if each.reception is not Reception.NOMAIL}
    dead = await address_facts.bouncing(reader, [*taking])
    return [address for key, address in taking.items() if key not in dead]


async def listmasters(reader: Reader, robot: Robot) -> list[str]:
    """The listmasters whose address is not one of the domain's own."""
    held = await roles.of_robot(reader, robot.id)
    return [each.address for each in held if not each.address_key.endswith(f"@{robot.domain}")]
