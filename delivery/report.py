"""What a connection has to say about a packet: the answers of its recipients, and what is to become of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from mail.status import Reply
from storage.tables.mail import Packet
from storage.tables.words import RecipientState


class Step(Enum):
    """What a report asks for."""

    ADVANCE = "some of the recipients are settled, the rest goes on"
    SETTLE = "every recipient has had an answer"
    REST = "the mail server took no more recipients at once: the rest goes on in a transaction of its own"
    RELEASE = "nothing more could be tried: the mail server is not there"
    GIVE_BACK = "others come first, or this worker ends; whoever comes next goes on at once"


@dataclass(frozen=True, slots=True)
class Oddity:
    """A recipient whose answer was not a plain yes."""

    membership_id: int | None
    address: str
    state: RecipientState
    reply: Reply


@dataclass(slots=True)
class Report:
    """The answers of some recipients of a leased packet.

    `position` counts the packet's recipients settled so far, this report's included, and `since` those that were settled
    before: what is on record has to begin there. `accepted` counts this report's
    recipients whose copy was taken; `again` names those who had been put off before and have another answer now.
    """

    packet: Packet
    step: Step
    since: int
    position: int
    accepted: int = 0
    oddities: list[Oddity] = field(default_factory=list)
    again: list[tuple[int | None, str]] = field(default_factory=list)
    # Whether some of the packet's recipients may be waiting for another try.
    may_have_deferred: bool = False
    # The places of those whom REST leaves for another transaction, in order.
    rest: Sequence[int] = ()
    # Whether nobody got through for a reason of the mail server's own, which has nothing to do with who they are.
    is_of_server: bool = False
    # Whether nobody else gets through either, and whether this packet finds out when somebody does.
    is_one_of_many: bool = False
    is_probe: bool = False
    # Whether what it says of its domain is known by now.
    is_learnt: bool = False


def given_back(packet: Packet, step: Step) -> Report:
    """The report on a packet of which nothing was tried."""
    return Report(packet, step, packet.position, packet.position)


LEFT = Reply(250, None, "left the list before the copy was made")


def oddity(membership_id: int | None, address: str, reply: Reply) -> Oddity:
    """The record of an answer that was not a yes."""
    state = RecipientState.DEFERRED if reply.is_temporary else RecipientState.FAILED
    return Oddity(membership_id, address, state, reply)


def departed(membership_id: int) -> Oddity:
    """The record of a member who left between expansion and delivery."""
    return Oddity(membership_id, f"#{membership_id}", RecipientState.SKIPPED, LEFT)
