"""What is missing or misconfigured, found by trying it, said in words, with what to do about it."""

import asyncio
import os
import stat
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from delivery.signing.examining import troubles
from federation import health
from identity.certificates import TrustFileUnusable, load_authorities
from server.embedded_redis import RedisProgramMissing, redis_program, running_url
from server.mail_checks import lookup_of, policies_of
from server.redis_link import AWAY, open_pool
from server.settings import SECRET_KEY_BYTES, Settings, unknown_variables
from server.state import site_of
from storage import robots
from storage.opening import DatabaseAway, UnknownDatabase, open_database, schema_revisions, sqlite_path

_PATIENCE_SECONDS = 5.0
_MOST_TROUBLES = 10
# What an MTA says first to a milter: protocol version 6, everything that may be agreed upon.
_MILTER_HELLO = struct.pack("!LcLLL", 13, b"O", 6, 0x1FF, 0x1FFFFF)


class Verdict(StrEnum):
    """How one thing stands."""

    FINE = "fine"
    MIND = "mind"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and a sentence about it."""

    about: str
    verdict: Verdict
    sentence: str


Look = Callable[[Settings], Awaitable[Finding]]


async def examine(settings: Settings, environ: Mapping[str, str]) -> AsyncIterator[Finding]:
    """Look at everything in turn; nothing is changed, not even the tables."""
    for name in unknown_variables(environ):
        yield Finding("settings", Verdict.MIND, f"No setting is called {name}; is it misspelt?")
    for look in (
        data_dir,
        secret,
        database,
        robot,
        signing_keys,
        other_servers,
        redis,
        mail_server,
        lmtp_port,
        milter_port,
        http_port,
        public_url,
        mail_name,
        authorities,
        mail_results,
        policies,
    ):
        yield await look(settings)


async def data_dir(settings: Settings) -> Finding:
    """The directory for everything that this host keeps."""
    place = settings.data_dir
    if not place.exists():
        parent = next(each for each in place.absolute().parents if each.exists())
        if os.access(parent, os.W_OK):
            return Finding("data directory", Verdict.FINE, f"{place} will be made at the first start.")
        return Finding("data directory", Verdict.BROKEN, f"{place} cannot be made: {parent} is not writable.")
    if not os.access(place, os.W_OK):
        return Finding("data directory", Verdict.BROKEN, f"{place} is not writable for this user.")
    return Finding("data directory", Verdict.FINE, f"{place} is writable.")


async def secret(settings: Settings) -> Finding:
    """The key that protects links and cookies."""
    path = settings.secret_key_file
    if not path.exists():
        return Finding("secret key", Verdict.FINE, f"{path} will be made at the first start.")
    if not os.access(path, os.R_OK) or len(path.read_bytes()) < SECRET_KEY_BYTES:
        return Finding("secret key", Verdict.BROKEN, f"{path} cannot be read or is too short; restore it.")
    if _mode(path) & (stat.S_IRWXG | stat.S_IRWXO):
        return Finding("secret key", Verdict.BROKEN, f"Others can read {path}; run: chmod 600 {path}")
    return Finding("secret key", Verdict.FINE, f"{path} is for this user alone.")


async def database(settings: Settings) -> Finding:
    """The database and its tables."""
    try:
        path = sqlite_path(settings.database_url)
        if path is not None and not path.exists():
            return Finding("database", Verdict.MIND, f"{path} is not there yet; run: postroom migrate")
        found, wanted = await schema_revisions(settings.database_url)
    except UnknownDatabase as refused:
        return Finding("database", Verdict.BROKEN, str(refused.__doc__))
    except DatabaseAway as refused:
        return Finding("database", Verdict.BROKEN, str(refused))
    except Exception as reason:  # noqa: BLE001 - whatever a driver raises is the finding
        sentence = f"It cannot be reached ({type(reason).__name__}); check POSTROOM_DATABASE_URL."
        return Finding("database", Verdict.BROKEN, sentence)
    if found != wanted:
        sentence = (
            f"Its tables are at {found or 'nothing'}, this program wants {wanted}; run: postroom migrate"
        )
        return Finding("database", Verdict.BROKEN, sentence)
    return Finding("database", Verdict.FINE, f"It answers, and its tables are at {found}.")


async def robot(settings: Settings) -> Finding:
    """Whether there is a domain for lists at all."""
    if (await database(settings)).verdict is not Verdict.FINE:
        return Finding("robots", Verdict.MIND, "Not looked at, since the database is not ready.")
    opened = await open_database(settings.database_url, site_of(settings), connections=1)
    try:
        async with opened.read() as reader:
            domains = [each.domain for each in await robots.every(reader)]
    finally:
        await opened.close()
    if not domains:
        return Finding("robots", Verdict.MIND, "There is none; run: postroom robot create DOMAIN")
    return Finding("robots", Verdict.FINE, f"Mail is taken for {', '.join(domains)}.")


async def signing_keys(settings: Settings) -> Finding:
    """Whether each domain has a key that signs, and whether the DNS shows it."""
    if (await database(settings)).verdict is not Verdict.FINE:
        return Finding("signing keys", Verdict.MIND, "Not looked at, since the database is not ready.")
    opened = await open_database(settings.database_url, site_of(settings), connections=1)
    try:
        async with opened.read() as reader:
            found = await troubles(reader, lookup_of(settings))
    finally:
        await opened.close()
    if not found:
        return Finding("signing keys", Verdict.FINE, "Every domain signs with keys that the DNS shows.")
    told = " ".join(each.sentence for each in found[:_MOST_TROUBLES])
    more = f" And {len(found) - _MOST_TROUBLES} more." if len(found) > _MOST_TROUBLES else ""
    verdict = Verdict.BROKEN if any(each.is_broken for each in found) else Verdict.MIND
    return Finding("signing keys", verdict, told + more)


async def other_servers(settings: Settings) -> Finding:
    """Whether a list server that this one knows needs a look, and whether our own keys are old."""
    if (await database(settings)).verdict is not Verdict.FINE:
        return Finding("other servers", Verdict.MIND, "Not looked at, since the database is not ready.")
    opened = await open_database(settings.database_url, site_of(settings), connections=1)
    try:
        async with opened.read() as reader:
            found = await health.troubles(reader)
    finally:
        await opened.close()
    if not found:
        return Finding("other servers", Verdict.FINE, "None of them needs a look.")
    told = " ".join(found[:_MOST_TROUBLES])
    more = f" And {len(found) - _MOST_TROUBLES} more." if len(found) > _MOST_TROUBLES else ""
    return Finding("other servers", Verdict.MIND, told + more)


async def redis(settings: Settings) -> Finding:
    """What carries wake-ups."""
    url: str | None = settings.redis_url
    if url == "embedded":
        url = await running_url(settings.data_dir)
        if url is None:
            try:
                program = redis_program()
            except RedisProgramMissing as missing:
                return Finding(
                    "redis", Verdict.MIND, f"{missing} Until then mail waits up to a second longer."
                )
            return Finding("redis", Verdict.FINE, f"{program} will be started with the server.")
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            pool = await open_pool(url or "")
            await pool.aclose()
    except AWAY as reason:
        sentence = f"It does not answer ({type(reason).__name__}); mail still flows, a second later."
        return Finding("redis", Verdict.MIND, sentence)
    return Finding("redis", Verdict.FINE, "It answers.")


async def mail_server(settings: Settings) -> Finding:
    """The MTAs that take our mail."""
    places = [f"{host} port {port}" for host, port in settings.mail_servers]
    greetings = await asyncio.gather(*(_greeting(host, port) for host, port in settings.mail_servers))
    there = [place for place, said in zip(places, greetings, strict=True) if said.startswith(b"220")]
    away = ", ".join(place for place in places if place not in there)
    if not there:
        which = "SERVERS" if settings.smtp_servers else "HOST and POSTROOM_SMTP_PORT"
        sentence = f"Nobody speaks SMTP at {away}; check POSTROOM_SMTP_{which}."
        return Finding("mail server", Verdict.BROKEN, sentence)
    if away:
        sentence = f"Nobody speaks SMTP at {away}; until then {', '.join(there)} takes everything."
        return Finding("mail server", Verdict.MIND, sentence)
    verb = "It answers" if len(there) == 1 else "They answer"
    return Finding("mail server", Verdict.FINE, f"{verb} at {', '.join(there)}.")


async def lmtp_port(settings: Settings) -> Finding:
    """The port where mail comes in."""
    place = f"{settings.lmtp_host} port {settings.lmtp_port}"
    greeting = await _greeting(settings.lmtp_host, settings.lmtp_port)
    if greeting.startswith(b"220") and b"LMTP" in greeting:
        return Finding("LMTP door", Verdict.FINE, f"It is open at {place}.")
    if greeting:
        return Finding(
            "LMTP door", Verdict.BROKEN, f"Another program listens at {place}; set POSTROOM_LMTP_PORT."
        )
    return Finding("LMTP door", Verdict.MIND, f"Nobody listens at {place}; is the server running?")


async def milter_port(settings: Settings) -> Finding:
    """The port where the MTA asks whether to let a message in."""
    host, port = settings.milter_host, settings.milter_port
    if port is None:
        sentence = (
            "There is none: lists refuse at LMTP, after your MTA took the message; set POSTROOM_MILTER_PORT."
        )
        return Finding("milter door", Verdict.FINE, sentence)
    answer = await _greeting(host, port, _MILTER_HELLO, is_line=False)
    if answer[4:5] == b"O":
        return Finding("milter door", Verdict.FINE, f"It is open at {host} port {port}.")
    if answer:
        sentence = f"Another program listens at {host} port {port}; set POSTROOM_MILTER_PORT."
        return Finding("milter door", Verdict.BROKEN, sentence)
    sentence = f"Nobody speaks the milter protocol at {host} port {port}; is the server running?"
    return Finding("milter door", Verdict.MIND, sentence)


async def http_port(settings: Settings) -> Finding:
    """The port where people come in."""
    host, port = settings.http_host, settings.http_port
    answer = await _greeting(host, port, b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")
    if answer.startswith((b"HTTP/1.0 200", b"HTTP/1.1 200")):
        return Finding("web door", Verdict.FINE, f"It is ready at {host} port {port}.")
    if answer:
        return Finding(
            "web door", Verdict.BROKEN, f"What answers at {host} port {port} is not ready, or not ours."
        )
    return Finding("web door", Verdict.MIND, f"Nobody listens at {host} port {port}; is the server running?")


async def public_url(settings: Settings) -> Finding:
    """What is written into every link."""
    parts = urlsplit(settings.public_url)
    if parts.hostname in {"localhost", "127.0.0.1", "::1"}:
        sentence = (
            f"Links begin with {settings.public_url}, which only this host can open; set POSTROOM_PUBLIC_URL."
        )
        return Finding("public address", Verdict.MIND, sentence)
    if parts.scheme != "https":
        sentence = f"Links begin with {settings.public_url}: cookies travel readably; use https."
        return Finding("public address", Verdict.MIND, sentence)
    if not settings.trusted_proxies:
        sentence = (
            f"Links begin with {settings.public_url}, but no proxy is named that may say a request came by https, so "
            "sign-ins are refused; set POSTROOM_TRUSTED_PROXIES."
        )
        return Finding("public address", Verdict.MIND, sentence)
    return Finding("public address", Verdict.FINE, f"Links begin with {settings.public_url}.")


async def mail_name(settings: Settings) -> Finding:
    """The name that this host gives itself towards mail servers, and in what it signs."""
    name = settings.mail_hostname
    if "." not in name.strip("."):
        sentence = f"This host calls itself {name} in EHLO, Message-ID and Received, which mail servers refuse; set POSTROOM_MAIL_HOSTNAME."
        return Finding("mail hostname", Verdict.MIND, sentence)
    return Finding("mail hostname", Verdict.FINE, f"This host calls itself {name} in EHLO.")


async def authorities(settings: Settings) -> Finding:
    """Whose word on S/MIME certificates is believed."""
    path = settings.smime_trust_file
    if path is None:
        return Finding("S/MIME", Verdict.FINE, "No authority is trusted, so signed mails count as any other.")
    try:
        roots = load_authorities(path).roots
    except TrustFileUnusable as refused:
        return Finding("S/MIME", Verdict.BROKEN, f"{refused}; until then no S/MIME signature counts.")
    expired = [each for each in roots if each.not_valid_after_utc < datetime.now(UTC)]
    if expired:
        sentence = f"In {path}, {len(expired)} of {len(roots)} certificates are expired; replace them."
        return Finding("S/MIME", Verdict.MIND, sentence)
    return Finding("S/MIME", Verdict.FINE, f"{path} names {len(roots)} authorities.")


async def mail_results(settings: Settings) -> Finding:
    """Whose findings about mail that comes in are believed."""
    if not settings.authserv_id:
        return Finding(
            "mail origin", Verdict.FINE, "No Authentication-Results are believed, DKIM is checked here."
        )
    sentence = (
        f"Authentication-Results of {settings.authserv_id} are believed; see that your mail server removes those "
        "that come in under that name."
    )
    return Finding("mail origin", Verdict.FINE, sentence)


async def policies(settings: Settings) -> Finding:
    """Whether it can be found out what authors' domains ask for."""
    word = await policies_of(settings).ask(settings.mail_hostname)
    if word == "unknown":
        sentence = (
            "The DNS does not answer, so no author's DMARC policy is known and lists rewrite every From as under "
            "p=reject; see POSTROOM_DNS_SERVERS."
        )
        return Finding("DMARC policies", Verdict.MIND, sentence)
    return Finding("DMARC policies", Verdict.FINE, "The DNS answers when it is asked for them.")


async def _greeting(host: str, port: int, question: bytes = b"", *, is_line: bool = True) -> bytes:
    """The first line that a server says, or the first bytes; empty when there are none."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(question)
                return await (reader.readline() if is_line else reader.read(64))
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return b""


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
