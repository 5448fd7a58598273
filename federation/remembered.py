"""What peers said of a person a moment ago: in the memory of this process alone, sealed, and gone after minutes (listfed/1, 9)."""

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from federation.answers import Answered, RemoteMembership
from mail.instant import MINUTE, SECOND
from storage.site import Site
from storage.tables.words import Reception

LONGEST = 5 * MINUTE
EMPTY = 60 * SECOND
CAPACITY = 10_000
_NONCE = 12


class About(NamedTuple):
    """Whose answer of which peer."""

    person_id: int
    peer_id: int


@dataclass(frozen=True, slots=True)
class _Kept:
    sealed: bytes
    until: int


@dataclass(slots=True)
class Remembered:
    """Answers by person and peer, under a key that this process made and never wrote down.

    `bound` says under which circumstances an answer counts (the session, the consent, the addresses): under others it is
    as if there were none, also where another process of this server has changed them.
    """

    capacity: int = CAPACITY
    _key: AESGCM = field(default_factory=lambda: AESGCM(secrets.token_bytes(32)), repr=False)
    _of: OrderedDict[About, _Kept] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return len(self._of)

    def put(self, about: About, bound: bytes, answered: Answered, now: int) -> None:
        """Remember an answer: for five minutes, for one where it tells of nothing."""
        self._sweep(now)
        nonce = secrets.token_bytes(_NONCE)
        lasts = LONGEST if answered.memberships else EMPTY
        octets = self._key.encrypt(nonce, orjson.dumps(asdict(answered)), _named(about, bound))
        self._of[about] = _Kept(nonce + octets, answered.fetched_at + lasts)
        self._of.move_to_end(about)
        while len(self._of) > self.capacity:
            self._of.popitem(last=False)

    def find(self, about: About, bound: bytes, now: int) -> Answered | None:
        """The answer, if there is a fresh one that was given under these circumstances."""
        kept = self._of.get(about)
        if kept is None:
            return None
        if now >= kept.until:
            del self._of[about]
            return None
        try:
            raw = self._key.decrypt(kept.sealed[:_NONCE], kept.sealed[_NONCE:], _named(about, bound))
        except InvalidTag:
            del self._of[about]
            return None
        read = orjson.loads(raw)
        return Answered(
            tuple(_membership(each) for each in read["memberships"]),
            read["is_truncated"],
            read["fetched_at"],
        )

    def forget_person(self, person_id: int) -> None:
        """The person signed out, gave up an address, or agrees to something else now."""
        self._forget(each for each in self._of if each.person_id == person_id)

    def forget_peer(self, peer_id: int) -> None:
        """The peer is known no more, or trusted otherwise."""
        self._forget(each for each in self._of if each.peer_id == peer_id)

    def _forget(self, which: Iterable[About]) -> None:
        for each in list(which):
            del self._of[each]

    def _sweep(self, now: int) -> None:
        """Let go of those at the old end that have run out."""
        while self._of and next(iter(self._of.values())).until <= now:
            self._of.popitem(last=False)


def _membership(kept: dict[str, Any]) -> RemoteMembership:
    word = kept["reception"]
    return RemoteMembership(**{**kept, "reception": None if word is None else Reception(word)})


def bound_to(*circumstances: object) -> bytes:
    """Circumstances in short."""
    return hashlib.sha256(orjson.dumps([str(each) for each in circumstances])).digest()


def _named(about: About, bound: bytes) -> bytes:
    return f"{about.person_id} {about.peer_id} ".encode() + bound


def remembered_of(site: Site) -> Remembered:
    """What this process remembers; whatever ends a session or an address of somebody has it forgotten, too."""
    known: Remembered | None = site.held.get("remembered")
    if known is None:
        known = site.held["remembered"] = Remembered()
        site.held.setdefault("let go", []).append(known.forget_person)
    return known
