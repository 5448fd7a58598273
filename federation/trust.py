"""What each degree of trust allows: asking and answering are separate rights."""

from storage.tables.words import PeerTrust

_ANSWERED = frozenset({PeerTrust.ANSWER_ONLY, PeerTrust.MUTUAL})
_ASKED = frozenset({PeerTrust.ASK_ONLY, PeerTrust.MUTUAL})


def may_answer(trust: PeerTrust) -> bool:
    """Whether this server answers such a peer."""
    return trust in _ANSWERED


def may_ask(trust: PeerTrust) -> bool:
    """Whether this server asks such a peer."""
    return trust in _ASKED
