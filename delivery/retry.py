"""When to try again, and when to stop trying."""

from mail.status import Reply
from storage.tables.words import BounceKind

SECOND = 1_000_000
# Soon at first, since most refusals for now are grey-listing or a full queue; then at the pace of RFC 5321, 4.5.4.1.
WAITS = tuple(seconds * SECOND for seconds in (15, 60, 300, 900, 1_800, 3_600, 7_200, 14_400))

GAVE_UP = Reply(554, "5.4.7", "the mail server put us off until the time for trying was over")


def wait_after(attempts: int) -> int:
    """Microseconds to wait after so many failed attempts (1 is the first)."""
    return WAITS[min(attempts, len(WAITS)) - 1]


def kind_of(reply: Reply) -> BounceKind:
    """What a final refusal says of the address (RFC 3463): dead, full, refused for policy."""
    subject = (reply.enhanced or "").split(".")[1:2]
    if subject == ["1"]:
        return BounceKind.HARD
    if subject == ["7"]:
        return BounceKind.POLICY
    if reply.is_temporary or subject in (["2"], ["4"]):
        return BounceKind.SOFT
    return BounceKind.HARD if reply.code in (550, 551, 553) else BounceKind.UNKNOWN
