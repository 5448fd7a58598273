"""Why a scenario said what it said: kept decisions for those whom they concern, and questions of the kind "what if".

Whose eyes a decision is for: the person who asked sees all of it, but for the wording of rules that were written here
and may name people. The list's owners and its domain's listmasters see the wording, and of the person's addresses the
presented one, the one it was about, and one that is on the list; never another alternate, not even that there is one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from identity import acting, applications
from identity.actor import Actor, stranger
from identity.entrance import actor_for_mail
from identity.refusal import Invalid, NotFound
from lists import decisions, offices
from lists.decisions import Witnessed
from lists.standing import key_or_none, own_keys, proved_keys
from lists.subaddresses import subaddresses_of
from scenarios.decision import Decision
from scenarios.dialect import Dialect
from scenarios.hashes import hash_of
from scenarios.library import shipped_text
from scenarios.request import Identity
from scenarios.trace import Step
from storage import decisions as stored
from storage import lists, memberships
from storage.database import Reader
from storage.keyset import Page, Window
from storage.tables.decisions import KeptDecision
from storage.tables.lists import MailingList
from storage.tables.words import Strength

_ALTERNATE = "md5"


class NoSuchDecision(NotFound):
    """There is no such decision, or it is not for your eyes."""


@dataclass(frozen=True, slots=True)
class Told:
    """A decision as somebody may know of it; `steps` is empty for those who may not read the rules.

    `protection` says what would be done with a post for its author's domain's DMARC policy, "" for nothing.
    """

    decision: Decision
    steps: tuple[Step, ...]
    protection: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """A kept decision as somebody may know of it, with what was asked."""

    row: KeptDecision
    told: Told

    @property
    def id(self) -> str:
        """The decision's id."""
        return self.row.id

    @property
    def list_id(self) -> int | None:
        """The list that it was about; None when it was about the domain."""
        return self.row.list_id


@dataclass(frozen=True, slots=True)
class Supposition:
    """Under which circumstances somebody would ask; what is None is as it is for the asker.

    `method` is one of the scenario language's; `alternates` stand in place of the addresses that are known; `target`
    is the address that it is about. `application` is the name of one that would speak for them, with `assertions`.
    """

    email: str | None = None
    method: str | None = None
    target: str | None = None
    alternates: tuple[str, ...] | None = None
    remote_address: str | None = None
    is_stranger: bool = False
    application: str | None = None
    assertions: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_plain(self) -> bool:
        """Whether nothing is supposed about who asks."""
        return replace(self, target=None) == Supposition()


async def account(reader: Reader, actor: Actor, decision_id: str) -> Account:
    """A kept decision that concerns the actor, or a list or domain that they run; raises NoSuchDecision for any other."""
    row = await decisions.find(reader, decision_id)
    if row is None or (row.robot_id != actor.robot.id and not actor.is_operator):
        raise NoSuchDecision
    mlist = None if row.list_id is None else await lists.by_id(reader, row.list_id)
    is_steward = await _is_steward(reader, actor, row.robot_id, mlist)
    is_own = _is_own(actor, row)
    if row.is_plain_read and not is_own and not await offices.is_listmaster(reader, actor, row.robot_id):
        raise NoSuchDecision
    if is_own:
        return Account(
            row, told_to_asker(decisions.as_decision(row), decisions.steps_of(row), is_steward=is_steward)
        )
    if not is_steward:
        raise NoSuchDecision
    (found,) = await to_stewards(reader, actor, [row])
    return found


async def page_of_list(
    reader: Reader,
    actor: Actor,
    mlist: MailingList,
    window: Window,
    *,
    operations: Sequence[str] | None = None,
    actions: Sequence[str] | None = None,
) -> Page[Account]:
    """A list's kept decisions, newest first, for its owners and listmasters; raises OwnersOnly.

    Who was let into reading is shown to listmasters alone.
    """
    await require_steward(reader, actor, mlist)
    found = await stored.of_list(
        reader,
        mlist.id,
        window,
        operations=operations,
        actions=actions,
        with_reads=await offices.is_listmaster(reader, actor, mlist.robot_id),
    )
    return Page(await to_stewards(reader, actor, found.rows), found.has_more)


async def require_steward(reader: Reader, actor: Actor, mlist: MailingList) -> None:
    """Raises OwnersOnly for all but the list's owners and its domain's listmasters."""
    if not await is_steward(reader, actor, mlist):
        raise offices.OwnersOnly


async def is_steward(reader: Reader, actor: Actor, mlist: MailingList) -> bool:
    """Whether the actor runs the list, or is a listmaster of its domain."""
    return await _is_steward(reader, actor, mlist.robot_id, mlist)


async def supposed_actor(reader: Reader, actor: Actor, mlist: MailingList, what: Supposition) -> Actor:
    """Who would ask, found as for a real request (row 102); raises OwnersOnly, BadAddress, NoSuchApplication, NotItsPeople.

    What would be answered to somebody else tells who is on the list, so that question is for owners and listmasters.
    """
    if what.is_plain and not actor.is_operator:
        return actor
    await require_steward(reader, actor, mlist)
    who = await _somebody(reader, actor, what)
    if what.application is None:
        if what.assertions:
            raise Invalid("Name the application that says so.", path=("application",))
        return who
    application = await applications.find(reader, actor.robot.id, what.application)
    return acting.through(application, who, what.assertions)


