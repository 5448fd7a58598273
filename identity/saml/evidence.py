"""From what an assertion says to what is known about the person: names of attributes, scopes, subject, addresses."""

import hashlib
from collections.abc import Iterable, Mapping

from saml2.attribute_converter import ac_factory, get_local_name
from saml2.saml import (
    NAME_FORMAT_URI,
    NAMEID_FORMAT_PERSISTENT,
    NAMEID_FORMAT_TRANSIENT,
)

from identity.provider import Claimed, Evidence, Once
from identity.saml.documents import BadDocument
from identity.saml.idps import IdentityProvider, Scope
from identity.saml.responses import NameId, Proof
from identity.saml.settings import PERSISTENT, Settings
from mail.address import parse_address
from mail.errors import BadAddress
from storage.tables.words import Strength

_CONVERTERS = ac_factory()
_SCOPED = {
    "subject-id",
    "pairwise-id",
    "eduPersonPrincipalName",
    "eduPersonScopedAffiliation",
    "eduPersonUniqueId",
}
# Its value is a scope as a whole.
_SCOPE_ITSELF = "schacHomeOrganization"
_LONGEST_SUBJECT = 1024
_LONGEST_VALUE = 4096

Attributes = Mapping[str, tuple[str, ...]]


def evidence_of(
    proof: Proof, idp: IdentityProvider, settings: Settings, entity_id: str, is_one_of_many: bool
) -> Evidence:
    """What is known now; raises BadDocument where nothing names the person. `is_one_of_many`: there are other IdPs."""
    scopes = idp.scopes + tuple(Scope(text) for text in settings.scopes.get(idp.entity_id, ()))
    said = attributes_of(proof, settings, scopes)
    subject = _subject(said, proof.name_id, settings.subject, idp.entity_id, entity_id)
    is_transient = subject == ""
    return Evidence(
        issuer=idp.entity_id,
        subject=subject or _transient(proof.name_id),
        addresses=tuple(_addresses(said, settings, scopes, is_one_of_many)),
        attributes={name: said[source] for name, source in settings.attributes.items() if said.get(source)},
        display_name=next((said[name][0][:200] for name in settings.names if said.get(name)), ""),
        strength=Strength.MD5,
        acr=proof.acr,
        authenticated_at=proof.authenticated_at,
        session=session_of(proof.name_id, proof.session_index),
        kept=_kept(proof, idp),
        once=tuple(
            Once(once_id(idp.entity_id, kind, text), proof.until)
            for kind, text in (("assertion", proof.assertion_id), ("response", proof.response_id))
        ),
        is_transient=is_transient,
    )


def attributes_of(proof: Proof, settings: Settings, scopes: tuple[Scope, ...]) -> Attributes:
    """Values by the name that the attribute is written with and by its friendly name; foreign scopes are left out."""
    scoped = _SCOPED | {*settings.scoped_attributes}
    found: dict[str, tuple[str, ...]] = {}
    for (name, name_format), written in proof.attributes.items():
        names = {name, friendly_name(name, name_format)}
        values: Iterable[str] = (value for value in written if len(value) <= _LONGEST_VALUE)
        if names & scoped:
            values = [value for value in values if _is_within(value, scopes)]
        elif _SCOPE_ITSELF in names:
            values = [value for value in values if any(scope.covers(value) for scope in scopes)]
        kept = tuple(values)
        for one in names:
            found[one] = tuple(dict.fromkeys((*found.get(one, ()), *kept)))
    return found


def friendly_name(name: str, name_format: str) -> str:
    """What eduPerson and others call an attribute; the name itself where nobody does. FriendlyName is never believed."""
    formats = [name_format, NAME_FORMAT_URI] if name_format != NAME_FORMAT_URI else [name_format]
    for one in formats:
        if known := get_local_name(_CONVERTERS, name.lower(), one):
            return str(known)
    return name


