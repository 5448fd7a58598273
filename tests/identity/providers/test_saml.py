"""What a SAML provider makes of honest answers."""

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("saml2")

from identity.saml.evidence import friendly_name
from mail.instant import MINUTE
from tests.identity.providers.saml_idp import TRANSIENT, URI
from tests.identity.providers.saml_reading import evidence_of
from tests.identity.providers.saml_world import (
    ENTITY_ID,
    NOW,
    UNIVERSITY,
    begun,
    pair,
    settings,
    university,
)

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("xmlsec1")]


async def test_everything_that_was_said_is_kept_under_its_name(tmp_path: Path) -> None:
    evidence = await evidence_of(tmp_path, {})
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
    assert (await evidence_of(tmp_path, {"attributes": attributes}, **more)).subject == expected


async def test_the_qualifiers_of_a_persistent_name_are_part_of_it(tmp_path: Path) -> None:
    qualified = {
        "name_attributes": ' NameQualifier="https://proxy.example" SPNameQualifier="https://group.example"'
    }
    evidence = await evidence_of(tmp_path, qualified)
    assert evidence.subject == "https://proxy.example!https://group.example!opaque-alice"
    spelled_out = {"name_attributes": f' NameQualifier="{UNIVERSITY}" SPNameQualifier="{ENTITY_ID}"'}
    assert (await evidence_of(tmp_path, spelled_out)).subject == (await evidence_of(tmp_path, {})).subject


async def test_a_transient_name_alone_is_for_this_visit(tmp_path: Path) -> None:
    evidence = await evidence_of(tmp_path, {"format": TRANSIENT})
    assert evidence.is_transient
    assert evidence.subject == "opaque-alice"
    known = await evidence_of(
        tmp_path, {"format": TRANSIENT, "attributes": {"subject-id": ("a@example.edu",)}}
    )
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
        evidence = await evidence_of(tmp_path, said, **more)
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


def test_names_of_attributes_are_those_of_eduperson() -> None:
    assert friendly_name("urn:oid:1.3.6.1.4.1.5923.1.1.1.6", URI) == "eduPersonPrincipalName"
    assert friendly_name("urn:oid:0.9.2342.19200300.100.1.3", "") == "mail"
    assert (
        friendly_name("urn:mace:dir:attribute-def:mail", "urn:oasis:names:tc:SAML:2.0:attrname-format:basic")
        == "mail"
    )
    assert friendly_name("http://example.org/own", URI) == "http://example.org/own"
