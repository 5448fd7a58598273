"""What a SAML provider says to identity providers, and what it makes of honest answers."""

import base64
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote_plus, urlsplit
from xml.etree import ElementTree as ET

import pytest
from pydantic import ValidationError

pytest.importorskip("saml2")

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from identity.provider import (
    Answer,
    Ended,
    Evidence,
    Inbound,
    NotProved,
    ProviderAway,
    Redirect,
    Submit,
    Wish,
)
from identity.providers import saml
from identity.providers.saml import OrganizationNeeded
from identity.saml import signatures
from identity.saml.documents import SAML, SAMLP
from identity.saml.evidence import friendly_name
from identity.saml.redirects import RSA_SHA256, check_query_signature, packed, unpacked
from identity.saml.signatures import Trust, check_schema
from mail.instant import DAY, HOUR, MINUTE, SECOND
from tests.identity.providers.saml_idp import POST, TRANSIENT, URI, SmallIdp, in_base64
from tests.identity.providers.saml_world import (
    ENTITY_ID,
    NOW,
    OTHER,
    PLACE,
    UNIVERSITY,
    begun,
    need_xmlsec1,
    other,
    pair,
    settings,
    stranger,
    university,
    write_idp,
)

pytestmark = pytest.mark.system


@pytest.fixture(autouse=True)
def _xmlsec1() -> None:
    need_xmlsec1()


def _trust(idp: str, name: str) -> Trust:
    return Trust(idp, (pair(name).der,), allow_sha1=False, program="xmlsec1")


def _request_in(url: str) -> ET.Element:
    return ET.fromstring(unpacked(parse_qs(urlsplit(url).query)["SAMLRequest"][0], 100_000))


# Requests.


async def test_a_request_says_who_asks_whom_and_where_to_answer(tmp_path: Path) -> None:
    started = await saml.begin(settings(tmp_path), PLACE, Wish(state="the-state"))
    assert isinstance(started, Redirect)
    assert started.url.startswith("https://idp.example.edu/sso?SAMLRequest=")
    assert parse_qs(urlsplit(started.url).query)["RelayState"] == ["the-state"]
    request = _request_in(started.url)
    assert request.tag == f"{SAMLP}AuthnRequest"
    assert request.attrib == {
        "ID": started.kept["request"],
        "Version": "2.0",
        "IssueInstant": "2030-03-17T17:46:40Z",
        "Destination": "https://idp.example.edu/sso",
        "AssertionConsumerServiceURL": PLACE.callback_url,
        "ProtocolBinding": POST,
    }
    assert request.findtext(f"{SAML}Issuer") == ENTITY_ID
    policy = request.find(f"{SAMLP}NameIDPolicy")
    assert policy is not None
    assert policy.get("Format", "").endswith(":persistent")
    check_query_signature(urlsplit(started.url).query, "SAMLRequest", _trust(ENTITY_ID, "lists.example.org"))
    check_schema(ET.tostring(request, encoding="unicode"))


async def test_each_request_has_an_id_of_its_own(tmp_path: Path) -> None:
    known = settings(tmp_path)
    ids = {(await begun(known)).kept["request"] for _ in range(5)}
    assert len(ids) == 5


async def test_a_fresh_sign_in_forces_the_identity_provider_to_ask(tmp_path: Path) -> None:
    known = settings(tmp_path, requested_acr=["urn:x:one", "urn:x:two"], fresh_acr=["urn:x:mfa"])
    for is_fresh, acrs in ((False, ["urn:x:one", "urn:x:two"]), (True, ["urn:x:mfa"])):
        started = await saml.begin(known, PLACE, Wish(state="the-state", is_fresh=is_fresh))
        assert isinstance(started, Redirect)
        request = _request_in(started.url)
        assert request.get("ForceAuthn") == ("true" if is_fresh else None)
        assert [one.text for one in request.iter(f"{SAML}AuthnContextClassRef")] == acrs
        assert ("fresh_since" in started.kept) is is_fresh


