"""Signing in with a CAS 3 server, whose ticket we have validated by itself; single logout both ways.

CAS Protocol 3.0 (apereo.github.io), sections 2.1, 2.3, 2.5 and 2.8; pitfall 41.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlencode

from pydantic import AfterValidator, Field

from identity.bounded_http import Reply, checked_url, fetch, one_step
from identity.provider import (
    Answer,
    Claimed,
    Ended,
    Evidence,
    Finding,
    Inbound,
    NotProved,
    Once,
    Place,
    ProviderAway,
    ProviderSettings,
    Redirect,
    Wish,
)
from identity.strict_xml import BadXML, Element, read_xml
from mail.instant import HOUR, SECOND
from storage.tables.words import AddressSource, SignInMethod

METHOD: Final = SignInMethod.CAS
SOURCE: Final = AddressSource.CAS

_CAS = "{http://www.yale.edu/tp/cas}"
_SAMLP = "{urn:oasis:names:tc:SAML:2.0:protocol}"
# Section 3.1.1: clients must take tickets of up to 32 characters, and should of up to 256; servers make longer ones.
_LONGEST_TICKET = 1024
_CLOCK_SKEW = 60 * SECOND


def _server(url: str) -> str:
    if "?" in checked_url(url):
        raise ValueError("the server's URL has no query")
    return url.rstrip("/")


class Settings(ProviderSettings):
    """A CAS server."""

    server_url: Annotated[
        str, AfterValidator(_server), Field(description="Where its /login is: https://sso.example.edu/cas.")
    ]
    ca_file: Annotated[
        str, Field(description="Certificates (PEM) to believe instead of the usual ones; a path.")
    ] = ""
    validate_path: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9/_-]+$", description="Where it validates tickets, below its URL.")
    ] = "p3/serviceValidate"
    address_attributes: Annotated[
        tuple[str, ...], Field(description="Attributes with addresses; the first address is the main one.")
    ] = ("mail",)
    addresses_are_verified: Annotated[
        bool, Field(description="People cannot write those attributes themselves.")
    ] = True
    user_domain: Annotated[
        str, Field(description="Also NAME@this is an address of whoever signs in as NAME; empty: it is not.")
    ] = ""
    display_name_attribute: Annotated[str, Field(description="Attribute with the person's name.")] = (
        "displayName"
    )
    attributes: Annotated[
        dict[str, str],
        Field(
            default_factory=dict,
            description='Attributes to keep, by their name here: { affiliation = "eduPersonAffiliation" }.',
        ),
    ]
    logs_out: Annotated[bool, Field(description="Signing out here offers to sign out there, too.")] = True


async def begin(settings: Settings, place: Place, wish: Wish) -> Redirect:
    """Send the browser to the server's login; the state is part of the service's URL, so that a ticket is for it alone."""
    service = f"{place.callback_url}?{urlencode({'state': wish.state})}"
    asked = {"service": service} | ({"renew": "true"} if wish.is_fresh else {})
    kept = {"service": service, "server": settings.server_url, "asked_at": str(place.now)}
    if wish.is_fresh:
        kept["is_fresh"] = "yes"
    return Redirect(f"{settings.server_url}/login?{urlencode(asked)}", kept)


def state_of(settings: Settings, inbound: Inbound) -> str:
    """The state in the service's URL; none in a notice of the server that it has signed somebody out."""
    return "" if "logoutRequest" in inbound.form else inbound.query.get("state", "")


async def complete(settings: Settings, place: Place, inbound: Inbound, kept: Mapping[str, str]) -> Evidence:
    """Ask the server whom it gave this ticket; at most five seconds."""
    ticket = inbound.query.get("ticket", "")
    service = kept.get("service", "")
    if inbound.method != "GET" or kept.get("server") != settings.server_url or not service:
        raise NotProved("this sign-in was begun with another server")
    if not 1 <= len(ticket) <= _LONGEST_TICKET or not ticket.startswith("ST-"):
        raise NotProved("the server sent no service ticket")
    is_fresh = "is_fresh" in kept
    success = _success(await _validated(settings, service, ticket, is_fresh=is_fresh))
    found = _attributes(success)
    at = _instant(found.get("authenticationDate", ("",))[0])
    if is_fresh:
        _check_fresh(found, at, int(kept.get("asked_at", "0")))
    return _evidence(settings, _user(success), found, ticket, at, place.now)


async def _validated(settings: Settings, service: str, ticket: str, *, is_fresh: bool) -> Reply:
    asked = {"service": service, "ticket": ticket} | ({"renew": "true"} if is_fresh else {})
    url = f"{settings.server_url}/{settings.validate_path}?{urlencode(asked)}"
    async with one_step(settings.server_url):
        reply = await fetch("GET", url, ca_file=settings.ca_file)
    if reply.status != 200:
        raise ProviderAway(f"{settings.server_url} answered {reply.status} where it validates tickets")
    return reply


def _success(reply: Reply) -> Element:
    """The one authenticationSuccess of an answer, directly in its root; raises NotProved for any other document."""
    try:
        root = read_xml(reply.body)
    except BadXML as problem:
        raise NotProved(f"the answer cannot be read: {problem}") from problem
    verdicts = [
        one
        for one in root.everything()
        if one.name.rpartition("}")[2] in {"authenticationSuccess", "authenticationFailure"}
    ]
    if root.name != f"{_CAS}serviceResponse" or len(verdicts) != 1 or root.children != verdicts:
        raise NotProved("the answer is not one success or failure")
    verdict = verdicts[0]
    if verdict.name != f"{_CAS}authenticationSuccess":
        code = "".join(
            letter for letter in verdict.attributes.get("code", "") if letter.isalnum() or letter == "_"
        )
        raise NotProved(f"the server refuses the ticket ({code[:60]})")
    if verdict.named(f"{_CAS}proxies"):
        raise NotProved("another service has got this ticket for the person (proxies)")
    return verdict


