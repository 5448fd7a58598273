"""Our signatures hold for dkimpy, break when anything signed is changed, and cannot be led astray by a copy's own fields."""

import asyncio
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.signing.arc import Seal
from delivery.signing.canonical import body_digest
from delivery.signing.covered import BadOwnFields
from delivery.signing.keys import SigningKey
from delivery.signing.pool import signed as signed_in_pool
from delivery.signing.signer import Signer
from tests.delivery.signing.test_canonical import BODIES, VALUES
from tests.delivery.signing.verifying import DOMAIN, NOW, both, key, plain, signed, verdicts

HEAD = (
    b"From: Alice <alice@example.edu>\r\nTo: talk@lists.example.org\r\nSubject: Rain\r\n and snow\r\n"
    b"Date: Mon, 1 Jan 2024 10:00:00 +0000\r\nMessage-ID: <1@example.edu>\r\nList-Id: <talk.lists.example.org>\r\n"
    b"List-Post: <mailto:talk@lists.example.org>\r\nReceived: from somewhere\r\n"
)
OWN = (
    b"List-Unsubscribe: <https://lists.example.org/u/1>,\r\n <mailto:talk-unsubscribe@lists.example.org>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
)
OWN_NAMES = ("List-Unsubscribe", "List-Unsubscribe-Post")
NAMES = st.sampled_from([b"Subject", b"To", b"cc", b"List-Id", b"X-Other", b"Received", b"Reply-to", b"Date"])
HEADS = st.lists(st.tuples(NAMES, VALUES), max_size=8).map(
    lambda fields: b"From: a@example.edu\r\n" + b"".join(n + b":" + v + b"\r\n" for n, v in fields)
)


@settings(max_examples=60)
@given(HEADS, BODIES, VALUES)
def test_whatever_is_signed_verifies_by_dkimpy_with_either_kind_of_key(
    head: bytes, body: bytes, own: bytes
) -> None:
    end = b"" if not body or body.endswith(b"\r\n") else b"\r\n"
    own_field = b"List-Unsubscribe:" + own.replace(b"\0", b"0") + b"\r\n"
    raw = signed(plain(*both()), head, body + end, own_field, OWN_NAMES)
    if re.search(rb"\n[ \t]*\r\n", raw.partition(b"\r\n\r\n")[0] + b"\r\n"):
        return  # a folded line of blanks only ends the head for some readers
    assert verdicts(raw, *both()) == [True, True]


def test_a_signature_covers_the_fields_of_the_list_and_both_of_the_one_click() -> None:
    raw = signed(plain(key()), HEAD, b"hi\r\n", OWN, OWN_NAMES)
    names = "".join(re.search(rb"h=([^;]+);", raw)[1].decode().split()).split(":")  # type: ignore[index]
    assert {"list-id", "list-post", "list-unsubscribe", "list-unsubscribe-post", "message-id"} <= {*names}
    assert names.count("from") == 2
    assert "received" not in names
    assert f"d={DOMAIN};".encode() in raw
    assert b"t=1700000000;" in raw
    assert b" l=" not in raw


@pytest.mark.parametrize("added", [b"From: eve@evil.example", b"Subject: Sun", b"Reply-To: eve@evil.example"])
def test_a_second_field_on_top_breaks_the_signature(added: bytes) -> None:
    raw = signed(plain(key()), HEAD, b"hi\r\n", OWN, OWN_NAMES)
    assert verdicts(raw, key()) == [True]
    assert verdicts(added + b"\r\n" + raw, key()) == [False]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"One-Click", b"Two-Click"),
        (b"/u/1", b"/u/2"),
        (b"Rain", b"Fire"),
        (b"hi\r\n", b"ho\r\n"),
        (b"s=s-rsa2048", b"s=s-ed25519"),
    ],
)
def test_what_is_signed_cannot_be_changed(old: bytes, new: bytes) -> None:
    raw = signed(plain(key()), HEAD, b"hi\r\n", OWN, OWN_NAMES)
    changed = raw.replace(old, new, 1)
    assert changed != raw
    assert verdicts(changed, *both())[0] is False


