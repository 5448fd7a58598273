"""Questions to LDAP directories: over TLS, referrals off, each wait bounded, silent servers left alone for a while."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import Any, TypeVar
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from identity.directory_line import Line, LineDown, Server, open_line
from scenarios.filter_questions import escaped

T = TypeVar("T")
Entry = tuple[str, dict[str, list[bytes]]]

SECONDS = 5
AWAY_SECONDS = 30
_PORTS = {"ldap": 389, "ldaps": 636}
# A directory that is slow keeps its own questions waiting, and no other's.
_AT_ONCE = 8
_LATELY = "{} did not answer a moment ago"
_NO_HOST = "{!r} is no name of a server; write name or name:port"
_NAMED = re.compile(r"\{([a-z_]+)\}")
_THREADS = ThreadPoolExecutor(64, thread_name_prefix="directory")


class DirectoryUnavailable(Exception):
    """The directory cannot be asked; its settings or the directory itself need a look."""

    code = "DIRECTORY_UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory: servers that hold the same, and as whom we ask (nobody in particular where `bind_dn` is "")."""

    servers: tuple[Server, ...]
    ca_file: str = ""
    bind_dn: str = ""
    bind_password: str = field(default="", repr=False)


@dataclass
class Away:
    """Servers that did not answer lately; `clock` counts seconds."""

    clock: Callable[[], float] = time.monotonic
    _until: dict[tuple[Server, str], float] = field(default_factory=dict)

    def may_be_asked(self, server: Server, ca_file: str) -> bool:
        """Whether it is worth a try; of those who ask just after the pause only the first is told so."""
        if self.is_silent(server, ca_file):
            return False
        if (server, ca_file) in self._until:
            self.silent(server, ca_file)
        return True

    def is_silent(self, server: Server, ca_file: str) -> bool:
        """Whether nobody should wait for it now."""
        return self._until.get((server, ca_file), self.clock()) > self.clock()

    def silent(self, server: Server, ca_file: str) -> None:
        """It did not answer: nobody asks it for half a minute."""
        self._until[server, ca_file] = self.clock() + AWAY_SECONDS

    def answered(self, server: Server, ca_file: str) -> None:
        """It is there."""
        self._until.pop((server, ca_file), None)


AWAY = Away()
_GATES: WeakValueDictionary[Directory, asyncio.Semaphore] = WeakValueDictionary()


class Link:
    """A connection on which questions are asked, one after the other, each in a thread."""

    def __init__(self, ldap: ModuleType, line: Line) -> None:
        self._line = line
        self._ldap = ldap
        # The line does TLS: what libldap sees is a plain local socket.
        self._handle = ldap.initialize("ldap://127.0.0.1", fileno=line.end.detach())
        self._handle.protocol_version = ldap.VERSION3
        # A referral would carry our password to a server that nobody configured (pitfall 40).
        self._handle.set_option(ldap.OPT_REFERRALS, 0)
        self._handle.set_option(ldap.OPT_TIMEOUT, SECONDS)
        self._handle.timeout = SECONDS
        self._running: Future[Any] | None = None

    async def bind(self, dn: str, password: str) -> None:
        """Speak as `dn` from now on; raises ldap.LDAPError. An empty password is nobody's (RFC 4513, section 5.1.2)."""
        if not password.strip() or "\0" in password:
            raise self._ldap.INVALID_CREDENTIALS({"desc": "an empty password proves nothing"})
        await self._call(self._handle.simple_bind_s, dn, password)

    async def whoami(self) -> str:
        """Who the server says that we are (RFC 4532); raises ldap.LDAPError."""
        return str(await self._call(self._handle.whoami_s) or "")

    async def search(
        self, base: str, scope: str, asked: str, attributes: Sequence[str], *, most: int = 0
    ) -> list[Entry]:
        """The entries that a filter finds, at most `most` (0: as the server likes); raises ldap.LDAPError."""
        found, _ = await self._call(self._search, base, scope, asked, attributes, most, [])
        return found

    async def page(
        self, base: str, scope: str, asked: str, attributes: Sequence[str], size: int, cookie: bytes
    ) -> tuple[list[Entry], bytes]:
        """A page of entries and what leads to the next one, b"" at the end (RFC 2696); raises ldap.LDAPError."""
        paged = import_module("ldap.controls").SimplePagedResultsControl(True, size=size, cookie=cookie)
        found, controls = await self._call(self._search, base, scope, asked, attributes, 0, [paged])
        answers = [each for each in controls or () if each.controlType == paged.controlType]
        return found, answers[0].cookie if answers else b""

    def _search(
        self, base: str, scope: str, asked: str, attributes: Sequence[str], most: int, controls: list[Any]
    ) -> tuple[list[Entry], list[Any]]:
        number = self._handle.search_ext(
            base, _scope(self._ldap, scope), asked, [*attributes], serverctrls=controls, sizelimit=most
        )
        _, rows, _, answered = self._handle.result3(number)
        # A row without a name is a referral: somewhere else, so nothing here.
        return [(dn, values) for dn, values in rows if dn is not None], answered

    def close(self) -> None:
        """Say goodbye; a thread that still waits for an answer learns from the line's end that there is none."""
        if self._running is None or self._running.done():
            self._handle.unbind_ext_s()

    async def _call(self, work: Callable[..., T], *words: Any) -> T:
        self._line.begin_question()
        running = self._running = _THREADS.submit(work, *words)
        return await asyncio.wrap_future(running)


