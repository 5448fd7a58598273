"""Forgeries for providers behind a web server in front (Shibboleth, client certificates): headers that anybody may write.

The secret that the web server sends along is known here, too, so that each check behind it can be tried as well.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from identity.attacks.common import common, returned
from identity.attacks.forgeries import FOREIGN_ADDRESS, Attempt, CannotForge, Forged, Forgery
from identity.certificates import TrustFileUnusable, load_authorities
from identity.provider import Inbound
from identity.secrets_by_reference import SecretMissing, secret_of

_DAY = timedelta(days=1)
_STRANGER = "203.0.113.9"


def shibboleth(settings: Any, forgery: Forgery, attempt: Attempt) -> Forged:
    """What somebody might send in place of mod_shib; raises CannotForge."""
    issuer = settings.issuers[0] if settings.issuers else "https://idp.attack.example/saml"
    headers = {
        settings.issuer_header: issuer,
        settings.session_header: "_0123456789abcdef0123456789abcdef",
        settings.subject_header: "attacker",
        settings.instant_header: _instant(attempt, timedelta()),
        settings.address_headers[0] if settings.address_headers else "mail": attempt.address,
    }
    genuine = believed(settings, attempt, headers)
    match forgery:
        case Forgery.GENUINE:
            return genuine
        case Forgery.FOREIGN_DOMAIN:
            return believed(settings, attempt, headers | {settings.address_headers[0]: FOREIGN_ADDRESS})
        case Forgery.SPOOFED_HEADER:
            twice = [settings.subject_header, settings.issuer_header, *settings.address_headers]
            return spoofed(settings, attempt, genuine, twice)
        case Forgery.EXPIRED:
            old = _instant(attempt, -timedelta(hours=settings.max_age_hours, minutes=10))
            return believed(settings, attempt, headers | {settings.instant_header: old})
        case Forgery.FUTURE:
            return believed(
                settings, attempt, headers | {settings.instant_header: _instant(attempt, timedelta(hours=1))}
            )
        case Forgery.MIX_UP:
            if not settings.issuers:
                raise CannotForge("no issuers are listed: every one that mod_shib lets in is believed")
            other = {settings.issuer_header: "https://idp.other.example"}
            return believed(settings, attempt, headers | other)
        case Forgery.TAMPERED:
            subject = settings.subject_header
            return {
                "two subjects": believed(settings, attempt, headers | {subject: "attacker;victim"}),
                "no subject": believed(settings, attempt, headers | {subject: ""}),
                "no issuer": believed(settings, attempt, headers | {settings.issuer_header: ""}),
                "no session": believed(settings, attempt, headers | {settings.session_header: ""}),
            }
        case Forgery.FORGED_LOGOUT:
            return notice(attempt)
        case Forgery.REPLAY | Forgery.UNVERIFIED_MAIL:
            raise CannotForge("headers never pass through the browser, and say nothing of verification")
    return common(forgery, attempt)


def certificates(settings: Any, forgery: Forgery, attempt: Attempt) -> Forged:
    """What somebody might show as a certificate without the authority's key; raises CannotForge."""
    header = settings.certificate_header
    own = _in_header(_signed_by_itself(attempt))
    match forgery:
        case Forgery.SPOOFED_HEADER:
            return spoofed(settings, attempt, believed(settings, attempt, {header: own}), [header])
        case Forgery.KEY_IN_DOCUMENT | Forgery.WRONG_AUDIENCE:
            authority = _pinned(settings)
            return {
                "signed by itself": believed(settings, attempt, {header: own}),
                "of an authority with the same name": believed(
                    settings, attempt, {header: _in_header(_made(attempt, authority))}
                ),
            }
        case Forgery.TAMPERED:
            return {
                "no certificate": believed(settings, attempt, {header: "(null)"}),
                "half a certificate": believed(settings, attempt, {header: own[: len(own) // 2]}),
                "two certificates": believed(settings, attempt, {header: own + own}),
            }
        case Forgery.REPLAY:
            raise CannotForge(
                "certificates are public; TLS shows the key, and never passes through the browser"
            )
        case (
            Forgery.GENUINE
            | Forgery.EXPIRED
            | Forgery.FUTURE
            | Forgery.FOREIGN_DOMAIN
            | Forgery.UNVERIFIED_MAIL
        ):
            raise CannotForge("only the authority could sign such a certificate")
    return common(forgery, attempt)


def believed(settings: Any, attempt: Attempt, headers: Mapping[str, str]) -> Inbound:
    """A request as the web server itself would pass it on: from its address, with the secret; raises CannotForge."""
    try:
        secret = secret_of(settings.secret)
    except SecretMissing as missing:
        raise CannotForge(str(missing)) from missing
    peer = str(next(iter(settings.peers[0])))
    return returned(attempt, headers={**headers, settings.secret_header: secret}, peer=peer)


def spoofed(settings: Any, attempt: Attempt, genuine: Inbound, names: list[str]) -> dict[str, Inbound]:
    """A request that would be believed, spoilt in each way in which somebody else could have sent it."""
    secret = settings.secret_header.encode()
    bare = tuple(pair for pair in genuine.headers if pair[0] != secret)
    found = {
        "without the secret": replace(genuine, headers=bare),
        "with a guessed secret": replace(genuine, headers=(*bare, (secret, b"a guess of sixteen or more"))),
        "from another peer": replace(genuine, peer=_STRANGER),
        "from another peer, with X-Forwarded-For": replace(
            genuine,
            peer=_STRANGER,
            headers=(
                *genuine.headers,
                *((name, genuine.peer.encode()) for name in (b"x-forwarded-for", b"x-real-ip")),
                (b"forwarded", f"for={genuine.peer}".encode()),
            ),
        ),
        "from no peer": replace(genuine, peer=""),
        "at another path": replace(genuine, url=f"{attempt.place.own_url}/heard?state={attempt.wish.state}"),
    }
    for name in names:
        spellings = {
            "twice": name,
            "with underscores": name.replace("-", "_"),
            "with dots": name.replace("-", "."),
        }
        for title, spelling in spellings.items():
            if spelling != name or title == "twice":
                more = (spelling.encode(), b"victim")
                found[f"{name} {title}"] = replace(genuine, headers=(*genuine.headers, more))
    found[f"{settings.secret_header} twice"] = replace(
        genuine, headers=(*genuine.headers, (secret, b"a guess of sixteen or more"))
    )
    return found


def notice(attempt: Attempt) -> Inbound:
    """A notice of mod_shib's that a session has ended, by somebody else."""
    body = (
        b'<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><LogoutNotification '
        b'xmlns="urn:mace:shibboleth:2.0:sp:notify"><SessionID>_0123456789abcdef</SessionID>'
        b"</LogoutNotification></S:Body></S:Envelope>"
    )
    return Inbound("POST", f"{attempt.place.own_url}/heard", body=body, peer=_STRANGER)


def _pinned(settings: Any) -> x509.Name:
    try:
        return load_authorities(settings.authorities[0]).roots[0].subject
    except TrustFileUnusable as unusable:
        raise CannotForge(str(unusable)) from unusable


def _instant(attempt: Attempt, shift: timedelta) -> str:
    moment = datetime.fromtimestamp(attempt.place.now // 1_000_000, UTC) + shift
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _signed_by_itself(attempt: Attempt) -> x509.Certificate:
    return _made(attempt, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "attacker")]))


def _made(attempt: Attempt, issuer: x509.Name) -> x509.Certificate:
    """A certificate of the victim's address by a key of our own, whatever its issuer is said to be."""
    key = ec.generate_private_key(ec.SECP256R1())
    moment = datetime.fromtimestamp(attempt.place.now // 1_000_000, UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "attacker")]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - _DAY)
        .not_valid_after(moment + _DAY)
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(attempt.address)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )


def _in_header(certificate: x509.Certificate) -> str:
    return quote(certificate.public_bytes(Encoding.PEM))
