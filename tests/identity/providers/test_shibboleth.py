"""What the web server's Shibboleth headers prove, and what nobody can make them prove (pitfall 42)."""

from typing import Any

import pytest
from pydantic import ValidationError

from identity.provider import Answer, Claimed, Ended, Evidence, NotProved, ProviderAway, Redirect, Wish
from identity.providers import shibboleth
from identity.providers.shibboleth import Settings
from storage.tables.words import Strength
from tests.identity.providers.front import NOW, PLACE, SECRET, passed_on

IDP = "https://idp.example.edu/saml"
SAID = {
    "Shib-Session-ID": "_0123456789abcdef",
    "Shib-Identity-Provider": IDP,
    "Shib-Authentication-Instant": "2030-03-17T17:46:00.123Z",
    "Shib-AuthnContext-Class": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
    "persistent-id": f"{IDP}!https://lists.example.org/shibboleth!9f2c",
    "mail": "alice@example.edu;a.liddell@example.edu",
    "displayName": "Alice Liddell",
    "affiliation": "member@example.edu;staff@example.edu",
}


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret that the settings point to."""
    monkeypatch.setenv("SHIB_SECRET", SECRET)


def settings(**more: Any) -> Settings:
    words: dict[str, Any] = {
        "peers": ["127.0.0.1", "192.0.2.0/28"],
        "secret": "env:SHIB_SECRET",
        "attributes": {"affiliation": "affiliation"},
    }
    return Settings.model_validate(words | more)


async def signed_in(inbound: Any, kept: dict[str, str] | None = None, **more: Any) -> Evidence:
    return await shibboleth.complete(settings(**more), PLACE, inbound, kept or {})


async def refused(inbound: Any, kept: dict[str, str] | None = None, **more: Any) -> str:
    with pytest.raises(NotProved) as told:
        await signed_in(inbound, kept, **more)
    assert SECRET not in told.value.detail
    return told.value.detail


async def test_the_headers_become_evidence() -> None:
    found = await signed_in(passed_on(SAID))
    assert found.issuer == IDP
    assert found.subject == SAID["persistent-id"]
    assert found.addresses == (Claimed("alice@example.edu"), Claimed("a.liddell@example.edu"))
    assert found.attributes == {"affiliation": ("member@example.edu", "staff@example.edu")}
    assert found.display_name == "Alice Liddell"
    assert found.session == "_0123456789abcdef"
    assert found.acr == SAID["Shib-AuthnContext-Class"]
    assert found.authenticated_at == 1_899_999_960_123_000
    assert found.strength is Strength.MD5


async def test_a_value_may_hold_a_semicolon_and_any_letter() -> None:
    said = SAID | {"displayName": "Bob Søren\\; Müller".encode(), "affiliation": ""}
    found = await signed_in(passed_on(said))
    assert found.display_name == "Bob Søren; Müller"
    assert found.attributes == {}


async def test_an_empty_header_is_none_and_a_word_that_is_no_address_is_left_out() -> None:
    assert (await signed_in(passed_on(SAID | {"mail": ""}))).addresses == ()
    mails = "alice@example.edu;nonsense;=?utf-8?q?x?=@example.edu;alice@example.edu"
    assert (await signed_in(passed_on(SAID | {"mail": mails}))).addresses == (Claimed("alice@example.edu"),)


@pytest.mark.parametrize("missing", ["Shib-Session-ID", "Shib-Identity-Provider", "persistent-id"])
async def test_session_issuer_and_subject_must_be_there(missing: str) -> None:
    assert missing.lower() in await refused(passed_on(SAID | {missing: ""}))
    assert missing.lower() in await refused(passed_on({k: v for k, v in SAID.items() if k != missing}))


async def test_there_is_one_subject_and_one_issuer() -> None:
    assert "more than one" in await refused(passed_on(SAID | {"persistent-id": "alice;bob"}))
    assert "more than one" in await refused(
        passed_on(SAID | {"Shib-Identity-Provider": f"{IDP};https://evil.example"})
    )
    twice = SAID | {"persistent-id": "alice;alice"}
    assert (await signed_in(passed_on(twice))).subject == "alice"


async def test_only_listed_identity_providers_are_let_in() -> None:
    assert (await signed_in(passed_on(SAID), issuers=[IDP])).issuer == IDP
    assert "not one of those" in await refused(passed_on(SAID), issuers=["https://other.example/saml"])


# Pitfall 42: whoever reaches Postroom can send headers.


@pytest.mark.parametrize(
    "peer", ["203.0.113.9", "127.0.0.2", "::1", "", "unix:", "192.0.2.16", "127.0.0.1, 203.0.113.9"]
)
async def test_headers_from_another_peer_count_for_nothing(peer: str) -> None:
    assert "not a web server" in await refused(passed_on(SAID, peer=peer))


@pytest.mark.parametrize("peer", ["192.0.2.15", "::ffff:127.0.0.1"])
async def test_a_listed_network_and_a_mapped_address_are_the_web_server(peer: str) -> None:
    assert (await signed_in(passed_on(SAID, peer=peer))).issuer == IDP


async def test_what_forwarded_fields_claim_makes_nobody_the_web_server() -> None:
    games = (("X-Forwarded-For", "127.0.0.1"), ("X-Real-IP", "127.0.0.1"), ("Forwarded", "for=127.0.0.1"))
    assert "not a web server" in await refused(passed_on(SAID, more=games, peer="203.0.113.9"))


@pytest.mark.parametrize("wrong", [None, "", "wrong", SECRET[:-1], SECRET + "x", SECRET.upper()])
async def test_headers_without_the_secret_count_for_nothing(wrong: str | None) -> None:
    assert "secret" in await refused(passed_on(SAID, secret=wrong))


@pytest.mark.parametrize(
    "url",
    [
        "https://lists.example.org/auth/lists.example.org/campus?state=s1",
        "https://lists.example.org/auth/lists.example.org/campus/callback/?state=s1",
        "https://lists.example.org/auth/lists.example.org/other/callback?state=s1",
        "https://lists.example.org/auth/lists.example.org/campus/heard?state=s1",
        "https://evil.example/auth/lists.example.org/campus/callback?state=s1",
        "https://lists.example.org/graphql",
    ],
)
async def test_headers_count_on_the_callback_only(url: str) -> None:
    assert "own address" in await refused(passed_on(SAID, url=url))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mail", "victim@example.edu"),
        ("MAIL", "victim@example.edu"),
        ("persistent_id", "victim"),
        ("persistent.id", "victim"),
        ("Shib_Session_ID", "_feedfeedfeedfeed"),
        ("Shib-Identity_Provider", IDP),
        ("Shib-Identity-Provider", ""),
        ("X_Postroom_Secret", SECRET),
        ("X-Postroom-Secret", SECRET),
        ("displayname", "Victim"),
        ("Shib-AuthnContext_Class", "phishing-resistant"),
        ("affiliation", "staff@example.edu"),
    ],
)
async def test_a_header_twice_or_in_two_spellings_is_refused(name: str, value: str) -> None:
    assert "more than once" in await refused(passed_on(SAID, more=((name, value),)))


async def test_a_header_in_another_spelling_does_not_stand_in_for_the_right_one() -> None:
    said = {name: value for name, value in SAID.items() if name != "persistent-id"}
    assert "another spelling" in await refused(passed_on(said | {"persistent_id": "victim"}))


async def test_headers_that_nobody_named_count_for_nothing() -> None:
    games = (("REMOTE_USER", "victim"), ("X-Remote-User", "victim"), ("eppn", "victim@example.edu"))
    found = await signed_in(passed_on(SAID, more=games))
    assert "victim" not in repr(found)


async def test_broken_bytes_and_control_characters_are_refused() -> None:
    assert "UTF-8" in await refused(passed_on(SAID | {"displayName": b"S\xf8ren"}))
    assert "control" in await refused(passed_on(SAID | {"mail": "a@example.edu\nb@example.edu"}))
    assert "too long" in await refused(passed_on(SAID | {"mail": "x" * 70_000}))
    assert "values" in await refused(passed_on(SAID | {"mail": ";".join(f"a{n}@b.c" for n in range(200))}))


@pytest.mark.parametrize(
    "instant",
    [
        "2031-01-01T00:00:00Z",
        "2030-03-15T00:00:00Z",
        "yesterday",
        "2030-03-17T17:46:00",
        "0001-01-01T00:00:00Z",
    ],
)
async def test_an_authentication_of_the_future_or_of_long_ago_is_refused(instant: str) -> None:
    assert "authenticat" in await refused(passed_on(SAID | {"Shib-Authentication-Instant": instant}))


async def test_a_fresh_sign_in_is_asked_for_and_insisted_on() -> None:
    begun = await shibboleth.begin(settings(), PLACE, Wish("s1", is_fresh=True))
    assert isinstance(begun, Redirect)
    assert begun.url == (
        "https://lists.example.org/Shibboleth.sso/Login"
        "?target=https%3A%2F%2Flists.example.org%2Fauth%2Flists.example.org%2Fcampus%2Fcallback%3Fstate%3Ds1"
        "&forceAuthn=true"
    )
    old = SAID | {"Shib-Authentication-Instant": "2030-03-17T17:40:00Z"}
    assert "old one" in await refused(passed_on(old), dict(begun.kept))
    silent = SAID | {"Shib-Authentication-Instant": ""}
    assert "fresh" in await refused(passed_on(silent), dict(begun.kept))
    assert (await signed_in(passed_on(SAID), dict(begun.kept))).authenticated_at is not None


async def test_a_sign_in_begins_at_the_callback_and_carries_the_state() -> None:
    begun = await shibboleth.begin(settings(), PLACE, Wish("s1"))
    assert begun == Redirect(f"{PLACE.callback_url}?state=s1")
    assert shibboleth.state_of(settings(), passed_on(SAID)) == "s1"
    assert shibboleth.state_of(settings(), passed_on(SAID, url=PLACE.callback_url)) == ""
    chosen = await shibboleth.begin(settings(), PLACE, Wish("s1", organization=IDP))
    assert "entityID=https%3A%2F%2Fidp.example.edu%2Fsaml" in chosen.url


NOTICE = b"""<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>
<notify:LogoutNotification xmlns:notify="urn:mace:shibboleth:2.0:sp:notify" type="global">
<notify:SessionID>_0123456789abcdef</notify:SessionID></notify:LogoutNotification></S:Body></S:Envelope>"""


async def test_the_web_servers_notice_ends_a_session_and_nobody_elses_does() -> None:
    url = f"{PLACE.own_url}/heard"
    ended = await shibboleth.heard(
        settings(issuers=[IDP]), PLACE, passed_on({}, url=url, body=NOTICE, method="POST")
    )
    assert isinstance(ended, Ended)
    assert (ended.issuer, ended.session) == (IDP, "_0123456789abcdef")
    assert ended.answer is not None
    assert b"<OK/>" in ended.answer.body
    for forged in (
        passed_on({}, url=url, body=NOTICE, method="POST", secret=None),
        passed_on({}, url=url, body=NOTICE, method="POST", peer="203.0.113.9"),
        passed_on({}, url=PLACE.callback_url, body=NOTICE, method="POST"),
        passed_on({}, url=url, body=b"<SessionID>_0123456789abcdef</SessionID>", method="POST"),
    ):
        with pytest.raises(NotProved):
            await shibboleth.heard(settings(), PLACE, forged)


async def test_signing_out_goes_through_the_web_server_and_comes_back() -> None:
    out = await shibboleth.logout(settings(), PLACE, "s", {}, Wish("s2"))
    assert out.url == (
        "https://lists.example.org/Shibboleth.sso/Logout"
        "?return=https%3A%2F%2Flists.example.org%2Fauth%2Flists.example.org%2Fcampus%2Flogout%3Fstate%3Ds2"
    )
    back = await shibboleth.heard(settings(), PLACE, passed_on({}, url=f"{PLACE.own_url}/logout?state=s2"))
    assert isinstance(back, Answer)
    assert back.redirect_url == PLACE.base_url


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": None},
        {"secret": "the secret itself"},
        {"peers": []},
        {"peers": ["0.0.0.0/0"]},
        {"peers": ["::/0"]},
        {"peers": ["proxy.example.org"]},
        {"subject_header": "mail"},
        {"subject_header": "persistent_id"},
        {"subject_header": "Shib-Session-ID"},
        {"secret_header": "mail"},
        {"attributes": {"all": "x-postroom-secret"}},
        {"handler_path": "//evil.example"},
        {"trust": "everybody"},
    ],
)
def test_a_file_that_would_believe_too_much_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_a_file_without_a_secret_is_refused() -> None:
    with pytest.raises(ValidationError, match="secret"):
        Settings.model_validate({"peers": ["127.0.0.1"]})


@pytest.mark.parametrize("found", ["", "short"])
async def test_a_secret_that_is_missing_or_short_lets_nobody_in(
    found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHIB_SECRET", found)
    with pytest.raises(ProviderAway):
        await signed_in(passed_on(SAID, secret=found))


async def test_the_check_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIB_SECRET", "")
    unreachable = type(PLACE)("https://127.0.0.1:1", "https://127.0.0.1:1/auth/x/campus", "campus", NOW)
    findings = await shibboleth.check(settings(), unreachable)
    assert [each.is_good for each in findings] == [False, False]
    assert "SHIB_SECRET" in findings[0].text
    assert "cannot be asked" in findings[1].text
