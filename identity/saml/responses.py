"""What a SAML response proves: every check of the web browser SSO profile, on the one element that is signed.

SAML Profiles 4.1.4, SAML Core 2.3 to 2.7. The order matters: shape first, then signatures, then what is said; whatever is
not covered by a signature of the identity provider that was asked is never read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from saml2 import SamlBase, extension_elements_to_elements, saml, samlp

from identity.saml.documents import (
    SAML,
    SAMLP,
    XENC,
    BadDocument,
    at_most_one,
    instant,
    local_name,
    parse,
    text_of,
    the_only,
)
from identity.saml.signatures import (
    Trust,
    check_schema,
    check_signature,
    decrypted,
    is_signed,
    refuse_what_is_unfit,
)
from mail.instant import DAY

LARGEST = 512 * 1024
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_HARMLESS_CONDITIONS = {f"{SAML}AudienceRestriction", f"{SAML}OneTimeUse", f"{SAML}ProxyRestriction"}
_MOST_ATTRIBUTES = 200
_MOST_VALUES = 200


@dataclass(frozen=True, slots=True)
class Expected:
    """What a response has to fit: where it came in, who we are, whom we asked and in which request, when it is now.

    `request_id` is "" for a sign-in that did not begin here. `skew` is in microseconds. `acrs` are the acceptable ways to
    authenticate, none for any; `fresh_since` is the instant since which the person must have authenticated.
    """

    callback_url: str
    entity_id: str
    trust: Trust
    request_id: str
    now: int
    skew: int
    keys: tuple[str, ...]
    want_response_signed: bool
    want_assertions_signed: bool
    acrs: tuple[str, ...] = ()
    fresh_since: int | None = None


@dataclass(frozen=True, slots=True)
class NameId:
    """A NameID with what makes it unique."""

    text: str
    format: str
    name_qualifier: str = ""
    sp_name_qualifier: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the assertion says, all of it signed; `until` is when it could not be used any more."""

    response_id: str
    assertion_id: str
    until: int
    name_id: NameId | None
    session_index: str
    acr: str
    authenticated_at: int
    attributes: Mapping[tuple[str, str], tuple[str, ...]]


def issuer_of(root: ET.Element) -> str:
    """Whom a message names as its issuer; nothing is proved by that yet."""
    return text_of(at_most_one(root, f"{SAML}Issuer"))


def read_response(document: bytes, expected: Expected) -> Proof:
    """Check a response in every respect; raises BadDocument with the check that failed, or ProviderAway for xmlsec1."""
    root = parse(document, LARGEST)
    _check_shape(root, expected.trust.allow_sha1)
    check_schema(document.decode("utf-8"))
    _check_envelope(root, expected)
    response_signed = is_signed(root)
    if response_signed:
        check_signature(document, root, samlp.response_from_string(document), expected.trust)
    _check_status(root)
    is_encrypted = root.find(f"{SAML}EncryptedAssertion") is not None
    if is_encrypted:
        document = decrypted(document, expected.keys, expected.trust.program)
        root = parse(document, LARGEST)
        _check_shape(root, expected.trust.allow_sha1)
    assertion, item = _the_assertion(root, document)
    assertion_signed = is_signed(assertion)
    if assertion_signed:
        check_signature(document, assertion, item, expected.trust)
    elif is_encrypted:
        check_schema(str(item))
    _check_policy(response_signed, assertion_signed, expected)
    return _proof(root, assertion, expected)


def _check_shape(root: ET.Element, allow_sha1: bool) -> None:
    """One response with one assertion, nothing hidden anywhere (pitfall 25)."""
    if root.tag != f"{SAMLP}Response":
        raise BadDocument("this is no response")
    refuse_what_is_unfit(root, allow_sha1)
    names = [element.tag for element in root.iter()]
    if names.count(f"{SAMLP}Response") != 1:
        raise BadDocument("several responses in one")
    clear, encrypted = root.findall(f"{SAML}Assertion"), root.findall(f"{SAML}EncryptedAssertion")
    if len(clear) + len(encrypted) > 1:
        raise BadDocument("several assertions")
    clear += [inner for outer in encrypted for inner in outer.findall(f"{SAML}Assertion")]
    hidden = (
        names.count(f"{SAML}Assertion")
        - len(clear)
        + names.count(f"{SAML}EncryptedAssertion")
        - len(encrypted)
    )
    if hidden or len(clear) > 1:
        raise BadDocument("an assertion where none belongs")
    if names.count(f"{XENC}EncryptedData") > len(encrypted):
        raise BadDocument("encrypted data where none belongs")
    if {f"{SAML}EncryptedID", f"{SAML}EncryptedAttribute"} & {*names}:
        raise BadDocument("an encrypted name or attribute; encrypt the assertion instead")


