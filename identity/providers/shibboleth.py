"""Sign-in through Shibboleth in the web server: mod_shib does the SAML, and its headers are believed on one path only."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urlsplit

from pydantic import Field, model_validator

from identity.bounded_http import Reply, fetch
from identity.front_server import FrontServer, HeaderName, secret_findings, told
from identity.provider import (
    Answer,
    Claimed,
    Ended,
    Evidence,
    Finding,
    Inbound,
    NotProved,
    Place,
    ProviderAway,
    Redirect,
    Wish,
)
from mail.address import parse_address
from mail.errors import BadAddress
from storage.tables.words import AddressSource, SignInMethod, Strength

METHOD = SignInMethod.SAML
SOURCE = AddressSource.SAML
_SKEW = timedelta(minutes=3) // timedelta(microseconds=1)
_HOUR = timedelta(hours=1) // timedelta(microseconds=1)
_LONGEST_ID = 1024
_MOST_VALUES = 100
# mod_shib joins several values with `;` and writes a `;` within one as `\;`.
_JOIN = re.compile(r"(?<!\\);")
# The SP's LogoutNotification. Its form is fixed, so that no XML parser has to look at what comes in.
_SESSION_ID = re.compile(rb"<(?:[A-Za-z0-9]+:)?SessionID>\s*([A-Za-z0-9_.-]{8,128})\s*</")
_ENTITY = re.compile(rb'<[^>]*EntityDescriptor[^>]*entityID="([^"]+)"')
_HEARD = (
    b'<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>'
    b'<LogoutNotificationResponse xmlns="urn:mace:shibboleth:2.0:sp:notify"><OK/></LogoutNotificationResponse>'
    b"</S:Body></S:Envelope>"
)


class Settings(FrontServer):
    """What a robot's file says about the web server and the names of its headers."""

    subject_header: HeaderName = Field(
        default="persistent-id",
        description="The header that names the account for good: persistent-id, pairwise-id, subject-id, or eppn where "
        "your federation gives none of it to anybody else later.",
    )
    address_headers: tuple[HeaderName, ...] = Field(
        default=("mail",), description="The headers with mail addresses; each may hold several."
    )
    name_header: HeaderName = Field(
        default="displayname", description="The header with the person's name as it is shown."
    )
    attributes: Mapping[str, HeaderName] = Field(
        default={}, description="Attributes to keep: what they are called in rules, and the header of each."
    )
    issuers: tuple[str, ...] = Field(
        default=(),
        description="The entityIDs of the identity providers that are let in; empty: all that the web server lets in.",
    )
    issuer_header: HeaderName = Field(
        default="shib-identity-provider", description="The header with the identity provider's entityID."
    )
    session_header: HeaderName = Field(
        default="shib-session-id", description="The header with the web server's name for this session."
    )
    acr_header: HeaderName = Field(
        default="shib-authncontext-class",
        description="The header that says how the person was authenticated.",
    )
    instant_header: HeaderName = Field(
        default="shib-authentication-instant", description="The header that says when."
    )
    max_age_hours: int = Field(
        default=24,
        ge=1,
        le=24 * 31,
        description="How long ago that may be, in hours, for a sign-in to count.",
    )
    handler_path: str = Field(
        default="/Shibboleth.sso",
        pattern=r"^(/[A-Za-z0-9._-]+)+$",
        description="Where mod_shib's own pages are (handlerURL).",
    )
    ca_file: str = Field(
        default="",
        description="A file of authorities in PEM by which `postroom provider check` knows the web server, if not the usual ones.",
    )

    @model_validator(mode="after")
    def _keeps_names_apart(self) -> "Settings":
        if self.subject_header in self.address_headers:
            raise ValueError("an address can change hands, so it cannot be the subject_header")
        session = (self.issuer_header, self.session_header, self.acr_header, self.instant_header)
        names = [self.secret_header, *session, self.subject_header, *self.address_headers]
        if len({*names}) < len(names):
            raise ValueError("one header cannot say two of these things")
        if self.secret_header in {self.name_header, *self.attributes.values()}:
            raise ValueError("the secret is not an attribute")
        return self


async def begin(settings: Settings, place: Place, wish: Wish) -> Redirect:
    """Send the browser to the callback, which the web server protects; for a fresh proof, through its own Login page."""
    target = f"{place.callback_url}?{urlencode({'state': wish.state})}"
    if not wish.is_fresh and not wish.organization:
        return Redirect(target)
    asked = {"target": target}
    if wish.organization:
        asked["entityID"] = wish.organization
    if wish.is_fresh:
        asked["forceAuthn"] = "true"
    kept = {"fresh_since": str(place.now)} if wish.is_fresh else {}
    return Redirect(f"{_handlers(settings, place)}/Login?{urlencode(asked)}", kept)


def state_of(_settings: Settings, inbound: Inbound) -> str:
    """The state, which stands in the callback's query."""
    return inbound.query.get("state", "")


async def complete(settings: Settings, place: Place, inbound: Inbound, kept: Mapping[str, str]) -> Evidence:
    """Read what mod_shib said about the visitor; raises NotProved or ProviderAway."""
    said = told(settings, place.callback_url, inbound, _names(settings))
    issuer = _one(said, settings.issuer_header)
    if settings.issuers and issuer not in settings.issuers:
        raise NotProved(f"the identity provider {issuer} is not one of those that are let in")
    session = _one(said, settings.session_header)
    instant = _instant(said.get(settings.instant_header, ""))
    _check_instant(instant, settings, place.now, kept)
    return Evidence(
        issuer=issuer,
        subject=_one(said, settings.subject_header),
        addresses=_addresses(said, settings.address_headers),
        attributes={
            name: found for name, header in settings.attributes.items() if (found := _values(said, header))
        },
        display_name=next(iter(_values(said, settings.name_header)), ""),
        strength=Strength.MD5,
        acr=said.get(settings.acr_header, ""),
        authenticated_at=instant,
        session=session,
    )