async def _somebody(reader: Reader, actor: Actor, what: Supposition) -> Actor:
    strength = Strength[(what.method or "md5").upper()]
    way = "web" if strength is Strength.MD5 else "mail"
    remote = what.remote_address or ""
    if what.is_stranger or (what.email is None and actor.is_operator):
        return replace(stranger(actor.robot, via=way, remote_address=remote), strength=_of_nobody(strength))
    address = what.email or actor.sender
    mailbox = subaddresses_of(actor.robot).mailbox(key_or_none(address) or "")
    who = await actor_for_mail(reader, actor.robot, address, strength, mailbox=mailbox)
    who = replace(who, via=way, remote_address=remote)
    if what.alternates is None:
        return who
    assumed = (Identity(each, _ALTERNATE) for each in what.alternates)
    return replace(who, identities=(*who.identities[:1], *assumed))


async def answer_told(
    reader: Reader, actor: Actor, mlist: MailingList, who: Actor, target: str | None, found: Witnessed
) -> Told:
    """What somebody may know of an answer that was only supposed."""
    is_steward = await _is_steward(reader, actor, mlist.robot_id, mlist)
    if who is actor or actor.is_operator:
        return told_to_asker(found.decision, found.steps, is_steward=is_steward or actor.is_operator)
    # Nobody acted here, so an address on the list is not shown either: it would tell whose it is.
    return _discreet(found.decision, found.steps, _keys((who.sender, target or "")))


def _of_nobody(strength: Strength) -> Strength:
    # On the web everything is md5, strangers too (requirement 4.6).
    return Strength.NONE if strength is Strength.MD5 else strength


async def _is_steward(reader: Reader, actor: Actor, robot_id: int, mlist: MailingList | None) -> bool:
    if mlist is not None and await offices.is_owner(reader, actor, mlist):
        return True
    return await offices.is_listmaster(reader, actor, robot_id)


def _is_own(actor: Actor, row: KeptDecision) -> bool:
    """Whether the actor is who asked; an address alone tells where the asker had no account then."""
    if row.robot_id != actor.robot.id:
        return False
    if row.person_id is not None:
        return actor.person is not None and actor.person.id == row.person_id
    return key_or_none(row.sender) in proved_keys(actor)


def told_to_asker(decision: Decision, steps: Iterable[Step] = (), *, is_steward: bool = False) -> Told:
    """What whoever asked may know of the answer: the wording of rules that were written here only as a steward."""
    if is_steward:
        return Told(decision, (*steps,))
    if decision.condition == decisions.MODERATED:
        return Told(replace(decision, line=None, origin="", condition=None, element=None), ())
    if _is_shipped(decision):
        return Told(decision, tuple(each for each in steps if not each.origin))
    return Told(replace(decision, condition=None), ())


def _is_shipped(decision: Decision) -> bool:
    """Whether the rule stands in a text that came with the program, which everybody may read."""
    texts = (shipped_text(decision.operation, decision.scenario, dialect=each) for each in Dialect)
    return not decision.origin and decision.text_hash in {hash_of(text) for text in texts if text is not None}


async def to_stewards(reader: Reader, actor: Actor, rows: Sequence[KeptDecision]) -> list[Account]:
    """For those who run the list: one statement for each list, to see which of the addresses are on it."""
    traced = {row.id: decisions.steps_of(row) for row in rows}
    on_list: dict[int, set[str]] = {}
    for list_id in {row.list_id for row in rows if row.list_id is not None}:
        asked = _keys(
            element
            for row in rows
            if row.list_id == list_id
            for element in (row.element, *(step.element or "" for step in traced[row.id]))
        )
        on_list[list_id] = (
            {*await memberships.keys_on_list(reader, list_id, sorted(asked))} if asked else set()
        )
    own = {*own_keys(actor, actor.robot.id)}
    return [
        Account(
            row,
            _discreet(
                decisions.as_decision(row),
                traced[row.id],
                _keys((row.sender, row.target)) | on_list.get(row.list_id or 0, set()) | own,
            ),
        )
        for row in rows
    ]


def _discreet(decision: Decision, steps: Iterable[Step], shown: set[str]) -> Told:
    """Without the addresses that are not to be shown: no step tells that there are others."""
    kept = []
    for step in steps:
        if step.element is None or key_or_none(step.element) in shown:
            kept.append(step)
        elif step.outcome not in {"false", "other-method"}:
            kept.append(replace(step, element=None))
    if decision.element is not None and key_or_none(decision.element) not in shown:
        decision = replace(decision, element=None)
    return Told(decision, tuple(kept))


def _keys(addresses: Iterable[str]) -> set[str]:
    return {key for key in map(key_or_none, addresses) if key is not None}
