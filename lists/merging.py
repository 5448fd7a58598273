"""A subscription goes over to another address, and two of one person on one list become one (rows 53, 112)."""

from dataclasses import replace

from mail.address import Address
from storage import memberships, roles
from storage.database import UnitOfWork
from storage.merged_memberships import merged
from storage.tables.lists import Membership, Role
from storage.tables.words import Origin


async def move_membership(uow: UnitOfWork, membership: Membership, target: Address) -> Membership | None:
    """One subscription with all that it holds; where the new address is on the list, the two become one.

    Gives it as it is then; None for members whom a data source brought, who stay: the next run would bring them again.
    """
    if membership.origin is not Origin.SUBSCRIBED:
        return None
    there = await memberships.find(uow, membership.list_id, target.key)
    if there is None or there.id == membership.id:
        moved = replace(
            membership, address=str(target), address_key=target.key, domain=target.domain, person_id=None
        )
        return await memberships.change(uow, moved)
    await memberships.remove(uow, membership.list_id, membership.id)
    return await memberships.change(uow, merged(membership, there))


async def move_role(uow: UnitOfWork, role: Role, target: Address) -> None:
    """One office; where the new address holds it already, the old one's ends."""
    known = await roles.same(uow, role.robot_id, role.list_id, role.kind, target.key)
    if known is None:
        await roles.add(
            uow,
            robot_id=role.robot_id,
            list_id=role.list_id,
            kind=role.kind,
            address=str(target),
            address_key=target.key,
            display_name=role.display_name,
            reception=role.reception,
            is_shown=role.is_shown,
        )
    await roles.remove(uow, role.id)
