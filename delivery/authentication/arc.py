"""Chains of forwarders who sealed what they found out about a message (ARC, RFC 8617)."""

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value

from delivery.authentication.dmarc import Policy
from delivery.authentication.lookup import Lookup, LookupFailed
from delivery.authentication.signature_key import check_key
from delivery.authentication.signature_tags import SignatureTags, Tags, Unacceptable, arc_tags
from delivery.authentication.signatures import canonical_input, oddity
from mail.authentication_results import AuthResult, read_results
from mail.fields import Field
from mail.message import Message

RESULTS, SIGNATURE, SEAL = "arc-authentication-results", "arc-message-signature", "arc-seal"
_KINDS = (RESULTS, SIGNATURE, SEAL)
# RFC 8617, section 4.2.1.
_MOST_SETS = 50
_FIELD_OCTETS = 8192
# Patterns that verify them must not be fed with endless white space.
_BLANKS = re.compile(rb"\s{80}")
_INSTANCE = re.compile(r"\s*i\s*=\s*(\d{1,3})\s*;")

_quiet = logging.getLogger("postroom.dkim")


class _Broken(Exception):
    """This chain proves nothing; whoever forwards the message begins no other one."""

    code = "CHAIN_BROKEN"


@dataclass(frozen=True, slots=True)
class Seal:
    """One forwarder: the domain that sealed, and what it says that it found out when the message came to it."""

    domain: str
    results: tuple[AuthResult, ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """What a message's chain is worth: none, pass, fail, or temperror where a key could not be looked up.

    `seals` has the oldest first, and is empty unless the chain passed.
    """

    result: str = "none"
    why: str = ""
    seals: tuple[Seal, ...] = ()

    def found_by(self, trusted: str) -> tuple[AuthResult, ...]:
        """What the first of the trusted domains found out behind which only trusted ones sealed; nothing where there is none.

        Whoever seals may have changed the message before, so one stranger at the end makes all of it worthless. `trusted` are domains separated by spaces.
        """
        domains = set(trusted.split())
        found: tuple[AuthResult, ...] = ()
        for seal in reversed(self.seals):
            if seal.domain not in domains:
                break
            found = seal.results
        return found


def vouches(results: Sequence[AuthResult], author_domain: str, policy: Policy) -> bool:
    """Whether a forwarder found that the author's domain stood behind the message when it came."""
    for each in results:
        if each.result != "pass":
            continue
        if each.method == "dmarc" and _domain(each, "header.from") == author_domain:
            return True
        if each.method == "dkim" and policy.is_aligned_by_dkim(
            _domain(each, "header.d") or _domain(each, "header.i"), author_domain
        ):
            return True
    return False


async def check_chain(message: Message, lookup: Lookup, *, patience: float = 5.0) -> Chain:
    """Verify the chain of a message (RFC 8617, section 5.2); all keys are asked for at once. Never raises.

    `patience` is how many seconds the DNS has.
    """
    fields = {kind: message.fields_named(kind) for kind in _KINDS}
    if not any(fields.values()):
        return Chain()
    try:
        sets = _sets(fields)
        odd = oddity(message)
        if odd:
            raise _Broken(odd)
        tags = [_seal_tags(sets, place) for place in range(len(sets))]
        newest = _signature_tags(sets[-1])
        keys = await _keys([*tags, newest], lookup, patience)
        await asyncio.to_thread(_verify, message, sets, tags, newest, keys)
    except LookupFailed:
        return Chain("temperror", "a key could not be looked up")
    except (_Broken, Unacceptable) as bad:
        return Chain("fail", str(bad))
    return Chain(
        "pass",
        "",
        tuple(
            Seal(tag.domain, tuple(read_results(each[RESULTS].unfolded)))
            for tag, each in zip(tags, sets, strict=True)
        ),
    )


_Set = Mapping[str, Field]


def _sets(fields: Mapping[str, Sequence[Field]]) -> list[_Set]:
    """The sets from 1 upwards, each with its three fields; raises _Broken where one is missing or there twice."""
    counts = {len(each) for each in fields.values()}
    if len(counts) != 1 or max(counts) > _MOST_SETS:
        raise _Broken("the sets are not complete, or too many")
    by_number: dict[int, dict[str, Field]] = {}
    for kind, found in fields.items():
        for field in found:
            if len(field.raw) > _FIELD_OCTETS or _BLANKS.search(field.raw):
                raise _Broken("a field is too long")
            if by_number.setdefault(_instance(field, kind), {}).setdefault(kind, field) is not field:
                raise _Broken("a set has a field twice")
    if sorted(by_number) != [*range(1, counts.pop() + 1)]:
        raise _Broken("a set is missing")
    return [by_number[number] for number in sorted(by_number)]


def _instance(field: Field, kind: str) -> int:
    if kind == RESULTS:
        match = _INSTANCE.match(field.unfolded)
        written = match[1] if match else ""
    else:
        written = _tags(field).get(b"i", b"").decode("ascii", "replace")
    if not re.fullmatch(r"[1-9]\d?", written, re.ASCII):
        raise _Broken("a set has no number")
    return int(written)


def _tags(field: Field) -> Tags:
    try:
        tags: Tags = parse_tag_value(field.raw.partition(b":")[2])
    except InvalidTagValueList as bad:
        raise _Broken("a field cannot be read") from bad
    return tags


def _seal_tags(sets: Sequence[_Set], place: int) -> SignatureTags:
    """Raises _Broken for a seal that says that the chain was broken before, or that begins or goes on where it does not."""
    tags = _tags(sets[place][SEAL])
    if tags.get(b"cv") != (b"pass" if place else b"none"):
        raise _Broken(f"set {place + 1} says that the chain is broken")
    if b"h" in tags:
        raise _Broken("a seal names fields")
    return arc_tags(tags, needed=(b"a", b"b", b"d", b"s"))


def _signature_tags(newest: _Set) -> SignatureTags:
    tags = _tags(newest[SIGNATURE])
    found = arc_tags(tags, needed=(b"a", b"b", b"bh", b"d", b"h", b"s"))
    if SEAL in found.covered:
        raise _Broken("a signature covers seals")
    if b"l" in tags or "from" not in found.covered:
        raise _Broken("From or a part of the body is not signed")
    return found


async def _keys(tags: Sequence[SignatureTags], lookup: Lookup, patience: float) -> dict[str, bytes]:
    """The key records by name; raises LookupFailed, Unacceptable."""
    names = [*dict.fromkeys(each.key_name for each in tags)]
    try:
        async with asyncio.timeout(patience):
            answers = await asyncio.gather(*(lookup.txt(name) for name in names))
    except TimeoutError as late:
        raise LookupFailed from late
    found = {}
    for name, records in zip(names, answers, strict=True):
        if len(records) != 1:
            raise _Broken("there are several keys" if records else "there is no key")
        found[name] = records[0]
    for each in tags:
        check_key(found[each.key_name], each)
    return found


def _verify(
    message: Message,
    sets: Sequence[_Set],
    seals: Sequence[SignatureTags],
    newest: SignatureTags,
    keys: Mapping[str, bytes],
) -> None:
    """Raises _Broken unless the newest signature fits the message and each seal fits its sets."""
    if not _holds(
        canonical_input(message, newest), None, sets[-1][SIGNATURE], [*newest.covered], keys[newest.key_name]
    ):
        raise _Broken("the message was changed after the last seal")
    for place, tags in enumerate(seals):
        sealed = [each[kind] for each in sets[: place + 1] for kind in _KINDS][:-1]
        names = [field.name.lower() for field in sealed]
        if not _holds(b"From: x\r\n\r\n", sealed, sets[place][SEAL], names, keys[tags.key_name]):
            raise _Broken(f"seal {place + 1} does not hold")


def _holds(
    raw: bytes, fields: Sequence[Field] | None, signature: Field, names: list[str], record: bytes
) -> bool:
    """Whether a field signs those fields (by default: those of the message) and, where it says so, the body."""
    try:
        verifier = dkim.ARC(raw, logger=_quiet, minkey=1024)
        tags = parse_tag_value(signature.raw.partition(b":")[2])
        if fields is not None:
            # Fields are chosen from the bottom up, so the first to be signed stands last.
            verifier.headers = [_pair(field) for field in reversed(fields)]
            tags[b"c"] = b"relaxed/relaxed"
        included = [name.encode() for name in names]
        return bool(verifier.verify_sig(tags, included, _pair(signature), lambda _name, timeout: record))
    except Exception:  # noqa: BLE001 - hostile input makes it raise whatever it likes; none of it is a proof
        return False


def _pair(field: Field) -> tuple[bytes, bytes]:
    return field.name.encode(), field.raw.partition(b":")[2]


def _domain(result: AuthResult, name: str) -> str:
    return result.properties.get(name, "").rpartition("@")[2].lower().rstrip(".")
