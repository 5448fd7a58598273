"""The answer to the one question: what may be told of each address that a peer names by its handle, from local data only (listfed/1, 5 to 8).

Up to the point where somebody's leave is found, the same work is done for an address that nobody knows, one that did not
agree and one that is on no list (threat T9).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from federation import budgets, named, statements, telling, told
from federation.discovery import MOST_SUBJECTS
from federation.errors import TooOften, Unreadable
from federation.own_keys import OwnKeys
from federation.question import MOST_SUBSCRIPTIONS, Subject, well_formed
from federation.statements import Statement
from federation.telling import Leave
from identity.tickets import base_url
from storage import federation_handles
from storage.database import Database, Reader
from storage.site import Site
from storage.tables.federation import Peer
from storage.tables.lists import MailingList, Membership, Robot

LIMITED = "RATE_LIMITED"
_LONGEST_SUBJECT = 200
# Of a subscription's parts together; 500 of them fit into what an asker takes.
_OCTETS = 200 * 1024


@dataclass(frozen=True, slots=True)
class Item:
    """One subscription as it is told."""

    list_address: str
    subject: str | None
    reception: str | None
    manage_url: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is told of one subject."""

    handle: str
    subscriptions: tuple[Item, ...] = ()
    is_truncated: bool = False


@dataclass(frozen=True, slots=True)
class Answers:
    """One for each subject, in their order; `notice` is of the protocol; `to_ask` are addresses to be asked by mail afterwards."""

    answers: tuple[Answer, ...]
    notice: str | None = None
    to_ask: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Meant:
    """A subject whose statement holds, with the address that its handle stands for, if any."""

    subject: Subject
    said: Statement
    key: str | None


async def which(db: Database, own: OwnKeys, peer: Peer, subjects: Sequence[Subject]) -> Answers:
    """What may be told; raises TooOften, Unreadable. What is told is in the audit trail when this returns."""
    if not 0 < len(subjects) <= MOST_SUBJECTS:
        raise Unreadable(f"Ask about 1 to {MOST_SUBJECTS} subjects.")
    stated = read_all(own, peer, subjects, statements.WHICH, db.site.clock())
    over = await counted(db, own, peer, stated)
    if over is None:
        raise TooOften
    asked = {handle: said for handle, said in stated.items() if handle not in over}
    async with db.read() as reader:
        meant = await addresses_of(reader, peer, subjects, asked)
        leave = await telling.leave_of(reader, peer, sorted({each.key for each in meant if each.key}))
        found = {each.subject.handle: await _of_one(reader, leave, each) for each in meant if each.key}
    answers = _bounded(db.site, subjects, found)
    await _record(db, leave, meant, answers)
    return Answers(answers, LIMITED if over else None, tuple(_to_ask(leave, meant, db.site.clock())))


def read_all(
    own: OwnKeys, peer: Peer, subjects: Sequence[Subject], purpose: str, now: int
) -> dict[str, Statement]:
    """The statements that hold, by handle; what has none is padding, or nobody's business."""
    found: dict[str, Statement] = {}
    for each in subjects:
        if not well_formed(each):
            continue
        said = statements.read(peer, each.statement, audience=own.issuer, handle=each.handle, now=now)
        if said is not None and said.purpose == purpose:
            found[each.handle] = said
    return found


async def counted(db: Database, own: OwnKeys, peer: Peer, stated: Mapping[str, Statement]) -> set[str] | None:
    """Count the question and name addresses that are new; as `budgets.take_subjects`."""
    pairs = named.pairs_with(own, peer, db.site.clock())
    said = {each.pair for each in stated.values()}
    used = [each for each in pairs if each.kids in said]
    async with db.write(durable=False) as uow:
        over = await budgets.take_subjects(uow, peer, stated, [each.kids for each in used])
        await named.catch_up(uow, peer, used)
    return over


async def addresses_of(
    reader: Reader, peer: Peer, subjects: Sequence[Subject], stated: Mapping[str, Statement]
) -> list[_Meant]:
    """Whom the handles stand for, under exactly the pair of keys that each statement names."""
    pairs = sorted({" ".join(said.pair) for said in stated.values()})
    found = await federation_handles.find(reader, peer.id, pairs, [each.handle for each in subjects])
    known = {(pair, handle): key for pair, handle, key in found}
    return [
        _Meant(each, said, known.get((" ".join(said.pair), each.handle)))
        for each in subjects
        if (said := stated.get(each.handle)) is not None
    ]


async def _of_one(reader: Reader, leave: Leave, meant: _Meant) -> list[tuple[Membership, MailingList, Robot]]:
    key = meant.key or ""
    allowed = [each for each in leave.robots_of(key) if telling.is_allowed(leave, key, each, reader.now)]
    if not allowed or not telling.has_evidence(reader, leave, key, meant.subject.consent_token):
        return []
    return await telling.told_lists(reader, leave, key, allowed)


def _bounded(
    site: Site,
    subjects: Sequence[Subject],
    found: Mapping[str, Sequence[tuple[Membership, MailingList, Robot]]],
) -> tuple[Answer, ...]:
    """At most 500 subscriptions for all subjects together, and no more octets than the asker takes."""
    number, octets = MOST_SUBSCRIPTIONS, _OCTETS
    answers: list[Answer] = []
    answered: set[str] = set()
    for each in subjects:
        rows = found.get(each.handle, ()) if each.handle not in answered else ()
        answered.add(each.handle)
        items: list[Item] = []
        for row in rows:
            item = _item(site, *row)
            octets -= _length(item)
            if number == 0 or octets < 0:
                break
            number -= 1
            items.append(item)
        answers.append(Answer(each.handle, tuple(items), len(items) < len(rows)))
    return tuple(answers)


def _item(site: Site, membership: Membership, mlist: MailingList, robot: Robot) -> Item:
    subject = mlist.subject[:_LONGEST_SUBJECT] or None
    return Item(mlist.address, subject, membership.reception.value, _manage_url(site, robot))


def _manage_url(site: Site, robot: Robot) -> str | None:
    """Where to sign in and change it; None where the robot's pages are on another host than this server is known by."""
    base = base_url(site, robot)
    is_here = urlsplit(base)[:2] == urlsplit(site.public_url)[:2]
    return f"{base}/sign-in" if is_here else None


def _length(item: Item) -> int:
    texts = (item.list_address, item.subject, item.reception, item.manage_url)
    # In JSON a character may take six octets, and the names of members come along.
    return 120 + sum(len(each.encode()) + each.count('"') + each.count("\\") for each in texts if each)


async def _record(db: Database, leave: Leave, meant: Sequence[_Meant], answers: Sequence[Answer]) -> None:
    """Put what is told into the trail of whom it is about; nothing is told that is not there."""
    keys = {each.subject.handle: each.key for each in meant if each.key}
    disclosed = [each for each in answers if each.subscriptions and each.handle in keys]
    if not disclosed:
        return
    async with db.write() as uow:
        for each in disclosed:
            key = keys[each.handle] or ""
            for robot in leave.robots_of(key):
                mine = leave.in_robot(key, robot.id)
                count = sum(one.list_address.endswith(f"@{robot.domain}") for one in each.subscriptions)
                if count:
                    address, person_id = mine[0].address, leave.holder(key, robot.id)
                    await told.record(uow, leave.peer, address, person_id, robot.id, count)


def _to_ask(leave: Leave, meant: Sequence[_Meant], now: int) -> list[str]:
    return [
        each.key
        for each in meant
        if each.key
        and any(telling.is_to_be_asked(leave, each.key, robot, now) for robot in leave.robots_of(each.key))
    ]
