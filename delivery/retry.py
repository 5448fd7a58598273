"""When to try again, and when to stop trying."""

from mail.status import Reply

SECOND = 1_000_000
# Soon at first, since most refusals for now are grey-listing or a full queue; then at the pace of RFC 5321, 4.5.4.1.
WAITS = tuple(seconds * SECOND for seconds in (15, 60, 300, 900, 1_800, 3_600, 7_200, 14_400))

GAVE_UP = Reply(554, "5.4.7", "the mail server put us off until the time for trying was over")


def wait_after(attempts: int) -> int:
    """Microseconds to wait after so many failed attempts (1 is the first)."""
    return WAITS[min(attempts, len(WAITS)) - 1]
