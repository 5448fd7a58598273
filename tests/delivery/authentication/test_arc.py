"""Chains of seals: good, broken in every way, far too long, by the trusted and by others (RFC 8617)."""

import re
from dataclasses import replace

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from delivery.authentication.arc import Chain, Seal, check_chain, vouches
from delivery.authentication.dmarc import Policy
from mail.authentication_results import AuthResult
from mail.message import parse_message
from tests.delivery.authentication.sealing import chain_of, sealed
from tests.delivery.authentication.signing import Zone, record_of, rsa_key

MAIL = (
    b"From: Ada <ada@example.edu>\r\nTo: welcome@lists.example.org\r\nSubject: Hello\r\nMessage-ID: <1@example.edu>\r\n"
    b"Date: Thu, 1 Jan 2026 00:00:00 +0000\r\n\r\nA line.\r\n"
)


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa_key()


@pytest.fixture
def zone(key: rsa.RSAPrivateKey) -> Zone:
    zone = Zone()
    for domain in ("one.example", "two.example", "three.example"):
        zone.publish(domain, record_of(key))
    return zone


async def checked(raw: bytes, zone: Zone) -> Chain:
    return await check_chain(parse_message(raw), zone)


async def test_a_message_without_seals_has_no_chain(zone: Zone) -> None:
    assert await checked(MAIL, zone) == Chain()
    assert zone.asked == []


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_a_chain_that_holds_passes(count: int, key: rsa.RSAPrivateKey, zone: Zone) -> None:
    domains = ("one.example", "two.example", "three.example")[:count]
    chain = await checked(chain_of(MAIL, key, *domains), zone)
    assert (chain.result, chain.why) == ("pass", "")
    assert [seal.domain for seal in chain.seals] == [*domains]
    assert AuthResult("dkim", "pass", {"header.d": "example.edu"}) in chain.seals[0].results


async def test_a_list_may_change_the_message_if_it_seals_it_again(key: rsa.RSAPrivateKey, zone: Zone) -> None:
    raw = chain_of(MAIL, key, "one.example").replace(b"Subject: Hello", b"Subject: [list] Hello")
    assert (await checked(raw, zone)).result == "fail"
    assert (await checked(sealed(raw, key, "two.example", cv="pass"), zone)).result == "pass"


async def test_the_order_of_the_fields_does_not_matter(key: rsa.RSAPrivateKey, zone: Zone) -> None:
    """RFC 8617, section 4.1: only the numbers say which set is which."""
    message = parse_message(chain_of(MAIL, key, "one.example", "two.example"))
    fields = [field.raw for field in message.fields]
    mixed = b"".join([*fields[:6][::-1], *fields[6:], b"\r\n", message.body])
    assert (await checked(mixed, zone)).result == "pass"


def _without(kind: bytes, number: int) -> object:
    pattern = re.compile(rb"^ARC-%s: i=%d;.*\r\n(?:[ \t].*\r\n)*" % (kind, number), re.MULTILINE)
    return lambda raw: pattern.sub(b"", raw, count=1)


def _again(kind: bytes, number: int) -> object:
    pattern = re.compile(rb"^ARC-%s: i=%d;.*\r\n(?:[ \t].*\r\n)*" % (kind, number), re.MULTILINE)
    return lambda raw: pattern.search(raw)[0] + raw  # type: ignore[index]


@pytest.mark.parametrize(
    "harm",
    [
        lambda raw: raw.replace(b"A line.", b"Another line."),
        lambda raw: raw.replace(b"Subject: Hello", b"Subject: Bye"),
        lambda raw: raw.replace(b"ada@example.edu", b"eve@example.edu"),
        lambda raw: b"From: eve@evil.example\r\n" + raw,
        lambda raw: raw.replace(b"dkim=pass", b"dkim=none", 1),
        lambda raw: raw.replace(b"dkim=pass header.d=example.edu", b"dkim=pass header.d=example.net"),
        lambda raw: raw.replace(b"cv=pass", b"cv=none"),
        lambda raw: raw.replace(b"cv=pass", b"cv=fail"),
        lambda raw: raw.replace(b"cv=none", b"cv=pass"),
        lambda raw: raw.replace(b"d=two.example", b"d=one.example"),
        lambda raw: raw.replace(b"i=2;", b"i=3;"),
        lambda raw: raw.replace(b"i=1;", b"i=0;"),
        lambda raw: raw.replace(b"i=1;", b"i=x;"),
        lambda raw: raw.replace(b"i=1;", b"i=99999999999999999999;"),
        _without(b"Seal", 1),
        _without(b"Seal", 2),
        _without(b"Message-Signature", 1),
        _without(b"Authentication-Results", 2),
        _again(b"Seal", 2),
        _again(b"Authentication-Results", 1),
        lambda raw: b"ARC-Seal: \r\n" + raw,
        lambda raw: b"ARC-Seal: i=1; " + b" " * 4000 + b"\r\n" + raw,
        lambda raw: raw.replace(b"s=s1", b"s=nowhere"),
        lambda raw: raw.replace(b"rsa-sha256", b"rsa-sha1"),
        lambda raw: raw.replace(b"h=from : ", b"h="),
    ],
)
async def test_whatever_is_changed_breaks_the_chain(harm: object, key: rsa.RSAPrivateKey, zone: Zone) -> None:
    raw = chain_of(MAIL, key, "one.example", "two.example")
    broken = harm(raw)  # type: ignore[operator]
    assert broken != raw
    chain = await checked(broken, zone)
    assert (chain.result, chain.seals) == ("fail", ())


