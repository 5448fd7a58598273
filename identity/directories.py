"""Connections to LDAP directories: TLS by default, referrals off, every wait bounded; python-ldap loads on first use."""

import asyncio
from collections.abc import Mapping
from importlib import import_module
from ipaddress import ip_address
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

SECONDS = 5
_PORTS = {"ldap": 389, "ldaps": 636}


class DirectoryUnavailable(Exception):
    """The directory cannot be asked; its settings or the directory itself need a look."""

    code = "DIRECTORY_UNAVAILABLE"


async def has_entry(settings: Mapping[str, str], suffix: str, asked: str, scope: str) -> bool:
    """Whether a search finds an entry, asked in a thread; several hosts are tried in turn.

    `settings` has `host` (`name[:port]` or an `ldap(s)://` URL, several with commas) and, where needed, `bind_dn` and
    `bind_password`, `use_tls` (starttls, ldaps or none), `ca_file`, `ca_verify`. `asked` is a filter whose values are
    escaped (RFC 4515); `scope` is base, one or sub. Raises DirectoryUnavailable.
    """
    return await asyncio.to_thread(_has_entry, settings, suffix, asked, scope)


def _has_entry(settings: Mapping[str, str], suffix: str, asked: str, scope: str) -> bool:
    ldap = library()
    failed = ""
    for host in filter(None, (one.strip() for one in settings.get("host", "").split(","))):
        try:
            link = _connected(ldap, settings, host)
            try:
                return _found(ldap, link, suffix, asked, scope)
            finally:
                link.unbind_ext_s()
        except (ldap.SERVER_DOWN, ldap.TIMEOUT, ldap.UNAVAILABLE, ldap.BUSY, ldap.CONNECT_ERROR) as away:
            failed = type(away).__name__
        except ldap.LDAPError as wrong:
            raise DirectoryUnavailable(f"{host}: {type(wrong).__name__}") from None
    raise DirectoryUnavailable(f"no directory answered: {failed or 'no host is named'}")


def library() -> ModuleType:
    """python-ldap; raises DirectoryUnavailable that says how to install it."""
    try:
        # Native, and not there on every server: only who asks a directory needs it.
        return import_module("ldap")
    except ImportError as missing:
        raise DirectoryUnavailable(
            "asking a directory needs the package python-ldap: pip install 'postroom[ldap]'"
        ) from missing


def _connected(ldap: ModuleType, settings: Mapping[str, str], host: str) -> Any:
    url, starts_tls, is_private = _way(settings, host)
    link = ldap.initialize(url)
    link.protocol_version = ldap.VERSION3
    # A referral would carry our password to a server that nobody configured (pitfall 40).
    link.set_option(ldap.OPT_REFERRALS, 0)
    link.set_option(ldap.OPT_NETWORK_TIMEOUT, SECONDS)
    link.set_option(ldap.OPT_TIMEOUT, SECONDS)
    if is_private:
        if "ca_file" in settings:
            link.set_option(ldap.OPT_X_TLS_CACERTFILE, settings["ca_file"])
        link.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
        link.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
    if starts_tls:
        link.start_tls_s()
    who, secret = settings.get("bind_dn", ""), settings.get("bind_password", "")
    if who:
        if not secret.strip():
            # A name with an empty password binds as nobody and succeeds (RFC 4513, section 5.1.2).
            raise DirectoryUnavailable(f"{host}: bind_dn needs a bind_password")
        if not is_private and not _is_loopback(url):
            raise DirectoryUnavailable(
                f"{host}: a password is sent over TLS alone; set use_tls to starttls or ldaps"
            )
        link.simple_bind_s(who, secret)
    return link


def _way(settings: Mapping[str, str], host: str) -> tuple[str, bool, bool]:
    """The URL of a host, whether TLS is started on it, and whether it is TLS in the end."""
    wanted = settings.get("use_tls", "none").lower()
    if wanted not in {"none", "starttls", "ldaps"}:
        raise DirectoryUnavailable(f"use_tls is starttls, ldaps or none, not {wanted!r}")
    if settings.get("ca_verify", "require").lower() not in {"require", "required"}:
        raise DirectoryUnavailable("a directory's certificate is always verified; take ca_verify away")
    scheme, separator, rest = host.partition("://")
    if not separator:
        scheme, rest = ("ldaps" if wanted == "ldaps" else "ldap"), host
    if scheme not in _PORTS:
        raise DirectoryUnavailable(f"{scheme}:// is no directory; say ldap:// or ldaps://")
    starts = wanted == "starttls" and scheme == "ldap"
    return f"{scheme}://{rest}", starts, starts or scheme == "ldaps"


def _is_loopback(url: str) -> bool:
    name = urlsplit(url).hostname or ""
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _found(ldap: ModuleType, link: Any, suffix: str, asked: str, scope: str) -> bool:
    scopes = {"base": ldap.SCOPE_BASE, "one": ldap.SCOPE_ONELEVEL, "sub": ldap.SCOPE_SUBTREE}
    try:
        rows = link.search_ext_s(suffix, scopes[scope], asked, ["1.1"], timeout=SECONDS, sizelimit=2)
    except ldap.SIZELIMIT_EXCEEDED:
        return True
    except ldap.NO_SUCH_OBJECT:
        return False
    # A row without a name is a referral: somewhere else, so nothing here.
    return any(row[0] is not None for row in rows)
