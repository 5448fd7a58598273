"""What a peer answers, read as the data of a stranger: whatever is not exactly what was asked for is not believed (listfed/1, 9)."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from federation import discovery
from federation.errors import InvalidAnswer
from federation.question import MOST_SUBSCRIPTIONS
from mail.address import Address, BadAddress, parse_address
from storage.tables.federation import Peer
from storage.tables.words import Reception

_LONGEST_LINE = 200
_LONGEST_URL = 2000
_LONGEST_WORD = 40
# Characters that turn the direction of a line or cannot be seen: categories of Unicode.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class RemoteMembership:
    """A subscription on a peer, under one of the person's addresses; `reception` None for a word that is not known here."""

    list_address: str
    subject: str | None
    email: str
    reception: Reception | None
    manage_url: str | None


@dataclass(frozen=True, slots=True)
class Answered:
    """What a peer said at an instant."""

    memberships: tuple[RemoteMembership, ...]
    is_truncated: bool
    fetched_at: int


@dataclass(frozen=True, slots=True)
class Told:
    """One answer to one question; `notice` is why it says nothing, a word of the protocol."""

    memberships: tuple[RemoteMembership, ...]
    is_truncated: bool
    notice: str


def read_answer(
    peer: Peer, body: bytes, asked: Sequence[tuple[str, str | None]], ours: Collection[str]
) -> Told:
    """What a signed answer says: `asked` has each handle in order, with the address that it stands for (None: padding).

    Lists are believed under the domains that it says are its own, without `ours`, which nobody else has lists under.

    Members that are not known are passed over, since a newer peer may say more. Raises InvalidAnswer.
    """
    found = _member(_object(body), "data", "peerWhich")
    answers = found.get("answers")
    if not isinstance(answers, list) or len(answers) != len(asked):
        raise InvalidAnswer("it answers something else than what was asked")
    domains = frozenset(discovery.said_by(peer.said).domains) - {*ours}
    told: list[RemoteMembership] = []
    is_truncated = False
    for answer, (handle, email) in zip(answers, asked, strict=True):
        if not isinstance(answer, dict) or answer.get("handle") != handle:
            raise InvalidAnswer("it answers for somebody who was not asked about")
        items = answer.get("subscriptions")
        if not isinstance(items, list) or len(told) + len(items) > MOST_SUBSCRIPTIONS:
            raise InvalidAnswer(f"it names no subscriptions, or more than {MOST_SUBSCRIPTIONS}")
        if email is None and items:
            raise InvalidAnswer("it names subscriptions of nobody")
        told += [_item(peer, domains, each, email or "") for each in items]
        is_truncated = is_truncated or answer.get("isTruncated") is True
    return Told(tuple(told), is_truncated, _notice(found))


@dataclass(frozen=True, slots=True)
class Done:
    """Whether an act was done, and the protocol's word for why not."""

    is_done: bool
    notice: str


def read_act(body: bytes) -> Done:
    """What became of an act; raises InvalidAnswer."""
    found = _member(_object(body), "data", "peerAct")
    if not isinstance(found.get("isDone"), bool):
        raise InvalidAnswer("it does not say whether it was done")
    return Done(found["isDone"], _notice(found))


def read_refusal(body: bytes) -> str:
    """The protocol's word in a signed refusal; "REFUSED" where there is none."""
    try:
        found = _object(body)
        word = found.get("reason") or found["errors"][0]["extensions"]["code"]
    except (InvalidAnswer, LookupError, TypeError):
        return "REFUSED"
    return _word(word) or "REFUSED"


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as bad:
        raise InvalidAnswer("its answer is no JSON") from bad
    if not isinstance(found, dict):
        raise InvalidAnswer("its answer is no object")
    return found


def _member(found: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    for name in path:
        inner = found.get(name)
        if not isinstance(inner, dict):
            raise InvalidAnswer(f"its answer has no {name}")
        found = inner
    return found


def _notice(found: Mapping[str, Any]) -> str:
    given = found.get("notice")
    return "" if given is None else _word(given) or "REFUSED"


def _word(given: object) -> str:
    is_word = isinstance(given, str) and 0 < len(given) <= _LONGEST_WORD and given.replace("_", "").isalnum()
    return str(given) if is_word and str(given).isascii() else ""


def _item(peer: Peer, domains: frozenset[str], given: object, email: str) -> RemoteMembership:
    if not isinstance(given, dict):
        raise InvalidAnswer("a subscription in its answer is malformed")
    address = _address(given.get("listAddress"))
    if address.domain not in domains:
        raise InvalidAnswer("it names a list under a domain that is not its own")
    return RemoteMembership(
        str(address),
        _line(given.get("subject")),
        email,
        _reception(given.get("reception")),
        _manage_url(peer, given.get("manageUrl")),
    )


def _address(given: object) -> Address:
    try:
        return parse_address(given if isinstance(given, str) else "")
    except BadAddress as bad:
        raise InvalidAnswer("it names a list by what is no address") from bad


def _line(given: object) -> str | None:
    """A line of text for people: without what cannot be seen, and not long."""
    if given is None:
        return None
    if not isinstance(given, str):
        raise InvalidAnswer("a subscription in its answer is malformed")
    seen = "".join(
        " " if unicodedata.category(each) in _UNSEEN else each for each in given[: 4 * _LONGEST_LINE]
    )
    return " ".join(seen.split())[:_LONGEST_LINE] or None


def _reception(given: object) -> Reception | None:
    if given is not None and not isinstance(given, str):
        raise InvalidAnswer("a subscription in its answer is malformed")
    try:
        return Reception(str(given).lower())
    except ValueError:
        return None


def _manage_url(peer: Peer, given: object) -> str | None:
    """Where to change it: on the origin that the peer is known by, or the answer is not believed (threat T5)."""
    if given is None:
        return None
    if (
        not isinstance(given, str)
        or len(given) > _LONGEST_URL
        or not given.isascii()
        or not given.isprintable()
    ):
        raise InvalidAnswer("it leads people to what is no address of a page")
    try:
        parts, own = urlsplit(given), urlsplit(peer.issuer)
        port = parts.port
    except ValueError as bad:
        raise InvalidAnswer("it leads people to what is no address of a page") from bad
    is_own = (parts.scheme, parts.hostname, port) == (own.scheme, own.hostname, own.port)
    if not is_own or "@" in parts.netloc or "\\" in given or " " in given:
        raise InvalidAnswer("it leads people to another place than its own")
    return given
