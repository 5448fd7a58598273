"""Identity providers as their metadata describes them: keys, endpoints, scopes, names (SAML V2.0 Metadata)."""

import base64
import binascii
import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

import re2
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from identity.saml.documents import DS, BadDocument, instant, text_of
from identity.saml.documents import SAML as ASSERTION

MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_MDUI = "{urn:oasis:names:tc:SAML:metadata:ui}"
_MDATTR = "{urn:oasis:names:tc:SAML:metadata:attribute}"
_SHIBMD = "{urn:mace:shibboleth:metadata:1.0}"
_PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
_HIDDEN = "http://refeds.org/category/hide-from-discovery"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
_LONGEST = 1024


@dataclass(frozen=True, slots=True)
class Scope:
    """What may stand behind the @ of a scoped attribute; `is_pattern` for a regular expression over all of it."""

    text: str
    is_pattern: bool = False

    def covers(self, scope: str) -> bool:
        """Whether a scope is this one; letters' case does not matter."""
        if not self.is_pattern:
            return scope.lower() == self.text.lower()
        try:
            return re2.fullmatch(self.text, scope) is not None
        except re2.error:
            return False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to send a message; `reply_url` is where answers go."""

    url: str
    reply_url: str


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """One identity provider; `certificates` are DER in base64, the endpoints stand by their binding."""

    entity_id: str
    name: str
    certificates: tuple[str, ...]
    sign_on: dict[str, Endpoint] = field(default_factory=dict)
    logout: dict[str, Endpoint] = field(default_factory=dict)
    scopes: tuple[Scope, ...] = ()
    is_hidden: bool = False
    valid_until: int | None = None


def read_idps(metadata: bytes, now: int) -> dict[str, IdentityProvider]:
    """Every usable identity provider in metadata that `documents` has found harmless; what has lapsed is left out.

    Raises BadDocument where the whole has lapsed, or is no metadata.
    """
    limits: list[int | None] = []
    found: dict[str, IdentityProvider] = {}
    for event, element in ET.iterparse(io.BytesIO(metadata), ("start", "end")):  # noqa: S314
        if element.tag not in {f"{MD}EntitiesDescriptor", f"{MD}EntityDescriptor"}:
            if not limits:
                raise BadDocument("this is no metadata")
            continue
        if event == "start":
            limits.append(_earlier(limits[-1] if limits else None, element.get("validUntil")))
            continue
        limit = limits.pop()
        if not limits and limit is not None and limit <= now:
            raise BadDocument("this metadata has lapsed (validUntil)")
        if element.tag == f"{MD}EntityDescriptor":
            if limit is None or limit > now:
                _note(element, limit, found)
            element.clear()
    return found


def _note(entity: ET.Element, limit: int | None, found: dict[str, IdentityProvider]) -> None:
    """One that is not as it should be is left out; the others of its federation can do nothing about it."""
    with suppress(BadDocument):
        for idp in _idp(entity, limit):
            found.setdefault(idp.entity_id, idp)


def valid_until(root: ET.Element) -> int | None:
    """When metadata as a whole lapses, where it says so."""
    return _earlier(None, root.get("validUntil"))


def _earlier(limit: int | None, text: str | None) -> int | None:
    own = instant(text) if text else None
    return min(moment for moment in (limit, own) if moment is not None) if limit or own else None


def _idp(entity: ET.Element, limit: int | None) -> Iterator[IdentityProvider]:
    entity_id = (entity.get("entityID") or "").strip()
    role = entity.find(f"{MD}IDPSSODescriptor")
    if role is None or not 0 < len(entity_id) <= _LONGEST:
        return
    if _PROTOCOL not in (role.get("protocolSupportEnumeration") or "").split():
        return
    certificates = tuple(_signing_certificates(role))
    if certificates:
        yield IdentityProvider(
            entity_id=entity_id,
            name=_display_name(entity, role) or entity_id,
            certificates=certificates,
            sign_on=_endpoints(role, "SingleSignOnService"),
            logout=_endpoints(role, "SingleLogoutService"),
            scopes=tuple(_scopes(role)) or tuple(_scopes(entity)),
            is_hidden=_HIDDEN in _categories(entity),
            valid_until=_earlier(limit, role.get("validUntil")),
        )


def _signing_certificates(role: ET.Element) -> Iterator[str]:
    for key in role.findall(f"{MD}KeyDescriptor"):
        if key.get("use", "signing") != "signing":
            continue
        for written in key.iterfind(f"{DS}KeyInfo/{DS}X509Data/{DS}X509Certificate"):
            certificate = "".join(text_of(written).split())
            if is_certificate(certificate):
                yield certificate


def is_certificate(text: str) -> bool:
    """Whether a text is an X.509 certificate, DER in base64."""
    try:
        x509.load_der_x509_certificate(base64.b64decode(text, validate=True)).public_key()
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return False
    return True


def _endpoints(role: ET.Element, service: str) -> dict[str, Endpoint]:
    found: dict[str, Endpoint] = {}
    for written in role.findall(f"{MD}{service}"):
        url, binding = written.get("Location", ""), written.get("Binding", "")
        reply_url = written.get("ResponseLocation") or url
        if all(one.startswith(("https://", "http://")) for one in (url, reply_url)):
            found.setdefault(binding, Endpoint(url, reply_url))
    return found


def _scopes(parent: ET.Element) -> Iterator[Scope]:
    for written in parent.iterfind(f"{MD}Extensions/{_SHIBMD}Scope"):
        if text := text_of(written):
            yield Scope(text, written.get("regexp", "false") in {"true", "1"})


def _display_name(entity: ET.Element, role: ET.Element) -> str:
    written = [
        *role.iterfind(f"{MD}Extensions/{_MDUI}UIInfo/{_MDUI}DisplayName"),
        *entity.iterfind(f"{MD}Organization/{MD}OrganizationDisplayName"),
    ]
    language = "{http://www.w3.org/XML/1998/namespace}lang"
    english = [one for one in written if (one.get(language) or "").startswith("en")]
    return text_of(next(iter([*english[:1], *written]), None))[:200]


def _categories(entity: ET.Element) -> set[str]:
    path = f"{MD}Extensions/{_MDATTR}EntityAttributes/{ASSERTION}Attribute/{ASSERTION}AttributeValue"
    return {text_of(one) for one in entity.iterfind(path) if not len(one)}
