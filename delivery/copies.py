"""What goes over the wire for a delivery: one copy that recipients share, and what is the same in copies of their own."""

import asyncio
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import pairwise

from delivery.personal.own import Leftovers
from delivery.personal.slots import Slots, loaded
from delivery.signing.canonical import BodyHash, body_digest, name_of, split_fields
from delivery.signing.choosing import signer_for
from delivery.signing.pool import signed
from delivery.signing.signer import Prepared
from delivery.transports.stuffing import stuffed
from mail.message import crlf
from storage import deliveries, lists, robots
from storage.database import Reader
from storage.tables.lists import MailingList, Robot
from storage.tables.mail import Delivery, Packet
from storage.tables.words import Personalization

_KEPT = 32
# Many small originals may wait for their turn again, but no more of large ones than this.
_KEPT_OCTETS = 64 * 1024 * 1024
OWN_NAMES = ("List-Unsubscribe", "List-Unsubscribe-Post")


@dataclass(frozen=True, slots=True)
class Shared:
    """What all own copies of a delivery have in common, computed once.

    A copy is its signatures, its own fields, and `chunks` with what fills a slot between each two of them. `chunks` are
    dot-stuffed, `tails` the same octets of the body as they are signed, after the first slot; `state` has hashed what
    comes before that.
    """

    robot: Robot
    mlist: MailingList
    chunks: tuple[bytes, ...]
    tails: tuple[bytes, ...]
    slots: Slots | None
    prepared: Prepared | None
    state: BodyHash
    size: int
    leftovers: Leftovers = field(default_factory=Leftovers)


@dataclass(frozen=True, slots=True)
class Original:
    """A delivery made ready for DATA: `data` for those who share a copy, `own` for those who get one each."""

    delivery_id: int
    reverse_path: str
    data: bytes
    smtputf8: bool
    eight_bit: bool
    own: Shared | None
    # Packets that were made before it was written down for whom their copies are.
    always_own: bool = False

    def is_for_each(self, packet: Packet) -> bool:
        """Whether each recipient of the packet gets a copy of their own."""
        return self.own is not None and packet.address is None and (packet.is_personal or self.always_own)


class Originals:
    """The originals that are being delivered just now, so that each is read once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, Original] = OrderedDict()
        self._reading: dict[int, asyncio.Lock] = {}

    def known(self, delivery_id: int) -> Original | None:
        """The original of a delivery if it was asked for lately."""
        found = self._kept.get(delivery_id)
        if found is not None:
            self._kept.move_to_end(delivery_id)
        return found

    async def get(self, reader: Reader, delivery_id: int) -> Original | None:
        """The original of a delivery; None when it is gone. Whoever asks while it is being made waits for the same one."""
        lock = self._reading.setdefault(delivery_id, asyncio.Lock())
        async with lock:
            found = self.known(delivery_id) or await _read(reader, delivery_id)
        self._reading.pop(delivery_id, None)
        if found is None:
            return None
        self._kept[delivery_id] = found
        while len(self._kept) > 1 and (len(self._kept) > _KEPT or self._octets() > _KEPT_OCTETS):
            self._kept.popitem(last=False)
        return found

    def _octets(self) -> int:
        return sum(len(each.data) + (each.own.size if each.own else 0) for each in self._kept.values())


async def _read(reader: Reader, delivery_id: int) -> Original | None:
    delivery = await deliveries.find(reader, delivery_id)
    raw = await deliveries.outgoing(reader, delivery_id)
    if delivery is None or raw is None:
        return None
    raw = crlf(raw)
    split = raw.find(b"\r\n\r\n") + 2
    head = raw[:split] if split > 1 else b""
    own = await _for_each(reader, delivery, raw, head)
    always = delivery.personalization == Personalization.ALWAYS and own is not None
    data = b"" if always else await _signed_once(reader, delivery, raw, head)
    return Original(
        delivery_id, delivery.reverse_path, data, not head.isascii(), not raw.isascii(), own, always
    )


async def _signed_once(reader: Reader, delivery: Delivery, raw: bytes, head: bytes) -> bytes:
    """The copy that is shared, with its signatures: they are the same for all."""
    signer = await signer_for(reader, delivery, head)
    if signer is None:
        return stuffed(raw)
    digest = await asyncio.to_thread(body_digest, raw[len(head) + 2 :])
    fields = (await signed(signer.prepare(head, ()), [(b"", digest)]))[0]
    return stuffed(fields + raw)


def _hashed(octets: bytes) -> BodyHash:
    state = BodyHash()
    state.update(octets)
    return state


async def _for_each(reader: Reader, delivery: Delivery, raw: bytes, head: bytes) -> Shared | None:
    """What own copies have in common; None for a delivery that has none."""
    if delivery.list_id is None or delivery.personalization == Personalization.NEVER:
        return None
    mlist = await lists.by_id(reader, delivery.list_id)
    robot = await robots.by_id(reader, delivery.robot_id)
    if mlist is None or robot is None:
        return None
    slots = loaded(await deliveries.slots(reader, delivery.id))
    # These fields come with each copy, so that none stands there twice.
    constant = _without(head, OWN_NAMES)
    places = [each.spot.offset for each in slots.slots] if slots else []
    bounds = [len(head) + 2, *places, len(raw)]
    parts = [raw[begin:end] for begin, end in pairwise(bounds)]
    signer = await signer_for(reader, delivery, constant)
    state = await asyncio.to_thread(_hashed, parts[0]) if signer else BodyHash()
    if slots is None:
        chunks: tuple[bytes, ...] = (stuffed(constant + b"\r\n" + parts[0]),)
    else:
        first = constant + b"\r\n" + parts[0]
        chunks = tuple(part.replace(b"\r\n.", b"\r\n..") for part in (first, *parts[1:]))
    return Shared(
        robot,
        mlist,
        chunks,
        tuple(parts[1:]),
        slots,
        signer.prepare(constant, OWN_NAMES) if signer else None,
        state,
        sum(map(len, chunks)),
    )


def _without(head: bytes, names: Collection[str]) -> bytes:
    lower = {name.lower() for name in names}
    return b"".join(field for field in split_fields(head) if name_of(field) not in lower)
