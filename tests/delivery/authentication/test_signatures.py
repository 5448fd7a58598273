"""DKIM: what a signature must be to prove who wrote a message (requirement 5.5, items 55 and 57)."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery.authentication.signatures import MOST_SIGNATURES, check_signatures, recipients_covered
from mail.message import parse_message
from tests.delivery.authentication.signing import (
    NOW,
    Zone,
    record_of,
    rsa_key,
    signed,
    signed_with_512_bits,
)

MAIL = (
    b"From: Ann <ann@example.edu>\r\nTo: staff@lists.example.org\r\nSubject: Hello\r\n"
    b"Date: Mon, 18 Mar 2030 12:00:00 +0000\r\nMessage-ID: <1@example.edu>\r\n\r\nA line.  \r\n\r\nThe end.\r\n"
)


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa_key()


@pytest.fixture
def zone(key: rsa.RSAPrivateKey) -> Zone:
    zone = Zone()
    zone.publish("example.edu", record_of(key))
    return zone


async def results(raw: bytes, zone: Zone) -> list[str]:
    return [each.result for each in await check_signatures(parse_message(raw), zone, now=NOW)]


async def why(raw: bytes, zone: Zone) -> str:
    (found,) = await check_signatures(parse_message(raw), zone, now=NOW)
    assert not found.has_passed
    return f"{found.result}: {found.why}"


async def test_a_good_signature_passes_and_names_its_domain_and_what_it_covers(
    key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    (found,) = await check_signatures(parse_message(signed(MAIL, key)), zone, now=NOW)
    assert (found.result, found.domain, found.selector) == ("pass", "example.edu", "s1")
    assert found.covered == ("from", "to", "subject", "message-id", "date")


async def test_ed25519_signatures_pass() -> None:
    key, zone = ed25519.Ed25519PrivateKey.generate(), Zone()
    zone.publish("example.edu", record_of(key))
    assert await results(signed(MAIL, key), zone) == ["pass"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"The end.", b"The End."),
        (b"Subject: Hello", b"Subject: Hell"),
        (b"ann@example.edu>\r\nTo", b"bob@example.edu>\r\nTo"),
        (b"The end.\r\n", b"The end.\r\nAnd more.\r\n"),
    ],
    ids=["body", "subject", "author", "appended"],
)
async def test_a_changed_message_fails(old: bytes, new: bytes, key: rsa.RSAPrivateKey, zone: Zone) -> None:
    assert await why(signed(MAIL, key).replace(old, new), zone) == (
        "fail: the signature does not fit the message"
    )


async def test_pitfall_55_a_signature_that_does_not_cover_from_proves_nothing(
    key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    raw = signed(MAIL, key, covered="to:subject:date")
    forged = raw.replace(b"From: Ann <ann@example.edu>", b"From: ceo@example.edu")
    assert await why(raw, zone) == "policy: From is not signed"
    assert await why(forged, zone) == "policy: From is not signed"


@pytest.mark.parametrize("length", [0, 5, 20])
async def test_pitfall_55_a_signature_by_length_proves_nothing(
    length: int, key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    assert await why(signed(MAIL, key, body_length=length), zone) == (
        "policy: l= leaves a part of the body unsigned"
    )


async def test_pitfall_55_a_good_signature_counts_beside_bad_ones_in_any_place(
    key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    stranger = signed(b"", key, "example.edu", bh="AAAA")
    good = signed(MAIL, key)
    assert await results(stranger + good, zone) == ["fail", "pass"]
    field, _, rest = good.partition(b"\r\n")
    assert await results(field + b"\r\n" + stranger + rest, zone) == ["pass", "fail"]


async def test_a_second_from_makes_every_signature_worthless(key: rsa.RSAPrivateKey, zone: Zone) -> None:
    """Pitfalls 11 and 55."""
    raw = signed(MAIL, key)
    assert await why(b"From: ceo@example.edu\r\n" + raw, zone) == (
        "policy: there is not exactly one From field"
    )
    late = raw.replace(b"Subject:", b"From: ceo@example.edu\r\nSubject:")
    assert (await why(late, zone)).startswith("policy")


@pytest.mark.parametrize(
    "name", ["Subject", "To", "cc", "Date", "Message-Id", "Content-Type", "Reply-To", "Sender"]
)
async def test_a_second_field_that_may_stand_but_once_makes_every_signature_worthless(
    name: str, key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    mail = MAIL.replace(b"\r\n\r\n", b"\r\nCc: c@x.example\r\nContent-Type: text/plain\r\n\r\n", 1)
    mail = b"Sender: s@x.example\r\nReply-To: r@x.example\r\n" + mail
    raw = signed(mail, key)
    assert await results(raw, zone) == ["pass"]
    assert (await why(f"{name}: another\r\n".encode() + raw, zone)).startswith(
        "policy: there is more than one"
    )


@pytest.mark.parametrize(
    "line",
    [
        b"From : ceo@example.edu\r\n",
        b"From ceo@example.edu Mon Mar 18\r\n",
        b"no field at all\r\n",
        b"\x80: x\r\n",
    ],
)
async def test_a_header_that_can_be_read_in_two_ways_proves_nothing(
    line: bytes, key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    assert await why(line + signed(MAIL, key), zone)


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"x": str(NOW)}, "policy: x= has passed"),
        ({"x": str(NOW - 1)}, "policy: x= has passed"),
        ({"t": str(NOW + 3600)}, "policy: t= lies in the future"),
        ({"x": "soon"}, "permerror: x= is no time"),
        ({"v": "2"}, "permerror: v= is not 1"),
        ({"q": "http"}, "permerror: q= is not dns/txt"),
        ({"i": "@example.org"}, "permerror: i= lies outside of d="),
        ({"i": "@evilexample.edu"}, "permerror: i= lies outside of d="),
        ({"c": "strange/relaxed"}, "permerror: c= names no known form"),
        ({"s": "a b"}, "permerror: d= or s= is no name"),
        ({"d": "exa mple"}, "permerror: d= or s= is no name"),
    ],
)
async def test_what_a_signature_says_of_itself_can_make_it_worthless(
    tags: dict[str, str], said: str, key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    """Pitfalls 55 and 57: what it covers, and until when."""
    found = await why(signed(MAIL, key, **tags), zone)
    assert found == said or (tags.keys() & {"s", "d"} and found.startswith("permerror: "))


async def test_a_signature_that_is_not_yet_past_its_time_passes(key: rsa.RSAPrivateKey, zone: Zone) -> None:
    # The verifier's own clock is the real one, which is before NOW.
    raw = signed(MAIL, key, t="1700000000", x=str(NOW + 60))
    assert await results(raw, zone) == ["pass"]


async def test_sha1_proves_nothing(key: rsa.RSAPrivateKey, zone: Zone) -> None:
    """Pitfall 55."""
    assert await why(signed(MAIL, key, hashed=hashes.SHA1), zone) == (
        "policy: a= names no algorithm that proves anything"
    )


async def test_a_key_of_512_bits_proves_nothing_though_its_signature_fits() -> None:
    """Pitfall 55."""
    zone = Zone()
    (found,) = await check_signatures(parse_message(signed_with_512_bits(MAIL, zone)), zone, now=NOW)
    assert not found.has_passed
    assert "short" in found.why


async def test_a_key_of_1024_bits_still_counts() -> None:
    key, zone = rsa_key(1024), Zone()
    zone.publish("example.edu", record_of(key))
    assert await results(signed(MAIL, key), zone) == ["pass"]


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (b"v=DKIM1; k=rsa; p=", "permerror: the key was revoked"),
        (b"v=DKIM2; p=AAAA", "permerror: the key is of another kind"),
        (b"v=DKIM1; k=ed25519; p=AAAA", "permerror: the key is of another kind"),
        (b"v=DKIM1; p=!!!", "permerror: the key cannot be read, or is far too short"),
        (b"nonsense", "permerror: the key record cannot be read"),
        (b"v=DKIM1; s=tlsrpt; p=AAAA", "permerror: the key is not for mail"),
        (b"v=DKIM1; h=sha1; p=AAAA", "permerror: the key is not for SHA-256"),
        (b"v=DKIM1; t=y; p=AAAA", "policy: the domain is only testing"),
    ],
)
async def test_the_published_key_must_be_one_for_mail(
    record: bytes, said: str, key: rsa.RSAPrivateKey
) -> None:
    zone = Zone()
    zone.publish("example.edu", record)
    assert await why(signed(MAIL, key), zone) == said


async def test_a_key_may_refuse_to_serve_subdomains(key: rsa.RSAPrivateKey) -> None:
    zone = Zone()
    zone.publish("example.edu", record_of(key, "t=s; "))
    assert await results(signed(MAIL, key, i="@example.edu"), zone) == ["pass"]
    assert await why(signed(MAIL, key, i="@cs.example.edu"), zone) == (
        "policy: the key does not serve subdomains"
    )


async def test_no_key_several_keys_and_no_answer_prove_nothing(key: rsa.RSAPrivateKey, zone: Zone) -> None:
    name = "s1._domainkey.example.edu."
    raw = signed(MAIL, key)
    zone.silent = {name}
    assert await why(raw, zone) == "temperror: the key could not be looked up"
    zone.silent = set()
    zone.records[name] = (record_of(key), record_of(key))
    assert await why(raw, zone) == "permerror: there are several keys"
    zone.records.clear()
    assert await why(raw, zone) == "permerror: there is no key"


async def test_at_most_ten_signatures_are_looked_at(key: rsa.RSAPrivateKey, zone: Zone) -> None:
    padding = b"".join(signed(b"", key, f"d{n}.example.net") for n in range(MOST_SIGNATURES))
    assert await results(padding + signed(MAIL, key), zone) == ["permerror"] * MOST_SIGNATURES
    assert len(zone.asked) == MOST_SIGNATURES


async def test_of_a_large_message_the_authors_signatures_are_looked_at_before_others(
    key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    large = signed(MAIL + b"A line of text.\r\n" * 600_000, key)
    others = b"".join(signed(b"", key, f"d{n}.example.net") for n in range(4))
    message = parse_message(others + large)
    found = await check_signatures(message, zone, now=NOW, author_domain="example.edu")
    assert [each.result for each in found] == ["permerror", *["neutral"] * 3, "pass"]


async def test_recipients_count_only_in_fields_that_are_signed(key: rsa.RSAPrivateKey) -> None:
    fields = b"To: new@x.example\r\nCc: c@x.example\r\nTo: old@x.example\r\n"
    message = parse_message(fields + b"Message-ID: <1@x>\r\n\r\n")
    known = ("from", "subject", "message-id")
    assert recipients_covered(message, (*known, "to")) == {"old@x.example"}
    assert recipients_covered(message, (*known, "to", "to")) == {"old@x.example", "new@x.example"}
    assert recipients_covered(message, (*known, "cc")) == {"c@x.example"}
    assert recipients_covered(message, known) == frozenset()
    assert recipients_covered(message, None) == {"old@x.example", "new@x.example", "c@x.example"}
    assert recipients_covered(message, ("from", "to", "cc", "subject")) == frozenset()
    assert recipients_covered(message, ("from", "to", "cc", "message-id")) == frozenset()
    assert recipients_covered(parse_message(fields + b"\r\n"), (*known, "to")) == frozenset()


async def test_endless_white_space_does_not_stop_the_clock(key: rsa.RSAPrivateKey, zone: Zone) -> None:
    blank = MAIL + b" " * 3_000_000 + b"x\r\n"
    assert await results(signed(blank, key), zone) == ["pass"]
    raw = b"DKIM-Signature: v=1;" + b" " * 5_000 + b"b=x; d=example.edu\r\n" + MAIL
    assert await why(raw, zone) == "policy: the signature is too long"
    assert await why(b"X: y\r\n" + b" z\r\n" * 60_000 + signed(MAIL, key), zone) == (
        "policy: the header section is too long"
    )


@given(value=st.binary(max_size=200), rest=st.binary(max_size=200))
@settings(deadline=None, suppress_health_check=list(HealthCheck))
async def test_no_bytes_make_it_raise_or_pass(value: bytes, rest: bytes) -> None:
    zone = Zone()
    zone.publish("example.edu", b"v=DKIM1; p=" + value)
    tags = b"v=1; a=rsa-sha256; d=example.edu; s=s1; h=from; bh=AAAA; b=AAAA; "
    message = parse_message(b"DKIM-Signature: " + tags + value + b"\r\nFrom: a@example.edu\r\n" + rest)
    found = await check_signatures(message, zone, now=NOW)
    assert not any(each.has_passed for each in found)
