"""What a DKIM-Signature field says of itself, and whether that alone makes it worthless (RFC 6376, RFC 8301)."""

import re
from dataclasses import dataclass

from dkim.canonicalization import CanonicalizationPolicy, InvalidCanonicalizationPolicyError
from dkim.util import InvalidTagValueList, parse_tag_value

from mail.domain import normal_domain
from mail.errors import BadAddress
from mail.fields import Field
from mail.message import Message

Tags = dict[bytes, bytes]

_NEEDED = (b"v", b"a", b"b", b"bh", b"d", b"h", b"s")
# rsa-sha1 proves nothing any more (RFC 8301, section 3.1).
ALGORITHMS = {b"rsa-sha256": b"rsa", b"ed25519-sha256": b"ed25519"}
_SELECTOR = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,100}[a-z0-9_])?", re.IGNORECASE)
_NUMBER = re.compile(rb"\d{1,12}")
_DOMAIN = re.compile(rb"(?:^|;)\s*d\s*=\s*([A-Za-z0-9._-]{1,253})")
_COLON = re.compile(rb"\s*:\s*")
# Signatures have lines of a few dozen octets; patterns that verify them must not be fed with endless white space.
_BLANKS = re.compile(rb"\s{80}")
_FIELD_OCTETS = 8192
_MOST_NAMES = 200
# How much a signer's clock may be ahead of ours.
_AHEAD_SECONDS = 300


class Unacceptable(Exception):
    """This signature proves nothing; have the message signed anew, with From and the whole body covered."""

    code = "SIGNATURE_UNACCEPTABLE"

    def __init__(self, result: str, why: str) -> None:
        """`result` is RFC 8601's word for it, `why` half a sentence."""
        super().__init__(why)
        self.result = result
        self.why = why


@dataclass(frozen=True, slots=True)
class SignatureTags:
    """One signature's tags as far as they are needed: who signed, with what, and which fields, in lower case."""

    domain: str
    selector: str
    key_type: bytes
    identity_domain: str
    covered: tuple[str, ...]
    has_relaxed_body: bool
    has_relaxed_header: bool = True

    @property
    def key_name(self) -> str:
        """Where the key is published."""
        return f"{self.selector}._domainkey.{self.domain}."


def named_domains(message: Message) -> list[str]:
    """The domains that signed a message by its own words, which prove nothing; those that cannot be read are left out."""
    found = (_DOMAIN.search(field.raw.partition(b":")[2]) for field in message.fields_named("DKIM-Signature"))
    return [each[1].decode("ascii") for each in found if each is not None]


def read_tags(field: Field, now: int) -> SignatureTags:
    """The tags of one DKIM-Signature field; `now` is in seconds.

    Raises Unacceptable: `permerror` for what is no signature, `policy` for one that covers too little, is too old or
    too weak (requirement 5.5, item 55).
    """
    tags = _parsed(field)
    _check_form(tags)
    _check_strength(tags)
    _check_times(tags, now)
    domain, selector = _names(tags)
    return SignatureTags(
        domain,
        selector,
        ALGORITHMS[tags[b"a"]],
        _identity_domain(tags, domain),
        _covered(tags),
        *_forms(tags),
    )


def arc_tags(tags: Tags, *, needed: tuple[bytes, ...]) -> SignatureTags:
    """The tags of an ARC-Message-Signature or ARC-Seal, in which other tags are needed; raises Unacceptable (RFC 8617, 4.1)."""
    missing = [name for name in needed if name not in tags]
    if missing:
        raise Unacceptable("permerror", f"{missing[0].decode()}= is missing")
    if tags[b"a"] not in ALGORITHMS:
        raise Unacceptable("policy", "a= names no algorithm that proves anything")
    domain, selector = _names(tags)
    covered = _covered(tags) if b"h" in tags else ()
    return SignatureTags(domain, selector, ALGORITHMS[tags[b"a"]], domain, covered, *_forms(tags))


def claimed_domain(field: Field) -> str:
    """The domain that a signature names, even where it proves nothing; "" where none can be read."""
    try:
        return _names(_parsed(field))[0]
    except Unacceptable:
        return ""


def _parsed(field: Field) -> Tags:
    octets = field.raw.partition(b":")[2]
    if len(octets) > _FIELD_OCTETS or _BLANKS.search(octets):
        raise Unacceptable("policy", "the signature is too long")
    try:
        # By the function that the verifier itself uses: both must read the same.
        tags: Tags = parse_tag_value(octets)
    except InvalidTagValueList as bad:
        raise Unacceptable("permerror", "the signature cannot be read") from bad
    missing = [name for name in _NEEDED if name not in tags]
    if missing:
        raise Unacceptable("permerror", f"{missing[0].decode()}= is missing")
    return tags


def _check_form(tags: Tags) -> None:
    if tags[b"v"] != b"1":
        raise Unacceptable("permerror", "v= is not 1")
    if tags.get(b"q", b"dns/txt") != b"dns/txt":
        raise Unacceptable("permerror", "q= is not dns/txt")


def _check_strength(tags: Tags) -> None:
    if tags[b"a"] not in ALGORITHMS:
        raise Unacceptable("policy", "a= names no algorithm that proves anything")
    # Text can be appended to what is signed by length (RFC 6376, section 8.2).
    if b"l" in tags:
        raise Unacceptable("policy", "l= leaves a part of the body unsigned")
    if "from" not in _covered(tags):
        raise Unacceptable("policy", "From is not signed")


def _check_times(tags: Tags, now: int) -> None:
    for name in (b"t", b"x"):
        if name in tags and not _NUMBER.fullmatch(tags[name]):
            raise Unacceptable("permerror", f"{name.decode()}= is no time")
    if b"t" in tags and int(tags[b"t"]) > now + _AHEAD_SECONDS:
        raise Unacceptable("policy", "t= lies in the future")
    if b"x" in tags and int(tags[b"x"]) <= now:
        raise Unacceptable("policy", "x= has passed")


def _names(tags: Tags) -> tuple[str, str]:
    try:
        domain, selector = normal_domain(tags[b"d"].decode("utf-8")), tags[b"s"].decode("ascii")
    except (UnicodeDecodeError, BadAddress) as bad:
        raise Unacceptable("permerror", "d= or s= is no name") from bad
    if not _SELECTOR.fullmatch(selector):
        raise Unacceptable("permerror", "s= is no name")
    return domain, selector


def _identity_domain(tags: Tags, domain: str) -> str:
    identity = tags.get(b"i", b"").decode("utf-8", "replace").lower()
    found = identity.rpartition("@")[2] if identity else domain
    if found != domain and not found.endswith(f".{domain}"):
        raise Unacceptable("permerror", "i= lies outside of d=")
    return found


def _covered(tags: Tags) -> tuple[str, ...]:
    """The names in h=, each as often as it stands there."""
    listed = _COLON.split(tags[b"h"])
    if len(listed) > _MOST_NAMES:
        raise Unacceptable("policy", "h= is too long")
    return tuple(each.strip().lower().decode("ascii", "replace") for each in listed)


def _forms(tags: Tags) -> tuple[bool, bool]:
    """Whether the body is signed in its relaxed form, and whether the fields are."""
    try:
        policy = CanonicalizationPolicy.from_c_value(tags.get(b"c", b"simple/simple"))
    except InvalidCanonicalizationPolicyError as bad:
        raise Unacceptable("permerror", "c= names no known form") from bad
    header, _, body = policy.to_c_value().partition(b"/")
    return body == b"relaxed", header == b"relaxed"
