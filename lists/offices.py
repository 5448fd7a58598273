"""What somebody may do on a list by office, where the question is a role and not a scenario."""

from collections.abc import Mapping
from dataclasses import dataclass

from identity.actor import Actor
from identity.refusal import Forbidden, Refused
from lists.alternates import Kind
from lists.relations import OWNING, Relations
from lists.standing import acting_in, is_elevated, proved_keys
from lists.subaddresses import subaddresses_of
from storage import audit
from storage.database import Reader, transaction_of
from storage.tables.lists import MailingList
from storage.tables.words import ModerationKind, RoleKind, TokenScope

# The words that documents name a list's offices with; their other keys are settings.
OFFICES: Mapping[str, RoleKind] = {
    "privileged_owners": RoleKind.PRIVILEGED_OWNER,
    "owners": RoleKind.OWNER,
    "editors": RoleKind.EDITOR,
}


class OwnersOnly(Forbidden):
    """Only the owners of this list may do this."""


class ListmastersOnly(Forbidden):
    """Only the listmasters of this domain may do this."""


class TokenTooNarrow(Forbidden):
    """This token may not be used for that; make one with the scope it needs."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The offices that somebody holds at one list and its robot, and what they amount to there.

    `held` are those of the addresses that count for running the list, `moderating` for deciding on messages (row 106).
    """

    held: frozenset[RoleKind]
    moderating: frozenset[RoleKind]
    has_editors: bool
    listmasters_own: bool

    @property
    def is_listmaster(self) -> bool:
        """Whether they are a listmaster of the list's robot."""
        return RoleKind.LISTMASTER in self.held

    @property
    def is_owner(self) -> bool:
        """Whether they run the list; listmasters do unless their robot says otherwise (row 85)."""
        return bool(self.held & OWNING) or (self.is_listmaster and self.listmasters_own)

    @property
    def moderates(self) -> bool:
        """Whether they decide on messages: editors, owners where there are none, listmasters who own."""
        if RoleKind.EDITOR in self.moderating or (self.moderating & OWNING and not self.has_editors):
            return True
        return RoleKind.LISTMASTER in self.moderating and self.listmasters_own

    def decides_on(self, kind: ModerationKind) -> bool:
        """Whether they decide on waiting items of this kind: people are the owners' business."""
        if kind is ModerationKind.MESSAGE:
            return self.moderates
        if kind is ModerationKind.DOCUMENT:
            return self.moderates or self.is_owner
        return self.is_listmaster if kind is ModerationKind.LIST_CREATION else self.is_owner


_NO_OFFICE: frozenset[RoleKind] = frozenset()
_NOBODY = Standing(_NO_OFFICE, _NO_OFFICE, has_editors=False, listmasters_own=False)
_OPERATOR = Standing(frozenset(RoleKind), frozenset(RoleKind), has_editors=True, listmasters_own=True)


async def standing_at(reader: Reader, actor: Actor, mlist: MailingList) -> Standing:
    """What the actor is at a list, through any proved address that counts there (rows 106, 124): one statement.

    A request that proves nothing holds no office.
    """
    if actor.is_operator:
        return _OPERATOR
    keys = [*proved_keys(actor, mlist, Kind.OWN), *proved_keys(actor, mlist, Kind.MODERATE)]
    if not keys:
        return _NOBODY
    # Whoever holds an address that counts here acts in their own robot, whose settings these are.
    relations = Relations(reader, keys, subaddresses_of(actor.robot), listmasters=not actor.application)
    listmasters_own = actor.robot.listmasters_are_owners
    elevated = not listmasters_own and is_elevated(actor, mlist.id, reader.now)
    standing = await standing_by(relations, actor, mlist, listmasters_own=listmasters_own or elevated)
    if elevated and standing.is_listmaster and not standing.held & OWNING:
        await _note_elevation(reader, actor, mlist)
    return standing


async def _note_elevation(reader: Reader, actor: Actor, mlist: MailingList) -> None:
    """Write down, with the change that is being made, that only an elevation made its maker an owner (row 85)."""
    uow = transaction_of(reader)
    if uow is None:
        return
    await audit.record(
        uow,
        "elevation_used",
        actor=actor.sender,
        via=actor.via,
        robot_id=mlist.robot_id,
        list_id=mlist.id,
        person_id=None if actor.person is None else actor.person.id,
    )


async def standing_by(
    relations: Relations, actor: Actor, mlist: MailingList, *, listmasters_own: bool
) -> Standing:
    """As `standing_at`, out of relations that may be loaded for many lists.

    An application holds no office for the person it speaks for, unless it was trusted with that office's acts (row 44).
    """
    held, moderating = [
        await _held(relations, mlist, proved_keys(actor, mlist, kind)) if actor.may_do(office) else _NO_OFFICE
        for kind, office in ((Kind.OWN, "own"), (Kind.MODERATE, "moderate"))
    ]
    return Standing(
        held,
        moderating,
        has_editors=await relations.has_editors(mlist.robot_id, mlist.id),
        listmasters_own=listmasters_own,
    )


async def _held(relations: Relations, mlist: MailingList, keys: list[str]) -> frozenset[RoleKind]:
    held: set[RoleKind] = set()
    for key in keys:
        held |= await relations.kinds(mlist.robot_id, mlist.id, key)
    return frozenset(held)


async def is_owner(reader: Reader, actor: Actor, mlist: MailingList) -> bool:
    """Whether the actor runs the list."""
    return (await standing_at(reader, actor, mlist)).is_owner


async def may_decide(reader: Reader, actor: Actor, mlist: MailingList, kind: ModerationKind) -> bool:
    """Whether the actor decides on waiting items of this kind."""
    return (await standing_at(reader, actor, mlist)).decides_on(kind)


async def is_listmaster(reader: Reader, actor: Actor, robot_id: int) -> bool:
    """Whether the actor is a listmaster of the robot, or the operator."""
    if actor.is_operator:
        return True
    keys = proved_keys(acting_in(actor, robot_id))
    relations = Relations(reader, keys, subaddresses_of(actor.robot), listmasters=not actor.application)
    return any([RoleKind.LISTMASTER in await relations.kinds(robot_id, None, key) for key in keys])


async def require_owner(reader: Reader, actor: Actor, mlist: MailingList) -> None:
    """Raises OwnersOnly, or TokenTooNarrow for a token that may not own."""
    require_scope(actor, TokenScope.OWN)
    if not await is_owner(reader, actor, mlist):
        raise OwnersOnly


async def require_listmaster(reader: Reader, actor: Actor, robot_id: int) -> None:
    """Raises ListmastersOnly, or TokenTooNarrow for a token that may not administrate."""
    require_scope(actor, TokenScope.ADMINISTRATE)
    if not await is_listmaster(reader, actor, robot_id):
        raise ListmastersOnly


def require_scope(actor: Actor, scope: TokenScope, refusal: type[Refused] = TokenTooNarrow) -> None:
    """Raises TokenTooNarrow when the actor's token was not made for this."""
    if not actor.may(scope):
        raise refusal
