"""Authentication results: believed from one name only, and read so that no value passes for another property."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.authentication_results import AuthResult, parse_authentication_results
from mail.message import parse_message


def stated(*bodies: str, authserv_id: str = "mx.example.org") -> list[AuthResult]:
    """The results in fields with these bodies."""
    fields = "".join(f"Authentication-Results: {body}\r\n" for body in bodies)
    return parse_authentication_results(
        parse_message(f"From: a@x.example\r\n{fields}\r\n".encode()), authserv_id
    )


def test_results_are_read_with_their_properties() -> None:
    assert stated(
        "mx.example.org 1;\r\n\tdkim=pass (good; key) header.d=example.net header.s=sel header.b=ab/+cd==;"
        ' SPF = fail reason="not; listed" smtp.mailfrom="a b"@example.net; dmarc/1=None header.from=Example.net;'
    ) == [
        AuthResult("dkim", "pass", {"header.d": "example.net", "header.s": "sel", "header.b": "ab/+cd=="}),
        AuthResult("spf", "fail", {"reason": "not; listed", "smtp.mailfrom": "a b@example.net"}),
        AuthResult("dmarc", "none", {"header.from": "Example.net"}),
    ]


@pytest.mark.parametrize(
    "body",
    [
        "evil.example; dkim=pass header.d=example.net",
        "mx.example.org.evil.example; dkim=pass header.d=example.net",
        "(mx.example.org) evil.example; dkim=pass header.d=example.net",
        "mx.example.org 2; dkim=pass header.d=example.net",
        "mx.example.org evil; dkim=pass header.d=example.net",
        "mx.example.org; none",
        "mx.example.org",
        "",
        "mx.example.org; dkim=pass header.d",
        'mx.example.org; dkim=pass header.d="unclosed',
        "mx.example.org; (open comment; dkim=pass header.d=example.net",
    ],
)
def test_what_is_not_ours_or_not_readable_says_nothing(body: str) -> None:
    """Pitfall 56."""
    assert stated(body) == []


def test_an_empty_name_trusts_nobody() -> None:
    assert stated("; dkim=pass header.d=example.net", authserv_id="") == []


def test_the_name_is_compared_without_case_and_final_dot() -> None:
    assert stated('"MX.example.org."; spf=pass', authserv_id="mx.Example.org") == [
        AuthResult("spf", "pass", {})
    ]


@pytest.mark.parametrize(
    "value",
    [
        "a=header.d=bank.example@x.example",
        '"a header.d=bank.example"@x.example',
        '"; dkim=pass header.d=bank.example"@x',
    ],
)
def test_a_chosen_local_part_adds_no_property(value: str) -> None:
    """Pitfall 56."""
    (result,) = stated(f"mx.example.org; spf=pass smtp.mailfrom={value}")
    assert result.method == "spf"
    assert set(result.properties) == {"smtp.mailfrom"}


def test_the_first_of_two_equal_properties_stands() -> None:
    (result,) = stated("mx.example.org; dkim=pass header.d=first.example header.d=second.example")
    assert result.properties == {"header.d": "first.example"}


def test_all_fields_of_our_name_count_in_their_order() -> None:
    results = stated("mx.example.org; spf=pass", "other.example; dkim=pass", "mx.example.org; dkim=fail")
    assert [(result.method, result.result) for result in results] == [("spf", "pass"), ("dkim", "fail")]


@given(
    st.text('mx.example.org;="\\( )dkim \téa', max_size=80)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
)
def test_no_field_raises(body: str) -> None:
    for result in stated("mx.example.org;" + body.replace("\r", " ").replace("\n", " ")):
        assert result.method == result.method.lower()


def of(raw: str) -> list[tuple[str, str]]:
    found = parse_authentication_results(parse_message(raw.encode()), "mx.example.org")
    return [(each.method, each.result) for each in found]


def test_our_fields_count_down_to_the_next_received() -> None:
    ours, forged = "mx.example.org; dkim=fail", "mx.example.org; dkim=pass; arc=pass"
    assert of(
        "Received: from inside\r\nX-Other: 1\r\n"
        f"Authentication-Results: {ours}\r\nAuthentication-Results: mx.example.org; spf=none\r\n"
        f"Received: from outside\r\nAuthentication-Results: {forged}\r\nFrom: a@x.example\r\n\r\n"
    ) == [("dkim", "fail"), ("spf", "none")]


def test_of_several_fields_the_topmost_speaks_for_a_method() -> None:
    assert of(
        "Authentication-Results: mx.example.org; dkim=fail header.d=x.example; dkim=pass header.d=y.example\r\n"
        "Authentication-Results: mx.example.org; dkim=pass header.d=x.example; dmarc=fail\r\n\r\n"
    ) == [("dkim", "fail"), ("dkim", "pass"), ("dmarc", "fail")]