def _is_within(value: str, scopes: tuple[Scope, ...]) -> bool:
    """Whether value@scope has a scope of this identity provider (pitfall 34)."""
    local, _, scope = value.partition("@")
    return bool(local) and "@" not in scope and any(one.covers(scope) for one in scopes)


def _subject(
    said: Attributes, name_id: NameId | None, order: tuple[str, ...], idp: str, entity_id: str
) -> str:
    """The stable name, told apart by where it stood; "" where there is none."""
    for kind in order:
        if kind == PERSISTENT:
            if found := _persistent(name_id, idp, entity_id):
                return found
        elif len(values := said.get(kind, ())) == 1 and len(values[0]) <= _LONGEST_SUBJECT:
            # these are compared without regard to case, others as they are
            return f"{kind}:{values[0].lower() if kind in _SCOPED else values[0]}"
    return ""


def _persistent(name_id: NameId | None, idp: str, entity_id: str) -> str:
    """A persistent NameID with its qualifiers, the usual ones where they are left out (SAML Core 8.3.7)."""
    if name_id is None or name_id.format != NAMEID_FORMAT_PERSISTENT or len(name_id.text) > _LONGEST_SUBJECT:
        return ""
    return f"{name_id.name_qualifier or idp}!{name_id.sp_name_qualifier or entity_id}!{name_id.text}"


def persistent_subject(name_id: NameId, settings: Settings, idp: str, entity_id: str) -> str:
    """The subject of everybody whom a logout names by a persistent NameID, "" where subjects are of another kind."""
    return _persistent(name_id, idp, entity_id) if PERSISTENT in settings.subject else ""


def _transient(name_id: NameId | None) -> str:
    if name_id is None or name_id.format != NAMEID_FORMAT_TRANSIENT or len(name_id.text) > _LONGEST_SUBJECT:
        raise BadDocument("nothing names the person for good: ask for subject-id, or a persistent NameID")
    return name_id.text


def session_of(name_id: NameId | None, session_index: str) -> str:
    """What a session is called here: indexes may be small numbers that several people share (SAML Core 2.7.2)."""
    if name_id is None:
        return ""
    is_transient = name_id.format == NAMEID_FORMAT_TRANSIENT
    parts = (name_id.format, name_id.text, "" if is_transient else session_index)
    return hashlib.sha256("\0".join(parts).encode("utf-8")).hexdigest()


def once_id(issuer: str, kind: str, text: str) -> str:
    """A bounded name for an ID that one identity provider may use once; others cannot use it up."""
    return hashlib.sha256(f"{issuer}\x00{kind}\x00{text}".encode()).hexdigest()


def _addresses(
    said: Attributes, settings: Settings, scopes: tuple[Scope, ...], is_one_of_many: bool
) -> Iterable[Claimed]:
    within = settings.addresses_within_scope
    checks_scope = is_one_of_many if within is None else within
    seen: set[str] = set()
    for names, is_verified in ((settings.addresses, True), (settings.unverified_addresses, False)):
        for text in (value for name in names for value in said.get(name, ())):
            try:
                domain = parse_address(text).domain
            except BadAddress:
                continue
            if text not in seen:
                seen.add(text)
                yield Claimed(text, is_verified and (not checks_scope or _is_below(domain, scopes)))


def _is_below(domain: str, scopes: tuple[Scope, ...]) -> bool:
    return any(
        scope.covers(domain) or (not scope.is_pattern and domain.lower().endswith(f".{scope.text.lower()}"))
        for scope in scopes
    )


def _kept(proof: Proof, idp: IdentityProvider) -> dict[str, str]:
    name_id = proof.name_id or NameId("", "")
    return {
        "idp": idp.entity_id,
        "name_id": name_id.text,
        "format": name_id.format,
        "name_qualifier": name_id.name_qualifier,
        "sp_name_qualifier": name_id.sp_name_qualifier,
        "session_index": proof.session_index,
    }
