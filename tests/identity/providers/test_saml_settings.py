"""Our SAML metadata, keys and settings, and the metadata of others."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from pydantic import ValidationError

pytest.importorskip("saml2")

from identity.provider import (
    Answer,
    NotProved,
    ProviderAway,
    Wish,
)
from identity.providers import saml
from mail.instant import SECOND
from tests.identity.providers.saml_idp import POST
from tests.identity.providers.saml_world import (
    ENTITY_ID,
    NOW,
    OTHER,
    PLACE,
    UNIVERSITY,
    begun,
    other,
    pair,
    settings,
    university,
    write_idp,
)

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("xmlsec1")]


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
