"""What the claims of an OpenID provider are worth: addresses, attributes, and what it keeps elsewhere."""

from typing import Any

import pytest

from identity.openid.claims import evidence_of
from identity.provider import Claimed, Evidence, NotProved
from tests.identity.providers.openid_keys import ISSUER, claims, settings


def evidence(token: dict[str, Any], userinfo: dict[str, Any] | None = None, **more: Any) -> Evidence:
    return evidence_of(settings(**more), claims(**token), userinfo or {}, {})


def test_the_account_is_named_by_issuer_and_subject_never_by_an_address() -> None:
    """Pitfall 2."""
    found = evidence({"email": "alice@example.edu", "email_verified": True, "sub": "248289761001"})
    assert (found.issuer, found.subject) == (ISSUER, "248289761001")


@pytest.mark.parametrize("said", ["true", "True", "false", 1, 0, "1", None, [True], {"value": True}, False])
def test_only_the_value_true_says_that_an_address_is_verified(said: object) -> None:
    """Pitfalls 2 and 3."""
    assert evidence({"email": "a@example.edu", "email_verified": said}).addresses == (
        Claimed("a@example.edu", False),
    )


def test_another_claim_can_say_it() -> None:
    said = {"email": "a@example.edu", "email_verified": True, "xms_edov": False}
    assert not evidence(said, email_verified_claim="xms_edov").addresses[0].is_verified
    assert evidence(said | {"xms_edov": True}, email_verified_claim="xms_edov").addresses[0].is_verified


def test_further_addresses_are_as_verified_as_the_operator_says() -> None:
    said = {
        "email": "a@example.edu",
        "email_verified": True,
        "also": ["b@example.edu", 7, None, "", ["x@example.edu"], "a@example.edu", "b@example.edu"],
    }
    assert evidence(said).addresses == (Claimed("a@example.edu", True),)
    unverified = evidence(said, alternates_claim="also").addresses
    assert unverified == (
        Claimed("a@example.edu", True),
        Claimed("b@example.edu", False),
        Claimed("7", False),
    )
    verified = evidence(said, alternates_claim="also", alternates_are_verified=True).addresses
    assert verified[1] == Claimed("b@example.edu", True)


def test_a_main_address_that_is_unverified_is_not_verified_by_standing_among_the_alternates() -> None:
    said = {"email": "a@example.edu", "email_verified": False, "also": "a@example.edu"}
    found = evidence(said, alternates_claim="also", alternates_are_verified=True).addresses
    assert found == (Claimed("a@example.edu", False),)


def test_attributes_are_those_that_are_listed() -> None:
    said = {"groups": ["staff", "it"], "level": 3, "admin": True, "nothing": [], "address": {"country": "FR"}}
    found = evidence(
        said,
        attributes={
            "g": "groups",
            "l": "level",
            "a": "admin",
            "n": "nothing",
            "c": "address",
            "x": "not there",
        },
    )
    assert found.attributes == {"g": ("staff", "it"), "l": ("3",), "a": ("true",), "n": (), "c": ()}


def test_a_text_that_cannot_be_stored_is_made_one_that_can() -> None:
    found = evidence({"name": "a\ud800b", "groups": ["\udfff"]}, attributes={"groups": "groups"})
    assert (found.display_name, found.attributes) == ("a?b", {"groups": ("?",)})


def test_the_token_counts_before_userinfo() -> None:
    found = evidence(
        {"name": "Alice", "groups": ["staff"]},
        {"name": "Mallory", "groups": ["admins"], "sid": "s", "acr": "mfa", "sub": "alice"},
        attributes={"groups": "groups"},
    )
    assert (found.display_name, found.attributes) == ("Alice", {"groups": ("staff",)})
    assert (found.session, found.acr) == ("", "")


@pytest.mark.parametrize(
    "pointing",
    [{"_claim_names": {"groups": "src1"}}, {"hasgroups": True}, {"hasgroups": "true"}],
    ids=lambda each: next(iter(each)),
)
@pytest.mark.parametrize("part", [{}, {"groups": ["one of hundreds"]}], ids=["no groups", "some groups"])
def test_groups_that_are_kept_elsewhere_are_unknown_and_not_none(
    pointing: dict[str, Any], part: dict[str, Any]
) -> None:
    """Pitfall 23."""
    for token, userinfo in ((pointing | part, {}), (part, pointing)):
        with pytest.raises(NotProved):
            evidence(token, userinfo, attributes={"groups": "groups"})
        left_out = evidence(token, userinfo, attributes={"groups": "groups"}, elsewhere="leave_out")
        assert "groups" not in left_out.attributes
        assert evidence(token, userinfo, attributes={"name": "name"}).subject == "alice"
        for mode in ("refuse", "leave_out"):
            with pytest.raises(NotProved):
                evidence(token, userinfo, require_claims={"groups": "one of hundreds"}, elsewhere=mode)


def test_addresses_that_are_kept_elsewhere_are_not_made_up_for() -> None:
    pointing = {"_claim_names": {"email": "src1"}, "email": "a@example.edu", "email_verified": True}
    assert evidence(pointing, elsewhere="leave_out").addresses == ()
    with pytest.raises(NotProved):
        evidence({"_claim_names": ["groups"]}, attributes={"groups": "groups"})


def test_a_required_claim_has_to_have_its_very_value() -> None:
    """Pitfall 3: another tenant of an issuer that many share."""
    required = {"require_claims": {"tid": "t1"}}
    for good in ("t1", ["t0", "t1"]):
        assert evidence({"tid": good}, **required).subject == "alice"
    for bad in (None, "", "t2", "T1", "t1 ", ["t2"], [], {"t1": 1}, ["x t1"]):
        with pytest.raises(NotProved):
            evidence({"tid": bad}, **required)
    with pytest.raises(NotProved):
        evidence({"tid": "t2"}, {"tid": "t1"}, **required)
