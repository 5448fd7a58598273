"""Where metadata comes from: files, a federation's URL, a metadata query server; checked, kept, and fetched anew in time.

What comes over the network counts only with the pinned signature (pitfall 34). The last good document counts until its
validUntil, however long the other side is away.
"""

import asyncio
import base64
import os
import tempfile
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from identity.provider import ProviderAway
from identity.saml.documents import BadDocument, parse
from identity.saml.idps import IdentityProvider, read_idps, valid_until
from identity.saml.settings import Settings
from identity.saml.signatures import Trust, check_document_signature
from identity.secrets_by_reference import SecretMissing, secret_of
from mail.instant import DAY, HOUR, SECOND

_PATIENCE = 4.0
_LONGEST_FETCH = 30.0
# Metadata that does not say how long it holds is not kept for longer.
_KEPT_WITHOUT_LIMIT = 14 * DAY
_NOT_AGAIN_FOR = 60 * SECOND
_MOST_QUERIED = 1000
_HEADERS = {"Accept": "application/samlmetadata+xml", "Accept-Encoding": "identity", "User-Agent": "Postroom"}


@dataclass(frozen=True, slots=True)
class Metadata:
    """The identity providers of one document, when it was fetched, and until when it holds."""

    idps: dict[str, IdentityProvider]
    fetched_at: int
    until: int


@dataclass(frozen=True, slots=True)
class _Source:
    """One address, and what makes its answer believable."""

    url: str
    certificate: str
    largest: int
    copy: str
    program: str


_lock = threading.Lock()
_known: dict[_Source, Metadata] = {}
_under_way: dict[_Source, "Future[Metadata]"] = {}
_failed_at: dict[_Source, tuple[int, str]] = {}
_files: dict[tuple[str, int, int, int], dict[str, IdentityProvider]] = {}


async def idp_of(settings: Settings, entity_id: str, now: int) -> IdentityProvider | None:
    """The identity provider of this entityID, None where it is not to be believed; raises ProviderAway."""
    if settings.idps and entity_id not in settings.idps:
        return None
    found = (await _listed(settings, now)).get(entity_id)
    if found is None and settings.mdq_url and 0 < len(entity_id) <= 1024:
        return await _queried(settings, entity_id, now)
    return found


async def all_idps(settings: Settings, now: int) -> dict[str, IdentityProvider]:
    """All that can be listed and may be believed, by entityID; raises ProviderAway where there is no metadata at all."""
    found = await _listed(settings, now)
    if not settings.idps:
        return found
    if settings.mdq_url:
        asked = [await idp_of(settings, entity_id, now) for entity_id in settings.idps[:20]]
        return {idp.entity_id: idp for idp in asked if idp is not None}
    return {entity_id: found[entity_id] for entity_id in settings.idps if entity_id in found}


async def _listed(settings: Settings, now: int) -> dict[str, IdentityProvider]:
    found: dict[str, IdentityProvider] = {}
    if settings.metadata_url:
        found |= (await _fetched(_source(settings, settings.metadata_url), settings, now)).idps
    found |= await asyncio.to_thread(_from_files, settings, now)
    return {name: idp for name, idp in found.items() if idp.valid_until is None or idp.valid_until > now}


async def _queried(settings: Settings, entity_id: str, now: int) -> IdentityProvider | None:
    url = f"{settings.mdq_url}/entities/{quote(entity_id, safe='')}"
    source = _source(settings, url)
    if source not in _known and len(_known) >= _MOST_QUERIED:
        raise ProviderAway("too many identity providers were asked for; set idps")
    return (await _fetched(source, settings, now)).idps.get(entity_id)


def _source(settings: Settings, url: str) -> _Source:
    copy = settings.metadata_copy if url == settings.metadata_url else ""
    try:
        pem = secret_of(settings.metadata_certificate or "")
        der = x509.load_pem_x509_certificate(pem.encode("ascii")).public_bytes(Encoding.DER)
    except (SecretMissing, ValueError) as problem:
        raise ProviderAway(f"metadata_certificate: {problem}") from problem
    certificate = base64.b64encode(der).decode("ascii")
    return _Source(url, certificate, settings.metadata_max_mb * 1024 * 1024, copy, settings.xmlsec1)