async def test_a_chain_that_somebody_found_broken_stays_broken(key: rsa.RSAPrivateKey, zone: Zone) -> None:
    raw = sealed(chain_of(MAIL, key, "one.example"), key, "two.example", cv="fail")
    assert (await checked(raw, zone)).result == "fail"


async def test_fifty_sets_are_verified_and_fifty_one_are_not(key: rsa.RSAPrivateKey, zone: Zone) -> None:
    raw = chain_of(MAIL, key, *["one.example"] * 50)
    assert (await checked(raw, zone)).result == "pass"
    top = b"".join(re.sub(rb"i=50;", b"i=51;", field.raw) for field in parse_message(raw).fields[:3])
    zone.asked.clear()
    assert (await checked(top + raw, zone)).result == "fail"
    # Nobody is asked for keys of so long a chain.
    assert zone.asked == []


async def test_a_key_that_cannot_be_looked_up_breaks_nothing_for_good(key: rsa.RSAPrivateKey) -> None:
    raw = chain_of(MAIL, key, "one.example")
    chain = await checked(raw, Zone(silent={"s1._domainkey.one.example."}))
    assert (chain.result, chain.seals) == ("temperror", ())


async def test_a_chain_of_dkimpy_holds_for_dkimpy_too(key: rsa.RSAPrivateKey, zone: Zone) -> None:
    """The other verifier agrees with the chains of these tests."""
    raw = chain_of(MAIL, key, "one.example", "two.example", "three.example")
    record = record_of(key)
    assert dkim.arc_verify(raw, dnsfunc=lambda _name, timeout: record)[0] == b"pass"


GOOD = (AuthResult("dmarc", "pass", {"header.from": "example.edu"}),)
NOTHING = (AuthResult("dmarc", "fail", {"header.from": "example.edu"}),)


@pytest.mark.parametrize(
    ("seals", "trusted", "is_found"),
    [
        ([Seal("a.example", GOOD)], "a.example", True),
        ([Seal("a.example", GOOD)], "", False),
        ([Seal("a.example", GOOD)], "b.example", False),
        ([Seal("a.example", GOOD), Seal("b.example", NOTHING)], "a.example b.example", True),
        # Whoever sealed last may have changed everything.
        ([Seal("a.example", GOOD), Seal("b.example", NOTHING)], "a.example", False),
        ([Seal("a.example", GOOD), Seal("evil.example", GOOD)], "a.example", False),
        # The trusted one found nothing good: what an untrusted one says before does not count.
        ([Seal("evil.example", GOOD), Seal("a.example", NOTHING)], "a.example", False),
        ([Seal("evil.example", NOTHING), Seal("a.example", GOOD)], "a.example", True),
    ],
)
def test_only_what_a_trusted_sealer_found_counts(seals: list[Seal], trusted: str, is_found: bool) -> None:
    found = Chain("pass", "", tuple(seals)).found_by(trusted)
    assert vouches(found, "example.edu", Policy("reject")) is is_found


@pytest.mark.parametrize(
    ("result", "is_good"),
    [
        (AuthResult("dkim", "pass", {"header.d": "example.edu"}), True),
        (AuthResult("dkim", "pass", {"header.i": "@mail.example.edu"}), True),
        (AuthResult("dkim", "pass", {"header.d": "evil.example"}), False),
        (AuthResult("dkim", "fail", {"header.d": "example.edu"}), False),
        (AuthResult("dkim", "pass"), False),
        (AuthResult("dmarc", "pass", {"header.from": "evil.example"}), False),
        (AuthResult("dmarc", "pass"), False),
        (AuthResult("spf", "pass", {"smtp.mailfrom": "example.edu"}), False),
    ],
)
def test_what_a_sealer_says_must_be_about_the_author(result: AuthResult, is_good: bool) -> None:
    assert vouches((result,), "example.edu", Policy("reject")) is is_good
    strict = replace(Policy("reject"), has_strict_dkim=True)
    assert vouches((result,), "example.edu", strict) is (is_good and "@mail." not in str(result.properties))
