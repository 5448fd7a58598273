"""A mail server that takes only so many recipients in one transaction: who is to be named in another one."""

import re
from collections.abc import Sequence

from mail.status import Reply

_SAID = re.compile(
    r"too many (?:recipients|rcpt)|recipients? limit|maximum number of recipients", re.IGNORECASE
)
_CODES = frozenset({450, 451, 452, 552})
# 452, and 552 as the older standard had it, also stand for a mailbox or a disk that is full.
_BARE = frozenset({452, 552})


def unheard(replies: Sequence[Reply]) -> list[int]:
    """The places of the RCPTs that were one too many (RFC 5321 section 4.5.3.1.10); none where nobody was taken.

    A reply that does not say why is taken for this only behind the last recipient who was taken.
    """
    taken = [place for place, reply in enumerate(replies) if reply.is_positive]
    if not taken:
        return []
    last = taken[-1]
    return [
        place
        for place, reply in enumerate(replies)
        if reply.code in _CODES and (_is_said(reply) or (place > last and _is_bare(reply)))
    ]


def _is_said(reply: Reply) -> bool:
    return (reply.enhanced or "")[1:] == ".5.3" or (
        reply.enhanced is None and _SAID.search(reply.text) is not None
    )


def _is_bare(reply: Reply) -> bool:
    return reply.code in _BARE and reply.enhanced is None and not _SPACE.search(reply.text)


_SPACE = re.compile(r"storage|quota|full|space|size", re.IGNORECASE)