def test_what_is_changed_on_every_way_may_change() -> None:
    raw = signed(plain(key()), HEAD, b"hi  there \r\n", OWN, OWN_NAMES)
    again = b"Received: by another\r\n" + raw.replace(b"Rain\r\n and", b"Rain   and").replace(
        b"hi  there ", b"hi there"
    )
    assert verdicts(again, key()) == [True]


def test_a_copy_may_lack_what_others_bring() -> None:
    prepared = plain(key()).prepare(HEAD, OWN_NAMES)
    body = b"hi\r\n"
    one = prepared.fields(OWN, body_digest(body)) + OWN + HEAD + b"\r\n" + body
    other = prepared.fields(b"", body_digest(body)) + HEAD + b"\r\n" + body
    assert verdicts(one, key()) == [True]
    assert verdicts(other, key()) == [True]


@pytest.mark.parametrize(
    "own",
    [
        b"List-Unsubscribe: <a>\r\n\r\nFrom: eve@evil.example\r\n",
        b"List-Unsubscribe: <a>\r\nBcc: eve@evil.example\r\n",
        b"List-Unsubscribe: <a>\nBcc: eve@evil.example\r\n",
        b"List-Unsubscribe: <a>\rBcc: eve@evil.example\r\n",
        b"List-Unsubscribe: <a>\r\nList-Unsubscribe: <b>\r\n",
        b"List-Unsubscribe: <a>",
        b"List-Unsubscribe: <a>\0\r\n",
        b"\r\nList-Unsubscribe: <a>\r\n",
        b" folded into what is above\r\n",
        b"no field\r\n",
    ],
)
def test_own_fields_that_were_not_announced_or_are_none_are_refused(own: bytes) -> None:
    prepared = plain(key()).prepare(HEAD, OWN_NAMES)
    with pytest.raises(BadOwnFields):
        prepared.fields(own, body_digest(b""))


def test_made_lines_are_short_whatever_is_signed() -> None:
    head = HEAD + b"".join(b"List-%s: x\r\n" % (b"n" * number) for number in range(1, 40))
    domain = "mailing-lists.of-a-large.department.university.example.org"
    keys = [SigningKey(domain, "a-selector-of-somebodys-own.choice", each.private) for each in both()]
    sealing = Signer(tuple(keys), lambda: NOW, Seal(keys[0], "mx.example.org; " + "spf=pass x=y; " * 20))
    made = sealing.prepare(head, OWN_NAMES).fields(OWN, body_digest(b""))
    assert max(map(len, made.split(b"\r\n"))) <= 78
    assert made.isascii()


async def test_copies_are_signed_in_the_pool_in_their_order_while_the_loop_goes_on() -> None:
    prepared = plain(key()).prepare(HEAD, OWN_NAMES)
    copies = [(OWN.replace(b"/u/1", b"/u/%d" % number), body_digest(b"hi\r\n")) for number in range(40)]
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    made = await signed_in_pool(prepared, copies)
    ticking.cancel()
    assert ticks > 2
    raws = [fields + own + HEAD + b"\r\nhi\r\n" for fields, (own, _) in zip(made, copies, strict=True)]
    assert all(verdicts(raw, key()) == [True] for raw in raws)


async def test_who_is_cancelled_leaves_alone_what_was_not_begun() -> None:
    prepared = plain(key()).prepare(HEAD, OWN_NAMES)
    copies = [(OWN, body_digest(b""))] * 5_000
    work = asyncio.create_task(signed_in_pool(prepared, copies))
    await asyncio.sleep(0.02)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    # The threads are free again at once: two pieces at most are under way, not three hundred.
    assert len(await asyncio.wait_for(signed_in_pool(prepared, copies[:2]), 2)) == 2


def test_a_key_shows_no_secret_in_its_text() -> None:
    assert "private" not in repr(key()).replace("PrivateKey", "")
    assert repr(key()).count("=") == 2
