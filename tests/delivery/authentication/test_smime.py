"""S/MIME: whose signature over the whole of a message proves who wrote it (requirement 5.5, item 61)."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery.authentication.cms import read_signed_data
from delivery.authentication.smime import signature_of_author
from identity.certificates import TrustFileUnusable, load_authorities
from mail.address import parse_address
from mail.message import parse_message
from tests.delivery.authentication.authority import (
    AUTHORITIES,
    CONTENT,
    FIELDS,
    MIDDLE,
    MOMENT,
    ROOT,
    STRANGE_ROOT,
    Holder,
    certified,
    detached,
    in_base64,
    opaque_fields,
    signed_by,
)
from tests.delivery.authentication.signing import NOW

ANN = certified(MIDDLE, "Ann", addresses=("ann@example.edu", "ann@cs.example.edu"))


def holds(raw: bytes, author: str = "ann@example.edu", now: int = NOW) -> bool:
    return bool(signature_of_author(parse_message(raw), parse_address(author), AUTHORITIES, now=now))


@pytest.mark.parametrize("is_opaque", [False, True])
def test_a_message_signed_as_a_whole_by_a_trusted_certificate_is_its_authors(is_opaque: bool) -> None:
    assert holds(signed_by(ANN, is_opaque=is_opaque))
    assert holds(signed_by(ANN, is_opaque=is_opaque), "ann@cs.example.edu")


@pytest.mark.parametrize("hashed", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_rsa_and_each_sound_hash_are_read(hashed: hashes.SHA256 | hashes.SHA384 | hashes.SHA512) -> None:
    key = rsa.generate_private_key(65537, 2048)
    holder = certified(MIDDLE, "Ann", addresses=("ann@example.edu",), key=key)
    assert holds(signed_by(holder, hashed=hashed))
    assert not holds(signed_by(holder, hashed=hashed).replace(b"A line.", b"A lie. "))


def test_rsa_pss_is_read() -> None:

    key = rsa.generate_private_key(65537, 2048)
    holder = certified(MIDDLE, "Ann", addresses=("ann@example.edu",), key=key)
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    signature = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(CONTENT)
        .add_signer(holder.certificate, key, hashes.SHA256(), rsa_padding=scheme)
        .add_certificate(MIDDLE.certificate)
        .sign(Encoding.DER, [pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.DetachedSignature])
    )
    assert holds(FIELDS + detached(CONTENT, signature))


def test_addresses_compare_as_everywhere_here() -> None:
    holder = certified(MIDDLE, "Ann", addresses=("Ann@Example.EDU",))
    assert holds(signed_by(holder))


def test_pitfall_61_a_signer_who_is_not_the_author_proves_nothing() -> None:
    assert not holds(signed_by(ANN), "ceo@example.edu")
    assert not holds(signed_by(ANN), "ann@example.edu.evil.example")
    nameless = certified(MIDDLE, "ann@example.edu")
    assert not holds(signed_by(nameless))


def test_a_changed_word_proves_nothing() -> None:
    assert not holds(signed_by(ANN).replace(b"A line.", b"A lie. "))
    assert not holds(signed_by(ANN).replace(b"The end.\r\n\r\n--b", b"The end.\r\n\r\n\r\n--b"))


def test_pitfall_61_a_signature_over_a_part_proves_nothing() -> None:
    inner = signed_by(ANN, fields=b"")
    wrapped = (
        FIELDS + b'Content-Type: multipart/mixed; boundary="o"\r\n\r\n--o\r\n' + inner + b"--o\r\n"
        b"Content-Type: text/plain\r\n\r\nPay the bill.\r\n--o--\r\n"
    )
    assert not holds(wrapped)
    forwarded = FIELDS + b"Content-Type: message/rfc822\r\n\r\n" + signed_by(ANN)
    assert not holds(forwarded)


def test_pitfall_61_words_beside_what_is_signed_make_it_worthless() -> None:
    raw = signed_by(ANN)
    third = raw.replace(b"\r\n--b--\r\n", b"\r\n--b\r\nContent-Type: text/html\r\n\r\nPay.\r\n--b--\r\n")
    first = raw.replace(b"--b\r\n", b"--b\r\nContent-Type: text/html\r\n\r\nPay.\r\n--b\r\n", 1)
    behind = raw + b"Pay.\r\n"
    second_type = raw.replace(
        b"Content-Type: multipart", b"Content-Type: text/html\r\nContent-Type: multipart", 1
    )
    assert [holds(each) for each in (raw, third, first, behind, second_type)] == [True, *[False] * 4]


def test_a_detached_signature_that_brings_a_content_of_its_own_proves_nothing() -> None:
    """Pitfall 61."""
    whole = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(CONTENT)
        .add_signer(ANN.certificate, ANN.key, hashes.SHA256())  # type: ignore[arg-type]
        .add_certificate(MIDDLE.certificate)
        .sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])
    )
    assert not holds(FIELDS + detached(CONTENT, whole))
    assert not holds(FIELDS + detached(b"Content-Type: text/plain\r\n\r\nPay.\r\n", whole))


def test_a_signature_without_signed_attributes_proves_nothing() -> None:
    bare = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(CONTENT)
        .add_signer(ANN.certificate, ANN.key, hashes.SHA256())  # type: ignore[arg-type]
        .add_certificate(MIDDLE.certificate)
    )
    options = [pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.DetachedSignature]
    assert holds(FIELDS + detached(CONTENT, bare.sign(Encoding.DER, options)))
    without = bare.sign(Encoding.DER, [*options, pkcs7.PKCS7Options.NoAttributes])
    assert not holds(FIELDS + detached(CONTENT, without))


@pytest.mark.parametrize(
    "holder",
    [
        certified(STRANGE_ROOT, "Ann", addresses=("ann@example.edu",)),
        certified(None, "Ann", addresses=("ann@example.edu",)),
        certified(ANN, "Ann", addresses=("ann@example.edu",)),
        certified(MIDDLE, "Ann", addresses=("ann@example.edu",), uses=(ExtendedKeyUsageOID.SERVER_AUTH,)),
        certified(MIDDLE, "Ann", addresses=("ann@example.edu",), may_sign=False),
        certified(MIDDLE, "Ann", addresses=("ann@example.edu",), is_authority=True),
        certified(MIDDLE, "Ann", addresses=("ann@example.edu",), ends=MOMENT - timedelta(days=1)),
        certified(MIDDLE, "Ann", addresses=("ann@example.edu",), begins=MOMENT + timedelta(days=1)),
        certified(
            certified(ROOT, "Old", is_authority=True, ends=MOMENT - timedelta(days=1)),
            "Ann",
            addresses=("ann@example.edu",),
        ),
    ],
    ids=[
        "another authority",
        "by itself",
        "by one who may not certify",
        "for web servers",
        "for encryption only",
        "an authority",
        "expired",
        "not yet valid",
        "by an expired authority",
    ],
)
def test_a_certificate_must_be_one_for_mail_by_a_trusted_authority(holder: Holder) -> None:
    """Pitfall 61."""
    assert not holds(signed_by(holder, chain=(MIDDLE, STRANGE_ROOT, ANN)))


def test_the_chain_must_be_whole() -> None:
    assert not holds(signed_by(ANN, chain=()))
    direct = certified(ROOT, "Ann", addresses=("ann@example.edu",))
    assert holds(signed_by(direct, chain=()))


def test_what_an_authority_is_limited_to_is_kept() -> None:
    limits = x509.NameConstraints([x509.RFC822Name("example.edu")], None)
    limited = certified(ROOT, "Limited", is_authority=True, more=((limits, True),))
    inside = certified(limited, "Ann", addresses=("ann@example.edu",))
    outside = certified(limited, "Ann", addresses=("ann@example.edu", "ceo@example.org"))
    assert holds(signed_by(inside, chain=(limited,)))
    assert not holds(signed_by(outside, chain=(limited,)))
    last = certified(ROOT, "Last", is_authority=True, longest=0)
    further = certified(last, "Further", is_authority=True)
    beyond = certified(further, "Ann", addresses=("ann@example.edu",))
    assert not holds(signed_by(beyond, chain=(last, further)))


def test_a_critical_extension_that_nobody_knows_makes_a_certificate_worthless() -> None:
    unknown = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    for is_critical in (False, True):
        holder = certified(MIDDLE, "Ann", addresses=("ann@example.edu",), more=((unknown, is_critical),))
        assert holds(signed_by(holder)) is not is_critical


def test_a_certificate_that_names_no_use_is_one_for_any() -> None:
    # RFC 8550, section 4.4.4.
    assert holds(signed_by(certified(MIDDLE, "Ann", addresses=("ann@example.edu",), uses=None)))


def test_a_short_rsa_key_proves_nothing() -> None:
    key = rsa.generate_private_key(65537, 1024)
    assert not holds(signed_by(certified(MIDDLE, "Ann", addresses=("ann@example.edu",), key=key)))


def test_what_an_expired_certificate_signed_while_it_was_valid_counts_then_alone() -> None:
    raw = signed_by(ANN)
    assert holds(raw, now=NOW + 29 * 86_400)
    assert not holds(raw, now=NOW + 31 * 86_400)


@given(octets=st.binary(max_size=300))
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_no_bytes_make_it_raise_or_hold(octets: bytes) -> None:
    assert not holds(FIELDS + opaque_fields() + in_base64(octets))
    assert not holds(FIELDS + detached(octets, octets))


@given(place=st.integers(0, 2000), octet=st.integers(0, 255))
@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=300)
def test_a_damaged_signature_never_raises(place: int, octet: int) -> None:
    signature = bytearray(
        pkcs7.PKCS7SignatureBuilder()
        .set_data(CONTENT)
        .add_signer(ANN.certificate, ANN.key, hashes.SHA256())  # type: ignore[arg-type]
        .sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])
    )
    signature[place % len(signature)] = octet
    read_signed_data(bytes(signature))
    assert not holds(FIELDS + opaque_fields() + in_base64(bytes(signature)))


def test_a_trust_file_is_read_or_refused_with_its_name(tmp_path: Path) -> None:
    good, bad = tmp_path / "roots.pem", tmp_path / "bad.pem"
    good.write_bytes(ROOT.certificate.public_bytes(Encoding.PEM) * 2)
    bad.write_text("nothing")
    assert len(load_authorities(good).roots) == 2
    for path in (bad, tmp_path / "absent.pem"):
        with pytest.raises(TrustFileUnusable, match=str(path.name)):
            load_authorities(path)
