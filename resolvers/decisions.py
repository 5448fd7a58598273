"""Decisions that were kept, and those that would be taken."""

import asyncio
from typing import Annotated

import strawberry
from strawberry import UNSET

from delivery.rehearsal import ask_beforehand, explain
from identity.refusal import Invalid, Refused
from lists import decisions, explaining
from lists.explaining import Account, Supposition
from mail.errors import BadAddress, BadMessage
from resolvers.context import Context, Info, load, reading
from resolvers.ids import key_of
from resolvers.lists import decisions as decisions_by_list
from resolvers.lists import lists_by_id, standing_by_list
from resolvers.pages import Page, keyset_page, window
from resolvers.scenarios import VERDICTS, Explained, explained
from schema.enums.scenarios import ScenarioAction
from schema.inputs.common import After, Before, First, Last, given
from schema.inputs.decisions import DecisionFilter, DecisionInput
from storage.tables.lists import MailingList

MOST_ALTERNATES = 20
LONGEST_MESSAGE = 1_000_000
DecisionId = Annotated[
    strawberry.ID,
    strawberry.argument(description="Its global id, or the reference that a mail, an error or a log names."),
]
What = Annotated[ScenarioAction, strawberry.argument(description="What would be done.")]
Circumstances = Annotated[
    DecisionInput | None,
    strawberry.argument(description="Under which circumstances; the caller's when left out."),
]
WhichDecisions = Annotated[
    DecisionFilter | None, strawberry.argument(description="Narrow the result; all members must match.")
]


class TooMuchSupposed(Invalid):
    """Assume at most 20 addresses, and a message of at most a million characters."""


async def decision(info: Info, id: DecisionId) -> Account | None:
    """A kept decision that is for the asker's eyes; another one is as absent."""
    context = info.context
    name = id if decisions.is_id(id) else decisions.id_of_number(key_of(context, id, "DecisionRecord"))
    async with reading(info) as reader:
        try:
            return await explaining.account(reader, context.actor, name)
        except Refused:
            return None


async def decision_by_key(context: Context, key: int) -> Account:
    """A kept decision by the number in its global id."""
    async with context.db.read() as reader:
        return await explaining.account(reader, context.actor, decisions.id_of_number(key))


async def decisions_of_list(
    root: strawberry.Parent[MailingList],
    info: Info,
    filter: WhichDecisions = UNSET,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[Account]:
    """A list's kept decisions, newest first."""
    operations, actions = _narrowing(given(filter))
    wanted = window(info, f"decisions|{root.id}|{operations}|{actions}", first, after, last, before)
    async with reading(info) as reader:
        found = await explaining.page_of_list(
            reader, info.context.actor, root, wanted.keyset, operations=operations, actions=actions
        )
    info.context.bring(lists_by_id, {root.id: root})
    return keyset_page(wanted, found, lambda each: (each.row.at, each.id))


def _narrowing(filter: DecisionFilter | None) -> tuple[list[str] | None, list[str] | None]:
    if filter is None:
        return None, None
    asked, answered = given(filter.action), given(filter.verdict)
    verdicts = None if answered is None else {each.value for each in answered}
    return (
        None if asked is None else [each.value for each in asked],
        None if verdicts is None else sorted(word for word, name in VERDICTS.items() if name in verdicts),
    )


async def explain_decision(
    root: strawberry.Parent[MailingList], info: Info, action: What, input: Circumstances = UNSET
) -> Explained:
    """What the list would answer, and why."""
    what, raw = _supposed(given(input))
    if action.value == "send":
        await ask_beforehand(info.context.site, info.context.actor, what, raw)
    async with reading(info) as reader:
        try:
            told = await explain(reader, info.context.actor, action.value, root, what, raw)
        except (BadMessage, BadAddress) as bad:
            raise Invalid(str(bad) or str(bad.__doc__)) from None
    info.context.bring(lists_by_id, {root.id: root})
    return explained(info.context, told, root.id)


def _supposed(input: DecisionInput | None) -> tuple[Supposition, bytes | None]:
    if input is None:
        return Supposition(), None
    alternates, method, message = given(input.alternates), given(input.method), given(input.message)
    if len(alternates or ()) > MOST_ALTERNATES or len(message or "") > LONGEST_MESSAGE:
        raise TooMuchSupposed
    what = Supposition(
        email=given(input.email),
        method=None if method is None else method.value,
        target=given(input.target),
        alternates=None if alternates is None else tuple(alternates),
        remote_address=given(input.remote_address),
        is_stranger=bool(given(input.is_stranger)),
        application=given(input.application),
        assertions={each.name: each.value for each in given(input.assertions) or ()},
    )
    return what, None if message is None else message.encode("utf-8", "surrogatepass")


def explained_account(root: Account, context: Context) -> Explained:
    """A kept decision as an answer."""
    return explained(context, root.told, root.list_id)


async def list_of_account(root: strawberry.Parent[Account], info: Info) -> MailingList | None:
    """The list that a decision was about, for those who may see it: whoever was refused by a hidden one may not."""
    mlist = None if root.list_id is None else await load(info, lists_by_id, root.list_id)
    if mlist is None:
        return None
    visibility, standing = await asyncio.gather(
        load(info, decisions_by_list, ("visibility", mlist)), load(info, standing_by_list, mlist)
    )
    is_seen = visibility.action == "do_it" or standing.is_owner or standing.is_listmaster
    return mlist if is_seen else None
