"""Replies and bodies at the level of bytes: what a peer may send in pieces, and what we may put on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.transports.capabilities import Capabilities, parse_capabilities
from delivery.transports.envelope import Envelope
from delivery.transports.errors import GarbledReply
from delivery.transports.precheck import (
    BAD_RECIPIENT,
    BAD_SENDER,
    NEEDS_EIGHT_BIT,
    NEEDS_UTF8,
    TOO_LARGE,
    plan,
)
from delivery.transports.replies import MAX_LINE, MAX_REPLY, ReplyBuffer, parse_reply
from delivery.transports.stuffing import stuffed, unstuffed_size
from mail.status import Reply

ALL = Capabilities(True, True, 0, eight_bit=True, smtputf8=True)
NONE = Capabilities()


@pytest.mark.parametrize(
    ("raw", "reply"),
    [
        (b"250 2.1.5 Ok\r", Reply(250, "2.1.5", "Ok")),
        (b"250", Reply(250, None, "")),
        (b"250 ", Reply(250, None, "")),
        (b"550 5.1.1", Reply(550, "5.1.1", "")),
        (b"250 2.1.5 a\r\n".strip(b"\n"), Reply(250, "2.1.5", "a")),
        (b"550-5.1.1 No such user\r\n550 5.1.1 here\r", Reply(550, "5.1.1", "No such user here")),
        (b"550 4.1.1 the class disagrees", Reply(550, None, "4.1.1 the class disagrees")),
        (b"550 5.1.1user", Reply(550, None, "5.1.1user")),
        (b"354 go on", Reply(354, None, "go on")),
        ("550 5.7.1 défendu".encode(), Reply(550, "5.7.1", "défendu")),
        (b"550 5.7.1 a\x1b[31m\xff", Reply(550, "5.7.1", "a?[31m\ufffd")),
    ],
)
def test_a_reply_is_read(raw: bytes, reply: Reply) -> None:
    assert parse_reply(raw) == reply


@pytest.mark.parametrize(
    "raw",
    [b"", b"ok", b"25", b"150 no", b"650 no", b"250ok", b"2500 x", b"250-a\n550 b", b"HTTP/1.1 400 Bad"],
)
def test_what_is_no_reply_is_garbled(raw: bytes) -> None:
    with pytest.raises(GarbledReply):
        parse_reply(raw)


@given(st.lists(st.integers(1, 9), min_size=0, max_size=30))
def test_pieces_of_any_size_give_the_same_replies(sizes: list[int]) -> None:
    stream = b"250-a\r\n250-2.0.0 b\r\n250 c\r\n354 go\r\n550 5.1.1 no\r\n421 4.3.2 bye\r\n"
    whole = list(ReplyBuffer().feed(stream))
    buffer, got, at = ReplyBuffer(), list[Reply](), 0
    for size in [*sizes, len(stream)]:
        got += buffer.feed(stream[at : at + size])
        at += size
    assert got == whole
    assert [reply.code for reply in got] == [250, 354, 550, 421]
    assert buffer.is_empty


def test_replies_before_garbage_are_not_lost() -> None:
    got = []
    with pytest.raises(GarbledReply):
        for reply in ReplyBuffer().feed(b"250 2.0.0 taken\r\nwhat\r\n"):
            got.append(reply)  # noqa: PERF402  (extend would lose what came before the error)
    assert got == [Reply(250, "2.0.0", "taken")]


def test_a_line_without_end_is_refused() -> None:
    buffer = ReplyBuffer()
    with pytest.raises(GarbledReply):
        for _ in range(MAX_LINE):
            list(buffer.feed(b"250 xxx"))


def test_a_reply_without_end_is_refused() -> None:
    buffer = ReplyBuffer()
    with pytest.raises(GarbledReply):
        for _ in range(MAX_REPLY):
            list(buffer.feed(b"250-more\r\n"))


@given(st.binary(max_size=200))
def test_noise_is_a_reply_or_garbage_and_nothing_else(noise: bytes) -> None:
    buffer = ReplyBuffer()
    try:
        replies = list(buffer.feed(noise + b"\r\n"))
    except GarbledReply:
        return
    assert all(200 <= reply.code <= 599 and reply.text.isprintable() for reply in replies)


def test_capabilities_are_read_in_any_case() -> None:
    raw = b"250-mx\r\n250-pipelining\r\n250-Size 1000\r\n250-X-ELSE a b\r\n250 SMTPUTF8\r"
    assert parse_capabilities(raw) == Capabilities(True, True, 1000, smtputf8=True)


def test_a_strange_size_is_no_limit() -> None:
    assert parse_capabilities("250-mx\n250 SIZE ٣".encode()).size == 0


@pytest.mark.parametrize(
    ("raw", "data"),
    [
        (b"", b""),
        (b"a", b"a\r\n"),
        (b".", b"..\r\n"),
        (b".\r\n", b"..\r\n"),
        (b"a\r\n.\r\n..b\r\n", b"a\r\n..\r\n...b\r\n"),
        (b"a\nb\n.\n", b"a\r\nb\r\n..\r\n"),
        (b"a\rb\n", b"a\r\nb\r\n"),
        (b"a\r\nb\n.\r\nc\r", b"a\r\nb .\r\nc \r\n"),
        (b"a\r\r\n.\r\n", b"a \r\n..\r\n"),
    ],
)
def test_a_body_is_made_ready(raw: bytes, data: bytes) -> None:
    assert stuffed(raw) == data


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"a", b"\x00", b"\xff"])).map(b"".join))
def test_nothing_in_a_body_can_end_it_early(raw: bytes) -> None:
    """Pitfall 58, in what leaves here."""
    data = stuffed(raw)
    sent = b"\r\n" + data + b".\r\n"
    assert sent.find(b"\r\n.\r\n") == len(data)
    assert data.count(b"\r") == data.count(b"\n") == data.count(b"\r\n")


@given(st.lists(st.sampled_from([b"\r\n", b".", b"a"])).map(b"".join))
def test_a_well_formed_body_comes_back_and_has_its_size(raw: bytes) -> None:
    data = stuffed(raw)
    back = (b"\r\n" + data).replace(b"\r\n.", b"\r\n")[2:]
    assert back == (raw if not raw or raw.endswith(b"\r\n") else raw + b"\r\n")
    assert unstuffed_size(data) == len(back)


def test_only_what_is_needed_is_announced() -> None:
    plain = plan(ALL, Envelope("a@x", ["b@y"]), b"hi\r\n", smtputf8=False, eight_bit=False)
    assert plain.mail == "MAIL FROM:<a@x> SIZE=4\r\n"
    rich = plan(ALL, Envelope("", ["ü@y"]), "é\r\n".encode(), smtputf8=False, eight_bit=False)
    assert rich.mail == "MAIL FROM:<> SIZE=4 BODY=8BITMIME SMTPUTF8\r\n"
    bare = plan(NONE, Envelope("a@x", ["b@y"]), b"hi\r\n", smtputf8=False, eight_bit=False)
    assert bare.mail == "MAIL FROM:<a@x>\r\n"


@pytest.mark.parametrize(
    ("capabilities", "envelope", "data", "reply"),
    [
        (NONE, Envelope("a@x", ["b@y"]), b"\xe9\r\n", NEEDS_EIGHT_BIT),
        (NONE, Envelope("é@x", ["b@y"]), b"a\r\n", NEEDS_UTF8),
        (Capabilities(size_offered=True, size=5), Envelope("a@x", ["b@y"]), b"12345\r\n", TOO_LARGE),
        (ALL, Envelope("a@x>\r\nRCPT TO:<c@z", ["b@y"]), b"", BAD_SENDER),
        (ALL, Envelope("a b@x", ["b@y"]), b"", BAD_SENDER),
    ],
)
def test_what_the_peer_cannot_take_is_refused_here(
    capabilities: Capabilities, envelope: Envelope, data: bytes, reply: Reply
) -> None:
    refusal = plan(capabilities, envelope, data, smtputf8=False, eight_bit=False).refusal_of_all
    assert refusal == reply
    assert reply.is_permanent


def test_doubled_dots_do_not_count() -> None:
    limit = Capabilities(size_offered=True, size=3)
    assert (
        plan(limit, Envelope("", ["a@b"]), b"..\r\n", smtputf8=False, eight_bit=False).refusal_of_all is None
    )


def test_a_header_that_needs_utf8_is_refused_for_everybody() -> None:
    planned = plan(NONE, Envelope("", ["a@b"]), b"", smtputf8=True, eight_bit=False)
    assert planned.refusal_of_all == NEEDS_UTF8


def test_only_the_recipients_that_cannot_be_written_are_refused() -> None:
    names = ["a@x", "ü@x", "b@x>\r\nDATA", '"a b"@x', "", "c d@x", "\ud800@x", '"a\\"@x', "a\x00@x", "e@x"]
    planned = plan(Capabilities(), Envelope("", names), b"", smtputf8=False, eight_bit=False)
    assert {i for i in range(len(names)) if i not in planned.refused} == {0, 3, 9}
    assert planned.refused[1] == NEEDS_UTF8
    assert planned.refused[2] == BAD_RECIPIENT


@given(st.text(max_size=30), st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_no_address_breaks_out_of_its_command(reverse_path: str, names: list[str]) -> None:
    planned = plan(ALL, Envelope(reverse_path, names), b"", smtputf8=False, eight_bit=False)
    if planned.refusal_of_all is None:
        written = [planned.mail, *(name for i, name in enumerate(names) if i not in planned.refused)]
        assert planned.mail.count("\r\n") == 1
        assert all(c >= " " and c != "\x7f" for text in written for c in text.removesuffix("\r\n"))


PLAIN = [b"250 2.1.0 Ok\r\n", b"250 2.1.5 Ok\r\n", b"354 go on\r\n", b"250 2.0.0 Ok: queued as 4F\r\n"]


@given(st.lists(st.sampled_from(PLAIN), min_size=1, max_size=120))
def test_plain_replies_are_the_same_read_at_once_or_one_by_one(lines: list[bytes]) -> None:
    at_once, one_by_one = ReplyBuffer(), ReplyBuffer()
    stream = b"".join(lines)
    assert list(at_once.feed_plain(stream) or ()) == list(one_by_one.feed(stream))
    assert at_once.newest == one_by_one.newest
    assert at_once.is_empty


@pytest.mark.parametrize(
    "data",
    [
        b"250",
        b"250 ok",
        b"250-a\r\n250 b\r\n",
        b"250 ok\r\n550 no\r\n",
        b"250 ok\r\n421 bye\r\n",
        b"2x0 ok\r\n",
        b"250 ok\r\n" * 2000,
        b"250 " + b"x" * MAX_LINE + b"\r\n",
        b"250 ok\r\n250",
    ],
)
def test_what_is_not_plain_is_left_for_a_closer_look(data: bytes) -> None:
    buffer = ReplyBuffer()
    assert buffer.feed_plain(data) is None
    assert buffer.is_empty
    assert buffer.newest == b""
