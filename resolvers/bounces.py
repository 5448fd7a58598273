"""Mail that comes back: for the owners of a list, and each person's own."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from lists.bounces import resetting, seeing
from lists.discretion import Seen
from resolvers.context import Context, Info, load, reading
from resolvers.idempotency import idempotent
from resolvers.ids import global_id, key_of
from resolvers.lists import lists_by_id
from resolvers.pages import Page, keyset_page, window
from resolvers.payloads import Payload, refusable, scoped
from resolvers.problems import IdInvalid
from schema.inputs.bounces import BounceFilter, BouncesResetInput
from schema.inputs.common import After, Before, Everything, First, Last, given
from storage import bounce_pages, bounce_scores, bounces, keyset, memberships
from storage.database import UnitOfWork
from storage.tables.bounces import BounceScore
from storage.tables.lists import MailingList, Membership
from storage.tables.mail import Bounce
from storage.tables.words import BounceKind, TokenScope

_MOST = 100
WhichBounces = Annotated[
    BounceFilter | None, strawberry.argument(description="Narrow the result; all members must match.")
]


async def bounces_of_list(
    root: strawberry.Parent[MailingList],
    info: Info,
    filter: WhichBounces = UNSET,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[BounceScore]:
    """Members whose mail comes back, the worst first."""
    least, kinds = _narrowing(root, given(filter))
    wanted = window(info, f"bounces|{root.id}|{least}|{kinds}", first, after, last, before)
    async with reading(info) as reader:
        found = await seeing.page(reader, info.context.actor, root, wanted.keyset, least=least, kinds=kinds)
    info.context.bring(lists_by_id, {root.id: root})
    info.context.bring(members_by_id, {member.id: member for _, member in found.rows})

    async def count() -> int:
        async with reading(info) as reader:
            return await bounce_pages.count(reader, root.id, least=least, kinds=kinds)

    rows = [row for row, _ in found.rows]
    return keyset_page(
        wanted, keyset.Page(rows, found.has_more), lambda row: (row.score, row.membership_id), count
    )


def _narrowing(mlist: MailingList, filter: BounceFilter | None) -> tuple[int, tuple[BounceKind, ...]]:
    if filter is None:
        return 0, seeing.EVERY_KIND
    level, kinds = given(filter.minimum_score), given(filter.kind)
    return (
        seeing.least_score(mlist, min(100, max(0, level or 0))),
        seeing.EVERY_KIND if kinds is None else tuple(each.value for each in kinds),
    )


async def bounce_of(root: strawberry.Parent[Seen], info: Info) -> BounceScore | None:
    """What is known against a membership; None for other people's."""
    if not isinstance(root, Membership):
        return None
    info.context.bring(members_by_id, {root.id: root})
    found: BounceScore | None = await load(info, scores_by_id, root.id)
    return found


async def bounce_by_key(context: Context, key: int) -> BounceScore | None:
    """The bounces of a membership that is the asker's own, or on a list that they run."""
    async with context.db.read() as reader:
        await seeing.member_for(reader, context.actor, key)
        return (await bounce_scores.by_ids(reader, [key])).get(key)


async def scores_by_id(context: Context, ids: list[int]) -> list[BounceScore | None]:
    """A batch of what is known against memberships."""
    async with context.db.read() as reader:
        found = await bounce_scores.by_ids(reader, ids)
    return [found.get(each) for each in ids]


async def members_by_id(context: Context, ids: list[int]) -> list[Membership | None]:
    """A batch of memberships; whoever asks for one may see what comes back from it."""
    async with context.db.read() as reader:
        found = await memberships.by_ids(reader, ids)
    return [found.get(each) for each in ids]


async def latest_by_id(context: Context, ids: list[int]) -> list[list[Bounce]]:
    """A batch: the failures that were kept of memberships."""
    async with context.db.read() as reader:
        found = await bounces.latest(reader, ids)
    return [found.get(each, []) for each in ids]


async def membership(root: strawberry.Parent[BounceScore], info: Info) -> Membership:
    """Whose."""
    found: Membership = await load(info, members_by_id, root.membership_id)
    return found


async def score(root: strawberry.Parent[BounceScore], info: Info) -> int:
    """0 to 100."""
    mlist: MailingList = await load(info, lists_by_id, root.list_id)
    return seeing.level(root, mlist)


async def latest(root: strawberry.Parent[BounceScore], info: Info) -> list[Bounce]:
    """The failures themselves."""
    found: list[Bounce] = await load(info, latest_by_id, root.membership_id)
    return found


def words(root: BounceScore | Bounce, _context: Context) -> str | None:
    """What the other server said."""
    return root.diagnostic or None


def status(root: BounceScore | Bounce, _context: Context) -> str | None:
    """RFC 3463 code."""
    return root.enhanced_status or None


@refusable
@scoped(TokenScope.SUBSCRIBE)
@idempotent
async def bounces_reset(
    info: Info, uow: UnitOfWork, input: Annotated[BouncesResetInput, Everything]
) -> Payload:
    """Forget what is known against memberships."""
    if len(input.bounce_ids) > _MOST:
        raise IdInvalid
    keys = [key_of(info.context, each, "Bounce") for each in input.bounce_ids]
    done = await resetting.reset(uow, info.context.actor, list(dict.fromkeys(keys)))
    return Payload(reset_ids=[global_id(info.context, "Bounce", key) for key in done])