async def test_a_post_only_identity_provider_gets_a_signed_form(tmp_path: Path) -> None:
    known = settings(tmp_path)
    write_idp(tmp_path, university(), binding=POST)
    started = await saml.begin(known, PLACE, Wish(state="the-state"))
    assert isinstance(started, Submit)
    assert started.url == "https://idp.example.edu/sso"
    assert started.fields["RelayState"] == "the-state"
    request = ET.fromstring(base64.b64decode(started.fields["SAMLRequest"]))
    assert request.get("ID") == started.kept["request"]
    assert request.find("{http://www.w3.org/2000/09/xmldsig#}Signature") is not None


async def test_among_several_one_has_to_be_chosen(tmp_path: Path) -> None:
    known = settings(tmp_path, university(), other())
    with pytest.raises(OrganizationNeeded):
        await saml.begin(known, PLACE, Wish(state="the-state"))
    assert (await begun(known, OTHER)).kept["idp"] == OTHER
    for unknown in ("https://evil.example/saml", "x" * 5000):
        with pytest.raises(NotProved):
            await saml.begin(known, PLACE, Wish(state="the-state", organization=unknown))
    only = settings(tmp_path, university(), other(), idps=[UNIVERSITY])
    assert (await begun(only)).kept["idp"] == UNIVERSITY
    hidden = settings(tmp_path, university(), other(), hidden_idps=[OTHER])
    assert (await begun(hidden)).kept["idp"] == UNIVERSITY
    for refusing in (only, hidden):
        with pytest.raises(NotProved):
            await saml.begin(refusing, PLACE, Wish(state="the-state", organization=OTHER))


async def test_organizations_are_found_by_name_and_scope(tmp_path: Path) -> None:
    known = settings(tmp_path, university(), other())
    assert [one.id for one in await saml.organizations(known, "")] == [UNIVERSITY, OTHER]
    for text, expected in (
        ("univ", [UNIVERSITY]),
        ("OTHER.example", [OTHER]),
        ("nobody", []),
        (OTHER, [OTHER]),
    ):
        assert [one.id for one in await saml.organizations(known, text)] == expected
    assert [one.name for one in await saml.organizations(known, "col")] == ["Other College"]


# What is known afterwards.


async def _evidence(folder: Path, changes: dict[str, Any], **more: Any) -> Evidence:
    attempt = await begun(settings(folder, **more))
    return await attempt.bring(university().response(replace(attempt.said, **changes)))


async def test_everything_that_was_said_is_kept_under_its_name(tmp_path: Path) -> None:
    evidence = await _evidence(tmp_path, {})
    assert evidence.issuer == UNIVERSITY
    assert evidence.subject == f"{UNIVERSITY}!{ENTITY_ID}!opaque-alice"
    assert [one.address for one in evidence.addresses] == ["alice@example.edu", "a.liddell@cs.example.edu"]
    assert evidence.attributes == {
        "eduPersonPrincipalName": ("alice@example.edu",),
        "displayName": ("Alice Liddell",),
    }
    assert evidence.display_name == "Alice Liddell"
    assert evidence.authenticated_at == NOW - MINUTE
    assert evidence.kept["name_id"] == "opaque-alice"
    assert evidence.kept["session_index"] == "session-1"