def _user(success: Element) -> str:
    users = success.named(f"{_CAS}user")
    if len(users) != 1 or users[0].children:
        raise NotProved("the answer names no user, or several")
    name = users[0].text
    if not 1 <= len(name) <= 255 or not name.isprintable():
        raise NotProved("the answer names no user")
    return name


def _attributes(success: Element) -> dict[str, tuple[str, ...]]:
    """The values in `attributes` by their names; what is in no plain element there is not read."""
    blocks = success.named(f"{_CAS}attributes")
    if len(blocks) > 1:
        raise NotProved("the answer has attributes twice")
    found: dict[str, tuple[str, ...]] = {}
    for one in blocks[0].children if blocks else []:
        if one.name.startswith(_CAS) and not one.children and one.text:
            name = one.name.removeprefix(_CAS)
            found[name] = (*found.get(name, ()), one.text)
    return found


def _check_fresh(found: Mapping[str, tuple[str, ...]], at: int | None, asked_at: int) -> None:
    if [said.lower() for said in found.get("isFromNewLogin", ())] != ["true"]:
        raise NotProved("the person did not prove themselves anew (isFromNewLogin)")
    if at is not None and at < asked_at - _CLOCK_SKEW:
        raise NotProved("the person did not prove themselves anew (authenticationDate)")


def _instant(text: str) -> int | None:
    """The instant that `authenticationDate` writes, None where it says no zone or cannot be read."""
    try:
        at = datetime.fromisoformat(text.partition("[")[0])
    except ValueError:
        return None
    return int(at.timestamp() * SECOND) if at.tzinfo else None


def _evidence(
    settings: Settings, user: str, found: Mapping[str, tuple[str, ...]], ticket: str, at: int | None, now: int
) -> Evidence:
    addresses = [address for name in settings.address_attributes for address in found.get(name, ())]
    if settings.user_domain:
        addresses.append(f"{user}@{settings.user_domain}")
    digest = hashlib.sha256(ticket.encode()).hexdigest()
    return Evidence(
        issuer=settings.server_url,
        subject=user,
        addresses=tuple(
            Claimed(address, settings.addresses_are_verified) for address in dict.fromkeys(addresses)
        ),
        attributes={name: found[there] for name, there in settings.attributes.items() if there in found},
        display_name=found.get(settings.display_name_attribute, ("",))[0],
        authenticated_at=at,
        session=ticket,
        once=(Once(f"ticket:{digest}", now + HOUR),),
    )


async def check(settings: Settings, place: Place) -> list[Finding]:
    """Have a browser that nobody sits at sent there and back, and a ticket validated that nobody was given."""
    service = f"{place.callback_url}?state=check"
    asked = urlencode({"service": service, "gateway": "true"})
    try:
        async with one_step(settings.server_url):
            login = await fetch("GET", f"{settings.server_url}/login?{asked}", ca_file=settings.ca_file)
        reply = await _validated(settings, service, "ST-0-check", is_fresh=False)
    except ProviderAway as away:
        return [Finding(False, away.detail)]
    return [_login_finding(login, place), _ticket_finding(settings, reply)]


def _login_finding(login: Reply, place: Place) -> Finding:
    # Section 2.1.1: with `gateway` a server that knows the service sends a browser without a session back at once
    if login.status in {302, 303, 307} and login.location.startswith(place.callback_url):
        return Finding(True, f"It knows our service and sends people back to {place.callback_url}.")
    return Finding(
        False,
        f"Its login answers {login.status} and does not send people back to {place.callback_url}: "
        "is that registered there as a service, with any query?",
    )


def _ticket_finding(settings: Settings, reply: Reply) -> Finding:
    try:
        _success(reply)
    except NotProved as refused:
        if "INVALID_TICKET" in refused.detail:
            return Finding(True, f"{settings.server_url} refuses a ticket that it never gave, as it should.")
        return Finding(False, f"{settings.server_url}: {refused.detail}. Is our service registered there?")
    return Finding(False, f"{settings.server_url} took a ticket that it never gave.")


async def logout(
    settings: Settings, place: Place, subject: str, kept: Mapping[str, str], wish: Wish
) -> Redirect | None:
    """The server's logout, which leads back to us; None where the operator does not want that."""
    if not settings.logs_out:
        return None
    return Redirect(f"{settings.server_url}/logout?{urlencode({'service': f'{place.own_url}/logout'})}")


async def heard(settings: Settings, place: Place, inbound: Inbound) -> Ended | Answer:
    """The server tells that the session of one ticket has ended (section 2.3.3); or the browser is back from its logout.

    The notice is not signed: what makes it believable is the ticket, which only the server and we have seen.
    """
    if inbound.method != "POST":
        return Answer(redirect_url=f"{place.base_url}/")
    try:
        root = read_xml(inbound.form.get("logoutRequest", "").encode())
    except BadXML as problem:
        raise NotProved(f"the logout request cannot be read: {problem}") from problem
    tickets = root.named(f"{_SAMLP}SessionIndex")
    if root.name != f"{_SAMLP}LogoutRequest" or len(tickets) != 1 or not tickets[0].text:
        raise NotProved("the logout request names no ticket, or several")
    return Ended(settings.server_url, session=tickets[0].text, answer=Answer(200))
