"""The next set of an authenticated received chain, over what our checks said when the message came (RFC 8617)."""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from delivery.signing.canonical import name_of, relaxed_field
from delivery.signing.covered import Covered, only
from delivery.signing.folding import folded_names, folded_words, one_line
from delivery.signing.keys import SigningKey
from delivery.signing.tagged import signed_field

# Section 4.2.1.
_MOST_SETS = 50
_RESULTS, _MESSAGE, _SEAL = "arc-authentication-results", "arc-message-signature", "arc-seal"
_SET = (_RESULTS, _MESSAGE, _SEAL)
_INSTANCE = re.compile(rb"(?:^|;)[ \t\r\n]*i[ \t\r\n]*=[ \t\r\n]*([0-9]{1,4})[ \t\r\n]*(?:;|$)")
_CV = re.compile(rb"(?:^|;)[ \t\r\n]*cv[ \t\r\n]*=[ \t\r\n]*([a-z]+)[ \t\r\n]*(?:;|$)", re.IGNORECASE)
_SAID = re.compile(r"(?:^|;)\s*arc\s*=\s*([a-z]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Seal:
    """An RSA key that seals, and the payload of the field ARC-Authentication-Results."""

    key: SigningKey
    results: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain as it came, hashed, to which each copy adds one set."""

    key: SigningKey
    instance: int
    status: str
    results: bytes
    names: str
    message: "hashlib._Hash"
    before: "hashlib._Hash"

    def fields(self, own: bytes, signatures: Sequence[bytes], digest: bytes, second: int) -> bytes:
        """One copy's set: `own` in relaxed form and the DKIM-Signatures made for it are covered by the message's signature."""
        lower = [relaxed_field(each) for each in reversed(signatures)]
        message = self._message(second, digest, own, *lower)
        seal = self._seal(second, relaxed_field(self.results) + relaxed_field(message))
        return seal + message + self.results

    def _message(self, second: int, digest: bytes, *more: bytes) -> bytes:
        unsigned = (
            f"ARC-Message-Signature: i={self.instance}; a=rsa-sha256; c=relaxed/relaxed;\r\n"
            f" d={self.key.domain};\r\n s={self.key.selector}; t={second};\r\n{self.names}\r\n"
            f" bh={base64.b64encode(digest).decode()};\r\n"
        ).encode()
        return signed_field(unsigned, self.key, self.message, *more)

    def _seal(self, second: int, relaxed_set: bytes) -> bytes:
        unsigned = (
            f"ARC-Seal: i={self.instance}; a=rsa-sha256; t={second}; cv={self.status};\r\n"
            f" d={self.key.domain};\r\n s={self.key.selector};\r\n"
        ).encode()
        return signed_field(unsigned, self.key, self.before, relaxed_set)


def prepare(seal: Seal, fields: Sequence[bytes], what: Covered, count: int) -> Chain | None:
    """The chain of a message with these constant fields, whose copies get `count` DKIM-Signatures; None where no set may
    follow: the latest says that the chain failed, or there are fifty (sections 5.1 and 4.2.1).
    """
    sets = [(instance_of(each), each) for each in fields if name_of(each) in _SET]
    latest = max((instance for instance, _ in sets), default=0)
    if latest >= _MOST_SETS or _has_ended(sets, latest):
        return None
    status = _status(seal.results, sets)
    already = only(fields, "dkim-signature")
    # The fields of a copy stand above the constant ones and are named after them.
    names = [
        *what.names,
        *["dkim-signature"] * len(already),
        *what.own,
        *["dkim-signature"] * count,
        *what.again,
    ]
    message = hashlib.sha256(what.relaxed + b"".join(relaxed_field(each) for each in already))
    # A seal over a failed chain covers its own set alone (section 5.1.2).
    before = b"" if status == "fail" else _relaxed_sets(sets)
    return Chain(
        seal.key,
        latest + 1,
        status,
        _results_field(seal.results, latest + 1),
        folded_names(names),
        message,
        hashlib.sha256(before),
    )


def instance_of(field_: bytes) -> int:
    """The number of the set that an ARC field says it belongs to; 0 where it says none."""
    found = _INSTANCE.search(field_.partition(b":")[2])
    return int(found[1]) if found else 0


def _has_ended(sets: Sequence[tuple[int, bytes]], latest: int) -> bool:
    """Whether the latest seal says that the chain failed: nothing may be added to it (section 5.1)."""
    seals = [each for instance, each in sets if instance == latest and name_of(each) == _SEAL]
    return any((found := _CV.search(each)) is not None and found[1].lower() == b"fail" for each in seals)


def _status(results: str, sets: Sequence[tuple[int, bytes]]) -> str:
    """What the new seal says of the chain before it (section 4.4); what was not found to be good has failed."""
    if not sets:
        return "none"
    said = [each.lower() for each in _SAID.findall(results)]
    return "pass" if said == ["pass"] and _is_whole(sets) else "fail"


def _is_whole(sets: Sequence[tuple[int, bytes]]) -> bool:
    """Whether there is one field of each kind for each instance from 1 on (section 5.2)."""
    there = sorted((instance, name_of(each)) for instance, each in sets)
    return there == sorted((number, name) for number in range(1, len(sets) // 3 + 1) for name in _SET)


def _relaxed_sets(sets: Sequence[tuple[int, bytes]]) -> bytes:
    """All sets in the order in which a seal covers them: by instance; results, signature, seal (section 5.1.1)."""
    in_order = sorted(sets, key=lambda each: (each[0], _SET.index(name_of(each[1]))))
    return b"".join(relaxed_field(each) for _, each in in_order)


def _results_field(results: str, instance: int) -> bytes:
    words = one_line(results).split()
    return folded_words(f"ARC-Authentication-Results: i={instance};", words).encode() + b"\r\n"
