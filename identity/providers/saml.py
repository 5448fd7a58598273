"""Sign-in through SAML 2.0 identity providers, one or a whole federation of them, with pysaml2 and xmlsec1.

This is the web browser SSO profile with signed requests, and single logout both ways. What a response proves is decided in
`identity.saml.responses`, what is known about the person then in `identity.saml.evidence`.
"""

import asyncio
import base64
import binascii
import time
from collections.abc import Mapping
from dataclasses import replace

from identity.provider import (
    Answer,
    Ended,
    Evidence,
    Finding,
    Inbound,
    NotProved,
    Organization,
    Place,
    ProviderAway,
    Redirect,
    Submit,
    Wish,
)
from identity.refusal import Refused
from identity.saml.checking import findings
from identity.saml.documents import SAMLP, BadDocument, parse
from identity.saml.evidence import evidence_of
from identity.saml.idps import IdentityProvider
from identity.saml.keys import key_pairs
from identity.saml.logouts import check_logout, check_logout_envelope, ended
from identity.saml.messages import (
    authn_request,
    binding_of,
    entity_id_of,
    logout_request,
    our_metadata,
    sent,
)
from identity.saml.metadata import all_idps, idp_of
from identity.saml.redirects import unpacked
from identity.saml.responses import LARGEST, Expected, NameId, issuer_of, read_response
from identity.saml.settings import Settings
from identity.saml.signatures import Trust, refuse_optimised
from mail.instant import SECOND
from storage.tables.words import AddressSource, SignInMethod

__all__ = ["Settings"]

METHOD = SignInMethod.SAML
SOURCE = AddressSource.SAML
_MOST_ORGANIZATIONS = 50
_LONGEST_RELAY_STATE = 1024


class OrganizationNeeded(Refused):
    """Choose your home organization first."""

    code = "INVALID"


async def begin(settings: Settings, place: Place, wish: Wish) -> Redirect | Submit:
    """Send the browser to the identity provider with a signed request; raises OrganizationNeeded, ProviderAway."""
    refuse_optimised()
    idp = await _chosen(settings, wish.organization, place.now)
    binding = binding_of(idp.sign_on)
    if binding is None:
        raise NotProved(f"{idp.entity_id} has no address that a browser could be sent to")
    acrs = _acrs(settings, wish.is_fresh)
    request = authn_request(settings, place, idp.sign_on[binding], is_fresh=wish.is_fresh, acrs=acrs)
    pair = key_pairs(settings)[0]
    kept = {"request": request.id, "idp": idp.entity_id}
    if wish.is_fresh:
        kept["fresh_since"] = str(place.now)
    sending = await asyncio.to_thread(
        sent, request, "SAMLRequest", binding, wish.state, pair, settings.xmlsec1
    )
    return replace(sending, kept=kept)


def state_of(_settings: Settings, inbound: Inbound) -> str:
    """RelayState, which is opaque to everybody else (pitfall 33)."""
    return (inbound.form if inbound.method == "POST" else inbound.query).get("RelayState", "")


async def complete(settings: Settings, place: Place, inbound: Inbound, kept: Mapping[str, str]) -> Evidence:
    """Believe what the identity provider that was asked has signed for us, now; raises NotProved, ProviderAway."""
    refuse_optimised()
    try:
        return await _complete(settings, place, inbound, kept)
    except BadDocument as problem:
        raise NotProved(str(problem)) from problem


async def _complete(settings: Settings, place: Place, inbound: Inbound, kept: Mapping[str, str]) -> Evidence:
    document = _posted(inbound, "SAMLResponse")
    asked = kept.get("idp", "")
    if not (kept.get("request") and asked):
        if not settings.allow_unsolicited:
            raise BadDocument("nobody asked for this response (unsolicited)")
        asked = issuer_of(await asyncio.to_thread(parse, document, LARGEST))
    idp = await _known(settings, asked, place.now)
    fresh_since = kept.get("fresh_since")
    expected = Expected(
        callback_url=place.callback_url,
        entity_id=entity_id_of(settings, place),
        trust=_trust(settings, idp),
        request_id=kept.get("request", ""),
        now=place.now,
        skew=settings.skew_seconds * SECOND,
        keys=tuple(pair.key for pair in key_pairs(settings)),
        want_response_signed=settings.want_response_signed,
        want_assertions_signed=settings.want_assertions_signed,
        acrs=_acrs(settings, fresh_since is not None),
        fresh_since=int(fresh_since) if fresh_since else None,
    )
    proof = await asyncio.to_thread(read_response, document, expected)
    is_one_of_many = len(settings.idps) != 1 and (
        bool(settings.mdq_url) or len(await all_idps(settings, place.now)) > 1
    )
    return evidence_of(proof, idp, settings, expected.entity_id, is_one_of_many)