@pytest.mark.parametrize(
    ("attributes", "order", "expected"),
    [
        ({"subject-id": ("ALICE@example.edu",)}, None, "subject-id:alice@example.edu"),
        ({"pairwise-id": ("X1@example.edu",)}, None, "pairwise-id:x1@example.edu"),
        ({"subject-id": ("a@example.edu", "b@example.edu")}, None, f"{UNIVERSITY}!{ENTITY_ID}!opaque-alice"),
        ({"eduPersonPrincipalName": ("alice@example.edu",)}, None, f"{UNIVERSITY}!{ENTITY_ID}!opaque-alice"),
        (
            {"eduPersonPrincipalName": ("alice@example.edu",)},
            ["eduPersonPrincipalName"],
            "eduPersonPrincipalName:alice@example.edu",
        ),
        ({"urn:oid:1.2.3": ("AbC",)}, ["urn:oid:1.2.3"], "urn:oid:1.2.3:AbC"),
    ],
)
async def test_the_subject_is_the_first_stable_name_in_the_operators_order(
    tmp_path: Path, attributes: dict[str, tuple[str, ...]], order: list[str] | None, expected: str
) -> None:
    more = {} if order is None else {"subject": order}
    assert (await _evidence(tmp_path, {"attributes": attributes}, **more)).subject == expected


async def test_the_qualifiers_of_a_persistent_name_are_part_of_it(tmp_path: Path) -> None:
    qualified = {
        "name_attributes": ' NameQualifier="https://proxy.example" SPNameQualifier="https://group.example"'
    }
    evidence = await _evidence(tmp_path, qualified)
    assert evidence.subject == "https://proxy.example!https://group.example!opaque-alice"
    spelled_out = {"name_attributes": f' NameQualifier="{UNIVERSITY}" SPNameQualifier="{ENTITY_ID}"'}
    assert (await _evidence(tmp_path, spelled_out)).subject == (await _evidence(tmp_path, {})).subject


async def test_a_transient_name_alone_is_for_this_visit(tmp_path: Path) -> None:
    evidence = await _evidence(tmp_path, {"format": TRANSIENT})
    assert evidence.is_transient
    assert evidence.subject == "opaque-alice"
    known = await _evidence(tmp_path, {"format": TRANSIENT, "attributes": {"subject-id": ("a@example.edu",)}})
    assert not known.is_transient


async def test_addresses_are_verified_as_the_operator_says(tmp_path: Path) -> None:
    said = {"attributes": {"mail": ("a@example.edu", "no address", "b@elsewhere.example")}}
    for more, expected in (
        ({}, {"a@example.edu": True, "b@elsewhere.example": True}),
        ({"addresses_within_scope": True}, {"a@example.edu": True, "b@elsewhere.example": False}),
        (
            {"addresses": [], "unverified_addresses": ["mail"]},
            {"a@example.edu": False, "b@elsewhere.example": False},
        ),
        ({"addresses": []}, {}),
    ):
        evidence = await _evidence(tmp_path, said, **more)
        assert {one.address: one.is_verified for one in evidence.addresses} == expected


async def test_scopes_of_the_settings_stand_in_for_those_that_metadata_lacks(tmp_path: Path) -> None:
    bare = replace(university(), scopes=())
    attempt = await begun(settings(tmp_path, bare))
    response = university().response(attempt.said)
    assert "eduPersonPrincipalName" not in (await attempt.bring(response)).attributes
    told = replace(attempt, settings=settings(tmp_path, bare, scopes={UNIVERSITY: ["example.edu"]}))
    assert "eduPersonPrincipalName" in (await told.bring(response)).attributes


async def test_a_scope_may_be_a_pattern_over_all_of_it(tmp_path: Path) -> None:
    attempt = await begun(settings(tmp_path))
    file = tmp_path / "Example.xml"
    pattern = '<shibmd:Scope regexp="true">[a-z]+[.]example[.]edu</shibmd:Scope>'
    file.write_text(
        university().metadata().replace('<shibmd:Scope regexp="false">example.edu</shibmd:Scope>', pattern)
    )
    for scope, is_kept in (
        ("cs.example.edu", True),
        ("example.edu", False),
        ("cs.example.edu.evil.example", False),
    ):
        crafted = replace(attempt.said, attributes={"eduPersonPrincipalName": (f"a@{scope}",)})
        evidence = await attempt.bring(university().response(crafted))
        assert ("eduPersonPrincipalName" in evidence.attributes) is is_kept