async def ask(
    directory: Directory, question: Callable[[Link], Awaitable[T]], *, seconds: float = SECONDS
) -> T:
    """Ask a directory something, all waits together no longer than `seconds`; where one server is silent, the next.

    `question` is given a link that is bound as the directory's `bind_dn`. Raises DirectoryUnavailable, also for an
    ldap.LDAPError that `question` lets pass; at once where every server was silent a moment ago.
    """
    ldap = library()
    ends = asyncio.get_running_loop().time() + seconds
    tried: dict[Server, str] = {}
    async with _turn(directory, ends):
        while True:
            async with _reached(ldap, directory, tried, ends) as (server, link, share):
                try:
                    async with asyncio.timeout_at(share):
                        return await question(link)
                except _silences(ldap) as silent:
                    AWAY.silent(server, directory.ca_file)
                    tried[server] = f"{server} did not answer ({type(silent).__name__})"
                except ldap.LDAPError as wrong:
                    raise DirectoryUnavailable(f"{server}: {words_of(wrong)}") from None


@asynccontextmanager
async def linked(directory: Directory) -> AsyncIterator[Link]:
    """A link to the first server that answers, for several questions, each with a deadline of the caller's own.

    Raises DirectoryUnavailable.
    """
    ends = asyncio.get_running_loop().time() + SECONDS
    async with _turn(directory, ends), _reached(library(), directory, {}, ends) as (_, link, _):
        yield link


async def examine(directory: Directory, server: Server, said: list[str]) -> str:
    """Connect to one server, however silent it was lately, and ask who we are; `said` gets a sentence for each step.

    Raises DirectoryUnavailable.
    """
    ldap = library()
    try:
        async with asyncio.timeout(SECONDS), _bound(ldap, directory, server, said) as link:
            return await link.whoami() if directory.bind_dn else ""
    except TimeoutError:
        raise DirectoryUnavailable(f"{server} did not answer within {SECONDS} seconds") from None
    except LineDown as down:
        raise DirectoryUnavailable(str(down)) from None
    except ldap.LDAPError as wrong:
        raise DirectoryUnavailable(f"{server}: {words_of(wrong)}") from None


@asynccontextmanager
async def _turn(directory: Directory, ends: float) -> AsyncIterator[None]:
    if all(AWAY.is_silent(each, directory.ca_file) for each in directory.servers):
        raise DirectoryUnavailable(_nobody({each: _LATELY.format(each) for each in directory.servers}))
    gate = _GATES.setdefault(directory, asyncio.Semaphore(_AT_ONCE))
    try:
        async with asyncio.timeout_at(ends):
            await gate.acquire()
    except TimeoutError:
        raise DirectoryUnavailable("too many questions wait for this directory's answers") from None
    try:
        yield
    finally:
        gate.release()


@asynccontextmanager
async def _reached(
    ldap: ModuleType, directory: Directory, tried: dict[Server, str], ends: float
) -> AsyncIterator[tuple[Server, Link, float]]:
    """The first server not tried before that can be spoken with, and until when; `tried` gets what became of others."""
    now = asyncio.get_running_loop().time
    left = [each for each in directory.servers if each not in tried]
    async with AsyncExitStack() as stack:
        while left and ends > now():
            server = left.pop(0)
            if not AWAY.may_be_asked(server, directory.ca_file):
                tried[server] = _LATELY.format(server)
                continue
            # Those that come after it need some of the time.
            share = now() + (ends - now()) / (len(left) + 1)
            try:
                async with asyncio.timeout_at(share):
                    link = await stack.enter_async_context(_bound(ldap, directory, server, []))
            except _silences(ldap) as down:
                if getattr(down, "is_silent", True):
                    AWAY.silent(server, directory.ca_file)
                tried[server] = str(down) or f"{server} did not answer ({type(down).__name__})"
                continue
            except ldap.LDAPError as wrong:
                raise DirectoryUnavailable(f"{server}: {words_of(wrong)}") from None
            AWAY.answered(server, directory.ca_file)
            yield server, link, share
            return
    raise DirectoryUnavailable(_nobody(tried))


