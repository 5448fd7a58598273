"""SAML logouts: those that are heard, those that are refused, and the one that is asked for."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote_plus, urlsplit
from xml.etree import ElementTree as ET

import pytest

pytest.importorskip("saml2")

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from identity.provider import (
    Ended,
    Inbound,
    NotProved,
    Redirect,
    Wish,
)
from identity.providers import saml
from identity.saml.documents import SAML, SAMLP
from identity.saml.redirects import RSA_SHA256, check_query_signature, packed, unpacked
from mail.instant import DAY, HOUR
from tests.identity.providers.saml_idp import POST, TRANSIENT, SmallIdp, in_base64
from tests.identity.providers.saml_reading import evidence_of, request_in, trust_in
from tests.identity.providers.saml_world import (
    ENTITY_ID,
    NOW,
    OTHER,
    PLACE,
    UNIVERSITY,
    settings,
    stranger,
    university,
    write_idp,
)

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("xmlsec1")]


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
    evidence = await evidence_of(tmp_path, {})
    message = university().logout_request(f"{PLACE.own_url}/logout", NOW)
    heard = await saml.heard(known, PLACE, _heard_in_query(message, university(), lower_case=lower_case))
    assert isinstance(heard, Ended)
    assert (heard.issuer, heard.subject, heard.session) == (UNIVERSITY, "", evidence.session)
    assert len(heard.once) == 1
    assert heard.answer is not None
    answer = urlsplit(heard.answer.redirect_url)
    assert f"{answer.scheme}://{answer.netloc}{answer.path}" == "https://idp.example.edu/slo"
    assert parse_qs(answer.query)["RelayState"] == ["there"]
    check_query_signature(answer.query, "SAMLResponse", trust_in(ENTITY_ID, "lists.example.org"))
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
    evidence = await evidence_of(tmp_path, {})

    async def ended(**more: Any) -> tuple[str, str]:
        message = university().logout_request(f"{PLACE.own_url}/logout", NOW, **more)
        heard = await saml.heard(known, PLACE, _heard_in_query(message, university()))
        assert isinstance(heard, Ended)
        return heard.subject, heard.session

    assert await ended(indexes=()) == (evidence.subject, "")
    assert await ended(indexes=("session-1", "session-2")) == (evidence.subject, "")
    # Indexes may be small numbers that several people share.
    assert (await ended(name_id="opaque-bob"))[1] != evidence.session
    transient = await evidence_of(tmp_path, {"format": TRANSIENT})
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
    known, evidence = settings(tmp_path), await evidence_of(tmp_path, {})
    leaving = await saml.logout(known, PLACE, evidence.subject, evidence.kept, Wish(state="out"))
    assert isinstance(leaving, Redirect)
    request = request_in(leaving.url)
    assert request.findtext(f"{SAML}NameID") == "opaque-alice"
    assert request.findtext(f"{SAMLP}SessionIndex") == "session-1"
    check_query_signature(
        urlsplit(leaving.url).query, "SAMLRequest", trust_in(ENTITY_ID, "lists.example.org")
    )
    assert await saml.logout(known, PLACE, "x", {**evidence.kept, "idp": OTHER}, Wish(state="out")) is None
