"""SAML responses that are genuine, and not for us, not for now, or not theirs to say (pitfalls 30 to 32 and 34)."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("saml2")

from identity.attacks import xml_wrapping as hostile
from mail.instant import DAY, HOUR, MINUTE, SECOND
from tests.identity.providers.saml_idp import EMAIL, SmallIdp
from tests.identity.providers.saml_refusals import refused
from tests.identity.providers.saml_world import (
    OTHER,
    PLACE,
    UNIVERSITY,
    Attempt,
    begun,
    other,
    pair,
    said,
    settings,
    stranger,
    university,
)

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("xmlsec1")]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "audience": ({"audience": "https://elsewhere.example/saml"}, "another Audience"),
    "no audience": ({"audience": ""}, "no Audience"),
    "recipient": ({"recipient": "https://elsewhere.example/acs"}, "another Recipient"),
    "destination": ({"destination": "https://elsewhere.example/acs"}, "another Destination"),
    "destination of a sibling": ({"destination": f"{PLACE.own_url}x/callback"}, "another Destination"),
    "in response to": ({"request_id": "id-of-another-request"}, "InResponseTo"),
    "in response to, inner": ({"assertion_request_id": "id-of-another-request"}, "InResponseTo"),
    "in response to nothing, inner": ({"assertion_request_id": ""}, "InResponseTo"),
    "expired": ({"ends": -2 * MINUTE}, "no longer valid"),
    "confirmation expired": ({"confirmed_until": -2 * MINUTE}, "no longer valid"),
    "confirmation for years": ({"confirmed_until": 400 * DAY}, "more than a day"),
    "not yet": ({"begins": 2 * MINUTE, "ends": HOUR}, "not yet valid"),
    "issued in the future": ({"issued": 2 * MINUTE}, "from the future"),
    "authenticated in the future": ({"authenticated": 2 * MINUTE}, "from the future"),
    "session over": ({"session_ends": -2 * MINUTE}, "has ended"),
    "issuer": ({"issuer": OTHER}, ""),
    "issuer of the response": ({"response_issuer": OTHER}, "another identity provider"),
    "status": ({"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"}, "said no: Responder"),
    "nobody": ({"name_id": "", "attributes": {"mail": ("alice@example.edu",)}}, "nothing names the person"),
    "an address as a name": ({"format": EMAIL, "name_id": "alice@example.edu"}, "nothing names the person"),
}


@pytest.mark.parametrize("signed", [("assertion",), ("assertion", "response")])
@pytest.mark.parametrize("case", WRONG)
async def test_what_is_not_for_us_or_not_for_now_is_refused(
    tmp_path: Path, case: str, signed: tuple[str, ...]
) -> None:
    """Pitfall 32, and the issuers of both."""
    changes, words = WRONG[case]
    attempt = await begun(settings(tmp_path))
    await refused(attempt, university().response(replace(attempt.said, signed=signed, **changes)), words)


async def test_two_minutes_are_the_most_that_clocks_may_differ(tmp_path: Path) -> None:
    attempt = await begun(settings(tmp_path, skew_seconds=120))
    late = replace(attempt.said, ends=-119 * SECOND, confirmed_until=-119 * SECOND)
    assert (await attempt.bring(university().response(late))).issuer == UNIVERSITY
    with pytest.raises(ValueError, match="120"):
        settings(tmp_path, skew_seconds=121)


async def test_several_assertions_or_none_are_refused(tmp_path: Path) -> None:
    attempt = await begun(settings(tmp_path))
    genuine = university().response(attempt.said)
    await refused(attempt, hostile.second_assertion(genuine))
    await refused(attempt, hostile.no_assertion(genuine))


async def test_replays_carry_the_ids_that_the_core_consumes(tmp_path: Path) -> None:
    """Pitfall 30: the same assertion names the same ids, until it could not be used any more."""
    attempt = await begun(settings(tmp_path))
    first = await attempt.bring(university().response(attempt.said))
    again = await attempt.bring(university().response(attempt.said))
    assert first.once == again.once
    assert len({one.id for one in first.once}) == 2
    assert all(one.until >= attempt.said.now + attempt.said.confirmed_until for one in first.once)
    fresh = await attempt.bring(university().response(replace(attempt.said, assertion_id="assertion-2")))
    assert fresh.once[0].id != first.once[0].id


async def test_ids_of_one_identity_provider_do_not_use_up_those_of_another(tmp_path: Path) -> None:
    both = settings(tmp_path, university(), other())
    here, there = await begun(both, UNIVERSITY), await begun(both, OTHER)
    first = await here.bring(university().response(here.said))
    second = await there.bring(other().response(there.said))
    assert not {one.id for one in first.once} & {one.id for one in second.once}


async def test_a_response_to_another_attempt_is_refused(tmp_path: Path) -> None:
    mine, theirs = await begun(settings(tmp_path)), await begun(settings(tmp_path))
    await refused(mine, university().response(theirs.said), "InResponseTo")


async def test_what_nobody_asked_for_is_refused_unless_the_operator_allows_it(tmp_path: Path) -> None:
    """Pitfall 31."""
    unasked = said("")
    attempt = Attempt(settings(tmp_path), {}, unasked)
    await refused(attempt, university().response(unasked), "nobody asked")
    begun_here = await begun(settings(tmp_path, allow_unsolicited=True))
    await refused(begun_here, university().response(unasked), "InResponseTo")
    allowed = Attempt(settings(tmp_path, allow_unsolicited=True), {}, unasked)
    assert (await allowed.bring(university().response(unasked))).issuer == UNIVERSITY
    await refused(allowed, university().response(replace(unasked, request_id="id-x")), "InResponseTo")
    await refused(allowed, stranger().response(unasked), "is not good")


async def test_an_identity_provider_without_metadata_is_refused(tmp_path: Path) -> None:
    unknown = SmallIdp("https://evil.example/saml", pair("stranger"))
    allowed = Attempt(settings(tmp_path, allow_unsolicited=True), {}, said(""))
    await refused(allowed, unknown.response(said("")), "not in the metadata")


@pytest.mark.parametrize(
    "attribute", ["eduPersonPrincipalName", "eduPersonScopedAffiliation", "subject-id", "pairwise-id"]
)
async def test_foreign_scopes_are_dropped(tmp_path: Path, attribute: str) -> None:
    """Pitfall 34: whoever may say who is alice@other.example may not say who is alice@example.edu."""
    kept = {"attributes": {"x": attribute}, "subject": [attribute, "persistent"]}
    attempt = await begun(settings(tmp_path, **kept))
    for value in (
        "a@other.example",
        "a@b@example.edu",
        "a@example.edu@other.example",
        "@example.edu",
        "example.edu",
    ):
        crafted = replace(attempt.said, attributes={attribute: (value,)})
        evidence = await attempt.bring(university().response(crafted))
        assert evidence.attributes == {}
        assert evidence.subject.endswith("!opaque-alice")
    honest = replace(attempt.said, attributes={attribute: ("A@EXAMPLE.edu",)})
    evidence = await attempt.bring(university().response(honest))
    assert evidence.attributes == {"x": ("A@EXAMPLE.edu",)}
    assert evidence.subject == f"{attribute}:a@example.edu"


async def test_a_friendly_name_is_not_believed(tmp_path: Path) -> None:
    attempt = await begun(settings(tmp_path))
    named = replace(attempt.said, attributes={"urn:oid:9.9.9": ("x@evil.example",)}, friendly_name="mail")
    assert (await attempt.bring(university().response(named))).addresses == ()


async def test_one_of_many_identity_providers_vouches_only_below_its_scopes(tmp_path: Path) -> None:
    """A whole federation stands behind one provider of ours: its members must not vouch for each other's domains."""
    attempt = await begun(settings(tmp_path, university(), other()), OTHER)
    crafted = replace(
        attempt.said,
        attributes={
            "mail": ("alice@example.edu", "b@other.example", "c@cs.other.example", "d@another.example")
        },
    )
    evidence = await attempt.bring(other().response(crafted))
    assert {one.address: one.is_verified for one in evidence.addresses} == {
        "alice@example.edu": False,
        "b@other.example": True,
        "c@cs.other.example": True,
        "d@another.example": False,
    }


async def test_a_fresh_sign_in_needs_a_fresh_authentication(tmp_path: Path) -> None:
    attempt = await begun(settings(tmp_path), is_fresh=True)
    old = replace(attempt.said, authenticated=-2 * MINUTE)
    await refused(attempt, university().response(old), "anew")
    fresh = replace(attempt.said, authenticated=5 * SECOND)
    evidence = await attempt.bring(university().response(fresh))
    assert evidence.authenticated_at == attempt.said.now + 5 * SECOND


async def test_another_way_to_authenticate_than_asked_for_is_refused(tmp_path: Path) -> None:
    mfa = "https://refeds.org/profile/mfa"
    attempt = await begun(settings(tmp_path, fresh_acr=[mfa]), is_fresh=True)
    fresh = replace(attempt.said, authenticated=0)
    await refused(attempt, university().response(fresh), "another way")
    assert (await attempt.bring(university().response(replace(fresh, acr=mfa)))).acr == mfa
