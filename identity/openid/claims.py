"""What the claims of an OpenID provider are worth as evidence: an account there, addresses, attributes."""

from collections.abc import Mapping
from typing import Any

from identity.openid.settings import OpenIDSettings
from identity.openid.tokens import authenticated_at
from identity.provider import Claimed, Evidence, NotProved


def evidence_of(
    settings: OpenIDSettings, token: Mapping[str, Any], userinfo: Mapping[str, Any], kept: Mapping[str, str]
) -> Evidence:
    """Evidence from the claims of an ID token and of userinfo; where both have one, the token's counts. Raises NotProved."""
    claims = {**userinfo, **token}
    absent = _elsewhere(settings, token) | _elsewhere(settings, userinfo)
    if absent and settings.elsewhere == "refuse":
        raise NotProved(f"the provider only points to the claim {min(absent)}, which we need")
    _check_required(settings, {name: value for name, value in claims.items() if name not in absent})
    return Evidence(
        issuer=settings.issuer,
        subject=token["sub"],
        addresses=_addresses(settings, token, userinfo, absent),
        attributes={
            name: _texts(claims[claim])
            for name, claim in settings.attributes.items()
            if claim in claims and claim not in absent
        },
        display_name=next(iter(_texts(claims.get(settings.display_name_claim))), ""),
        acr=token.get("acr", ""),
        authenticated_at=authenticated_at(token),
        session=token.get("sid", ""),
        kept=kept,
    )


def _elsewhere(settings: OpenIDSettings, claims: Mapping[str, Any]) -> frozenset[str]:
    """Claims that something of ours is made of, and that are not here but at a place the provider points to.

    They are not empty, they are unknown (pitfall 23; OpenID Connect Core 1.0 section 5.6.2). `hasgroups` is how one large
    provider says the same of groups.
    """
    pointed = claims.get("_claim_names", {})
    if not isinstance(pointed, dict):
        raise NotProved("_claim_names is no object")
    names = set(pointed) | ({"groups"} if claims.get("hasgroups", False) is not False else set())
    return settings.claims_we_need & names


def _check_required(settings: OpenIDSettings, claims: Mapping[str, Any]) -> None:
    for name, value in settings.require_claims.items():
        found = claims.get(name)
        if value not in (found if isinstance(found, list) else [found]):
            raise NotProved(f"the claim {name} has not the required value")


def _addresses(
    settings: OpenIDSettings,
    token: Mapping[str, Any],
    userinfo: Mapping[str, Any],
    absent: frozenset[str],
) -> tuple[Claimed, ...]:
    # An address and what is said of it must come from the same document: one that was verified once is no proof for another.
    source = token if settings.email_claim in token else userinfo
    # Only the JSON value true is true: some providers send the text "false" (pitfalls 2 and 3).
    is_verified = source.get(settings.email_verified_claim) is True
    found = {}
    if settings.email_claim not in absent:
        found = dict.fromkeys(_texts(source.get(settings.email_claim))[:1], is_verified)
    if settings.alternates_claim and settings.alternates_claim not in absent:
        claims = {**userinfo, **token}
        for address in _texts(claims.get(settings.alternates_claim)):
            found.setdefault(address, settings.alternates_are_verified)
    return tuple(Claimed(address, proved) for address, proved in found.items())


def _texts(value: Any) -> tuple[str, ...]:
    """The texts in a claim: one, or a list of them. Numbers and truth values are texts, too; objects and null are none."""
    match value:
        case str():
            # what JSON can write and UTF-8 cannot
            return (value.encode("utf-8", "replace").decode("utf-8"),) if value else ()
        case bool():
            return ("true" if value else "false",)
        case int() | float():
            return (str(value),)
        case list():
            return tuple(text for one in value if not isinstance(one, list) for text in _texts(one))
    return ()
