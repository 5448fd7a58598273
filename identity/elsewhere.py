"""Where a provider may have a browser sent: a web address that means one thing to a header field, a policy and a page."""

import re

from identity.provider import ProviderAway

# A host as names and addresses are written, maybe a port; then what RFC 3986 lets stand in an address.
_ADDRESS = re.compile(
    r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?(?:[/?#][!#-;=?-\[\]_a-z~]*)?", re.IGNORECASE
)
LONGEST = 64 * 1024


def web_address(url: str) -> str:
    """The address as it is; raises ProviderAway for a script, for what ends a header field or a policy, for other schemes.

    Whoever is in a federation's metadata names such addresses, and the federation signs what they name.
    """
    if len(url) > LONGEST or not _ADDRESS.fullmatch(url):
        raise ProviderAway(f"it names no web address to send people to: {url[:100]!a}")
    return url