async def logout(
    settings: Settings, place: Place, _subject: str, kept: Mapping[str, str], wish: Wish
) -> Redirect | Submit | None:
    """Send the browser to the identity provider's single logout; None where it has none or is no longer known."""
    refuse_optimised()
    idp = await idp_of(settings, kept.get("idp", ""), place.now)
    binding = binding_of(idp.logout) if idp else None
    if idp is None or binding is None or not kept.get("name_id"):
        return None
    name_id = NameId(
        kept["name_id"],
        kept.get("format", ""),
        kept.get("name_qualifier", ""),
        kept.get("sp_name_qualifier", ""),
    )
    request = logout_request(settings, place, idp.logout[binding], name_id, kept.get("session_index", ""))
    pair = key_pairs(settings)[0]
    sending = await asyncio.to_thread(
        sent, request, "SAMLRequest", binding, wish.state, pair, settings.xmlsec1
    )
    return replace(sending, kept={"request": request.id, "idp": idp.entity_id})


async def heard(settings: Settings, place: Place, inbound: Inbound) -> Ended | Answer:
    """A logout that began at the identity provider, or its answer to ours; either has to be signed by it."""
    refuse_optimised()
    try:
        return await _heard(settings, place, inbound)
    except BadDocument as problem:
        raise NotProved(str(problem)) from problem


async def _heard(settings: Settings, place: Place, inbound: Inbound) -> Ended | Answer:
    said = inbound.form if inbound.method == "POST" else inbound.query
    kind = "SAMLRequest" if "SAMLRequest" in said else "SAMLResponse"
    is_posted = inbound.method == "POST"
    document = _posted(inbound, kind) if is_posted else unpacked(said.get(kind, ""), LARGEST)
    root = await asyncio.to_thread(parse, document, LARGEST)
    if root.tag != f"{SAMLP}Logout{kind.removeprefix('SAML')}":
        raise BadDocument("this is no message about a logout")
    idp = await _known(settings, issuer_of(root), place.now)
    url = "" if is_posted else inbound.url
    await asyncio.to_thread(check_logout, document, root, kind, url, _trust(settings, idp))
    check_logout_envelope(root, place, settings.skew_seconds * SECOND)
    if kind == "SAMLResponse":
        return Answer(status=303, redirect_url=place.base_url)
    relay_state = said.get("RelayState", "")[:_LONGEST_RELAY_STATE]
    return await asyncio.to_thread(ended, settings, place, idp, root, relay_state)


async def metadata(settings: Settings, place: Place) -> Answer:
    """Our own metadata."""
    document = our_metadata(settings, place, key_pairs(settings))
    return Answer(body=document, media_type="application/samlmetadata+xml")


async def organizations(settings: Settings, text: str) -> list[Organization]:
    """The identity providers whose name, entityID or scope fits; those that hide from discovery only by entityID."""
    now, wanted = time.time_ns() // 1000, text.strip().casefold()
    found = await all_idps(settings, now)
    if settings.mdq_url and text and text not in found and (asked := await idp_of(settings, text, now)):
        found = {**found, text: asked}
    fitting = [idp for idp in found.values() if _is_offered(idp, settings, text, wanted)]
    fitting.sort(key=lambda idp: (not idp.name.casefold().startswith(wanted), idp.name.casefold()))
    return [Organization(idp.entity_id, idp.name) for idp in fitting[:_MOST_ORGANIZATIONS]]


async def check(settings: Settings, place: Place) -> list[Finding]:
    """Keys, xmlsec1, metadata, certificates and endpoints, in words."""
    return await findings(settings, place)


def _is_offered(idp: IdentityProvider, settings: Settings, text: str, wanted: str) -> bool:
    if idp.entity_id in settings.hidden_idps:
        return False
    words = " ".join((idp.name, idp.entity_id, *(scope.text for scope in idp.scopes)))
    return idp.entity_id == text or (not idp.is_hidden and wanted in words.casefold())


async def _chosen(settings: Settings, organization: str, now: int) -> IdentityProvider:
    if organization:
        return await _known(settings, organization, now)
    if settings.mdq_url and not settings.idps:
        raise OrganizationNeeded(path=("organization",))
    found = [idp for name, idp in (await all_idps(settings, now)).items() if name not in settings.hidden_idps]
    if not found:
        raise ProviderAway("the metadata has no identity provider that may be used")
    if len(found) > 1:
        raise OrganizationNeeded(path=("organization",))
    return found[0]


async def _known(settings: Settings, entity_id: str, now: int) -> IdentityProvider:
    idp = await idp_of(settings, entity_id, now) if entity_id not in settings.hidden_idps else None
    if idp is None:
        raise NotProved("the identity provider is not in the metadata, or may not be used")
    return idp


def _trust(settings: Settings, idp: IdentityProvider) -> Trust:
    return Trust(idp.entity_id, idp.certificates, settings.allow_sha1, settings.xmlsec1)


def _acrs(settings: Settings, is_fresh: bool) -> tuple[str, ...]:
    return (is_fresh and settings.fresh_acr) or settings.requested_acr


def _posted(inbound: Inbound, name: str) -> bytes:
    """A message of the POST binding: base64, whose lines may be broken."""
    written = "".join(inbound.form.get(name, "").split())
    if inbound.method != "POST" or not 0 < len(written) <= 2 * LARGEST:
        raise BadDocument(f"there is no {name}, or it is too large")
    try:
        return base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise BadDocument("not base64") from problem
