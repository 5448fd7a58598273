"""When to try again, and when to stop trying."""

from mail.status import Reply

SECOND = 1_000_000
# Soon at first, since most refusals for now are grey-listing or a full queue; then at the pace of RFC 5321, 4.5.4.1.
WAITS = tuple(seconds * SECOND for seconds in (15, 60, 300, 900, 1_800, 3_600, 7_200, 14_400))

PROBE = 60 * SECOND
"""While nobody at all is taken, one packet is tried again this soon, to find out whether that is over."""

GAVE_UP = Reply(554, "5.4.7", "the mail server put us off until the time for trying was over")

_SOON, _LATEST = 60 * SECOND, 900 * SECOND


def wait_after(attempts: int) -> int:
    """Microseconds to wait after so many failed attempts (1 is the first)."""
    return WAITS[min(attempts, len(WAITS)) - 1]


def wait_while_refused(age: int, *, by_server: bool) -> int:
    """Microseconds to wait when everybody was put off at once, `age` after the delivery began to wait for its turn.

    That is mostly the mail server's trouble and over for all at one moment, so nobody waits much longer than it lasted:
    a minute where the server said that it was about itself, a quarter of an hour at most in any case.
    """
    share = age // 60 if by_server else age // 10
    return min(max(WAITS[0], min(age // 10, _SOON), share), _LATEST)
