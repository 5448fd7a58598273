"""Reports of failures in forms of their own, read by flufl.bounce within limits."""

import email
import email.policy
import logging

import structlog
from flufl.bounce import all_failures

from mail.message import Message

log = structlog.get_logger(__name__)

# Its patterns look at each line with each detector: what a report says stands at its beginning.
_MOST_OCTETS = 32_768
_MOST_PARTS = 60
_MOST_ADDRESSES = 50

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)


def odd_failures(message: Message) -> tuple[list[str], list[str]]:
    """The addresses that failed for now, and those that failed for good; empty where it finds nothing. Never raises."""
    raw = message.raw[:_MOST_OCTETS]
    if raw.count(b"\n--") > _MOST_PARTS:
        return [], []
    try:
        temporary, permanent = all_failures(email.message_from_bytes(raw, policy=email.policy.compat32))
    except Exception:
        # It reads what strangers wrote; whatever it stumbles over is a report that nobody could read.
        log.warning("odd_bounce_unread", exc_info=True)
        return [], []
    return _addresses(temporary), _addresses(permanent)


def _addresses(found: frozenset[bytes]) -> list[str]:
    plain = sorted(each.decode("utf-8", "replace").strip(" <>") for each in found)
    return [each for each in plain if "@" in each][:_MOST_ADDRESSES]
