"""A small SAML identity provider for tests: it says whatever it is told to, and signs it with xmlsec1."""

import base64
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from saml2.sigver import RSA_OAEP_MGF1P, CryptoBackendXmlSec1, pre_encryption_part

from identity.saml.documents import instant_text
from mail.instant import HOUR, MINUTE

_SIGNATURE = """<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>\
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>\
<ds:SignatureMethod Algorithm="{method}"/>\
<ds:Reference URI="#{id}"><ds:Transforms>\
<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>\
<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>\
<ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue></ds:DigestValue>\
</ds:Reference></ds:SignedInfo><ds:SignatureValue></ds:SignatureValue>\
<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
</ds:Signature>"""
_RESPONSE = """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" \
xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{response_id}" Version="2.0" IssueInstant="{issued}" \
Destination="{destination}"{answers}><saml:Issuer>{response_issuer}</saml:Issuer>{response_signature}\
<samlp:Status><samlp:StatusCode Value="{status}"/></samlp:Status>{assertion}</samlp:Response>"""
_ASSERTION = """<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" \
xmlns:xs="http://www.w3.org/2001/XMLSchema" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ID="{assertion_id}" Version="2.0" IssueInstant="{issued}">\
<saml:Issuer>{issuer}</saml:Issuer>{assertion_signature}<saml:Subject>{name}\
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">\
<saml:SubjectConfirmationData NotOnOrAfter="{confirmed_until}" Recipient="{recipient}"{answers_too}/>\
</saml:SubjectConfirmation></saml:Subject>\
<saml:Conditions NotBefore="{begins}" NotOnOrAfter="{ends}">{audience}</saml:Conditions>\
<saml:AuthnStatement AuthnInstant="{authenticated}" SessionIndex="{session_index}"{session_ends}><saml:AuthnContext>\
<saml:AuthnContextClassRef>{acr}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>\
<saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>"""
_METADATA = """<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" \
xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:shibmd="urn:mace:shibboleth:metadata:1.0" \
entityID="{entity_id}"{more}><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">\
<md:Extensions>{scopes}</md:Extensions>\
<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate>\
</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\
<md:SingleLogoutService Binding="{binding}" Location="{base}/slo"/>\
<md:SingleSignOnService Binding="{binding}" Location="{base}/sso"/></md:IDPSSODescriptor>\
<md:Organization><md:OrganizationName xml:lang="en">{name}</md:OrganizationName>\
<md:OrganizationDisplayName xml:lang="en">{name}</md:OrganizationDisplayName>\
<md:OrganizationURL xml:lang="en">{base}</md:OrganizationURL></md:Organization></md:EntityDescriptor>"""
_LOGOUT = """<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" \
xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{id}" Version="2.0" IssueInstant="{issued}" \
Destination="{destination}"><saml:Issuer>{issuer}</saml:Issuer>{signature}\
<saml:NameID Format="{format}">{name_id}</saml:NameID>{indexes}</samlp:LogoutRequest>"""
_XMLSEC1 = shutil.which("xmlsec1") or "xmlsec1"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
URI = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
OIDS = {
    "mail": "urn:oid:0.9.2342.19200300.100.1.3",
    "displayName": "urn:oid:2.16.840.1.113730.3.1.241",
    "eduPersonPrincipalName": "urn:oid:1.3.6.1.4.1.5923.1.1.1.6",
    "eduPersonScopedAffiliation": "urn:oid:1.3.6.1.4.1.5923.1.1.1.9",
    "subject-id": "urn:oasis:names:tc:SAML:attribute:subject-id",
    "pairwise-id": "urn:oasis:names:tc:SAML:attribute:pairwise-id",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A key and its certificate, in PEM."""

    key: str
    certificate: str

    @property
    def der(self) -> str:
        """The certificate as XML holds it."""
        return "".join(self.certificate.split("-----")[2].split())


def new_pair(name: str, days: int = 30) -> Pair:
    """A key pair with a self-signed certificate."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    written = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Pair(written.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode())


@dataclass(frozen=True, slots=True)
class Said:
    """Everything that a response says; a test changes one thing."""

    callback_url: str
    audience: str
    request_id: str
    now: int
    signed: tuple[str, ...] = ("assertion",)
    name_id: str = "opaque-alice"
    format: str = PERSISTENT
    name_attributes: str = ""
    attributes: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {
            "mail": ("alice@example.edu", "a.liddell@cs.example.edu"),
            "displayName": ("Alice Liddell",),
            "eduPersonPrincipalName": ("alice@example.edu",),
        }
    )
    destination: str | None = None
    recipient: str | None = None
    assertion_request_id: str | None = None
    issuer: str | None = None
    response_issuer: str | None = None
    begins: int = -MINUTE
    ends: int = 5 * MINUTE
    confirmed_until: int = 5 * MINUTE
    issued: int = 0
    authenticated: int = -MINUTE
    session_ends: int | None = 8 * HOUR
    session_index: str = "session-1"
    acr: str = PASSWORD
    status: str = SUCCESS
    response_id: str = "response-1"
    assertion_id: str = "assertion-1"
    method: str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
    digest: str = "http://www.w3.org/2001/04/xmlenc#sha256"
    encrypted_for: str = ""
    friendly_name: str = ""


