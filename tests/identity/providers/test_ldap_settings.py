"""What a directory's settings may say, and what its entries are read as."""

import uuid
from typing import Any

import pytest
from pydantic import ValidationError

from identity.directories import Away, filter_with, servers_of
from identity.directory_line import Server
from identity.directory_values import bare_address, same_dn, subject_of, texts
from identity.provider import Claimed, Inbound
from scenarios.filter_questions import BadFilter
from tests.conftest import Clock

# Native, and not there in every environment.
provider = pytest.importorskip("identity.providers.ldap")
Settings = provider.Settings
BASE = {"hosts": ["ldap.example.edu"], "base": "ou=People,DC=example,dc=edu"}


def refusal(**more: Any) -> str:
    with pytest.raises(ValidationError) as told:
        Settings.model_validate({**BASE, **more})
    return str(told.value)


def test_what_is_not_said_is_safe() -> None:
    settings = Settings.model_validate(BASE)
    assert (settings.use_tls, settings.subject, settings.user_writable) == ("starttls", "entryUUID", ())
    assert provider.issuer_of(settings) == "ldap:ou=people,dc=example,dc=edu"
    assert provider.issuer_of(Settings.model_validate({**BASE, "issuer": "campus"})) == "campus"


@pytest.mark.parametrize(
    "subject", ["mail", "MAIL", "userPrincipalName", "eduPersonPrincipalName", "entryDN", "preferred"]
)
def test_what_can_pass_to_somebody_else_names_nobody(subject: str) -> None:
    """Decision 14: an address, a name or a place in the tree is no subject."""
    assert "can pass to somebody else" in refusal(subject=subject, mail=["mail", "preferred"])


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"use_tls": "none"}, "TLS alone"),
        ({"use_tls": "none", "hosts": ["127.0.0.1", "ldap.example.edu"]}, "TLS alone"),
        ({"use_tls": "maybe"}, "use_tls"),
        ({"bind_dn": "cn=x"}, "belong together"),
        ({"bind_password": "env:X"}, "belong together"),
        ({"bind_dn": "cn=x", "bind_password": "the secret itself"}, "point to the secret"),
        ({"filter": "(uid=ann)"}, "{login}"),
        ({"user_dn": "uid=ann"}, "{login}"),
        ({"hosts": []}, "hosts"),
        ({"hosts": ["http://x"]}, "no directory"),
        ({"hosts": ["a b/c"]}, "no name of a server"),
        ({"hosts": ["ldap.example.edu:port"]}, "no name of a server"),
        ({"mail": ["mail)(uid=*"]}, "no name of an attribute"),
        ({"user_writable": ["other"]}, "not among the attributes of mail"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_what_is_unsafe_or_does_not_fit_is_refused(more: dict[str, Any], words: str) -> None:
    assert words in refusal(**more)


def test_a_directory_on_this_machine_needs_no_tls() -> None:
    for host in ("127.0.0.1:3890", "localhost", "[::1]:389", "ldap://127.0.0.1"):
        assert Settings.model_validate({**BASE, "hosts": [host], "use_tls": "none"})


def test_servers_are_read_with_ports_and_schemes() -> None:
    assert servers_of(["a", "b:3", "[::1]:5", "ldaps://c", "ldap://d/"], "starttls") == (
        Server("a", 389, "starttls"),
        Server("b", 3, "starttls"),
        Server("::1", 5, "starttls"),
        Server("c", 636, "ldaps"),
        Server("d", 389, "starttls"),
    )
    assert servers_of(["a"], "ldaps") == (Server("a", 636, "ldaps"),)


def test_values_in_a_filter_are_values() -> None:
    """Pitfall 36."""
    assert filter_with("(&(uid={login})(x={login}))", login="a*(b)\\") == (
        "(&(uid=a\\2a\\28b\\29\\5c)(x=a\\2a\\28b\\29\\5c))"
    )
    assert filter_with("(uid={login})", login="{login}") == "(uid={login})"
    for wrong in (["a"], {"a": 1}, b"a", None):
        with pytest.raises(TypeError):
            filter_with("(uid={login})", login=wrong)  # type: ignore[arg-type]
    with pytest.raises(BadFilter):
        filter_with("(uid={login})", login="a\0")


def test_dns_are_the_same_however_they_are_written() -> None:
    """Pitfall 37."""
    assert same_dn("uid=Ann , ou=x", "UID=ann,ou=X")
    assert same_dn(r"uid=o\2Cb\2A,ou=x", r"uid=o\,b*,ou=x")
    assert same_dn("cn=a+uid=b,ou=x", "uid=b+cn=a,ou=x")
    assert not same_dn("uid=ann,ou=x", "uid=ann,ou=x,dc=y")
    assert not same_dn(r"uid=a\,ou=x", "uid=a,ou=x")
    assert not same_dn("no dn", "uid=ann")


def test_exactly_one_subject_counts() -> None:
    some = uuid.uuid4()
    assert subject_of("entryUUID", [b"abc"]) == "abc"
    assert subject_of("objectGUID", [some.bytes_le]) == str(some)
    for found in ([], [b"a", b"b"], [b""], [b"\xff"], [b"x" * 256]):
        assert subject_of("entryUUID", found) == ""
    assert subject_of("objectGUID", [b"short"]) == ""


def test_values_that_are_no_text_are_left_out() -> None:
    values = {"CN": [b" Ann ", b"Ann", b"\xff\xd8photo", b"x\0y", b"", b"x" * 1025, "Søren".encode()]}
    assert texts(values, "cn") == ("Ann", "Søren")
    assert texts(values, "sn") == ()


def test_addresses_are_read_as_active_directory_writes_them_too() -> None:
    assert bare_address("SMTP:ann@example.edu") == "ann@example.edu"
    assert bare_address("X500:/o=x") == ""
    assert bare_address("ann@example.edu") == "ann@example.edu"


def test_an_address_that_the_directory_holds_itself_outweighs_one_that_its_owner_wrote() -> None:
    """Row 51: what people can write themselves is a candidate."""
    settings = Settings.model_validate(
        {**BASE, "mail": ["own", "proxyAddresses", "mail"], "user_writable": ["own"]}
    )
    values = {
        "own": [b"ann@example.edu", b"boss@example.edu"],
        "mail": [b"ANN@example.edu", b"no address", b"=?utf-8?q?a?=@example.edu"],
    }
    assert [*provider._claimed(settings, values)] == [
        Claimed("ANN@example.edu"),
        Claimed("boss@example.edu", is_verified=False),
    ]


def test_the_form_brings_back_the_state() -> None:
    settings = Settings.model_validate(BASE)
    assert provider.state_of(settings, Inbound("POST", "", form={"state": "s"})) == "s"
    assert provider.state_of(settings, Inbound("POST", "")) == ""


def test_of_those_who_ask_after_the_pause_only_the_first_may_try(clock: Clock) -> None:
    away, server = Away(lambda: clock.now / 1_000_000), Server("a", 389, "starttls")
    assert away.may_be_asked(server, "")
    away.silent(server, "")
    assert not away.may_be_asked(server, "")
    assert away.may_be_asked(server, "another.pem")
    clock.advance(seconds=30)
    assert away.may_be_asked(server, "")
    assert not away.may_be_asked(server, "")
    away.answered(server, "")
    assert away.may_be_asked(server, "")
    assert away.may_be_asked(server, "")
