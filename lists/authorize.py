"""The one question before every act on a list: what does its scenario say to this person?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from identity.actor import Actor
from identity.attributes import attribute_record
from identity.refusal import Forbidden
from lists import decisions, policies, reasons, tally
from lists.alternates import kind_of
from lists.facts import StoredFacts
from lists.many_decisions import record_many
from lists.policies import Policy, scenario_of
from lists.relations import Relations, Signature
from lists.requests import request_for
from lists.robots import robot_of
from lists.standing import acting_in, counting_keys, is_elevated, key_or_none, proved_keys
from lists.subaddresses import subaddresses_of
from mail.message import Message
from scenarios.decision import Decision, permit, reject
from scenarios.interpret import decide
from scenarios.request import NOBODY
from scenarios.syntax import Condition, Pattern, Text, Variable
from scenarios.trace import Step
from storage import families, memberships, subscribers
from storage.database import Reader
from storage.tables.families import Family
from storage.tables.lists import MailingList, Membership, Robot
from storage.tables.words import TokenScope

_SCOPES = {
    "send": TokenScope.POST,
    "subscribe": TokenScope.SUBSCRIBE,
    "unsubscribe": TokenScope.SUBSCRIBE,
    "add": TokenScope.OWN,
    "del": TokenScope.OWN,
    "invite": TokenScope.OWN,
    "remind": TokenScope.OWN,
    "create_list": TokenScope.OWN,
    "d_edit": TokenScope.OWN,
    "move_user": TokenScope.SUBSCRIBE,
    "family_signoff": TokenScope.SUBSCRIBE,
    "automatic_list_creation": TokenScope.OWN,
    "global_remind": TokenScope.ADMINISTRATE,
    "spam_status": TokenScope.POST,
}
# That a list is there may be known under any token: whoever may only post has to find it first.
_OF_NO_SCOPE = frozenset({"visibility"})
_ROLE_TERMS = frozenset({"is_subscriber", "is_owner", "is_editor", "is_listmaster", "true", "all"})
_PERSON_TERMS = frozenset({"equal", "match"})
_PERSON = frozenset({(None, "sender"), ("user", "email"), ("user", "main_email")})


@dataclass(frozen=True, slots=True)
class Asked:
    """What an operation is about: its target, its message, and the words that only it has, such as `current_email`."""

    email: str | None = None
    message: Message | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    # The family, where the question is about one and not about a list that exists.
    family: Family | None = None


_NOTHING_MORE = Asked()


class Rejected(Forbidden):
    """The rules of this list do not allow this to you."""

    def __init__(self, decision: Decision, actor: Actor | None = None) -> None:
        """`decision` names the rule that spoke; its reason becomes the sentence, in the language of `actor`."""
        super().__init__(reasons.sentence(decision, "en" if actor is None else _language_of(actor)))
        self.decision = decision


def _language_of(actor: Actor) -> str:
    return actor.robot.language if actor.person is None else actor.person.locale


async def authorize(
    reader: Reader,
    actor: Actor,
    operation: str,
    *,
    mlist: MailingList | None = None,
    email: str | None = None,
    message: Message | None = None,
    words: Mapping[str, str] | None = None,
    family: Family | None = None,
    record: bool = True,
) -> Decision:
    """What the governing scenario decides; never raises for a broken or missing one but refuses.

    `email` is the target of the operation, the actor where None; `words` are further variables; without a list the
    question is about the actor's robot, and perhaps a `family` of lists there. Costs at most three statements for a list of the actor's robot, one where the
    rules ask for no role, and one more in a transaction, where the decision is kept under its `id` unless `record`
    says that it is but a prospect.
    """
    steps: list[Step] = []
    decision = tally.count(
        await _answer(reader, actor, operation, mlist, Asked(email, message, words or {}, family), steps)
    )
    return await decisions.record(
        reader, actor, decision, mlist, email=email, message=message, steps=steps, is_prospect=not record
    )


async def _answer(
    reader: Reader,
    actor: Actor,
    operation: str,
    mlist: MailingList | None,
    asked: Asked,
    steps: list[Step],
) -> Decision:
    early = _early(actor, operation)
    if early is not None:
        return early
    robot = await robot_of(reader, actor, mlist)
    policy = await policies.policy_for(reader, operation, robot, mlist)
    keys = _keys_asked(actor, operation, mlist, asked.email)
    relations = Relations(reader, keys, subaddresses_of(robot), listmasters=not actor.application)
    return await _decided(reader, actor, operation, robot, mlist, policy, relations, asked, steps=steps)


async def require(
    reader: Reader,
    actor: Actor,
    operation: str,
    *,
    mlist: MailingList | None = None,
    email: str | None = None,
    message: Message | None = None,
    words: Mapping[str, str] | None = None,
    family: Family | None = None,
) -> Decision:
    """As `authorize`, but a refusal is raised: Rejected, which carries the decision."""
    decision = await authorize(
        reader, actor, operation, mlist=mlist, email=email, message=message, words=words, family=family
    )
    if decision.action == "reject":
        raise Rejected(decision, actor)
    return decision


async def authorize_many(
    reader: Reader, actor: Actor, operation: str, mlists: Iterable[MailingList]
) -> dict[int, Decision]:
    """The decisions on many lists by list id, in three statements for each robot however many lists there are.

    Rules that ask for nothing but roles are walked once for each constellation of roles, not once for each list.
    """
    wanted = [*mlists]
    early = _early(actor, operation)
    if early is not None:
        return {mlist.id: tally.count(early) for mlist in wanted}
    texts = await policies.policies_for(reader, operation, wanted, actor.robot)
    found: dict[int, Decision] = {}
    for robot_id in sorted({mlist.robot_id for mlist in wanted}):
        here = [mlist for mlist in wanted if mlist.robot_id == robot_id]
        found |= await _decide_in_robot(reader, actor, operation, here, texts)
    return {list_id: tally.count(decision) for list_id, decision in found.items()}


async def _decide_in_robot(
    reader: Reader, actor: Actor, operation: str, mlists: list[MailingList], texts: dict[int, Policy]
) -> Mapping[int, Decision]:
    robot = await robot_of(reader, actor, mlists[0])
    # Lists differ in which addresses count; the widest set serves all, since facts are asked about counting ones only.
    keys = counting_keys(acting_in(actor, robot.id))
    relations = Relations(reader, keys, subaddresses_of(robot), listmasters=not actor.application)
    await relations.load(robot.id, [mlist.id for mlist in mlists])
    known: dict[tuple[Policy, str, str, Signature, bool], Decision] = {}
    found = {}
    for mlist in mlists:
        policy = texts[mlist.id]
        elevated = is_elevated(actor, mlist.id, reader.now)
        case = (policy, mlist.status.value, mlist.alt_email_policy, relations.signature(mlist.id), elevated)
        decision = known.get(case)
        if decision is None:
            decision = await _decided(
                reader, actor, operation, robot, mlist, policy, relations, _NOTHING_MORE
            )
            if asks_only_roles(operation, policy):
                known[case] = decision
        found[mlist.id] = decision
    return await record_many(reader, actor, operation, robot, {each.id: each for each in mlists}, found)


def asks_only_roles(operation: str, policy: Policy) -> bool:
    """Whether lists of equal standing always get the same decision from this text."""
    scenario = scenario_of(operation, policy)
    if isinstance(scenario, str):
        return True
    return all(_is_about_roles(rule.condition) for rule in scenario.rules)


def _is_about_roles(condition: Condition) -> bool:
    if condition.term in _ROLE_TERMS:
        readable = _PERSON | {(None, "listname")}
    elif condition.term in _PERSON_TERMS:
        readable = _PERSON
    else:
        return False
    return all(
        isinstance(each, Text | Pattern)
        or (isinstance(each, Variable) and (each.record, each.name) in readable)
        for each in condition.args
    )


def _early(actor: Actor, operation: str) -> Decision | None:
    """The decisions that no scenario takes part in."""
    if operation not in _OF_NO_SCOPE and not actor.may(_SCOPES.get(operation, TokenScope.READ)):
        return reject(operation, "token-scope", method=actor.method)
    # Every operation that an application does for somebody passes here: what it was not trusted with is refused (row 44).
    if not actor.may_do(operation):
        return reject(operation, "application-operation", method=actor.method)
    if actor.is_operator:
        return permit(operation, "operator", method=actor.method)
    return None


async def _decided(
    reader: Reader,
    actor: Actor,
    operation: str,
    robot: Robot,
    mlist: MailingList | None,
    policy: Policy,
    relations: Relations,
    asked: Asked,
    *,
    steps: list[Step] | None = None,
) -> Decision:
    scenario = scenario_of(operation, policy)
    if isinstance(scenario, str):
        return reject(operation, scenario, scenario=policy.name, method=actor.method)
    membership = await _own_membership(reader, actor, mlist, policy)
    request = request_for(
        actor,
        operation,
        robot,
        mlist,
        now=reader.now,
        email=asked.email,
        message=asked.message,
        words=asked.words,
        membership=membership,
        dialect=policy.dialect,
        total=await _total(reader, mlist, policy),
        family=asked.family or await _family(reader, mlist, policy),
        attributes=await _attributes(reader, actor, robot, policy),
    )
    facts = StoredFacts(relations, robot, mlist, _elevated_keys(reader, actor, mlist))
    decision = await decide(scenario, request, facts, dialect=policy.dialect, trace=steps)
    return replace(decision, is_elevated=True) if facts.used_elevation else decision


def _elevated_keys(reader: Reader, actor: Actor, mlist: MailingList | None) -> list[str]:
    if mlist is None or not is_elevated(actor, mlist.id, reader.now):
        return []
    return proved_keys(actor, mlist)


async def _total(reader: Reader, mlist: MailingList | None, policy: Policy) -> int | None:
    """How many members the list has, counted only for rules that look at it."""
    if mlist is None or not policy.mentions("list->total"):
        return None
    return await subscribers.count_of_list(reader, mlist.id)


async def _family(reader: Reader, mlist: MailingList | None, policy: Policy) -> Family | None:
    """The list's family, read only for rules that look at it."""
    if mlist is None or mlist.family_id is None:
        return None
    if not (policy.mentions("family->") or policy.mentions("list->family_name")):
        return None
    return await families.by_id(reader, mlist.family_id)


async def _attributes(
    reader: Reader, actor: Actor, robot: Robot, policy: Policy
) -> Mapping[str, tuple[str, ...]] | None:
    """What sources say of the person, read only for rules that look into it."""
    if actor.person is None or not policy.mentions("user_attributes->"):
        return None
    return await attribute_record(reader, actor.person.id, robot.id)


async def _own_membership(
    reader: Reader, actor: Actor, mlist: MailingList | None, policy: Policy
) -> Membership | None:
    """The sender's membership, read only for rules that look into it."""
    if mlist is None or not policy.mentions("subscriber->"):
        return None
    sender = acting_in(actor, mlist.robot_id).sender
    key = None if sender == NOBODY else key_or_none(sender)
    return None if key is None else await memberships.find(reader, mlist.id, key)


def _keys_asked(actor: Actor, operation: str, mlist: MailingList | None, email: str | None) -> list[str]:
    target = None if email is None else key_or_none(email)
    return [*counting_keys(actor, mlist, kind_of(operation)), *([] if target is None else [target])]
