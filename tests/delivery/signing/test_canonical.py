"""The relaxed form of fields and bodies is the one that others compute."""

import hashlib
from itertools import pairwise

from dkim.canonicalization import Relaxed
from hypothesis import given
from hypothesis import strategies as st

from delivery.signing.canonical import BodyHash, body_digest, name_of, relaxed_field, split_fields

# Octets of a body as it travels: any, with CR and LF in pairs only; blanks and line ends come often.
PIECES = st.one_of(
    st.sampled_from([b"\r\n", b"\r\n\r\n", b" ", b"\t", b"  ", b" \t ", b".", b"a", b" \r\n", b"\t\r\n"]),
    st.binary(max_size=6).map(lambda octets: octets.replace(b"\r", b"?").replace(b"\n", b"!")),
)
BODIES = st.lists(PIECES, max_size=40).map(b"".join)
VALUES = st.lists(
    st.one_of(
        st.sampled_from([b" ", b"\t", b"\r\n ", b"\r\n\t", b"word", b":", b";"]),
        st.binary(min_size=1, max_size=4).filter(lambda octets: not set(octets) & set(b"\r\n\x0b\x0c")),
    ),
    max_size=20,
).map(b"".join)
NAMES = st.sampled_from([b"From", b"SUBJECT", b"x-Odd_One", b"List-Id"])


def as_it_travels(body: bytes) -> bytes:
    """SMTP ends every body that is not empty with a line end."""
    return body + b"\r\n" if body and not body.endswith(b"\r\n") else body


@given(BODIES)
def test_a_body_has_the_hash_that_dkimpy_computes(body: bytes) -> None:
    theirs = hashlib.sha256(Relaxed.canonicalize_body(as_it_travels(body) or b"\r\n")).digest()
    assert body_digest(body) == theirs


@given(BODIES, st.lists(st.integers(min_value=0, max_value=200), max_size=6))
def test_a_body_fed_in_any_pieces_has_the_same_hash(body: bytes, cuts: list[int]) -> None:
    hashed = BodyHash()
    places = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    for start, end in pairwise(places):
        hashed.update(body[start:end])
        hashed.digest()
    assert hashed.digest() == body_digest(body)


@given(BODIES, BODIES, BODIES)
def test_a_copy_goes_on_by_itself(first: bytes, one: bytes, other: bytes) -> None:
    hashed = BodyHash()
    hashed.update(first)
    copied = hashed.copy()
    hashed.update(one)
    copied.update(other)
    assert hashed.digest() == body_digest(first + one)
    assert copied.digest() == body_digest(first + other)


def test_the_empty_body_is_hashed_as_the_standard_says() -> None:
    # RFC 6376, section 3.4.4 gives the value in base64: 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
    assert body_digest(b"") == hashlib.sha256(b"").digest()
    assert body_digest(b"\r\n \r\n\t\r\n") == hashlib.sha256(b"").digest()


def test_the_examples_of_the_standard() -> None:
    # Section 3.4.5, relaxed.
    assert relaxed_field(b"A: X\r\n") == b"a:X\r\n"
    assert relaxed_field(b"B : Y\t\r\n\tZ  \r\n") == b"b:Y Z\r\n"
    assert body_digest(b" C \r\nD \t E\r\n\r\n\r\n") == hashlib.sha256(b" C\r\nD E\r\n").digest()


@given(NAMES, VALUES)
def test_a_field_has_the_form_that_dkimpy_computes(name: bytes, value: bytes) -> None:
    [(their_name, their_value)] = Relaxed.canonicalize_headers([(name, value + b"\r\n")])
    assert relaxed_field(name + b":" + value + b"\r\n") == their_name + b":" + their_value


def test_a_body_of_nothing_but_blanks_takes_no_longer_than_its_length() -> None:
    body = b" " * 3_000_000 + b"x" + b"\r\n" * 1_000_000 + b"\t" * 3_000_000
    assert body_digest(body + b"y") == hashlib.sha256(b" x" + b"\r\n" * 1_000_000 + b" y\r\n").digest()


def test_a_head_is_split_into_its_fields_and_stray_lines_have_no_name() -> None:
    fields = split_fields(b"From: a\r\n b\r\nstray line\r\nTo: c\r\n")
    assert fields == [b"From: a\r\n b\r\n", b"stray line\r\n", b"To: c\r\n"]
    assert [name_of(each) for each in fields] == ["from", "", "to"]