async def test_an_encrypted_assertion_is_read_with_either_key(tmp_path: Path) -> None:
    attempt = await begun(settings(tmp_path))
    second = pair("second")
    (tmp_path / "second.key").write_text(second.key)
    (tmp_path / "second.crt").write_text(second.certificate)
    changing = settings(
        tmp_path, second_key=f"file:{tmp_path}/second.key", second_certificate=f"file:{tmp_path}/second.crt"
    )
    for certificate in (pair("lists.example.org").certificate, second.certificate):
        for signed in (("assertion",), ("assertion", "response")):
            crafted = replace(attempt.said, encrypted_for=certificate, signed=signed)
            response = university().response(crafted)
            assert b"opaque-alice" not in response
            evidence = await replace(attempt, settings=changing).bring(response)
            assert evidence.subject.endswith("!opaque-alice")


# Logout.


def _heard_in_query(
    message: str, signer: SmallIdp, *, lower_case: bool = False, relay_state: str = "there"
) -> Inbound:
    """A message as the redirect binding brings it; `lower_case` escapes as ADFS does."""
    escape = (lambda text: _lower(quote_plus(text))) if lower_case else quote_plus
    query = f"SAMLRequest={escape(packed(message))}&RelayState={relay_state}&SigAlg={escape(RSA_SHA256)}"
    key = serialization.load_pem_private_key(signer.pair.key.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    signature = base64.b64encode(key.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
    query += f"&Signature={escape(signature)}"
    return Inbound("GET", f"{PLACE.own_url}/logout?{query}", query=dict(parse_qsl(query)))


def _lower(escaped: str) -> str:
    parts = escaped.split("%")
    return parts[0] + "".join(f"%{part[:2].lower()}{part[2:]}" for part in parts[1:])


@pytest.mark.parametrize("lower_case", [False, True])
async def test_a_signed_logout_ends_the_session_and_is_answered(tmp_path: Path, lower_case: bool) -> None:
    known = settings(tmp_path)
    evidence = await _evidence(tmp_path, {})
    message = university().logout_request(f"{PLACE.own_url}/logout", NOW)
    heard = await saml.heard(known, PLACE, _heard_in_query(message, university(), lower_case=lower_case))
    assert isinstance(heard, Ended)
    assert (heard.issuer, heard.subject, heard.session) == (UNIVERSITY, "", evidence.session)
    assert len(heard.once) == 1
    assert heard.answer is not None
    answer = urlsplit(heard.answer.redirect_url)
    assert f"{answer.scheme}://{answer.netloc}{answer.path}" == "https://idp.example.edu/slo"
    assert parse_qs(answer.query)["RelayState"] == ["there"]
    check_query_signature(answer.query, "SAMLResponse", _trust(ENTITY_ID, "lists.example.org"))
    response = ET.fromstring(unpacked(parse_qs(answer.query)["SAMLResponse"][0], 100_000))
    assert response.get("InResponseTo") == "logout-1"


async def test_a_posted_logout_is_read_by_its_xml_signature(tmp_path: Path) -> None:
    known = settings(tmp_path)
    write_idp(tmp_path, university(), binding=POST)
    message = university().logout_request(f"{PLACE.own_url}/logout", NOW, is_signed=True)
    posted = Inbound("POST", f"{PLACE.own_url}/logout", form={"SAMLRequest": in_base64(message.encode())})
    heard = await saml.heard(known, PLACE, posted)
    assert isinstance(heard, Ended)
    assert heard.answer is not None
    assert heard.answer.redirect_url == "https://idp.example.edu/slo"
    response = ET.fromstring(base64.b64decode(heard.answer.form["SAMLResponse"]))
    assert response.get("InResponseTo") == "logout-1"
    assert response.find("{http://www.w3.org/2000/09/xmldsig#}Signature") is not None
    forged = message.replace("opaque-alice", "opaque-other")
    with pytest.raises(NotProved):
        await saml.heard(known, PLACE, replace(posted, form={"SAMLRequest": in_base64(forged.encode())}))


async def test_a_logout_names_sessions_as_sign_ins_do(tmp_path: Path) -> None:
    known = settings(tmp_path)
    evidence = await _evidence(tmp_path, {})

    async def ended(**more: Any) -> tuple[str, str]:
        message = university().logout_request(f"{PLACE.own_url}/logout", NOW, **more)
        heard = await saml.heard(known, PLACE, _heard_in_query(message, university()))
        assert isinstance(heard, Ended)
        return heard.subject, heard.session

    assert await ended(indexes=()) == (evidence.subject, "")
    assert await ended(indexes=("session-1", "session-2")) == (evidence.subject, "")
    # Indexes may be small numbers that several people share.
    assert (await ended(name_id="opaque-bob"))[1] != evidence.session
    transient = await _evidence(tmp_path, {"format": TRANSIENT})
    for indexes in ((), ("session-1",)):
        assert await ended(format=TRANSIENT, indexes=indexes) == ("", transient.session)


async def test_a_logout_that_is_not_for_us_or_not_for_now_is_refused(tmp_path: Path) -> None:
    known, here = settings(tmp_path), f"{PLACE.own_url}/logout"
    good = university().logout_request(here, NOW)
    for message, signer in (
        (university().logout_request("https://elsewhere.example/slo", NOW), university()),
        (university().logout_request(here, NOW - HOUR), university()),
        (university().logout_request(here, NOW + DAY), university()),
        (good, stranger()),
        (replace(university(), entity_id="https://evil.example/saml").logout_request(here, NOW), stranger()),
        (good.replace("LogoutRequest", "AuthnRequest"), university()),
        ("<!DOCTYPE x>" + good, university()),
    ):
        with pytest.raises(NotProved):
            await saml.heard(known, PLACE, _heard_in_query(message, signer))
    whole = _heard_in_query(good, university())
    for query in (
        {**whole.query, "SAMLRequest": "x"},
        {**whole.query, "SAMLRequest": base64.b64encode(b"x" * 99).decode()},
        {},
    ):
        with pytest.raises(NotProved):
            await saml.heard(known, PLACE, replace(whole, query=query))
    bomb = packed("<a>" + "x" * 5_000_000 + "</a>")
    assert len(bomb) < 20_000
    with pytest.raises(NotProved) as refusal:
        await saml.heard(known, PLACE, replace(whole, query={**whole.query, "SAMLRequest": bomb}))
    assert "larger" in refusal.value.detail


async def test_signing_out_names_the_session_there(tmp_path: Path) -> None:
    known, evidence = settings(tmp_path), await _evidence(tmp_path, {})
    leaving = await saml.logout(known, PLACE, evidence.subject, evidence.kept, Wish(state="out"))
    assert isinstance(leaving, Redirect)
    request = _request_in(leaving.url)
    assert request.findtext(f"{SAML}NameID") == "opaque-alice"
    assert request.findtext(f"{SAMLP}SessionIndex") == "session-1"
    check_query_signature(urlsplit(leaving.url).query, "SAMLRequest", _trust(ENTITY_ID, "lists.example.org"))
    assert await saml.logout(known, PLACE, "x", {**evidence.kept, "idp": OTHER}, Wish(state="out")) is None


# Our metadata and settings.


async def test_our_metadata_says_who_we_are(tmp_path: Path) -> None:
    second = pair("second")
    (tmp_path / "second.key").write_text(second.key)
    (tmp_path / "second.crt").write_text(second.certificate)
    known = settings(
        tmp_path,
        second_key=f"file:{tmp_path}/second.key",
        second_certificate=f"file:{tmp_path}/second.crt",
        organization_name="Example & Co",
        organization_url="https://example.org/",
        contact_name="Post <Master>",
        contact_address="postmaster@example.org",
        service_name="Lists",
    )
    answer = await saml.metadata(known, PLACE)
    assert isinstance(answer, Answer)
    assert answer.media_type == "application/samlmetadata+xml"
    root = ET.fromstring(answer.body)
    md = "{urn:oasis:names:tc:SAML:2.0:metadata}"
    assert root.get("entityID") == ENTITY_ID
    keys = [(one.get("use"), "".join(one.itertext()).strip()) for one in root.iter(f"{md}KeyDescriptor")]
    assert {use for use, _ in keys} == {"signing", "encryption"}
    assert {key for _, key in keys} == {pair("lists.example.org").der, second.der}
    acs = root.find(f"{md}SPSSODescriptor/{md}AssertionConsumerService")
    assert acs is not None
    assert (acs.get("Binding"), acs.get("Location")) == (POST, PLACE.callback_url)
    assert {one.get("Location") for one in root.iter(f"{md}SingleLogoutService")} == {
        f"{PLACE.own_url}/logout"
    }
    assert root.findtext(f"{md}Organization/{md}OrganizationName") == "Example & Co"
    assert root.findtext(f"{md}ContactPerson/{md}EmailAddress") == "mailto:postmaster@example.org"
    assert b"PRIVATE KEY" not in answer.body
    named = await saml.metadata(known.model_copy(update={"entity_id": "https://lists.example.org/sp"}), PLACE)
    assert ET.fromstring(named.body).get("entityID") == "https://lists.example.org/sp"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"metadata_files": []}, "name the identity providers' metadata"),
        ({"metadata_url": "https://federation.example/metadata"}, "needs metadata_certificate"),
        ({"mdq_url": "https://mdq.example"}, "needs metadata_certificate"),
        ({"metadata_url": "file:///etc/passwd"}, "must begin with https://"),
        ({"second_key": "env:X"}, "belong together"),
        ({"subject": ["mail"]}, "change hands"),
        ({"subject": []}, "at least 1"),
        ({"key": "-----BEGIN PRIVATE KEY-----"}, "point to the secret"),
        ({"nonsense": True}, "nonsense"),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        settings(tmp_path, **wrong)


