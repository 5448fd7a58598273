"""A chain of ARC sets that we extend holds for dkimpy, and says fail or stops where RFC 8617 wants it to."""

import re

import pytest

from delivery.signing.arc import Seal
from delivery.signing.signer import Signer
from tests.delivery.signing.test_signer import HEAD, OWN, OWN_NAMES
from tests.delivery.signing.verifying import NOW, both, chain, key, signed, verdicts

RESULTS = (
    "mx.lists.example.org; spf=pass smtp.mailfrom=alice@example.edu; dkim=pass header.d=example.edu; arc={}"
)


def sealing(status: str, **options: object) -> Signer:
    """A signer with both kinds of keys that seals what was found to be of this status."""
    return Signer(both(), lambda: NOW, Seal(key(), RESULTS.format(status)))


def hop(raw: bytes, status: str, body: bytes = b"hi\r\n") -> bytes:
    """The message sent on by one more list."""
    head = raw.partition(b"\r\n\r\n")[0] + b"\r\n"
    return signed(sealing(status), head, body)


def first(status: str = "none") -> bytes:
    return signed(sealing(status), HEAD, b"hi\r\n", OWN, OWN_NAMES)


def forged_sets(count: int, cv: str = "pass") -> bytes:
    """A head with this many complete sets, none of which is signed by anybody."""
    return b"".join(
        b"ARC-Seal: i=%d; a=rsa-sha256; cv=%s; d=x.example; s=s; b=AA==\r\n"
        b"ARC-Message-Signature: i=%d; a=rsa-sha256; d=x.example; s=s; h=from; bh=AA==; b=AA==\r\n"
        b"ARC-Authentication-Results: i=%d; x.example; none\r\n" % (number, cv.encode(), number, number)
        for number in range(count, 0, -1)
    )


@pytest.mark.parametrize("hops", [1, 2, 3])
def test_a_chain_of_several_lists_holds(hops: int) -> None:
    raw = first()
    for _ in range(hops - 1):
        raw = hop(raw, "pass")
    assert chain(raw, *both())[:2] == ("pass", hops)
    assert verdicts(raw, *both()) == [True, True]


def test_changes_between_the_lists_are_no_harm_and_later_ones_are() -> None:
    raw = first()
    head = raw.partition(b"\r\n\r\n")[0] + b"\r\n"
    second = signed(sealing("pass"), head, b"hi\r\n-- \r\na footer\r\n")
    assert chain(second, *both())[0] == "pass"
    assert chain(second.replace(b"a footer", b"a fooler"), *both())[0] == "fail"


def test_the_message_signature_covers_the_dkim_signatures_and_the_seal_is_made_last() -> None:
    raw = first()
    signature = re.search(rb"ARC-Message-Signature:.*?h=([^;]+);", raw, re.DOTALL)
    assert signature is not None
    assert b"".join(signature[1].split()).split(b":").count(b"dkim-signature") == 2
    names = [line.partition(b":")[0] for line in raw.split(b"\r\n") if re.match(rb"(ARC|DKIM)-", line)]
    assert names == [
        b"ARC-Seal",
        b"ARC-Message-Signature",
        b"ARC-Authentication-Results",
        b"DKIM-Signature",
        b"DKIM-Signature",
    ]
    broken = re.sub(
        rb"(DKIM-Signature: v=1; a=rsa-sha256.*? b=)....", rb"\1AAAA", raw, count=1, flags=re.DOTALL
    )
    assert broken != raw
    assert chain(broken, *both())[0] == "fail"


def test_a_post_that_was_signed_by_its_author_keeps_that_signature_covered() -> None:
    head = b"DKIM-Signature: v=1; a=rsa-sha256; d=example.edu; s=x; h=from; bh=AA==; b=AAAA\r\n" + HEAD
    raw = signed(sealing("none"), head, b"hi\r\n")
    assert chain(raw, *both())[0] == "pass"
    assert chain(raw.replace(b"b=AAAA\r\n", b"b=BBBB\r\n"), *both())[0] == "fail"


def test_a_chain_that_was_found_broken_is_sealed_as_failed_once_and_then_no_more() -> None:
    """RFC 8617, sections 5.1 and 5.1.2."""
    raw = hop(first().replace(b"Subject: Rain", b"Subject: Fire"), "fail")
    assert b"ARC-Seal: i=2; a=rsa-sha256; t=1700000000; cv=fail;" in raw
    # The seal covers its own set alone, as if it were the only one.
    seal = re.search(rb"ARC-Seal: i=2;.*?(?=ARC-Message-Signature)", raw, re.DOTALL)
    assert seal is not None
    assert chain(raw, *both())[0] != "pass"
    again = hop(raw, "fail")
    assert b"i=3" not in again
    assert verdicts(again, *both()) == [True, True]


@pytest.mark.parametrize("status", ["fail", "none", "temperror", "", "pass; arc=pass"])
def test_a_chain_that_was_not_found_good_once_is_never_said_to_be(status: str) -> None:
    raw = hop(first(), status)
    assert b"ARC-Seal: i=2; a=rsa-sha256; t=1700000000; cv=fail;" in raw


@pytest.mark.parametrize(
    "head",
    [
        forged_sets(2).replace(b"ARC-Seal: i=1", b"X-Seal: i=1"),
        forged_sets(2).replace(b"i=1", b"i=3"),
        forged_sets(1) + forged_sets(1),
        b"ARC-Seal: nothing\r\n",
    ],
)
def test_sets_with_gaps_are_never_said_to_have_passed(head: bytes) -> None:
    raw = signed(sealing("pass"), head + HEAD, b"hi\r\n")
    assert re.search(rb"ARC-Seal: i=\d+; a=rsa-sha256; t=1700000000; cv=fail;", raw)


def test_fifty_sets_are_the_most() -> None:
    """Section 4.2.1."""
    assert b"i=50; a=rsa-sha256; t=1700000000" in signed(sealing("pass"), forged_sets(49) + HEAD, b"")
    full = signed(sealing("pass"), forged_sets(50) + HEAD, b"hi\r\n")
    assert b"i=51" not in full
    assert verdicts(full, *both()) == [True, True]


def test_the_first_seal_says_that_there_was_no_chain() -> None:
    """Section 5.1.1: instance 1 is always `none`, even where somebody claims a chain that is not there."""
    raw = first("pass")
    assert b"ARC-Seal: i=1; a=rsa-sha256; t=1700000000; cv=none;" in raw
    assert chain(raw, *both())[0] == "pass"


def test_results_cannot_end_their_field_and_are_folded() -> None:
    words = (
        "mx.example; dkim=pass header.d=evil\r\nBcc: eve@evil.example\r\n\r\nbody\0é "
        + "w" * 3000
        + "; x=y" * 60
    )
    raw = signed(Signer(both(), lambda: NOW, Seal(key(), words)), HEAD, b"hi\r\n")
    head = raw.partition(b"\r\n\r\n")[0]
    assert head.endswith(b"Received: from somewhere")
    assert b"\r\nBcc:" not in head
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert chain(raw, *both())[0] == "pass"
