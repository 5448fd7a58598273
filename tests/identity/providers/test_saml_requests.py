"""What a SAML provider says to identity providers, and how one of many is chosen."""

import base64
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pytest

pytest.importorskip("saml2")

from identity.provider import (
    NotProved,
    Redirect,
    Submit,
    Wish,
)
from identity.providers import saml
from identity.providers.saml import OrganizationNeeded
from identity.saml.documents import SAML, SAMLP
from identity.saml.redirects import check_query_signature
from identity.saml.signatures import check_schema
from tests.identity.providers.saml_idp import POST
from tests.identity.providers.saml_reading import request_in, trust_in
from tests.identity.providers.saml_world import (
    ENTITY_ID,
    OTHER,
    PLACE,
    UNIVERSITY,
    begun,
    other,
    settings,
    university,
    write_idp,
)

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("xmlsec1")]


async def test_a_request_says_who_asks_whom_and_where_to_answer(tmp_path: Path) -> None:
    started = await saml.begin(settings(tmp_path), PLACE, Wish(state="the-state"))
    assert isinstance(started, Redirect)
    assert started.url.startswith("https://idp.example.edu/sso?SAMLRequest=")
    assert parse_qs(urlsplit(started.url).query)["RelayState"] == ["the-state"]
    request = request_in(started.url)
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
    check_query_signature(
        urlsplit(started.url).query, "SAMLRequest", trust_in(ENTITY_ID, "lists.example.org")
    )
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
        request = request_in(started.url)
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
