"""What the web server in front says about a visitor: believed from listed peers alone, with a secret that only they know."""

import hmac
import re
from collections.abc import Collection
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Annotated

from pydantic import AfterValidator, Field

from identity.provider import Finding, Inbound, NotProved, ProviderAway, ProviderSettings
from identity.secrets_by_reference import SecretMissing, SecretReference, secret_of

SHORTEST_SECRET = 16
_LONGEST_VALUE = 64 * 1024
# CGI, WSGI and others make one name of everything that differs only in such characters: `Shib-Session-ID`, `Shib_Session_ID`.
_ALIKE = re.compile(rb"[^a-z0-9]")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f]")


def _header_name(text: str) -> str:
    name = text.lower()
    if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", name):
        raise ValueError("a header's name has letters, digits and single hyphens; underscores are ambiguous")
    return name


def _not_everybody(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    if network.prefixlen == 0:
        raise ValueError("this network is everybody: name the web server's own addresses")
    return network


HeaderName = Annotated[str, AfterValidator(_header_name)]
Peer = Annotated[IPv4Network | IPv6Network, AfterValidator(_not_everybody)]


class FrontServer(ProviderSettings):
    """The settings that every provider behind a web server has."""

    peers: tuple[Peer, ...] = Field(
        min_length=1,
        description="The web server's addresses or networks, as they open connections to Postroom; no other peer is believed.",
    )
    secret: SecretReference = Field(
        description="Where the secret is that the web server sends along, `env:NAME` or `file:/PATH`; 16 characters or more."
    )
    secret_header: HeaderName = Field(
        default="x-postroom-secret", description="The header in which the web server sends the secret."
    )


def told(settings: FrontServer, url: str, inbound: Inbound, names: Collection[str]) -> dict[str, str]:
    """What the web server said in the headers of these names (lower case), those that it left empty left out.

    `url` is the only one at which it is believed. Raises NotProved for everything that somebody else might have made up:
    another address, another peer, a wrong secret, a header that stands twice or in a second spelling. Raises ProviderAway
    where the secret cannot be read.
    """
    if inbound.url.partition("?")[0] != url:
        raise NotProved("these headers count at the sign-in's own address only")
    if not _is_listed(settings, inbound.peer):
        raise NotProved(f"the peer {inbound.peer or '(none)'} is not a web server of ours")
    if not hmac.compare_digest(_raw(inbound, settings.secret_header), _secret(settings)):
        raise NotProved("the web server's secret is missing or wrong")
    values = {name: _text(name, _raw(inbound, name)) for name in names}
    return {name: value for name, value in values.items() if value}


def secret_findings(settings: FrontServer) -> list[Finding]:
    """Whether the secret can be used, and who is believed with it, in words."""
    peers = ", ".join(map(str, settings.peers))
    try:
        _secret(settings)
    except ProviderAway as away:
        return [Finding(False, away.detail)]
    return [Finding(True, f"Headers are believed from {peers} with the secret of {settings.secret}.")]


def _secret(settings: FrontServer) -> bytes:
    try:
        secret = secret_of(settings.secret)
    except SecretMissing as missing:
        raise ProviderAway(str(missing)) from missing
    if len(secret) < SHORTEST_SECRET:
        raise ProviderAway(f"the secret of {settings.secret} is shorter than {SHORTEST_SECRET} characters")
    return secret.encode()


def _is_listed(settings: FrontServer, peer: str) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in settings.peers)


def _raw(inbound: Inbound, name: str) -> bytes:
    """The one header of this name, b"" where there is none; raises NotProved for two, or one in another spelling."""
    wanted = name.encode("ascii")
    alike = [
        (found, value)
        for found, value in inbound.headers
        if _ALIKE.sub(b"-", found.lower()) == _ALIKE.sub(b"-", wanted)
    ]
    if not alike:
        return b""
    if len(alike) > 1:
        raise NotProved(f"the header {name} came more than once")
    found, value = alike[0]
    if found.lower() != wanted:
        raise NotProved(f"the header {name} came in another spelling")
    return value.strip(b" \t")


def _text(name: str, raw: bytes) -> str:
    """A header's bytes as the UTF-8 that the web server passes on as it is."""
    if len(raw) > _LONGEST_VALUE:
        raise NotProved(f"the header {name} is too long")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as broken:
        raise NotProved(f"the header {name} is not UTF-8") from broken
    if _UNSEEN.search(text):
        raise NotProved(f"the header {name} holds control characters")
    return text