def _check_envelope(root: ET.Element, expected: Expected) -> None:
    if root.get("Version") != "2.0":
        raise BadDocument("not SAML 2.0")
    needs_issuer = is_signed(root) or root.find(f"{SAML}EncryptedAssertion") is not None
    if (issuer_of(root) or needs_issuer) and issuer_of(root) != expected.trust.issuer:
        raise BadDocument("the response is by another identity provider than the one that was asked")
    if (root.get("Destination") or is_signed(root)) and root.get("Destination") != expected.callback_url:
        raise BadDocument("the response is for another Destination")
    if root.get("InResponseTo", "") != expected.request_id:
        raise BadDocument("the response does not answer our request (InResponseTo)")
    if instant(root.get("IssueInstant", "")) > expected.now + expected.skew:
        raise BadDocument("the response is from the future")


def _check_status(root: ET.Element) -> None:
    status = the_only(root, f"{SAMLP}Status")
    code = the_only(status, f"{SAMLP}StatusCode")
    if code.get("Value") != SUCCESS:
        inner = code.find(f"{SAMLP}StatusCode")
        words = [(one.get("Value") or "").rpartition(":")[2][:60] for one in (code, inner) if one is not None]
        raise BadDocument(f"the identity provider said no: {', '.join(words)}")


def _the_assertion(root: ET.Element, document: bytes) -> tuple[ET.Element, SamlBase]:
    """The one assertion, as we read it and as pysaml2 does."""
    item = samlp.response_from_string(document)
    outer = at_most_one(root, f"{SAML}EncryptedAssertion")
    if outer is None:
        return the_only(root, f"{SAML}Assertion"), item.assertion[0] if item.assertion else None
    items = extension_elements_to_elements(item.encrypted_assertion[0].extension_elements, [saml])
    if len(items) != 1:
        raise BadDocument("what was encrypted is no assertion")
    return the_only(outer, f"{SAML}Assertion"), items[0]


def _check_policy(response_signed: bool, assertion_signed: bool, expected: Expected) -> None:
    """Both halves explicit, and never nothing at all (pitfall 29)."""
    if expected.want_assertions_signed and not assertion_signed:
        raise BadDocument("the assertion is not signed")
    if expected.want_response_signed and not response_signed:
        raise BadDocument("the response is not signed")
    if not (assertion_signed or response_signed):
        raise BadDocument("nothing is signed")


def _proof(root: ET.Element, assertion: ET.Element, expected: Expected) -> Proof:
    if assertion.get("Version") != "2.0" or not assertion.get("ID"):
        raise BadDocument("an assertion without ID, or not of SAML 2.0")
    if text_of(the_only(assertion, f"{SAML}Issuer")) != expected.trust.issuer:
        raise BadDocument("the assertion is by another identity provider than the one that was asked")
    if instant(assertion.get("IssueInstant", "")) > expected.now + expected.skew:
        raise BadDocument("the assertion is from the future")
    _check_conditions(the_only(assertion, f"{SAML}Conditions"), expected)
    subject = the_only(assertion, f"{SAML}Subject")
    until = _confirmed(subject, expected)
    statement, acr = _authentication(assertion, expected)
    return Proof(
        response_id=root.get("ID", ""),
        assertion_id=assertion.get("ID", ""),
        until=until,
        name_id=_name_id(at_most_one(subject, f"{SAML}NameID")),
        session_index=statement.get("SessionIndex", ""),
        acr=acr,
        authenticated_at=instant(statement.get("AuthnInstant", "")),
        attributes=_attributes(assertion),
    )


