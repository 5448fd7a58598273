"""The signatures of one delivery: what its copies share is hashed once, each copy costs its own fields and the keys' work."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from delivery.signing import arc
from delivery.signing.canonical import split_fields
from delivery.signing.covered import Covered, covered
from delivery.signing.folding import folded_names
from delivery.signing.keys import SigningKey
from delivery.signing.tagged import SignatureForm

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

    __slots__ = ("_chain", "_covered", "_forms", "_names", "_signer", "_state")

    def __init__(self, signer: Signer, what: Covered, chain: "arc.Chain | None") -> None:
        self._signer = signer
        self._covered = what
        self._chain = chain
        self._names = folded_names([*what.names, *what.own, *what.again])
        self._state = hashlib.sha256(what.relaxed)
        self._forms: tuple[int, list[SignatureForm]] = (-1, [])

    def fields(self, own: bytes, digest: bytes) -> bytes:
        """The fields to be put before everything else of a copy: the ARC set, then its DKIM-Signatures; CRLF at the end.

        `own`: the copy's own field lines; `digest`: of its body. DKIM is made first, the ARC seal last and over it
        (RFC 8617, section 5.1). Raises BadOwnFields.
        """
        own_relaxed = self._covered.own_relaxed(own)
        second = self._signer.clock() // _SECOND
        made = [
            form.signed(digest, key, self._state, own_relaxed)
            for key, form in zip(self._signer.keys, self._forms_of(second), strict=True)
        ]
        sealed = b"" if self._chain is None else self._chain.fields(own_relaxed, made, digest, second)
        return sealed + b"".join(made)

    @property
    def is_slow(self) -> bool:
        """Whether RSA signs: ten times the work of Ed25519."""
        return self._chain is not None or any(key.is_rsa for key in self._signer.keys)

    def _forms_of(self, second: int) -> list[SignatureForm]:
        made_at, forms = self._forms
        if made_at != second:
            forms = [self._form(key, second) for key in self._signer.keys]
            # Two threads may write it at one moment; each goes on with its own.
            self._forms = second, forms
        return forms

    def _form(self, key: SigningKey, second: int) -> SignatureForm:
        return SignatureForm.of(
            f"DKIM-Signature: v=1; a={key.algorithm}; c=relaxed/relaxed;\r\n d={key.domain};\r\n"
            f" s={key.selector}; t={second};\r\n{self._names}\r\n"
        )
