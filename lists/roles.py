"""Naming owners, moderators and listmasters, and ending their offices."""

from identity.actor import Actor
from identity.ledger import read_address
from identity.people import clean_name
from identity.refusal import Conflict, Forbidden, NotFound
from identity.standing import require_fresh
from lists import offices
from lists.standing import acting_in, proved_keys
from storage import audit, lists
from storage import roles as stored
from storage.database import Reader, UnitOfWork
from storage.keyset import Page, Window
from storage.tables.lists import MailingList, Robot, Role
from storage.tables.words import Reception, RoleKind, TokenScope

# Which of one's own offices lets one name and dismiss holders of another.
_NAMED_BY = {
    RoleKind.EDITOR: frozenset({RoleKind.OWNER, RoleKind.PRIVILEGED_OWNER, RoleKind.LISTMASTER}),
    RoleKind.OWNER: frozenset({RoleKind.PRIVILEGED_OWNER, RoleKind.LISTMASTER}),
    RoleKind.PRIVILEGED_OWNER: frozenset({RoleKind.LISTMASTER}),
    RoleKind.LISTMASTER: frozenset({RoleKind.LISTMASTER}),
}


class NotYoursToName(Forbidden):
    """Owners name moderators, privileged owners name owners, listmasters name everybody."""


class NoSuchRole(NotFound):
    """There is no such office, or it is not for your eyes."""


class LastOwner(Conflict):
    """This is the list's last owner; name another one first."""


class LastListmaster(Conflict):
    """This is the domain's last listmaster; name another one first."""


async def grant(
    uow: UnitOfWork,
    actor: Actor,
    mlist: MailingList,
    address: str,
    kind: RoleKind,
    *,
    display_name: str = "",
    reception: Reception = Reception.MAIL,
    is_shown: bool = True,
) -> Role:
    """Give an address an office on a list; the one it holds already is answered as it is. Raises NotYoursToName, SignInIsOld."""
    await _require(uow, actor, mlist, kind)
    require_fresh(actor, uow.now)
    return await _grant(
        uow, actor, mlist.robot_id, mlist.id, address, kind, display_name, reception, is_shown
    )


async def grant_listmaster(uow: UnitOfWork, actor: Actor, robot: Robot, address: str) -> Role:
    """Make an address listmaster of a robot; for its listmasters and the operator. Raises ListmastersOnly."""
    await offices.require_listmaster(uow, actor, robot.id)
    require_fresh(actor, uow.now)
    return await _grant(
        uow, actor, robot.id, None, address, RoleKind.LISTMASTER, "", Reception.MAIL, is_shown=True
    )


async def revoke(uow: UnitOfWork, actor: Actor, role_id: int) -> Role:
    """End an office; one may always give up one's own. Raises NoSuchRole, NotYoursToName, LastOwner, LastListmaster."""
    role = await stored.by_id(uow, role_id)
    if role is None or acting_in(actor, role.robot_id) is not actor:
        raise NoSuchRole
    mlist = None if role.list_id is None else await lists.by_id(uow, role.list_id)
    is_own = role.address_key in proved_keys(actor, mlist)
    if mlist is None:
        await offices.require_listmaster(uow, actor, role.robot_id)
        if len(await stored.of_robot(uow, role.robot_id)) == 1:
            raise LastListmaster
    else:
        if not is_own:
            await _require(uow, actor, mlist, role.kind)
        offices.require_scope(actor, TokenScope.OWN)
        await _keep_an_owner(uow, role)
    if not is_own:
        require_fresh(actor, uow.now)
    await stored.remove(uow, role.id)
    await _record(uow, actor, "role_revoked", role)
    return role


async def roles_of_list(
    reader: Reader, actor: Actor, mlist: MailingList, window: Window, *kinds: RoleKind
) -> Page[Role]:
    """A page of a list's offices, by address; those not shown on its page are for its owners."""
    all_of_them = await offices.is_owner(reader, actor, mlist)
    return await stored.page_of_list(reader, mlist.id, window, *kinds, hidden_too=all_of_them)


async def count_of_list(reader: Reader, actor: Actor, mlist: MailingList, *kinds: RoleKind) -> int:
    """How many offices `roles_of_list` shows."""
    all_of_them = await offices.is_owner(reader, actor, mlist)
    return await stored.count_of_list(reader, mlist.id, *kinds, hidden_too=all_of_them)


async def _require(reader: Reader, actor: Actor, mlist: MailingList, kind: RoleKind) -> None:
    offices.require_scope(actor, TokenScope.OWN)
    if actor.is_operator:
        return
    if (
        not (await offices.standing_at(reader, actor, mlist)).held & _NAMED_BY[kind]
        or kind is RoleKind.LISTMASTER
    ):
        raise NotYoursToName


async def _keep_an_owner(reader: Reader, role: Role) -> None:
    if role.list_id is None or role.kind is RoleKind.EDITOR:
        return
    owners = await stored.of_list(reader, role.list_id, RoleKind.OWNER, RoleKind.PRIVILEGED_OWNER)
    if len(owners) == 1:
        raise LastOwner


async def _grant(
    uow: UnitOfWork,
    actor: Actor,
    robot_id: int,
    list_id: int | None,
    address: str,
    kind: RoleKind,
    display_name: str,
    reception: Reception,
    is_shown: bool,
) -> Role:
    target = read_address(address, "email")
    held = await stored.same(uow, robot_id, list_id, kind, target.key)
    if held is not None:
        return held
    role = await stored.add(
        uow,
        robot_id=robot_id,
        list_id=list_id,
        kind=kind,
        address=str(target),
        address_key=target.key,
        display_name=clean_name(display_name),
        reception=reception,
        is_shown=is_shown,
    )
    await _record(uow, actor, "role_granted", role)
    return role


async def _record(uow: UnitOfWork, actor: Actor, event: str, role: Role) -> None:
    await audit.record(
        uow,
        event,
        actor=actor.sender,
        via=actor.via,
        robot_id=role.robot_id,
        list_id=role.list_id,
        address=role.address,
        detail={"kind": role.kind.value},
    )
