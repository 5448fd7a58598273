"""The signatures of one delivery: what its copies share is hashed once, each copy costs its own fields and the keys' work."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from delivery.signing import arc
from delivery.signing.canonical import split_fields
from delivery.signing.covered import Covered, covered
from delivery.signing.folding import folded_names
from delivery.signing.keys import SigningKey
from delivery.signing.tagged import signed_field

_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Signer:
    """Everything needed to sign the copies of one delivery.

    `keys` make a DKIM-Signature each, `seal` closes the chain of ARC; `clock` tells microseconds since the epoch.
    """

    keys: tuple[SigningKey, ...]
    clock: Callable[[], int]
    seal: arc.Seal | None = None

    def prepare(self, head: bytes, own_names: Sequence[str]) -> "Prepared":
        """Hash what every copy begins with.

        `head`: the constant header fields, each ending in CRLF, without the blank line; `own_names`: the fields that each
        copy brings itself and that stand before them.
        """
        fields = split_fields(head)
        what = covered(fields, own_names)
        chain = None if self.seal is None else arc.prepare(self.seal, fields, what, len(self.keys))
        return Prepared(self, what, chain)


class Prepared:
    """A delivery's constant fields, hashed; its copies are signed one by one, from any thread."""

    __slots__ = ("_chain", "_covered", "_names", "_signer", "_state")

    def __init__(self, signer: Signer, what: Covered, chain: "arc.Chain | None") -> None:
        self._signer = signer
        self._covered = what
        self._chain = chain
        self._names = folded_names([*what.names, *what.own, *what.again])
        self._state = hashlib.sha256(what.relaxed)

    def fields(self, own: bytes, digest: bytes) -> bytes:
        """The fields to be put before everything else of a copy: the ARC set, then its DKIM-Signatures; CRLF at the end.

        `own`: the copy's own field lines; `digest`: of its body. DKIM is made first, the ARC seal last and over it
        (RFC 8617, section 5.1). Raises BadOwnFields.
        """
        own_relaxed = self._covered.own_relaxed(own)
        second = self._signer.clock() // _SECOND
        made = [self._signature(key, own_relaxed, digest, second) for key in self._signer.keys]
        sealed = b"" if self._chain is None else self._chain.fields(own_relaxed, made, digest, second)
        return sealed + b"".join(made)

    def _signature(self, key: SigningKey, own: bytes, digest: bytes, second: int) -> bytes:
        tags = (
            f" v=1; a={key.algorithm}; c=relaxed/relaxed;\r\n d={key.domain};\r\n"
            f" s={key.selector}; t={second};\r\n{self._names}\r\n"
        )
        unsigned = f"DKIM-Signature:{tags} bh={base64.b64encode(digest).decode()};\r\n".encode()
        return signed_field(unsigned, key, self._state, own)
