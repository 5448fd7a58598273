"""The dry run: what `postroom provider check` says about a SAML provider."""

import asyncio
import base64
from collections.abc import AsyncIterator

import httpx
from cryptography import x509

from identity.provider import Finding, Place, ProviderAway
from identity.saml.idps import IdentityProvider
from identity.saml.keys import key_pairs
from identity.saml.messages import binding_of, entity_id_of
from identity.saml.metadata import all_idps
from identity.saml.settings import Settings
from identity.saml.signatures import refuse_optimised, xmlsec_version
from mail.instant import DAY, from_datetime

_SOON = 30 * DAY
_PATIENCE = 3.0
# In a larger federation only the numbers are told.
_MOST_IN_DETAIL = 5


async def findings(settings: Settings, place: Place) -> list[Finding]:
    """One after the other, until something is missing that the rest needs."""
    try:
        return [finding async for finding in _findings(settings, place)]
    except ProviderAway as problem:
        return [Finding(False, problem.detail or str(problem))]


async def _findings(settings: Settings, place: Place) -> AsyncIterator[Finding]:
    for step in (_program, _keys, _metadata):
        try:
            async for finding in step(settings, place):
                yield finding
        except ProviderAway as problem:
            yield Finding(False, problem.detail)


async def _program(settings: Settings, _place: Place) -> AsyncIterator[Finding]:
    refuse_optimised()
    version = await asyncio.to_thread(xmlsec_version, settings.xmlsec1)
    yield Finding(version != "0.0.0", f"xmlsec1 is there, version {version}")


async def _keys(settings: Settings, place: Place) -> AsyncIterator[Finding]:
    for pair in key_pairs(settings):
        yield _expiry("our certificate", pair.certificate, place.now)
    yield Finding(
        True, f"we are {entity_id_of(settings, place)}; our metadata is at {place.own_url}/metadata"
    )


async def _metadata(settings: Settings, place: Place) -> AsyncIterator[Finding]:
    idps = await all_idps(settings, place.now)
    if settings.mdq_url and not idps:
        yield Finding(True, "identity providers are looked up one by one (MDQ)")
        return
    yield Finding(bool(idps), f"the metadata has {len(idps)} identity providers that may be used")
    for missing in set(settings.idps) - set(idps):
        yield Finding(False, f"{missing} is not in the metadata")
    for idp in list(idps.values())[:_MOST_IN_DETAIL]:
        for finding in await _about(idp, settings, place.now):
            yield finding


async def _about(idp: IdentityProvider, settings: Settings, now: int) -> list[Finding]:
    told = [
        _expiry(
            f"a certificate of {idp.entity_id}", x509.load_der_x509_certificate(base64.b64decode(one)), now
        )
        for one in idp.certificates
    ]
    if not idp.scopes and not settings.scopes.get(idp.entity_id):
        told.append(
            Finding(False, f"{idp.entity_id} has no scope: its scoped attributes are dropped; see scopes")
        )
    if idp.valid_until is not None and idp.valid_until < now + DAY:
        told.append(Finding(False, f"the metadata of {idp.entity_id} lapses within a day"))
    binding = binding_of(idp.sign_on)
    if binding is None:
        return [*told, Finding(False, f"{idp.entity_id} takes sign-ins neither by redirect nor by POST")]
    return [*told, await _reached(idp.sign_on[binding].url)]


async def _reached(url: str) -> Finding:
    """Any answer will do: without a request there is nothing to say yes to."""
    try:
        async with (
            asyncio.timeout(_PATIENCE),
            httpx.AsyncClient(timeout=_PATIENCE, follow_redirects=False, trust_env=False) as client,
            client.stream("GET", url),
        ):
            return Finding(True, f"{url} answers")
    except (TimeoutError, httpx.TimeoutException):
        return Finding(False, f"{url} did not answer within {_PATIENCE:g} s")
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        return Finding(False, f"{url} cannot be reached: {type(problem).__name__}")


def _expiry(whose: str, certificate: x509.Certificate, now: int) -> Finding:
    """Whether a certificate lasts; what has expired still counts, as the keys of metadata do."""
    ends = from_datetime(certificate.not_valid_after_utc)
    day = certificate.not_valid_after_utc.date()
    if ends < now:
        return Finding(False, f"{whose} expired on {day}")
    return Finding(ends > now + _SOON, f"{whose} is good until {day}")
