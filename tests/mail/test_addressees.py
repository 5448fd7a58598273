"""Whom a message is written to is read as far as it can be, and no further than is good for us."""

import pytest

from mail.addressees import MOST, addressees
from mail.message import parse_message


def named(*fields: bytes) -> list[str]:
    """The addresses of a message with these fields."""
    return [each.key for each in addressees(parse_message(b"\r\n".join([*fields, b"", b""])))]


@pytest.mark.parametrize(
    ("field", "found"),
    [
        (b"To: ann@x.example", ["ann@x.example"]),
        (b"Cc: Ann@X.EXAMPLE, bob@x.example", ["ann@x.example", "bob@x.example"]),
        (b'To: "bob@x.example" <ann@x.example>', ["ann@x.example"]),
        (b"To: ann@x.example (bob@x.example)", ["ann@x.example"]),
        (b"To: =?utf-8?q?=3Cbob=40x.example=3E?= <ann@x.example>", ["ann@x.example"]),
        (b"To: =?utf-8?q?bob=40x.example?=", []),
        (b"To: Us: ann@x.example, bob@x.example;, c@x.example", ["ann@x.example", "bob@x.example", "c@x.example"]),
        (b"To: undisclosed-recipients:;", []),
        (b"To: nobody, ann@x.example, @, bob@x.example", ["ann@x.example", "bob@x.example"]),
        (b"To: ann@x.example, <bob@x.example> c@x.example, d@x.example", ["ann@x.example"]),
        (b"To: Us: ann@x.example, bob@x.example", ["ann@x.example"]),
        (b"To: ann@x.example,\r\n bob@x.example", ["ann@x.example", "bob@x.example"]),
        (b"To: ann@x.example\r\nTo: bob@x.example", ["ann@x.example", "bob@x.example"]),
        (b"To: ann@x.example\r\nCc: ANN@x.example", ["ann@x.example"]),
        (b"Bcc: ann@x.example\r\nX-To: ann@x.example\r\nResent-To: ann@x.example", []),
        (b"To: J\xfcrgen <ann@x.example>, j\xfcrgen@x.example", ["ann@x.example"]),
        (b"To: ann@b\xc3\xbccher.example", ["ann@xn--bcher-kva.example"]),
        (b"To:", []),
    ],
)  # fmt: skip
def test_those_are_named_whose_addresses_stand_there(field: bytes, found: list[str]) -> None:
    assert named(field) == found


def test_a_header_of_a_million_names_costs_as_much_as_one_of_a_few_hundred() -> None:
    crowd = [b"n%d@x.example" % number for number in range(1_000)]
    assert named(b"To: " + b", ".join(crowd)) == [each.decode() for each in crowd[:MOST]]
    long = b", ".join(b"%d%s@x.example" % (number, b"n" * 60) for number in range(100_000))
    assert len(named(b"To: " + long)) == MOST


def test_what_is_cut_off_names_nobody_else() -> None:
    filler = b"(" + b"x" * 65_000 + b") first@x.example, "
    for padding in range(480, 540):
        found = named(b"To: " + filler + b"(" + b"x" * padding + b") ann@x.example.evil.example, b@x.example")
        assert "ann@x.example" not in found
        assert found[:1] == ["first@x.example"]
    assert named(b"To: " + b"(" * 70_000, b"Cc: ann@x.example") == []
