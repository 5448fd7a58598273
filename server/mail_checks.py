"""What the doors check mail with, made from the settings."""

import structlog

from delivery.authentication.lookup import Dns, Server
from delivery.authentication.policies import Policies
from delivery.evidence import Checks
from identity.certificates import TrustedAuthorities, TrustFileUnusable, load_authorities
from server.settings import Settings, split_server
from storage.site import Site

log = structlog.get_logger(__name__)
# One question must leave time for others before the whole patience is used up.
_PART_OF_PATIENCE = 0.6


def lookup_of(settings: Settings) -> Dns:
    """Somebody who asks the DNS servers of the settings, and remembers nothing yet."""
    servers = [Server(*split_server(each)) for each in settings.dns_servers]
    return Dns(servers, seconds=settings.authentication_timeout.total_seconds() * _PART_OF_PATIENCE)


def checks_of(settings: Settings, site: Site) -> Checks:
    """The checks for one process; its doors share them, and with them what the DNS answered.

    A trust file that cannot be read is logged, and no S/MIME signature proves anything.
    """
    patience = settings.authentication_timeout
    return Checks(
        site.clock,
        lookup_of(settings),
        settings.authserv_id,
        _authorities(settings),
        patience,
    )


def policies_of(settings: Settings) -> Policies:
    """Where the DMARC policies of those are asked for who post without a mail."""
    return Policies(lookup_of(settings), patience=settings.authentication_timeout.total_seconds())


def _authorities(settings: Settings) -> TrustedAuthorities | None:
    if settings.smime_trust_file is None:
        return None
    try:
        return load_authorities(settings.smime_trust_file)
    except TrustFileUnusable as bad:
        log.error("smime_trust_file_unusable", reason=str(bad))  # noqa: TRY400 - the sentence says it all
        return None