async def test_keys_that_cannot_work_are_said_so(tmp_path: Path) -> None:
    known = settings(tmp_path)
    for key, words in (
        (pair("other").key, "do not belong together"),
        ("no key", "is not PEM"),
        ("", "is empty"),
    ):
        (tmp_path / "sp.key").write_text(key)
        with pytest.raises(ProviderAway) as away:
            await saml.begin(known, PLACE, Wish(state="the-state"))
        assert words in away.value.detail
        assert "PRIVATE" not in away.value.detail
        told = await saml.check(known, PLACE)
        assert any(words in finding.text for finding in told if not finding.is_good)


async def test_lapsed_metadata_is_not_believed(tmp_path: Path) -> None:
    """Pitfall 34."""
    attempt = await begun(settings(tmp_path))
    response = university().response(attempt.said)
    for more, is_good in (
        (' validUntil="2030-03-17T17:46:41Z"', True),
        (' validUntil="2030-03-17T17:46:40Z"', False),
    ):
        write_idp(tmp_path, university(), more=more)
        if is_good:
            await attempt.bring(response)
            later = replace(attempt, place=replace(PLACE, now=NOW + 2 * SECOND))
            with pytest.raises((NotProved, ProviderAway)):
                await later.bring(response)
        else:
            with pytest.raises((NotProved, ProviderAway)):
                await attempt.bring(response)


