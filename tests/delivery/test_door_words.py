"""The door's grammar: paths, parameters, XFORWARD, and the one way in which a body ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.door.commands import BadCommand, check_mail_parameters, parse_path, parse_xforward
from delivery.door.content import Content, Flaw

LIMIT = 1000


def _collect(stream: bytes, sizes: list[int], limit: int = LIMIT) -> tuple[bytes | Flaw | None, bytes]:
    """Feed a stream in pieces; return the result (None: no end came) and what was left."""
    content, at = Content(limit), 0
    for size in [*sizes, len(stream)]:
        piece, at = stream[at : at + size], at + size
        if not piece:
            continue
        rest = content.feed(piece)
        if rest is not None:
            return content.result(), rest + stream[at:]
    return None, b""


@pytest.mark.parametrize(
    ("argument", "path", "parameters"),
    [
        ("FROM:<>", "", {}),
        ("from: <a@x>", "a@x", {}),
        (
            "FROM:<a@x> SIZE=3 body=8BITMIME SMTPUTF8",
            "a@x",
            {"SIZE": "3", "BODY": "8BITMIME", "SMTPUTF8": ""},
        ),
        ("FROM:<@one,@two:a@x>", "a@x", {}),
        ('FROM:<"a b>"@x>', '"a b>"@x', {}),
        ('FROM:<"a\\""@x>', '"a\\""@x', {}),
        ("FROM:<jürgen@x>", "jürgen@x", {}),
    ],
)
def test_a_path_is_read(argument: str, path: str, parameters: dict[str, str]) -> None:
    assert parse_path("FROM", argument) == (path, parameters)


@pytest.mark.parametrize(
    "argument",
    [
        "",
        "FROM",
        "FROM:",
        "FROM:a@x",
        "FROM:<a@x",
        "FROM:<a b@x>",
        "FROM:<a@x>SIZE=3",
        "FROM:<a@x>>",
        "TO:<a@x>",
        'FROM:<"a@x>',
        "FROM:<a@x> SIZE=1 SIZE=2",
        "FROM:<a@x> SIZE=",
        "FROM:<a@x> =3",
    ],
)
def test_what_is_no_path_is_refused(argument: str) -> None:
    with pytest.raises(BadCommand) as mistake:
        parse_path("FROM", argument)
    assert mistake.value.reply.code == 501


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"RET": "FULL"}, 555),
        ({"SIZE": "1001"}, 552),
        ({"SIZE": "x"}, 501),
        ({"SIZE": "٣"}, 501),
        ({"SIZE": "9" * 21}, 501),
        ({"BODY": "BINARYMIME"}, 501),
        ({"SMTPUTF8": "yes"}, 501),
    ],
)
def test_a_parameter_that_cannot_be_honoured_is_refused(parameters: dict[str, str], code: int) -> None:
    with pytest.raises(BadCommand) as mistake:
        check_mail_parameters(parameters, LIMIT)
    assert mistake.value.reply.code == code


def test_xforward_is_decoded() -> None:
    got = parse_xforward("name=mail.example.edu ADDR=192.0.2.7 HELO=a+2Bb+0D+0A IDENT=[UNAVAILABLE]")
    assert got == {"NAME": "mail.example.edu", "ADDR": "192.0.2.7", "HELO": "a+b??", "IDENT": ""}


@pytest.mark.parametrize("argument", ["", "NAME", "LOGIN=me", "NAME=a COLOUR=red"])
def test_a_strange_xforward_is_refused(argument: str) -> None:
    with pytest.raises(BadCommand):
        parse_xforward(argument)


@pytest.mark.parametrize(
    ("stream", "raw", "rest"),
    [
        (b".\r\nQUIT\r\n", b"", b"QUIT\r\n"),
        (b"a\r\n.\r\n", b"a\r\n", b""),
        (b"..\r\n.\r\n", b".\r\n", b""),
        (b"...a\r\n..\r\n.\r\n.\r\n", b"..a\r\n.\r\n", b".\r\n"),
        (b".a\r\n.\r\n", b"a\r\n", b""),
        (b"\r\n.\r\n", b"\r\n", b""),
    ],
)
def test_dots_are_removed(stream: bytes, raw: bytes, rest: bytes) -> None:
    assert _collect(stream, []) == (raw, rest)


@pytest.mark.parametrize(
    "end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\r\n\x00.\r\n"]
)
def test_nothing_but_crlf_dot_crlf_ends_a_body(end: bytes) -> None:
    """Pitfall 58."""
    smuggled = b"MAIL FROM:<evil@x>\r\n"
    result, rest = _collect(b"a" + end + smuggled + b"\r\n.\r\nNOOP\r\n", [])
    assert rest == b"NOOP\r\n"
    assert result is Flaw.STRAY_LINE_END or (isinstance(result, bytes) and smuggled in result)


@given(
    st.lists(st.sampled_from([b"\r\n", b".", b"a", b"\r", b"\n"])).map(b"".join),
    st.lists(st.integers(1, 6)),
    st.integers(1, 30),
)
def test_the_pieces_do_not_matter(body: bytes, sizes: list[int], limit: int) -> None:
    stream = body + b"\r\n.\r\nREST"
    assert _collect(stream, sizes, limit) == _collect(stream, [], limit)


@given(st.lists(st.sampled_from([b"\r\n", b".", b"a"])).map(b"".join), st.integers(0, 40))
def test_the_limit_is_exact(body: bytes, limit: int) -> None:
    raw = body + b"\r\n"
    stream = (b"\r\n" + raw).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"
    result, _ = _collect(stream, [1] * len(stream), limit)
    assert result == (raw if len(raw) <= limit else Flaw.TOO_LARGE)


def test_a_body_beyond_the_limit_is_not_held() -> None:
    content = Content(LIMIT)
    for _ in range(1000):
        assert content.feed(b"x" * 10_000) is None
        assert len(content._held) <= LIMIT + LIMIT // 3 + 5
    assert content.feed(b"\r\n.\r") is None
    assert content.feed(b"\nQUIT") == b"QUIT"
    assert content.result() is Flaw.TOO_LARGE