@dataclass(frozen=True, slots=True)
class SmallIdp:
    """One identity provider."""

    entity_id: str
    pair: Pair
    scopes: tuple[str, ...] = ("example.edu",)
    name: str = "Example University"
    base: str = "https://idp.example.edu"

    def metadata(self, *, binding: str = REDIRECT, more: str = "") -> str:
        """What it publishes about itself; `more` are attributes of the element."""
        scopes = "".join(f'<shibmd:Scope regexp="false">{one}</shibmd:Scope>' for one in self.scopes)
        return _METADATA.format(
            entity_id=self.entity_id,
            certificate=self.pair.der,
            scopes=scopes,
            name=self.name,
            base=self.base,
            binding=binding,
            more=more,
        )

    def response(self, said: Said) -> bytes:
        """A response, signed as `said` wants it; with `encrypted_for` a certificate in PEM, encrypted."""
        signatures = {
            part: _SIGNATURE.format(
                id=part_id, method=said.method, digest=said.digest, certificate=self.pair.der
            )
            for part, part_id in (("assertion", said.assertion_id), ("response", said.response_id))
            if part in said.signed
        }
        answers = f' InResponseTo="{said.request_id}"' if said.request_id else ""
        other = said.assertion_request_id
        answers_too = answers if other is None else f' InResponseTo="{other}"' if other else ""
        assertion = _ASSERTION.format(
            assertion_id=said.assertion_id,
            issued=instant_text(said.now + said.issued),
            issuer=self.entity_id if said.issuer is None else said.issuer,
            assertion_signature=signatures.get("assertion", ""),
            name=_name(said),
            confirmed_until=instant_text(said.now + said.confirmed_until),
            recipient=said.callback_url if said.recipient is None else said.recipient,
            answers_too=answers_too,
            begins=instant_text(said.now + said.begins),
            ends=instant_text(said.now + said.ends),
            audience=_audience(said.audience),
            authenticated=instant_text(said.now + said.authenticated),
            session_index=said.session_index,
            session_ends=""
            if said.session_ends is None
            else f' SessionNotOnOrAfter="{instant_text(said.now + said.session_ends)}"',
            acr=said.acr,
            attributes="".join(
                _attribute(name, values, said.friendly_name or name)
                for name, values in said.attributes.items()
            ),
        )
        document = _RESPONSE.format(
            response_id=said.response_id,
            issued=instant_text(said.now + said.issued),
            destination=said.callback_url if said.destination is None else said.destination,
            answers=answers,
            response_issuer=self.entity_id if said.response_issuer is None else said.response_issuer,
            response_signature=signatures.get("response", ""),
            status=said.status,
            assertion=assertion,
        )
        if "assertion" in said.signed:
            document = self.sign(document, "assertion", "Assertion", said.assertion_id)
        if said.encrypted_for:
            document = encrypted(document, said.encrypted_for)
        if "response" in said.signed:
            document = self.sign(document, "protocol", "Response", said.response_id)
        return document.encode()

    def sign(self, document: str, space: str, name: str, part_id: str) -> str:
        """Fill in the signature that a part of the document has a template for."""
        return self.sign_any(document, f"urn:oasis:names:tc:SAML:2.0:{space}:{name}", part_id)

    def sign_any(self, document: str, name: str, part_id: str) -> str:
        """The same for an element of any namespace."""
        with tempfile.NamedTemporaryFile(suffix=".pem") as key:
            Path(key.name).write_text(self.pair.key)
            return str(CryptoBackendXmlSec1(_XMLSEC1).sign_statement(document, name, key.name, part_id))

    def logout_request(
        self,
        destination: str,
        now: int,
        *,
        name_id: str = "opaque-alice",
        format: str = PERSISTENT,
        indexes: tuple[str, ...] = ("session-1",),
        id: str = "logout-1",
        is_signed: bool = False,
    ) -> str:
        """A request to end sessions; `is_signed` for the POST binding."""
        written = _LOGOUT.format(
            id=id,
            issued=instant_text(now),
            destination=destination,
            issuer=self.entity_id,
            format=format,
            name_id=name_id,
            indexes="".join(f"<samlp:SessionIndex>{one}</samlp:SessionIndex>" for one in indexes),
            signature=SIGNATURE.format(id=id, certificate=self.pair.der) if is_signed else "",
        )
        return self.sign(written, "protocol", "LogoutRequest", id) if is_signed else written


