"""What goes over the wire for a delivery: one shared copy, or one for each recipient with fields of their own."""

from collections import OrderedDict
from dataclasses import dataclass

from delivery.transports.stuffing import stuffed
from lists import one_click
from mail.verp import verp_address
from storage import deliveries, lists, robots
from storage.database import Reader
from storage.site import Site
from storage.tables.lists import MailingList, Robot
from storage.tables.words import Personalization

_KEPT = 32


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


@dataclass(frozen=True, slots=True)
class Personal:
    """What one recipient's own copy adds: fields before the original's, and a reverse-path that names them (row 57)."""

    reverse_path: str
    fields: bytes


def personal(site: Site, delivery_id: int, robot: Robot, mlist: MailingList, membership_id: int) -> Personal:
    """One recipient's reverse-path and one-click fields (RFC 8058), spliced before the shared bytes (stack, section 5)."""
    url = one_click.url(site, robot, mlist.id, membership_id)
    leave = f"<{url}>, <mailto:{mlist.name}-unsubscribe@{mlist.domain}>"
    fields = f"List-Unsubscribe: {leave}\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    verp = verp_address(mlist.name, mlist.domain, membership_id, delivery_id, site.key("verp"))
    return Personal(verp, fields.encode())


class Originals:
    """The originals that are being delivered just now, so that each is read once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, Original] = OrderedDict()

    async def get(self, reader: Reader, delivery_id: int) -> Original | None:
        """The original of a delivery; None when it is gone."""
        found = self._kept.get(delivery_id) or await _read(reader, delivery_id)
        if found is None:
            return None
        self._kept[delivery_id] = found
        self._kept.move_to_end(delivery_id)
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