@asynccontextmanager
async def _bound(
    ldap: ModuleType, directory: Directory, server: Server, said: list[str]
) -> AsyncIterator[Link]:
    """A link on which we are the directory's `bind_dn`; raises DirectoryUnavailable, LineDown, ldap.LDAPError."""
    if directory.bind_dn:
        if not directory.bind_password.strip():
            # A name with an empty password binds as nobody and succeeds (RFC 4513, section 5.1.2).
            raise DirectoryUnavailable(f"{server}: bind_dn needs a bind_password")
        if not server.is_private:
            raise DirectoryUnavailable(
                f"{server}: a password is sent over TLS alone; set use_tls to starttls or ldaps"
            )
    async with open_line(server, directory.ca_file, said) as line:
        link = Link(ldap, line)
        try:
            if directory.bind_dn:
                await link.bind(directory.bind_dn, directory.bind_password)
                said.append(f"{server} knows us as {directory.bind_dn}.")
            yield link
        finally:
            link.close()


async def has_entry(settings: Mapping[str, str], suffix: str, asked: str, scope: str) -> bool:
    """Whether a search finds an entry; several hosts are tried in turn.

    `settings` has `host` (`name[:port]` or an `ldap(s)://` URL, several with commas) and, where needed, `bind_dn` and
    `bind_password`, `use_tls` (starttls, ldaps or none), `ca_file`, `ca_verify`. `asked` is a filter whose values are
    escaped (RFC 4515); `scope` is base, one or sub. Raises DirectoryUnavailable.
    """
    if settings.get("ca_verify", "require").lower() not in {"require", "required"}:
        raise DirectoryUnavailable("a directory's certificate is always verified; take ca_verify away")
    directory = Directory(
        servers_of(settings.get("host", "").split(","), settings.get("use_tls", "none").lower()),
        settings.get("ca_file", ""),
        settings.get("bind_dn", ""),
        settings.get("bind_password", ""),
    )
    ldap = library()

    async def question(link: Link) -> bool:
        try:
            return bool(await link.search(suffix, scope, asked, ["1.1"], most=2))
        except ldap.SIZELIMIT_EXCEEDED:
            return True
        except ldap.NO_SUCH_OBJECT:
            return False

    return await ask(directory, question)


def servers_of(hosts: Sequence[str], use_tls: str) -> tuple[Server, ...]:
    """Servers by their names: `name[:port]`, or `ldap://…` and `ldaps://…`; raises DirectoryUnavailable."""
    if use_tls not in {"none", "starttls", "ldaps"}:
        raise DirectoryUnavailable(f"use_tls is starttls, ldaps or none, not {use_tls!r}")
    return tuple(_server(host.strip(), use_tls) for host in hosts if host.strip())


def _server(host: str, use_tls: str) -> Server:
    scheme, separator, rest = host.partition("://")
    if not separator:
        scheme, rest = ("ldaps" if use_tls == "ldaps" else "ldap"), host
    if scheme not in _PORTS:
        raise DirectoryUnavailable(f"{scheme}:// is no directory; say ldap:// or ldaps://")
    try:
        parts = urlsplit(f"//{rest.rstrip('/')}")
        name, port = parts.hostname, parts.port
    except ValueError:
        raise DirectoryUnavailable(_NO_HOST.format(host)) from None
    if not name or parts.path or parts.username is not None:
        raise DirectoryUnavailable(_NO_HOST.format(host))
    tls = "ldaps" if scheme == "ldaps" else "starttls" if use_tls == "starttls" else "none"
    return Server(name, port or _PORTS[scheme], tls)


def filter_with(template: str, **values: str) -> str:
    """A filter with `{name}` replaced by values that can be nothing but values (RFC 4515, pitfall 36); others stay.

    Raises TypeError for what is no text and BadFilter for a NUL.
    """
    for value in values.values():
        if type(value) is not str:
            raise TypeError("only text can be asked for")
    return _NAMED.sub(lambda match: escaped(values[match[1]]) if match[1] in values else match[0], template)


def words_of(problem: Exception) -> str:
    """What the directory said about what it refused."""
    told = problem.args[0] if problem.args and isinstance(problem.args[0], dict) else {}
    words = [str(told[name]) for name in ("desc", "info") if told.get(name)]
    return ": ".join(dict.fromkeys(words)) or type(problem).__name__


def library() -> ModuleType:
    """python-ldap; raises DirectoryUnavailable that says how to install it."""
    try:
        # Native, and not there on every server: only who asks a directory needs it.
        return import_module("ldap")
    except ImportError as missing:
        raise DirectoryUnavailable(
            "asking a directory needs the package python-ldap: pip install 'postroom[ldap]'"
        ) from missing


def _silences(ldap: ModuleType) -> tuple[type[Exception], ...]:
    away = (ldap.SERVER_DOWN, ldap.TIMEOUT, ldap.UNAVAILABLE, ldap.BUSY, ldap.CONNECT_ERROR)
    return TimeoutError, LineDown, *away


def _scope(ldap: ModuleType, scope: str) -> int:
    scopes: dict[str, int] = {
        "base": ldap.SCOPE_BASE,
        "one": ldap.SCOPE_ONELEVEL,
        "sub": ldap.SCOPE_SUBTREE,
    }
    return scopes[scope]


def _nobody(tried: Mapping[Server, str]) -> str:
    return f"no directory answered: {'; '.join(tried.values()) or 'no host is named'}"
