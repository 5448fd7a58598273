"""What each recipient's own copy may say of them: their subscription, and the name and language of their account."""

from dataclasses import dataclass

from sqlalchemy import select

from storage.database import Reader
from storage.query import Query, any_of
from storage.tables.lists import memberships
from storage.tables.people import address_holders, people


@dataclass(frozen=True, slots=True)
class RecipientFacts:
    """One member; `account_name` and `language` are None where nobody proved the address."""

    membership_id: int
    address: str
    display_name: str
    reception: str
    subscribed_at: int
    attributes: str
    account_name: str | None
    language: str | None


_OF_MEMBERS = Query(
    select(
        memberships.c.id,
        memberships.c.address,
        memberships.c.display_name,
        memberships.c.reception,
        memberships.c.subscribed_at,
        memberships.c.attributes,
        people.c.display_name,
        people.c.locale,
    )
    .select_from(
        memberships.outerjoin(
            address_holders, address_holders.c.address_key == memberships.c.address_key
        ).outerjoin(people, people.c.id == address_holders.c.person_id)
    )
    .where(any_of(memberships.c.id, "ids")),
    RecipientFacts,
)


async def of_members(reader: Reader, ids: list[int]) -> dict[int, RecipientFacts]:
    """The facts of several members, by the numbers of their memberships; those who left are not in it."""
    return {each.membership_id: each for each in await reader.all(_OF_MEMBERS, ids=ids)}
