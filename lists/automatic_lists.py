"""Lists that come into being by a mail to an address of their family, and go when nobody writes to them any more."""

from collections.abc import Mapping
from dataclasses import replace

from identity import attempts
from identity.actor import Actor, stranger
from identity.attempts import Limit
from identity.refusal import Refused
from lists.authorize import authorize
from lists.families import asking, definition_of, require_room
from lists.family_addresses import parameters_in
from lists.family_definition import complete, render
from lists.family_lists import make_list
from lists.mailing_lists import checked_name
from lists.policies import Policy, policy_for
from lists.settings import defaults
from mail.instant import DAY, HOUR
from scenarios.decision import Decision
from storage import audit
from storage import families as kept
from storage import lists as stored
from storage.database import Database, Reader, UnitOfWork
from storage.tables.families import Family
from storage.tables.lists import MailingList, Robot
from storage.tables.words import BounceDigest, Complaint, ListStatus, Personalization

OPERATION = "automatic_list_creation"
# Of one address with one kind of proof: whoever only borrows an address does not use up what its owner may make.
PER_SENDER = Limit("list by mail", 20, HOUR)
# A list without members keeps nobody waiting.
EMPTY_LIFETIME = DAY
_CHUNK = 500
_NOT_YET = 0


async def begins_as_family(reader: Reader, robot: Robot, local: str) -> bool:
    """Whether a local part begins as the addresses of a family do that mail may make lists of.

    All such addresses are answered alike until it is known who writes, so that nobody finds out by asking which exist.
    """
    return bool(await kept.by_prefix(reader, robot.id, local))


async def prospect(reader: Reader, robot: Robot, local: str) -> MailingList | None:
    """The list that a mail to this local part might make, with the id 0, or open again; None where there is none."""
    mlist = await stored.find(reader, local, robot.domain)
    if mlist is not None:
        return mlist if await _is_over(reader, mlist) else None
    for family in await kept.by_prefix(reader, robot.id, local):
        parameters = _parameters(family, local)
        if parameters is None:
            continue
        try:
            return _imagined(reader, robot, family, checked_name(local), parameters)
        except Refused:
            # A template that makes no list of these values.
            continue
    return None


async def question(reader: Reader, actor: Actor, mlist: MailingList, *, record: bool) -> Decision:
    """What the family's rules say to the actor about making this list."""
    family = await _family_of(reader, mlist)
    return await authorize(reader, asking(actor, family), OPERATION, family=family, record=record)


async def policy_of_question(reader: Reader, robot: Robot, mlist: MailingList) -> Policy:
    """The rules that `question` asks."""
    family = await _family_of(reader, mlist)
    return await policy_for(reader, OPERATION, asking(stranger(robot), family).robot, None)


async def bring_about(uow: UnitOfWork, actor: Actor, robot: Robot, mlist: MailingList) -> MailingList:
    """Make a prospect real, once, for somebody whom the rules let: of many at the same time one does, and all go on.

    Raises TooMany, TooManyLists.
    """
    family = await _family_of(uow, mlist)
    await kept.lock(uow, family.id)
    there = await stored.find(uow, mlist.name, robot.domain)
    if there is not None and there.status is not ListStatus.FAMILY_CLOSED:
        return there
    await attempts.take(uow, [(PER_SENDER, f"{robot.id} {actor.method} {actor.sender.lower()}")])
    if there is None:
        parameters = _parameters(family, mlist.name) or {}
        return await make_list(uow, actor, robot, family, mlist.name, parameters, is_automatic=True)
    await require_room(uow, family)
    await stored.change(uow, there, {}, status=ListStatus.OPEN)
    await _record(uow, there, "list_opened", actor.sender, actor.via)
    return replace(there, status=ListStatus.OPEN)


def imagined_open(mlist: MailingList) -> MailingList:
    """A prospect as it would be once it is real, for whoever may only look."""
    return replace(mlist, status=ListStatus.OPEN)


async def expire(db: Database) -> int:
    """Close the lists made by mail that are idle, or have been empty for a day; how many. Their archives stay."""
    count = 0
    while True:
        async with db.write() as uow:
            idle = await kept.idle(uow, empty_since=uow.now - EMPTY_LIFETIME, at_most=_CHUNK)
            await stored.change_many(uow, [(mlist, {}, ListStatus.FAMILY_CLOSED) for mlist in idle])
            for mlist in idle:
                await _record(uow, mlist, "list_expired", "", "sweep")
        count += len(idle)
        if len(idle) < _CHUNK:
            return count


async def _is_over(reader: Reader, mlist: MailingList) -> bool:
    """Whether a list was made by mail and closed for being idle, so that a mail may open it again."""
    if mlist.status is not ListStatus.FAMILY_CLOSED or mlist.family_id is None:
        return False
    made = (await kept.instances(reader, [mlist.id])).get(mlist.id)
    family = await kept.by_id(reader, mlist.family_id)
    return made is not None and made.is_automatic and family is not None and bool(family.prefix)


async def _family_of(reader: Reader, mlist: MailingList) -> Family:
    found = None if mlist.family_id is None else await kept.by_id(reader, mlist.family_id)
    if found is None:
        raise LookupError("a list was to be made of no family")
    return found


def _parameters(family: Family, local: str) -> Mapping[str, str] | None:
    given = parameters_in(family.address, local)
    if given is None:
        return None
    try:
        return complete(definition_of(family), given)
    except Refused:
        return None


def _imagined(
    reader: Reader, robot: Robot, family: Family, name: str, parameters: Mapping[str, str]
) -> MailingList:
    values = {**defaults(), **render(definition_of(family), name, robot.domain, parameters).values}
    columns = {("del_" if column == "del" else column): value for column, value in values.items()}
    columns["personalization"] = Personalization(columns["personalization"])
    columns["bounce_complaint"] = Complaint(columns["bounce_complaint"])
    columns["bounce_digest"] = BounceDigest(columns["bounce_digest"])
    return MailingList(
        id=_NOT_YET,
        robot_id=robot.id,
        domain=robot.domain,
        name=name,
        status=ListStatus.OPEN,
        created_at=reader.now,
        updated_at=reader.now,
        latest_message_at=None,
        family_id=family.id,
        **columns,
    )


async def _record(uow: UnitOfWork, mlist: MailingList, event: str, actor: str, via: str) -> None:
    await audit.record(
        uow, event, actor=actor, via=via, robot_id=mlist.robot_id, list_id=mlist.id, detail={"by": "family"}
    )
