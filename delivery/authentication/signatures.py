"""DKIM signatures of a message, each verified, and what they cover (RFC 6376; requirement 5.5, items 55 and 57)."""

import asyncio
import logging
import re
from dataclasses import dataclass

import dkim

from delivery.authentication.alignment import are_aligned
from delivery.authentication.lookup import Lookup, LookupFailed
from delivery.authentication.signature_key import check_key
from delivery.authentication.signature_tags import SignatureTags, Unacceptable, claimed_domain, read_tags
from mail.errors import BadAddress
from mail.fields import Field
from mail.message import Message

# More than this many are padding.
MOST_SIGNATURES = 10
# Verifying costs time for each octet of the body: a large message gets fewer of its signatures looked at.
_BODY_OCTETS = 20_000_000
_FEWEST = 2
_HEADER_OCTETS = 131_072
_BLANKS = re.compile(rb"[ \t]+")
_ODD_NAME = re.compile(rb"[!-9;-~]+[ \t]+:")
_RECIPIENT_FIELDS = ("To", "Cc")
# A second one on top would be shown, or decide how the body is read, without being signed (RFC 5322, section 3.6).
_AT_MOST_ONE = (
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "Content-Type",
    "Content-Transfer-Encoding",
)

# The verifier tells about every bad signature; ours is told by its result.
_quiet = logging.getLogger("postroom.dkim")
_quiet.addHandler(logging.NullHandler())
_quiet.propagate = False


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature: the domain it names, its result in RFC 8601's words, and why.

    `covered` holds the fields it signs, by their names in lower case, each as often as h= names it.
    """

    domain: str
    result: str
    why: str = ""
    selector: str = ""
    covered: tuple[str, ...] = ()

    @property
    def has_passed(self) -> bool:
        """Whether it proves that its domain signed this message, From included."""
        return self.result == "pass"


@dataclass(frozen=True, slots=True)
class _Keys:
    """Where keys are published, and how long to wait for one, in seconds."""

    lookup: Lookup
    patience: float

    async def record(self, tags: SignatureTags) -> bytes:
        """The key record for a signature; raises Unacceptable."""
        try:
            async with asyncio.timeout(self.patience):
                records = await self.lookup.txt(tags.key_name)
        except (LookupFailed, TimeoutError) as failed:
            raise Unacceptable("temperror", "the key could not be looked up") from failed
        if len(records) != 1:
            # Several keys under one name are undefined (RFC 6376, section 3.6.2.2).
            raise Unacceptable("permerror", "there are several keys" if records else "there is no key")
        return records[0]


async def check_signatures(
    message: Message, lookup: Lookup, *, now: int, author_domain: str = "", patience: float = 5.0
) -> list[Signature]:
    """Every signature of the message, up to ten, in their order; `now` and `patience` are in seconds. Never raises.

    Those that are aligned with `author_domain` come first where the message is too large for all of them.
    All keys are asked for at once, and none is waited for longer than `patience`. A header section that programs could read in two ways, or with a field twice that may stand but once, makes all of them worthless.
    """
    found = message.fields_named("DKIM-Signature")[:MOST_SIGNATURES]
    if not found:
        return []
    odd = oddity(message)
    if odd:
        return [Signature(claimed_domain(field), "policy", odd) for field in found]
    keys, chosen = _Keys(lookup, patience), _chosen(message, found, author_domain)
    return await asyncio.gather(
        *(
            _check(message, field, place, keys, now) if place in chosen else _passed_over(field)
            for place, field in enumerate(found)
        )
    )


def _chosen(message: Message, found: list[Field], author_domain: str) -> set[int]:
    """The places of the signatures to look at."""
    most = max(_FEWEST, _BODY_OCTETS // len(message.raw))
    if len(found) <= most:
        return {*range(len(found))}
    wanted = [are_aligned(claimed_domain(field), author_domain) for field in found]
    return {*sorted(range(len(found)), key=lambda place: not wanted[place])[:most]}


async def _passed_over(field: Field) -> Signature:
    return Signature(claimed_domain(field), "neutral", "the message is too large for so many signatures")


def recipients_covered(message: Message, covered: tuple[str, ...] | None) -> frozenset[str]:
    """The keys of the addresses in those To and Cc fields that are signed; None signs all of them.

    A name that stands n times in h= covers the last n fields of that name (RFC 6376, section 5.4.2). Where Message-ID
    or Subject is not signed nobody is named: the mail could be sent again as if it were new, or another command (pitfall 57).
    """
    if covered is not None and not ("subject" in covered and _signed(message, "Message-ID", covered)):
        return frozenset()
    return frozenset(
        key
        for name in _RECIPIENT_FIELDS
        for field in _signed(message, name, covered)
        for key in _keys_in(field)
    )


def _signed(message: Message, name: str, covered: tuple[str, ...] | None) -> list[Field]:
    fields = message.fields_named(name)
    times = len(fields) if covered is None else covered.count(name.lower())
    return fields[max(0, len(fields) - times) :] if times else []


def _keys_in(field: Field) -> list[str]:
    try:
        return [box.address.key for box in field.mailboxes()]
    except BadAddress:
        # What cannot be read names nobody.
        return []


def oddity(message: Message) -> str:
    """Why no signature of this message can be trusted; "" when nothing speaks against them."""
    if len(message.raw) - len(message.body) > _HEADER_OCTETS:
        return "the header section is too long"
    if message.count("From") != 1:
        return "there is not exactly one From field"
    twice = next((name for name in _AT_MOST_ONE if message.count(name) > 1), "")
    if twice:
        return f"there is more than one {twice} field"
    if any(not field.name or _ODD_NAME.match(field.raw) for field in message.fields):
        return "a line of the header section is no field"
    return ""


async def _check(message: Message, field: Field, place: int, keys: _Keys, now: int) -> Signature:
    try:
        tags = read_tags(field, now)
    except Unacceptable as bad:
        return Signature(claimed_domain(field), bad.result, bad.why)
    try:
        record = await keys.record(tags)
        check_key(record, tags)
    except Unacceptable as bad:
        return Signature(tags.domain, bad.result, bad.why, tags.selector, tags.covered)
    is_good = await asyncio.to_thread(_verify, message, place, record, tags)
    result, why = ("pass", "") if is_good else ("fail", "the signature does not fit the message")
    return Signature(tags.domain, result, why, tags.selector, tags.covered)


def canonical_input(message: Message, tags: SignatureTags) -> bytes:
    """The message as the verifier gets it: what the relaxed form would do first, in time linear in the body however blank it is."""
    raw = message.raw
    if not tags.has_relaxed_body:
        return raw
    body = _BLANKS.sub(b" ", message.body).replace(b" \r\n", b"\r\n")
    return raw[: len(raw) - len(message.body)] + body


def _verify(message: Message, place: int, record: bytes, tags: SignatureTags) -> bool:
    try:
        verifier = dkim.DKIM(canonical_input(message, tags), logger=_quiet, minkey=1024)
        return bool(verifier.verify(place, dnsfunc=lambda _name, timeout: record))
    except Exception:  # noqa: BLE001 - hostile input makes it raise whatever it likes; none of it is a proof
        return False