async def test_one_broken_identity_provider_does_not_take_others_with_it(tmp_path: Path) -> None:
    known = settings(tmp_path, university(), other())
    file = tmp_path / "Other.xml"
    for broken in (
        other().metadata().replace(other().pair.der, "AAAA"),
        other().metadata().replace(">other.example<", "><b/><"),
        other().metadata().replace("<md:IDPSSODescriptor", '<md:IDPSSODescriptor validUntil="yesterday"'),
    ):
        file.write_text(broken)
        assert (await begun(known, UNIVERSITY)).kept["idp"] == UNIVERSITY
        with pytest.raises(NotProved):
            await begun(known, OTHER)


async def test_a_key_for_encryption_signs_nothing(tmp_path: Path) -> None:
    attempt = await begun(settings(tmp_path))
    file = tmp_path / "Example.xml"
    file.write_text(university().metadata().replace('use="signing"', 'use="encryption"'))
    with pytest.raises(NotProved):
        await attempt.bring(university().response(attempt.said))


async def test_metadata_with_a_dtd_is_not_read(tmp_path: Path) -> None:
    known = settings(tmp_path)
    file = tmp_path / "Example.xml"
    file.write_text(f'<!DOCTYPE x [<!ENTITY a "b">]>{university().metadata()}')
    with pytest.raises(ProviderAway) as away:
        await saml.begin(known, PLACE, Wish(state="the-state"))
    assert "DTD" in away.value.detail


