"""Addresses: one strict reader, one comparison key, one way to write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.address import (
    Address,
    BadAddress,
    Mailbox,
    address_key,
    format_mailbox,
    masked,
    parse_address,
    parse_mailbox,
    parse_mailboxes,
    split_extension,
)
from mail.domain import display_domain, normal_domain
from mail.fields import make_field

LETTERS = "abXY09.+-_!%=?#'\"\\ @<>(),;:[]éÉßİ漢\u0301\u0338\u037e\u212a\u200d\u200b\n\0"


def test_an_address_keeps_its_local_part_and_lowers_its_domain() -> None:
    address = parse_address("Alice.Liddell@Example.ORG")
    assert address == Address("Alice.Liddell", "example.org")
    assert str(address) == "Alice.Liddell@example.org"
    assert address.key == "alice.liddell@example.org"


def test_spellings_of_one_address_share_a_key() -> None:
    """Pitfall 8: what is one address is one, and nothing else is folded."""
    spellings = [
        "jose\u0301@b\u00fccher.example",
        "jos\u00e9@B\u00dcCHER.example",
        "JOSÉ@xn--bcher-kva.example",
    ]
    assert address_key(spellings[0]) == address_key(spellings[1]) == "josé@xn--bcher-kva.example"
    # Only ASCII letters are folded: what É means is its mail server's affair.
    assert address_key(spellings[2]) == "josÉ@xn--bcher-kva.example"


def test_quotes_that_are_not_needed_go_away() -> None:
    assert str(parse_address('"alice"@example.org')) == "alice@example.org"
    assert str(parse_address('"a b\\"c"@example.org')) == '"a b\\"c"@example.org'
    assert parse_address('"a b"@example.org').local == "a b"


def test_percent_and_bang_route_nothing() -> None:
    """Pitfall 9."""
    assert parse_address("user%other.example@example.org").domain == "example.org"
    assert parse_address("host!user@example.org").local == "host!user"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice",
        "@example.org",
        "alice@",
        '""@example.org',
        " alice@example.org",
        "alice@example.org ",
        "alice @example.org",
        "alice@example.org\r\nBcc: eve@example.net",
        "alice@example.org\n",
        "alice\0@example.org",
        "ali\u202ece@example.org",
        "ali\u200bce@example.org",
        "ali\ud800ce@example.org",
        "alice\x85@example.org",
        ".alice@example.org",
        "alice.@example.org",
        "al..ice@example.org",
        "alice(comment)@example.org",
        "Alice <alice@example.org>",
        "<alice@example.org>",
        "@relay.example:alice@example.org",
        "alice@example.org,bob@example.org",
        "alice@bob@example.org",
        "alice;bob@example.org",
        "a\u037eb@example.org",
        "=?utf-8?q?alice=40evil.example=3e?=@example.org",
        '"=?utf-8?q?alice?="@example.org',
        '"=\\?utf-8?q?alice?="@example.org',
        '"unclosed@example.org',
        '"a"b"@example.org',
        '"tab\there"@example.org',
        "alice@[192.0.2.1]",
        "alice@192.0.2.1",
        "alice@example.org.",
        "alice@.example.org",
        "alice@example..org",
        "alice@-example.org",
        "alice@exa_mple.org",
        "alice@exa mple.org",
        "alice@" + "a" * 64 + ".org",
        "alice@xn--zzzzzz.example",
        "a" * 65 + "@example.org",
        "é" * 33 + "@example.org",
        "a" * 64 + "@" + ".".join(["b" * 60] * 4),
        "a@" + "b." * 5000 + "org",
    ],
)
def test_what_is_no_plain_address_is_refused(text: str) -> None:
    """Pitfall 9."""
    with pytest.raises(BadAddress) as refused:
        parse_address(text)
    assert refused.value.code == "BAD_ADDRESS"
    assert str(refused.value).endswith(".")


def test_a_full_width_domain_is_the_plain_one() -> None:
    assert normal_domain("ｅｘａｍｐｌｅ。org") == "example.org"


def test_a_domain_is_shown_as_people_write_it() -> None:
    assert display_domain("xn--bcher-kva.example") == "bücher.example"
    assert display_domain("example.org") == "example.org"
    assert display_domain("xn--zzzzzz.example") == "xn--zzzzzz.example"


def test_a_mask_shows_one_letter_and_the_domain() -> None:
    assert masked("alice@example.org") == "a•••@example.org"
    assert masked("a@example.org") == "•••@example.org"
    assert masked("not an address") == "•••"


def test_an_extension_is_what_follows_the_first_delimiter() -> None:
    assert split_extension("alice+lists+more", "+") == ("alice", "lists+more")
    assert split_extension("list-bounce+x", "+-") == ("list", "bounce+x")
    assert split_extension("+alice", "+") == ("+alice", None)
    assert split_extension("alice+", "+") == ("alice", "")
    assert split_extension("alice", "+-") == ("alice", None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alice@example.org", ("", "alice@example.org")),
        ("Alice L <alice@example.org>", ("Alice L", "alice@example.org")),
        ('"Liddell, Alice" <alice@example.org>', ("Liddell, Alice", "alice@example.org")),
        ("alice@example.org (Alice (the first))", ("Alice (the first)", "alice@example.org")),
        ("=?utf-8?q?Andr=C3=A9?= <andre@example.org>", ("André", "andre@example.org")),
        ('"a b"@example.org', ("", '"a b"@example.org')),
        ('X <"a>b"@example.org>', ("X", '"a>b"@example.org')),
        ("J. R. Hacker <j@example.org>", ("J. R. Hacker", "j@example.org")),
        ("André <andré@example.org>", ("André", "andré@example.org")),
        ("=?utf-8?q?eve=40evil.example=2C?= <a@example.org>", ("eve@evil.example,", "a@example.org")),
    ],
)
def test_a_mailbox_is_a_name_and_an_address(text: str, expected: tuple[str, str]) -> None:
    mailbox = parse_mailbox(text)
    assert (mailbox.display_name, str(mailbox.address)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a@example.org, b@example.org",
        "Group: a@example.org;",
        "undisclosed-recipients:;",
        "Alice alice@example.org",
        "Alice <alice@example.org> more",
        "<a@example.org> <b@example.org>",
        "Alice <alice@example.org",
        'Alice "<alice@example.org>',
        "Alice (<alice@example.org>",
        "=?utf-8?q?alice=40example.org?=",
        "<@relay.example:alice@example.org>",
        "a@example.org; b@example.org",
        ": a@example.org;",
    ],
)
def test_what_is_not_one_mailbox_is_refused(text: str) -> None:
    """Pitfalls 9 and 11: two readers could see two mailboxes there."""
    with pytest.raises(BadAddress):
        parse_mailbox(text)


def test_a_field_lists_mailboxes_and_opens_groups() -> None:
    body = 'a@x.example,, "B, C" <b@x.example>,Team: c@x.example, D <d@x.example>;, none: ;,e@x.example'
    assert [(box.display_name, box.address.local) for box in parse_mailboxes(body)] == [
        ("", "a"),
        ("B, C", "b"),
        ("", "c"),
        ("D", "d"),
        ("", "e"),
    ]
    assert parse_mailboxes("undisclosed-recipients:;") == []
    assert parse_mailboxes("") == []


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("", "a@example.org"),
        ("Alice", "Alice <a@example.org>"),
        ("Liddell, Alice", '"Liddell, Alice" <a@example.org>'),
        ('Say "hi" \\', '"Say \\"hi\\" \\\\" <a@example.org>'),
        ("André", "=?utf-8?q?Andr=C3=A9?= <a@example.org>"),
    ],
)
def test_a_mailbox_is_written_in_ascii(name: str, written: str) -> None:
    assert format_mailbox(name, "a@example.org") == written
    assert parse_mailbox(written) == Mailbox(name, Address("a", "example.org"))


def test_a_name_cannot_break_out_of_its_mailbox() -> None:
    """Pitfall 9."""
    assert "\n" not in format_mailbox("A\r\nBcc: eve@example.net", "a@example.org")


@given(st.text(LETTERS, max_size=40))
def test_reading_what_was_written_changes_nothing(text: str) -> None:
    try:
        address = parse_address(text)
    except BadAddress:
        return
    assert parse_address(str(address)) == address
    assert parse_address(address.key).key == address.key
    assert str(address).isprintable() or "\u200d" in str(address)


@given(
    st.from_regex(
        r'("([a-zé \\"@,<>]|\\.){1,12}"|[a-zé!%+]{1,9}(\.[a-zé]{1,5})?)@[a-zé]{1,9}\.example', fullmatch=True
    )
)
def test_likely_addresses_are_stable_too(text: str) -> None:
    try:
        address = parse_address(text)
    except BadAddress:
        return
    assert parse_address(str(address)) == address


@given(st.text(max_size=300) | st.text(LETTERS, max_size=80))
def test_no_text_raises_anything_but_a_bad_address(text: str) -> None:
    for read in (parse_address, parse_mailbox, parse_mailboxes):
        try:
            read(text)
        except BadAddress:
            continue
    assert "•••" in masked(text)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
def test_any_display_name_survives_a_field(name: str) -> None:
    field = make_field("To", format_mailbox(name, "a@example.org"))
    assert field.raw.isascii()
    shown = parse_mailboxes(field.unfolded)[0].display_name
    assert shown == " ".join(parse_mailbox(format_mailbox(shown, "a@example.org")).display_name.split())
    assert shown.replace(" ", "") == format_name(name)


def format_name(name: str) -> str:
    """What may remain of a display name: NFC, without white space and line ends."""
    whole = parse_mailbox(format_mailbox(name, "a@example.org")).display_name
    return "".join(whole.split())
