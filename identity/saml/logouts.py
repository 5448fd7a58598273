"""Single logout as an identity provider begins it, or answers ours: signed, recent, for us (SAML Profiles 4.4)."""

from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from saml2 import samlp

from identity.provider import Answer, Ended, Once, Place
from identity.saml.documents import SAML, SAMLP, BadDocument, instant, text_of, the_only
from identity.saml.evidence import once_id, persistent_subject, session_of
from identity.saml.idps import IdentityProvider
from identity.saml.keys import key_pairs
from identity.saml.messages import as_answer, binding_of, entity_id_of, logout_response, logout_url, sent
from identity.saml.redirects import check_query_signature
from identity.saml.responses import NameId
from identity.saml.settings import Settings
from identity.saml.signatures import Trust, check_schema, check_signature, refuse_what_is_unfit
from mail.instant import HOUR, MINUTE

_HOLDS = 5 * MINUTE
_LONGEST = 2 * HOUR


def check_logout(document: bytes, root: ET.Element, kind: str, url: str, trust: Trust) -> None:
    """Raise BadDocument unless it is signed by the identity provider: in the query of `url`, or where that is "" in XML.

    `kind` is SAMLRequest or SAMLResponse.
    """
    refuse_what_is_unfit(root, trust.allow_sha1)
    check_schema(document.decode("utf-8"))
    if url:
        check_query_signature(urlsplit(url).query, kind, trust)
    else:
        read = (
            samlp.logout_request_from_string if kind == "SAMLRequest" else samlp.logout_response_from_string
        )
        check_signature(document, root, read(document), trust)


def check_logout_envelope(root: ET.Element, place: Place, skew: int) -> None:
    """Raise BadDocument unless the message is for us and for now; `skew` in microseconds."""
    if root.get("Version") != "2.0":
        raise BadDocument("not SAML 2.0")
    if root.get("Destination") not in {logout_url(place), f"{place.own_url}/heard"}:
        raise BadDocument("the message about a logout is for another Destination")
    if instant(root.get("IssueInstant", "")) > place.now + skew:
        raise BadDocument("the message about a logout is from the future")
    if _lapses(root) <= place.now - skew:
        raise BadDocument("the message about a logout has lapsed")


def ended(
    settings: Settings, place: Place, idp: IdentityProvider, root: ET.Element, relay_state: str
) -> Ended:
    """What a checked LogoutRequest ends, with our signed answer; raises BadDocument. Blocks while xmlsec1 runs."""
    written = the_only(root, f"{SAML}NameID")
    qualifiers = written.get("NameQualifier", ""), written.get("SPNameQualifier", "")
    name_id = NameId(text_of(written), written.get("Format", ""), *qualifiers)
    indexes = [text_of(one) for one in root.findall(f"{SAMLP}SessionIndex")]
    subject = persistent_subject(name_id, settings, idp.entity_id, entity_id_of(settings, place))
    # None or several indexes: all sessions of this person. A transient name is itself the name of a session.
    is_for_all = bool(subject) and len(indexes) != 1
    return Ended(
        issuer=idp.entity_id,
        subject=subject if is_for_all else "",
        session="" if is_for_all else session_of(name_id, indexes[0] if indexes else ""),
        answer=_answer(settings, place, idp, root.get("ID", ""), relay_state),
        once=(Once(once_id(idp.entity_id, "logout", root.get("ID", "")), _lapses(root) + 2 * MINUTE),),
    )


def _answer(
    settings: Settings, place: Place, idp: IdentityProvider, request_id: str, relay_state: str
) -> Answer:
    binding = binding_of(idp.logout)
    if binding is None:
        return Answer()
    response = logout_response(settings, place, idp.logout[binding], request_id)
    pair = key_pairs(settings)[0]
    return as_answer(sent(response, "SAMLResponse", binding, relay_state, pair, settings.xmlsec1))


def _lapses(root: ET.Element) -> int:
    """When a message about a logout cannot be used any more."""
    issued, ends = instant(root.get("IssueInstant", "")), root.get("NotOnOrAfter")
    return min(instant(ends), issued + _LONGEST) if ends else issued + _HOLDS