SIGNATURE = _SIGNATURE.replace("{method}", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256").replace(
    "{digest}", "http://www.w3.org/2001/04/xmlenc#sha256"
)


def encrypted(document: str, certificate: str) -> str:
    """The response with its assertion encrypted, AES and RSA-OAEP."""
    start, end = (
        document.index("<saml:Assertion"),
        document.index("</saml:Assertion>") + len("</saml:Assertion>"),
    )
    wrapped = (
        document[:start]
        + "<saml:EncryptedAssertion>"
        + document[start:end]
        + "</saml:EncryptedAssertion>"
        + document[end:]
    )
    template = pre_encryption_part(
        msg_enc="http://www.w3.org/2001/04/xmlenc#aes128-cbc", key_enc=RSA_OAEP_MGF1P
    )
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        Path(file.name).write_text(certificate)
        return str(
            CryptoBackendXmlSec1(_XMLSEC1).encrypt_assertion(
                wrapped, file.name, str(template), key_type="aes-128"
            )
        )


def _name(said: Said) -> str:
    if not said.name_id:
        return ""
    return f'<saml:NameID Format="{said.format}"{said.name_attributes}>{escape(said.name_id)}</saml:NameID>'


def _audience(text: str) -> str:
    if not text:
        return ""
    return f"<saml:AudienceRestriction><saml:Audience>{text}</saml:Audience></saml:AudienceRestriction>"


def _attribute(name: str, values: tuple[str, ...], friendly_name: str) -> str:
    inner = "".join(
        f'<saml:AttributeValue xsi:type="xs:string">{escape(value)}</saml:AttributeValue>' for value in values
    )
    wire = OIDS.get(name, name)
    return f'<saml:Attribute Name="{wire}" NameFormat="{URI}" FriendlyName="{friendly_name}">{inner}</saml:Attribute>'


def in_base64(document: bytes) -> str:
    """As a form carries it."""
    return base64.b64encode(document).decode()
