"""Keys of domains and lists: made, put to use, retired and removed, by listmasters and the operator (row 50; anchor 40)."""

import re
from datetime import UTC, datetime

from delivery.signing import keys
from delivery.signing.published import Check
from delivery.signing.sealing import sealed_key
from identity.actor import Actor
from identity.refusal import Conflict, Invalid, NotFound, Taken
from identity.standing import require_fresh
from lists.offices import require_listmaster
from mail.instant import DAY, SECOND
from storage import audit, dkim_keys, turns
from storage.database import Reader, UnitOfWork
from storage.tables.lists import MailingList, Robot
from storage.tables.signing import Algorithm, DkimKey, KeyState

# Labels of the DNS (RFC 6376, section 3.1), in small letters.
_SELECTOR = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?){0,2}")
_LONGEST_SELECTOR = 100
_MOST_KEYS = 500
# How long others may look at a message after it arrived: mailboxes that fetch, and forwarders that wait.
_READ_LATE = 7 * DAY
_ENDINGS = {Algorithm.RSA2048: "r", Algorithm.ED25519: "e"}


class NoSuchKey(NotFound):
    """There is no such key."""


class SelectorTaken(Taken):
    """This domain has a key with this selector already."""


class BadSelector(Invalid):
    """A selector is made of letters, digits and hyphens, at most 100 characters, with dots between its parts."""


class TooManyKeys(Invalid):
    """A domain has at most 500 keys; remove some that were retired."""


class KeyNotNew(Conflict):
    """This key was put to use before; create a new one."""


class NotPublished(Conflict):
    """The DNS does not show this key yet."""


class KeySigns(Conflict):
    """This key signs what leaves; activate another one, or retire it first."""


class KeyStillNeeded(Conflict):
    """Mail that this key signed may still be on its way, and is checked against its record in the DNS."""


def grace_of(reader: Reader) -> int:
    """For how many microseconds mail signed now may still be checked: the queue's patience, and a week."""
    return reader.site.give_up_after + _READ_LATE


async def keys_of(
    reader: Reader, actor: Actor, robot: Robot, mlist: MailingList | None = None
) -> list[DkimKey]:
    """The keys of a domain, its lists' included, or of one list alone, oldest first. Raises ListmastersOnly."""
    await require_listmaster(reader, actor, robot.id)
    if mlist is None:
        return await dkim_keys.of_robot(reader, robot.id)
    return await dkim_keys.of_list(reader, _of(robot, mlist).id)


async def key_named(reader: Reader, actor: Actor, robot: Robot, selector: str) -> DkimKey:
    """A domain's key by its selector; raises ListmastersOnly, NoSuchKey."""
    await require_listmaster(reader, actor, robot.id)
    found = await dkim_keys.by_selector(reader, robot.id, selector.lower())
    if found is None:
        raise NoSuchKey
    return found


async def key_by_id(reader: Reader, actor: Actor, robot: Robot, key_id: int) -> DkimKey:
    """A domain's key by its number; raises ListmastersOnly, and NoSuchKey for another domain's, too."""
    await require_listmaster(reader, actor, robot.id)
    found = await dkim_keys.by_id(reader, key_id)
    if found is None or found.robot_id != robot.id:
        raise NoSuchKey
    return found


async def require_keeper(reader: Reader, actor: Actor, robot: Robot) -> None:
    """Raises ListmastersOnly, or SignInIsOld for a listmaster who signed in long ago."""
    await require_listmaster(reader, actor, robot.id)
    require_fresh(actor, reader.now)


async def create_key(
    uow: UnitOfWork,
    actor: Actor,
    robot: Robot,
    mlist: MailingList | None,
    private: keys.PrivateKey,
    selector: str = "",
) -> DkimKey:
    """Keep a key that was generated (`keys.generate`, which takes its time); it signs once it is activated.

    Without `selector` it is named after today. Raises ListmastersOnly, SignInIsOld, BadSelector, SelectorTaken,
    TooManyKeys.
    """
    await turns.take(uow, [_turn(robot)])
    await require_keeper(uow, actor, robot)
    algorithm = keys.algorithm_of(private)
    taken = {each.selector for each in await dkim_keys.of_robot(uow, robot.id)}
    if len(taken) >= _MOST_KEYS:
        raise TooManyKeys
    name = _checked(selector) if selector else _todays(uow.now, algorithm, taken)
    if name in taken:
        raise SelectorTaken(path=("selector",))
    made = await dkim_keys.add(
        uow,
        robot_id=robot.id,
        list_id=None if mlist is None else _of(robot, mlist).id,
        selector=name,
        algorithm=algorithm,
        private_key=sealed_key(uow.site, robot.id, private),
        public_key=keys.public_part(private),
    )
    await _noted(uow, actor, "dkim_key_created", made)
    return made


