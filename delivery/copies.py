"""What goes over the wire for a delivery: one shared copy, or one for each recipient with fields of their own."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from delivery.transports.stuffing import stuffed
from lists import one_click
from mail.verp import verp_addresses
from storage import deliveries, lists, robots
from storage.database import Reader
from storage.site import Site
from storage.tables.lists import MailingList, Robot
from storage.tables.words import Personalization

_KEPT = 32
_PRESS = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


@dataclass(frozen=True, slots=True)
class Original:
    """A delivery made ready for DATA, once for all of its recipients."""

    delivery_id: int
    reverse_path: str
    data: bytes
    smtputf8: bool
    eight_bit: bool
    # The robot and list whose members get a copy each; None where recipients share one.
    each_for: tuple[Robot, MailingList] | None


@dataclass(slots=True)
class Personal:
    """What one recipient's own copy adds: fields before the original's, and a reverse-path that names them (row 57)."""

    reverse_path: str
    fields: bytes


def personal(site: Site, original: Original, keys: Sequence[int]) -> list[Personal]:
    """What each of these members' copies adds; nothing where the original is not one for each.

    One-click fields (RFC 8058) are spliced before the shared bytes (stack, section 5).
    """
    if original.each_for is None:
        return []
    robot, mlist = original.each_for
    links = one_click.urls(site, robot, mlist.id, keys)
    paths = verp_addresses(mlist.name, mlist.domain, keys, original.delivery_id, site.key("verp"))
    end = f">, <mailto:{mlist.name}-unsubscribe@{mlist.domain}>\r\n{_PRESS}"
    return [
        Personal(path, f"List-Unsubscribe: <{link}{end}".encode())
        for path, link in zip(paths, links, strict=True)
    ]


class Originals:
    """The originals that are being delivered just now, so that each is read once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, Original] = OrderedDict()

    def known(self, delivery_id: int) -> Original | None:
        """The original of a delivery if it was asked for lately."""
        found = self._kept.get(delivery_id)
        if found is not None:
            self._kept.move_to_end(delivery_id)
        return found

    async def get(self, reader: Reader, delivery_id: int) -> Original | None:
        """The original of a delivery; None when it is gone."""
        found = self.known(delivery_id) or await _read(reader, delivery_id)
        if found is None:
            return None
        self._kept[delivery_id] = found
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return found


async def _read(reader: Reader, delivery_id: int) -> Original | None:
    delivery = await deliveries.find(reader, delivery_id)
    raw = await deliveries.outgoing(reader, delivery_id)
    if delivery is None or raw is None:
        return None
    each_for = None
    if delivery.list_id is not None and delivery.personalization == Personalization.ALWAYS:
        mlist = await lists.by_id(reader, delivery.list_id)
        robot = await robots.by_id(reader, delivery.robot_id)
        each_for = (robot, mlist) if robot and mlist else None
    head = raw.partition(b"\r\n\r\n")[0]
    return Original(
        delivery_id, delivery.reverse_path, stuffed(raw), not head.isascii(), not raw.isascii(), each_for
    )