async def logout(
    settings: Settings, place: Place, _subject: str, _kept: Mapping[str, str], wish: Wish
) -> Redirect:
    """Send the browser to mod_shib's logout, which tells the identity provider and comes back."""
    back = f"{place.own_url}/logout?{urlencode({'state': wish.state})}"
    return Redirect(f"{_handlers(settings, place)}/Logout?{urlencode({'return': back})}")


async def heard(settings: Settings, place: Place, inbound: Inbound) -> Ended | Answer:
    """The web server's notice that a session has ended (Notify, back channel), or the browser's return from a logout.

    The notice names the session alone, so that `issuer` is "" unless the settings allow for only one.
    """
    if inbound.method == "GET":
        return Answer(status=303, redirect_url=place.base_url)
    told(settings, f"{place.own_url}/heard", inbound, ())
    found = _SESSION_ID.search(inbound.body)
    if found is None or b"LogoutNotification" not in inbound.body:
        raise NotProved("this is no notice of a logout")
    issuer = settings.issuers[0] if len(settings.issuers) == 1 else ""
    return Ended(issuer, session=found[1].decode("ascii"), answer=Answer(body=_HEARD, media_type="text/xml"))


async def check(settings: Settings, place: Place) -> list[Finding]:
    """Whether the secret is there, mod_shib answers, and the callback is behind it."""
    findings = secret_findings(settings)
    try:
        metadata = await fetch("GET", f"{_handlers(settings, place)}/Metadata", ca_file=settings.ca_file)
        callback = await fetch("GET", place.callback_url, ca_file=settings.ca_file)
    except ProviderAway as away:
        return [*findings, Finding(False, f"{away.detail}.")]
    except ValueError as wrong:
        return [*findings, Finding(False, f"The domain's own address cannot be asked: {wrong}.")]
    return [*findings, _metadata_finding(settings, place, metadata), _callback_finding(place, callback)]


def _metadata_finding(settings: Settings, place: Place, metadata: Reply) -> Finding:
    found = _ENTITY.search(metadata.body) if metadata.status == 200 else None
    if found is None:
        where = f"{_handlers(settings, place)}/Metadata"
        return Finding(False, f"{where} answers {metadata.status}, not with metadata of mod_shib.")
    return Finding(True, f"mod_shib answers as {found[1].decode('utf-8', 'replace')}.")


def _callback_finding(place: Place, callback: Reply) -> Finding:
    if callback.location and not callback.location.startswith(("/auth/", place.own_url)):
        return Finding(True, "Whoever comes to the callback without a session is sent to sign in.")
    return Finding(False, f"{place.callback_url} is open without a session: have the web server require one.")


def _handlers(settings: Settings, place: Place) -> str:
    parts = urlsplit(place.base_url)
    return f"{parts.scheme}://{parts.netloc}{settings.handler_path}"


def _names(settings: Settings) -> set[str]:
    return {
        settings.subject_header,
        *settings.address_headers,
        settings.name_header,
        *settings.attributes.values(),
        settings.issuer_header,
        settings.session_header,
        settings.acr_header,
        settings.instant_header,
    }


def _values(said: Mapping[str, str], header: str) -> tuple[str, ...]:
    """The values of a header, each once, in their order."""
    parts = [part.replace("\\;", ";").strip() for part in _JOIN.split(said.get(header, ""))]
    if len(parts) > _MOST_VALUES:
        raise NotProved(f"the header {header} holds more than {_MOST_VALUES} values")
    return tuple(dict.fromkeys(part for part in parts if part))


def _one(said: Mapping[str, str], header: str) -> str:
    values = _values(said, header)
    if not values:
        raise NotProved(f"the header {header} is missing or empty")
    if len(values) > 1:
        raise NotProved(f"the header {header} holds more than one value")
    if len(values[0]) > _LONGEST_ID:
        raise NotProved(f"the header {header} is too long")
    return values[0]


def _addresses(said: Mapping[str, str], headers: tuple[str, ...]) -> tuple[Claimed, ...]:
    """Every well-formed address; one that is none is left out."""
    found = []
    for text in dict.fromkeys(value for header in headers for value in _values(said, header)):
        try:
            found.append(Claimed(str(parse_address(text))))
        except BadAddress:
            continue
    return tuple(found)


def _instant(text: str) -> int | None:
    """An xsd:dateTime as an instant in microseconds."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as broken:
        raise NotProved("the instant of authentication cannot be read") from broken
    if moment.tzinfo is None:
        raise NotProved("the instant of authentication has no time zone")
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _check_instant(instant: int | None, settings: Settings, now: int, kept: Mapping[str, str]) -> None:
    """Raises NotProved for an authentication of the future, of long ago, or before the fresh one that was asked for."""
    fresh_since = int(kept["fresh_since"]) if "fresh_since" in kept else None
    if instant is None:
        if fresh_since is not None:
            raise NotProved("a fresh sign-in was asked for, and the web server does not say when it was")
        return
    if instant > now + _SKEW:
        raise NotProved("the person was authenticated in the future")
    if instant < now - settings.max_age_hours * _HOUR:
        raise NotProved("the person was authenticated too long ago")
    if fresh_since is not None and instant < fresh_since - _SKEW:
        raise NotProved("a fresh sign-in was asked for, and this is an old one")