async def activate_key(
    uow: UnitOfWork, actor: Actor, robot: Robot, key_id: int, found: Check | None, *, grace: int | None = None
) -> DkimKey:
    """Let a new key sign from the next delivery on; the one of its kind before it signs no more.

    The former's record has to stay in the DNS for `grace` microseconds (`grace_of`), so that mail in flight stays valid.
    `found` is what the DNS just said, None to go without. Raises ListmastersOnly, SignInIsOld, NoSuchKey, KeyNotNew,
    NotPublished.
    """
    await turns.take(uow, [_turn(robot)])
    await require_keeper(uow, actor, robot)
    key = await key_by_id(uow, actor, robot, key_id)
    if key.state is not KeyState.NEW:
        raise KeyNotNew
    if found is not None and not found.is_published:
        raise NotPublished(f"{found.sentence} Publish the key first, or force it.")
    if not await dkim_keys.activate(uow, key.id):
        raise KeyNotNew
    same = [
        each.id
        for each in await dkim_keys.signing(uow, robot.id, key.list_id)
        if each.list_id == key.list_id and each.algorithm is key.algorithm and each.id != key.id
    ]
    until = uow.now + (grace_of(uow) if grace is None else grace)
    await dkim_keys.retire(uow, same, published_until=until)
    await _noted(uow, actor, "dkim_key_activated", key, forced=found is None, instead_of=same)
    return await key_by_id(uow, actor, robot, key.id)


async def retire_key(
    uow: UnitOfWork, actor: Actor, robot: Robot, key_id: int, *, grace: int | None = None
) -> DkimKey:
    """Have a key sign no more, from the next delivery on; with `grace` 0, as for one that was stolen, at once removable.

    Raises ListmastersOnly, SignInIsOld, NoSuchKey.
    """
    await require_keeper(uow, actor, robot)
    key = await key_by_id(uow, actor, robot, key_id)
    # One that never signed is needed by nobody.
    needed = 0 if key.activated_at is None else grace_of(uow) if grace is None else grace
    if await dkim_keys.retire(uow, [key.id], published_until=uow.now + needed):
        await _noted(uow, actor, "dkim_key_retired", key)
    return await key_by_id(uow, actor, robot, key.id)


async def remove_key(
    uow: UnitOfWork, actor: Actor, robot: Robot, key_id: int, *, forced: bool = False
) -> DkimKey:
    """Delete a key for good. Raises ListmastersOnly, SignInIsOld, NoSuchKey, KeySigns; KeyStillNeeded unless `forced`."""
    await require_keeper(uow, actor, robot)
    key = await key_by_id(uow, actor, robot, key_id)
    if key.state is KeyState.ACTIVE:
        raise KeySigns
    if not forced and (key.published_until or 0) > uow.now:
        raise KeyStillNeeded
    await dkim_keys.remove(uow, key.id)
    await _noted(uow, actor, "dkim_key_removed", key)
    return key


def _turn(robot: Robot) -> str:
    """What two wait for who make or activate keys of a domain at once: neither sees the other's selector or key else."""
    return f"dkim {robot.id}"


def _of(robot: Robot, mlist: MailingList) -> MailingList:
    if mlist.robot_id != robot.id:
        raise NotFound
    return mlist


def _checked(selector: str) -> str:
    name = selector.lower()
    if len(name) > _LONGEST_SELECTOR or not _SELECTOR.fullmatch(name):
        raise BadSelector(path=("selector",))
    return name


def _todays(now: int, algorithm: Algorithm, taken: set[str]) -> str:
    """A selector that says when the key was made and of what kind it is, as 20260301r."""
    day = f"{datetime.fromtimestamp(now // SECOND, UTC):%Y%m%d}{_ENDINGS[algorithm]}"
    names = (day, *(f"{day}-{number}" for number in range(2, _MOST_KEYS + 2)))
    return next(name for name in names if name not in taken)


async def _noted(uow: UnitOfWork, actor: Actor, event: str, key: DkimKey, **more: object) -> None:
    await audit.record(
        uow,
        event,
        actor=actor.sender,
        via=actor.via,
        robot_id=key.robot_id,
        list_id=key.list_id,
        person_id=actor.person.id if actor.person else None,
        detail={"selector": key.selector, "algorithm": key.algorithm.value, **more},
    )
