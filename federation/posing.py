"""One question to one peer: its subjects without their names, signed, and the answer as far as it is believed (listfed/1, 4 to 6)."""

import asyncio
import email.utils
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from federation import answers, discovery, peer_keys, question, statements
from federation.answers import Answered, Done, RemoteMembership
from federation.errors import ClocksApart, InvalidAnswer, PeerAway
from federation.fetching import ANSWER_OCTETS, Bounds, Fetched, post
from federation.handles import handle, no_handle
from federation.outgoing import OwnAddress, Permitted
from federation.own_keys import AGREEMENT, OwnKeys
from federation.pair_keys import pair_key
from federation.question import MOST_SUBSCRIPTIONS, Subject
from federation.signatures import sign_request, verify_answer
from federation.statements import Statement
from mail.instant import MINUTE, SECOND
from storage.site import Site
from storage.tables.federation import Peer

log = structlog.get_logger(__name__)

_CONNECT_SECONDS = 1.0
_SENTENCES = {
    "RATE_LIMITED": "It was asked too often; try again later.",
    "NOT_TRUSTED": "It does not answer this server.",
    "UNKNOWN_PEER": "It does not know this server.",
    "UNKNOWN_KEY": "It does not know this server's key.",
    "VERSION": "It speaks another version of the protocol.",
    "CLOCK": "Its clock and this server's are apart.",
}


class SaidNo(Exception):
    """The peer refuses, and says so under its signature; `reason` is the protocol's word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.message = _SENTENCES.get(reason, f"It refuses: {reason}.")


@dataclass(frozen=True, slots=True)
class Pair:
    """What names addresses between us and a peer: the secret, and the two keys that it is made of."""

    secret: bytes
    kids: tuple[str, str]


def pair_with(own: OwnKeys, peer: Peer, now: int) -> Pair:
    """The pair's secret as of now; raises InvalidAnswer where the peer has no key for it."""
    theirs = peer_keys.current(peer, AGREEMENT, now)
    if theirs is None:
        raise InvalidAnswer("it has no key to agree on names by")
    ours = own.agreed(now)
    return Pair(pair_key(ours, own.issuer, theirs, peer.issuer), (ours.kid, theirs.kid))


async def ask(site: Site, permitted: Permitted, peer: Peer, deadline: float) -> Answered:
    """What a peer says of all the addresses; `deadline` is an instant of the loop's clock, in seconds.

    Raises PeerAway, PeerSlow, InvalidAnswer, SaidNo.
    """
    found: list[RemoteMembership] = []
    is_truncated = False
    pair = pair_with(permitted.own, peer, site.clock())
    for some in _chunks(permitted.addresses, discovery.said_by(peer.said).emails):
        subjects = _subjects(permitted, peer, pair, some, site.clock())
        body = question.body_of(question.WHICH, question.which_variables([each for each, _ in subjects]))
        raw = await _exchanged(site, permitted.own, peer, body, deadline)
        asked = [(each.handle, address) for each, address in subjects]
        told = answers.read_answer(peer, raw, asked, permitted.domains)
        if told.notice and not told.memberships:
            raise SaidNo(told.notice)
        found += told.memberships
        is_truncated = is_truncated or told.is_truncated or bool(told.notice)
    return Answered(
        tuple(found[:MOST_SUBSCRIPTIONS]), is_truncated or len(found) > MOST_SUBSCRIPTIONS, site.clock()
    )


async def act(site: Site, own: OwnKeys, peer: Peer, variables: dict[str, Any], deadline: float) -> Done:
    """Have a peer do the one thing that a person asked for; raises as `ask`."""
    raw = await _exchanged(site, own, peer, question.body_of(question.ACT, variables), deadline)
    return answers.read_act(raw)


def _chunks(addresses: Sequence[OwnAddress], most: int) -> Iterator[Sequence[OwnAddress]]:
    size = max(each for each in question.SIZES if each <= max(most, 1))
    for begins in range(0, len(addresses), size):
        yield addresses[begins : begins + size]


def _subjects(
    permitted: Permitted, peer: Peer, pair: Pair, some: Sequence[OwnAddress], now: int
) -> list[tuple[Subject, str | None]]:
    """The addresses by their handles, among as many that are nobody's as it takes, in no order (threat T1)."""
    found: list[tuple[Subject, str | None]] = []
    for each in some:
        name = handle(pair.secret, each.key)
        said = statement(permitted, pair, each, name, statements.WHICH)
        text = statements.make(permitted.own, peer.issuer, said, now)
        found.append((Subject(name, text, permitted.tokens.get((peer.id, each.key), "")), each.address))
    length = max((len(each.statement) for each, _ in found), default=0)
    while len(found) < question.padded_size(len(some)):
        found.append((Subject(no_handle(), statements.padding(length)), None))
    secrets.SystemRandom().shuffle(found)
    return found


def statement(
    permitted: Permitted, pair: Pair, address: OwnAddress, name: str, purpose: str, act: str = ""
) -> Statement:
    """What we state of one address."""
    return Statement(
        handle=name,
        purpose=purpose,
        pair=pair.kids,
        verified_at=address.verified_at,
        verification=address.verification,
        consented_at=permitted.consented_at,
        session_at=permitted.session_at,
        jti=statements.new_jti(),
        act=act,
    )


async def _exchanged(site: Site, own: OwnKeys, peer: Peer, body: bytes, deadline: float) -> bytes:
    """The body of a good answer to one signed question."""
    sent = sign_request(own, url=peer.endpoint, body=body, destination=peer.issuer, now=site.clock())
    left = max(deadline - asyncio.get_running_loop().time(), 0.001)
    bounds = Bounds(
        seconds=left,
        connect_seconds=min(_CONNECT_SECONDS, left),
        octets=ANSWER_OCTETS,
        allows_private=site.federates_privately,
    )
    answer = await post(peer.endpoint, body, sent.headers, bounds)
    now = site.clock()
    try:
        verify_answer(peer, sent, status=answer.status, headers=answer.headers, body=answer.body, now=now)
    except InvalidAnswer as invalid:
        raise _explained(peer, answer, invalid, now) from invalid
    if answer.status != 200:
        raise SaidNo(answers.read_refusal(answer.body))
    return answer.body


def _explained(peer: Peer, answer: Fetched, invalid: InvalidAnswer, now: int) -> Exception:
    """Why an answer is not believed: a server in trouble behind a proxy and a wrong clock are no attacks (listfed/1, 12)."""
    if answer.status in (502, 503, 504):
        return PeerAway(f"it answers {answer.status}")
    apart = _apart(answer.headers.get("date", ""), now)
    if apart > MINUTE:
        log.warning("peer_clock_apart", peer=peer.domain, seconds=apart // SECOND)
        return ClocksApart(f"its clock and this server's are {apart // SECOND} seconds apart")
    if 300 <= answer.status < 400:
        return InvalidAnswer("it leads elsewhere instead of answering")
    return InvalidAnswer(str(invalid) or "its signature does not fit")


def _apart(date: str, now: int) -> int:
    try:
        said = email.utils.parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return 0
    return abs(int(said * SECOND) - now)