async def _fetched(source: _Source, settings: Settings, now: int) -> Metadata:
    """What is known, fetched anew behind this call when it is old; waits only where nothing is known."""
    known = _known.get(source)
    if known is None and source.copy:
        known = await asyncio.to_thread(_from_copy, source, now)
    if known is not None and known.until <= now:
        known = None
    if known is not None and known.fetched_at > now - settings.refresh_hours * HOUR:
        return known
    fetching = _begin(source, now)
    if known is not None:
        return known
    if fetching is None:
        raise ProviderAway(_failed_at[source][1])
    try:
        return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(fetching)), _PATIENCE)
    except TimeoutError as slow:
        raise ProviderAway("the metadata is still being fetched") from slow


def _begin(source: _Source, now: int) -> "Future[Metadata] | None":
    """Fetch in a thread that ends by itself; None where it failed a moment ago."""
    with _lock:
        if source in _under_way:
            return _under_way[source]
        if source in _failed_at and _failed_at[source][0] > now - _NOT_AGAIN_FOR:
            return None
        future: Future[Metadata] = Future()
        _under_way[source] = future
    threading.Thread(
        target=_fetch_into, args=(future, source, now), name="saml-metadata", daemon=True
    ).start()
    return future


def _fetch_into(future: "Future[Metadata]", source: _Source, now: int) -> None:
    try:
        document = _download(source)
        metadata = _believed(source, document, now, now)
        if source.copy:
            _write(Path(source.copy), document)
    except (BadDocument, httpx.HTTPError, OSError, ProviderAway) as problem:
        words = (
            problem.detail if isinstance(problem, ProviderAway) else str(problem) or type(problem).__name__
        )
        with _lock:
            if len(_failed_at) >= _MOST_QUERIED:
                _failed_at.clear()
            _failed_at[source] = (now, f"metadata from {source.url}: {words}")
            del _under_way[source]
        future.set_exception(ProviderAway(_failed_at[source][1]))
    else:
        with _lock:
            _known[source] = metadata
            _failed_at.pop(source, None)
            del _under_way[source]
        future.set_result(metadata)


def _download(source: _Source) -> bytes:
    """The document, without following redirects; bounded in size and time."""
    started, received = time.monotonic(), bytearray()
    with (
        httpx.Client(timeout=3.0, follow_redirects=False, trust_env=False) as client,
        client.stream("GET", source.url, headers=_HEADERS) as answer,
    ):
        if answer.status_code != httpx.codes.OK:
            raise BadDocument(f"status {answer.status_code}")
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise BadDocument("compressed without being asked to")
        for part in answer.iter_raw():
            received += part
            if len(received) > source.largest:
                raise BadDocument(f"larger than {source.largest} bytes")
            if time.monotonic() - started > _LONGEST_FETCH:
                raise BadDocument(f"slower than {_LONGEST_FETCH:g} s")
    return bytes(received)


def _believed(source: _Source, document: bytes, fetched_at: int, now: int) -> Metadata:
    root = parse(document, source.largest)
    check_document_signature(document, root, Trust("", (source.certificate,), False, source.program))
    until = valid_until(root) or fetched_at + _KEPT_WITHOUT_LIMIT
    return Metadata(read_idps(document, now), fetched_at, until)


def _from_copy(source: _Source, now: int) -> Metadata | None:
    path = Path(source.copy)
    try:
        fetched_at = path.stat().st_mtime_ns // 1000
        known = _believed(source, path.read_bytes(), fetched_at, now)
    except (OSError, BadDocument):
        return None
    with _lock:
        return _known.setdefault(source, known)


def _write(path: Path, document: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(document)
    Path(name).replace(path)


def _from_files(settings: Settings, now: int) -> dict[str, IdentityProvider]:
    found: dict[str, IdentityProvider] = {}
    for name in settings.metadata_files:
        try:
            found |= _from_file(Path(name), settings.metadata_max_mb * 1024 * 1024, now)
        except OSError as problem:
            raise ProviderAway(f"{name} cannot be read: {problem.strerror}") from problem
        except BadDocument as problem:
            raise ProviderAway(f"{name}: {problem}") from problem
    return found


def _from_file(path: Path, largest: int, now: int) -> dict[str, IdentityProvider]:
    """Read anew whenever the file has changed; its own validUntil counts at each use."""
    facts = path.stat()
    key = (str(path), facts.st_mtime_ns, facts.st_size, facts.st_ino)
    if key not in _files:
        document = path.read_bytes()
        parse(document, largest)
        _files[key] = read_idps(document, now)
        for other in [one for one in _files if one[0] == str(path) and one != key]:
            del _files[other]
    return _files[key]
