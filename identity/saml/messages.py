"""What we say in SAML: requests to sign in and out, answers to logouts, and our metadata."""

import base64
import secrets
from typing import Any

from saml2 import md, saml, samlp
from saml2 import xmldsig as ds
from saml2.extension import mdui
from saml2.metadata import do_key_descriptor
from saml2.sigver import pre_signature_part

from identity.provider import Answer, Place, Redirect, Submit
from identity.saml.documents import instant_text
from identity.saml.idps import POST, REDIRECT, Endpoint
from identity.saml.keys import KeyPair
from identity.saml.redirects import RSA_SHA256, signed_url
from identity.saml.responses import SUCCESS, NameId
from identity.saml.settings import Settings
from identity.saml.signatures import signed
from mail.instant import MINUTE

_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_FORMATS = {"persistent": saml.NAMEID_FORMAT_PERSISTENT, "transient": saml.NAMEID_FORMAT_TRANSIENT}


def new_id() -> str:
    """An unguessable ID for a message of ours; an xs:ID begins with a letter."""
    return f"id-{secrets.token_hex(20)}"


def entity_id_of(settings: Settings, place: Place) -> str:
    """What we are called."""
    return settings.entity_id or f"{place.own_url}/metadata"


def logout_url(place: Place) -> str:
    """Where logouts are sent to us."""
    return f"{place.own_url}/logout"


def authn_request(
    settings: Settings, place: Place, endpoint: Endpoint, *, is_fresh: bool, acrs: tuple[str, ...]
) -> Any:
    """A request to sign somebody in, to be sent to `endpoint` (SAML Core 3.4.1)."""
    context = samlp.RequestedAuthnContext(
        authn_context_class_ref=[saml.AuthnContextClassRef(text=acr) for acr in acrs], comparison="exact"
    )
    name_format = _FORMATS.get(settings.name_id_format)
    return samlp.AuthnRequest(
        **_head(settings, place, endpoint.url),
        assertion_consumer_service_url=place.callback_url,
        protocol_binding=POST,
        force_authn="true" if is_fresh else None,
        name_id_policy=samlp.NameIDPolicy(format=name_format, allow_create="true"),
        requested_authn_context=context if acrs else None,
    )


def logout_request(
    settings: Settings, place: Place, endpoint: Endpoint, name_id: NameId, session_index: str
) -> Any:
    """A request to end somebody's session there (SAML Core 3.7.1)."""
    index = [samlp.SessionIndex(text=session_index)] if session_index else []
    named = saml.NameID(
        text=name_id.text,
        format=name_id.format or None,
        name_qualifier=name_id.name_qualifier or None,
        sp_name_qualifier=name_id.sp_name_qualifier or None,
    )
    ends = instant_text(place.now + 5 * MINUTE)
    return samlp.LogoutRequest(
        **_head(settings, place, endpoint.url), name_id=named, session_index=index, not_on_or_after=ends
    )


def logout_response(settings: Settings, place: Place, endpoint: Endpoint, request_id: str) -> Any:
    """The answer to a logout that began there: done."""
    status = samlp.Status(status_code=samlp.StatusCode(value=SUCCESS))
    return samlp.LogoutResponse(
        **_head(settings, place, endpoint.reply_url), in_response_to=request_id, status=status
    )


def _head(settings: Settings, place: Place, destination: str) -> dict[str, Any]:
    return {
        "id": new_id(),
        "version": "2.0",
        "issue_instant": instant_text(place.now),
        "destination": destination,
        "issuer": saml.Issuer(text=entity_id_of(settings, place)),
    }


def binding_of(endpoints: dict[str, Endpoint]) -> str | None:
    """The binding to use: redirect where it is offered, else POST; None where neither is."""
    return next((binding for binding in (REDIRECT, POST) if binding in endpoints), None)


def sent(
    message: Any, kind: str, binding: str, relay_state: str, pair: KeyPair, program: str
) -> Redirect | Submit:
    """The signed message on its way; `kind` is SAMLRequest or SAMLResponse. Blocks while xmlsec1 runs."""
    url = message.destination
    if binding == REDIRECT:
        return Redirect(signed_url(url, kind, str(message), relay_state, pair.key))
    message.signature = pre_signature_part(message.id, pair.published, 1, _SHA256, RSA_SHA256)
    written = base64.b64encode(signed(message, pair.key, program).encode("utf-8")).decode("ascii")
    return Submit(url, {kind: written} | ({"RelayState": relay_state} if relay_state else {}))


def as_answer(sending: Redirect | Submit) -> Answer:
    """The same as what we say to a request that came through the browser."""
    return Answer(redirect_url=sending.url, form=sending.fields if isinstance(sending, Submit) else {})


def our_metadata(settings: Settings, place: Place, pairs: tuple[KeyPair, ...]) -> bytes:
    """Who we are, for identity providers and federations."""
    published = [pair.published for pair in pairs]
    formats = [saml.NAMEID_FORMAT_PERSISTENT, saml.NAMEID_FORMAT_TRANSIENT]
    logouts = [md.SingleLogoutService(binding=one, location=logout_url(place)) for one in (REDIRECT, POST)]
    role = md.SPSSODescriptor(
        protocol_support_enumeration=samlp.NAMESPACE,
        authn_requests_signed="true",
        want_assertions_signed="true" if settings.want_assertions_signed else None,
        extensions=_user_interface(settings),
        key_descriptor=do_key_descriptor(published, published),
        single_logout_service=logouts,
        name_id_format=[md.NameIDFormat(text=one) for one in formats],
        assertion_consumer_service=[
            md.AssertionConsumerService(
                binding=POST, location=place.callback_url, index="1", is_default="true"
            )
        ],
    )
    described = md.EntityDescriptor(
        entity_id=entity_id_of(settings, place),
        spsso_descriptor=role,
        organization=_organization(settings),
        contact_person=_contacts(settings),
    )
    spaces = {"md": md.NAMESPACE, "ds": ds.NAMESPACE, "mdui": mdui.NAMESPACE}
    return bytes(described.to_string(spaces))


def _user_interface(settings: Settings) -> Any:
    if not settings.service_name:
        return None
    info = mdui.UIInfo(display_name=[mdui.DisplayName(text=settings.service_name, lang="en")])
    extensions = md.Extensions()
    extensions.add_extension_element(info)
    return extensions


def _organization(settings: Settings) -> Any:
    if not (settings.organization_name and settings.organization_url):
        return None
    return md.Organization(
        organization_name=[md.OrganizationName(text=settings.organization_name, lang="en")],
        organization_display_name=[md.OrganizationDisplayName(text=settings.organization_name, lang="en")],
        organization_url=[md.OrganizationURL(text=settings.organization_url, lang="en")],
    )


def _contacts(settings: Settings) -> list[Any]:
    if not settings.contact_address:
        return []
    return [
        md.ContactPerson(
            contact_type="technical",
            given_name=md.GivenName(text=settings.contact_name) if settings.contact_name else None,
            email_address=[md.EmailAddress(text=f"mailto:{settings.contact_address}")],
        )
    ]