def test_names_of_attributes_are_those_of_eduperson() -> None:
    assert friendly_name("urn:oid:1.3.6.1.4.1.5923.1.1.1.6", URI) == "eduPersonPrincipalName"
    assert friendly_name("urn:oid:0.9.2342.19200300.100.1.3", "") == "mail"
    assert (
        friendly_name("urn:mace:dir:attribute-def:mail", "urn:oasis:names:tc:SAML:2.0:attrname-format:basic")
        == "mail"
    )
    assert friendly_name("http://example.org/own", URI) == "http://example.org/own"


# xmlsec1, which is a program.


async def test_nothing_is_left_in_the_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    attempt = await begun(settings(tmp_path))
    ours = pair("lists.example.org").certificate
    responses = [
        university().response(replace(attempt.said, **changes))
        for changes in (
            {},
            {"encrypted_for": ours},
            {"audience": "x"},
            {"encrypted_for": pair("other").certificate},
        )
    ]
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    outcomes = []
    for response in (*responses, stranger().response(attempt.said)):
        try:
            outcomes.append((await attempt.bring(response)).issuer)
        except NotProved:
            outcomes.append("")
        assert list(folder.iterdir()) == []
    assert outcomes == [UNIVERSITY, UNIVERSITY, "", "", ""]


async def test_a_hanging_xmlsec1_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "xmlsec1"
    program.write_text('#!/bin/sh\n[ "$1" = --version ] && { echo xmlsec1 1.2.37; exit; }\nexec sleep 60\n')
    program.chmod(0o755)
    monkeypatch.setattr(signatures, "DEADLINE", 0.3)
    attempt = await begun(settings(tmp_path, xmlsec1=str(program)))
    with pytest.raises(ProviderAway) as away:
        await attempt.bring(university().response(attempt.said))
    assert "did not finish" in away.value.detail


async def test_a_missing_xmlsec1_is_named(tmp_path: Path) -> None:
    attempt = await begun(settings(tmp_path, xmlsec1=str(tmp_path / "nowhere")))
    with pytest.raises(ProviderAway) as away:
        await attempt.bring(university().response(attempt.said))
    assert "install the package xmlsec1" in away.value.detail


async def test_an_xmlsec1_that_says_nothing_believes_nothing(tmp_path: Path) -> None:
    """A program that ends well without a word of the signature proves nothing."""
    program = tmp_path / "xmlsec1"
    program.write_text('#!/bin/sh\n[ "$1" = --version ] && echo xmlsec1 1.2.37\nexit 0\n')
    program.chmod(0o755)
    attempt = await begun(settings(tmp_path, xmlsec1=str(program)))
    with pytest.raises(NotProved):
        await attempt.bring(university().response(attempt.said))
