"""What else is known of a person's addresses: lists they are on, other forms of them, whether mail to them comes back."""

import strawberry

from lists.subaddresses import subaddresses_of
from resolvers.context import Context, Info, load
from resolvers.emails import UserEmail
from storage import address_facts

# Tags somebody has used are shown up to this number.
_MOST_FORMS = 500


async def is_bouncing(root: strawberry.Parent[UserEmail], info: Info) -> bool:
    """Whether mail to it came back, from whichever list."""
    found: bool = await load(info, bouncing_by_key, root.row.address_key)
    return found


async def membership_count(root: strawberry.Parent[UserEmail], info: Info) -> int:
    """How many lists of this robot it is on."""
    found: int = await load(info, counts_by_key, root.row.address_key)
    return found


async def equivalents(root: strawberry.Parent[UserEmail], info: Info) -> list[str]:
    """Forms of it with a tag that are on lists of this robot and count as the same here."""
    found: list[str] = await load(info, forms_by_key, root.row.address_key)
    return found


async def bouncing_by_key(context: Context, keys: list[str]) -> list[bool]:
    """A batch of `is_bouncing`."""
    async with context.db.read() as reader:
        found = await address_facts.bouncing(reader, keys)
    return [key in found for key in keys]


async def counts_by_key(context: Context, keys: list[str]) -> list[int]:
    """A batch of `membership_count`."""
    async with context.db.read() as reader:
        found = await address_facts.membership_counts(reader, context.actor.robot.id, keys)
    return [found.get(key, 0) for key in keys]


async def forms_by_key(context: Context, keys: list[str]) -> list[list[str]]:
    """A batch of `equivalents`."""
    robot = context.actor.robot
    table = subaddresses_of(robot)
    async with context.db.read() as reader:
        found = await address_facts.forms(reader, robot.id, table.bases(keys), limit=_MOST_FORMS)
    return [
        [address for form, address in found if form != key and table.mailbox(form) == table.mailbox(key)]
        for key in keys
    ]
