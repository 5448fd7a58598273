"""Which core does what, so that a sender has one to itself and the kernel does not put it beside the mail server."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

SINK, SENDER = 0, 1


@contextmanager
def on_core(number: int, *, is_wanted: bool) -> Iterator[None]:
    """What this process does and begins meanwhile stays on one core; no change where it is not wanted or not there."""
    before = os.sched_getaffinity(0)
    if not is_wanted or number not in before:
        yield
        return
    os.sched_setaffinity(0, {number})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
