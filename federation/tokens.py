"""The token by which a peer shows that an address's own reader agreed to it: made of that agreement, and gone with it (listfed/1, 5).

It is nothing that is kept: the asked server makes it out of its secret, the peer, the address and the moment of the
agreement, and makes it again to compare. The asker keeps it, sealed, for its person.
"""

import base64
import hashlib
import hmac
from urllib.parse import urlencode

from federation.agreements import is_yes
from storage.site import Site
from storage.tables.federation import Peer
from storage.tables.federation_consents import AddressConsent

# The asker's page that takes a token over; in the fragment, so that it is in no log and no Referer.
HANDOVER = "/federation/consent"


def token_of(site: Site, peer: Peer, consent: AddressConsent | None) -> str | None:
    """The token of an agreement, 43 characters; None where there is none, or it has lapsed."""
    if consent is None or not is_yes(consent, site.clock()) or consent.peer_id != peer.id:
        return None
    text = "\0".join((peer.issuer, consent.address_key, str(consent.decided_at)))
    octets = hmac.digest(site.key("federation consent"), text.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def fits(site: Site, peer: Peer, consent: AddressConsent | None, given: str) -> bool:
    """Whether a token is that of this agreement, as it stands now."""
    expected = token_of(site, peer, consent)
    given_octets = given.encode("utf-8", "surrogatepass")
    return hmac.compare_digest((expected or "").encode(), given_octets) and expected is not None


def handover_url(site: Site, peer: Peer, consent: AddressConsent) -> str | None:
    """The link by which a person brings the token to the server that asked; None where there is no agreement.

    Its fragment names this server (`from`) and the address (`email`) beside the `token`.
    """
    token = token_of(site, peer, consent)
    if token is None:
        return None
    said = urlencode({"from": site.public_url, "email": consent.address_key, "token": token})
    return f"{peer.issuer}{HANDOVER}#{said}"
