"""The own copies of one packet, made a few ahead of the wire: their fields, what fills their slots, their signatures."""

import asyncio
from collections.abc import Mapping, Sequence

from delivery.copies import Shared
from delivery.personal.own import Own
from delivery.signing.pool import signed
from delivery.transports.spliced import Spliced
from lists import one_click
from lists.template_values import own_values
from mail.verp import verp_addresses
from storage import recipient_facts
from storage.database import Database
from storage.recipient_facts import RecipientFacts
from storage.site import Site

_PRESS = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
# So many are signed at once; what is kept of each is its own part alone, whatever the size of the message.
_AHEAD = 16
# The first should not wait for many.
_FIRST = 4
# So many that have neither slots nor signatures.
_CHEAP = 32
# Hashing more than this for a copy would keep the loop from its other connections.
_LONG = 64 * 1024
_LARGE = 256 * 1024


def _begun(site: Site, shared: Shared, delivery_id: int, keys: Sequence[int]) -> list[tuple[Own, str]]:
    mlist = shared.mlist
    links = one_click.urls(site, shared.robot, mlist.id, keys)
    paths = verp_addresses(mlist.name, mlist.domain, keys, delivery_id, site.key("verp"))
    end = f">, <mailto:{mlist.name}-unsubscribe@{mlist.domain}>\r\n{_PRESS}"
    return [
        (Own(path, f"List-Unsubscribe: <{link}{end}".encode()), link)
        for path, link in zip(paths, links, strict=True)
    ]


def octets_of(shared: Shared, own: Own) -> bytes | Spliced:
    """A copy as it goes over the wire; of a large message, the shared pieces are not copied."""
    chunks = shared.chunks
    if not own.pieces and shared.size <= _LARGE:
        return own.fields + chunks[0]
    pieces = [own.fields, chunks[0]]
    for piece, chunk in zip(own.pieces, chunks[1:], strict=True):
        pieces.append(_stuffed_after(pieces, piece))
        pieces.append(_stuffed_after(pieces, chunk, is_stuffed=True))
    if own.pieces and not _last(pieces).endswith(b"\n"):
        pieces.append(b"\r\n")
    return b"".join(pieces) if shared.size <= _LARGE else Spliced(pieces)


def _stuffed_after(before: Sequence[bytes], octets: bytes, *, is_stuffed: bool = False) -> bytes:
    """A piece with its dots doubled (RFC 5321, 4.5.2), also the one that begins a line by what stands before it."""
    dotted = octets if is_stuffed else octets.replace(b"\r\n.", b"\r\n..")
    return b"." + dotted if dotted.startswith(b".") and _last(before).endswith(b"\n") else dotted


def _last(pieces: Sequence[bytes]) -> bytes:
    return next((piece for piece in reversed(pieces) if piece), b"")


class Making:
    """Makes the own copies of one packet, in order."""

    def __init__(self, database: Database, shared: Shared, delivery_id: int, keys: Sequence[int]) -> None:
        self._database = database
        self._shared = shared
        self._delivery_id = delivery_id
        self._keys = keys
        self._facts: Mapping[int, RecipientFacts] | None = None
        self._coming: asyncio.Task[list[Own]] | None = None
        self._is_costly = shared.slots is not None or shared.prepared is not None
        self.made: list[Own] = []

    async def reach(self, number: int) -> None:
        """Make copies until that number of them are there, and begin with those after them."""
        made, keys = self.made, self._keys
        while len(made) < min(number, len(keys)):
            if not self._is_costly:
                made += [own for own, _ in self._some_begun(len(made), _CHEAP)]
                continue
            coming = self._coming or asyncio.create_task(self._some(len(made)))
            self._coming = coming
            made += await coming
            self._coming = None
        if self._is_costly and len(made) < len(keys) and self._coming is None:
            self._coming = asyncio.create_task(self._some(len(made)))

    async def close(self, sent: int = 0, *, keeps: bool = False) -> None:
        """Let go of what comes after the first `sent` copies; `keeps`: somebody will go on with it soon."""
        if self._coming is not None:
            if not keeps:
                self._coming.cancel()
            # What broke in it concerns nobody any more; a copy that is wanted breaks where it is wanted.
            [came] = await asyncio.gather(self._coming, return_exceptions=True)
            self._coming = None
            self.made += [] if isinstance(came, BaseException) else came
        if keeps and self._is_costly:
            for key, own in zip(self._keys[sent : len(self.made)], self.made[sent:], strict=True):
                if not own.is_gone:
                    self._shared.leftovers.keep(key, own)

    def _some_begun(self, start: int, count: int) -> list[tuple[Own, str]]:
        keys = self._keys[start : start + count]
        return _begun(self._database.site, self._shared, self._delivery_id, keys)

    async def _some(self, start: int) -> list[Own]:
        keys = self._keys[start : start + (_AHEAD if start else _FIRST)]
        left = {key: own for key in keys if (own := self._shared.leftovers.take(key)) is not None}
        fresh = [key for key in keys if key not in left] if left else keys
        left.update(zip(fresh, await self._fresh(fresh), strict=True))
        return [left[key] for key in keys]

    async def _fresh(self, keys: Sequence[int]) -> list[Own]:
        shared = self._shared
        batch = _begun(self._database.site, shared, self._delivery_id, keys)
        if shared.slots is not None:
            facts = await self._known()
            for (own, link), key in zip(batch, keys, strict=True):
                if key in facts:
                    own.pieces = shared.slots.pieces(own_values(facts[key], link))
                else:
                    own.is_gone = True
        copies = [own for own, _ in batch]
        if shared.prepared is not None:
            there = [own for own in copies if not own.is_gone]
            digests = await self._digests(there)
            before = await signed(
                shared.prepared, [(own.fields, digest) for own, digest in zip(there, digests, strict=True)]
            )
            for own, fields in zip(there, before, strict=True):
                own.fields = fields + own.fields
        return copies

    async def _known(self) -> Mapping[int, RecipientFacts]:
        if self._facts is None:
            async with self._database.read() as reader:
                self._facts = await recipient_facts.of_members(reader, [*self._keys])
        return self._facts

    async def _digests(self, copies: Sequence[Own]) -> list[bytes]:
        if self._shared.slots is None:
            return [self._shared.state.digest()] * len(copies)
        if sum(map(len, self._shared.tails)) > _LONG:
            return [await asyncio.to_thread(_digest, self._shared, own) for own in copies]
        return [_digest(self._shared, own) for own in copies]


def _digest(shared: Shared, own: Own) -> bytes:
    """The hash of a copy's body, from where the first slot begins."""
    state = shared.state.copy()
    for piece, tail in zip(own.pieces, shared.tails, strict=True):
        state.update(piece)
        state.update(tail)
    return state.digest()