def _check_conditions(conditions: ET.Element, expected: Expected) -> None:
    _check_period(conditions, expected)
    audiences = conditions.findall(f"{SAML}AudienceRestriction")
    if not audiences:
        raise BadDocument("the assertion is for no Audience in particular")
    for restriction in audiences:
        if expected.entity_id not in [text_of(one) for one in restriction.findall(f"{SAML}Audience")]:
            raise BadDocument("the assertion is for another Audience")
    unknown = [one for one in conditions if one.tag not in _HARMLESS_CONDITIONS]
    if unknown:
        raise BadDocument(f"a condition that is not known: {local_name(unknown[0])}")


def _check_period(element: ET.Element, expected: Expected) -> None:
    """NotBefore and NotOnOrAfter, as far as they are there."""
    begins, ends = element.get("NotBefore"), element.get("NotOnOrAfter")
    if begins is not None and instant(begins) > expected.now + expected.skew:
        raise BadDocument(f"{local_name(element)}: not yet valid")
    if ends is not None and instant(ends) <= expected.now - expected.skew:
        raise BadDocument(f"{local_name(element)}: no longer valid")


def _confirmed(subject: ET.Element, expected: Expected) -> int:
    """The instant after which the bearer's confirmation cannot be used; raises BadDocument where none holds."""
    problem = BadDocument("no confirmation of the bearer")
    for confirmation in subject.findall(f"{SAML}SubjectConfirmation"):
        if confirmation.get("Method") != _BEARER:
            continue
        try:
            return _check_bearer(the_only(confirmation, f"{SAML}SubjectConfirmationData"), expected)
        except BadDocument as refused:
            problem = refused
    raise problem


def _check_bearer(data: ET.Element, expected: Expected) -> int:
    if data.get("Recipient") != expected.callback_url:
        raise BadDocument("the assertion is for another Recipient")
    if data.get("InResponseTo", "") != expected.request_id:
        raise BadDocument("the assertion does not answer our request (InResponseTo)")
    if data.get("NotOnOrAfter") is None:
        raise BadDocument("a bearer's confirmation without end")
    _check_period(data, expected)
    ends = instant(data.get("NotOnOrAfter", ""))
    if ends > expected.now + DAY:
        raise BadDocument("a bearer's confirmation that lasts for more than a day")
    return ends + expected.skew


def _authentication(assertion: ET.Element, expected: Expected) -> tuple[ET.Element, str]:
    statement = the_only(assertion, f"{SAML}AuthnStatement")
    at, ends = instant(statement.get("AuthnInstant", "")), statement.get("SessionNotOnOrAfter")
    if at > expected.now + expected.skew:
        raise BadDocument("the authentication is from the future")
    if ends is not None and instant(ends) <= expected.now - expected.skew:
        raise BadDocument("the session at the identity provider has ended")
    if expected.fresh_since is not None and at < expected.fresh_since - expected.skew:
        raise BadDocument("the person did not prove themselves anew")
    context = the_only(statement, f"{SAML}AuthnContext")
    acr = text_of(at_most_one(context, f"{SAML}AuthnContextClassRef"))
    if expected.acrs and acr not in expected.acrs:
        raise BadDocument("authenticated in another way than was asked for")
    return statement, acr


def _name_id(written: ET.Element | None) -> NameId | None:
    if written is None or not text_of(written):
        return None
    qualifiers = written.get("NameQualifier", ""), written.get("SPNameQualifier", "")
    return NameId(text_of(written), written.get("Format", ""), *qualifiers)


def _attributes(assertion: ET.Element) -> dict[tuple[str, str], tuple[str, ...]]:
    """Values by (Name, NameFormat); those that are no plain text say nothing here."""
    written = [
        one
        for part in assertion.findall(f"{SAML}AttributeStatement")
        for one in part.findall(f"{SAML}Attribute")
    ]
    if len(written) > _MOST_ATTRIBUTES:
        raise BadDocument("too many attributes")
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for attribute in written:
        key = attribute.get("Name", ""), attribute.get("NameFormat", "")
        plain = [one for one in attribute.findall(f"{SAML}AttributeValue") if not len(one)]
        values = tuple(text for one in plain if (text := text_of(one)))
        found[key] = (*found.get(key, ()), *values)[:_MOST_VALUES]
    return found
