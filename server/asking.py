"""From a request or socket to whoever is asking: the robot by its host, the person by cookie or bearer token."""

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from identity import acting, entrance, sessions, tokens
from identity.actor import Actor, stranger
from identity.auth_config import robots_whose_sessions_count
from resolvers.context import RequestFacts
from storage import robots
from storage.database import Database, Reader
from storage.tables.lists import Robot

COOKIE = "postroom_session"
# Which browser began a sign-in at a provider: a random word, for nothing else.
BROWSER_COOKIE = "postroom_browser"
_LOOK_AGAIN = 1.0
_KEPT_HOSTS = 1000


class NoRobot(Exception):
    """No robot has been created here yet: postroom robot create DOMAIN."""

    code = "FEATURE_DISABLED"


class TokenUnknown(Exception):
    """This token opens nothing: it ended, was revoked, or was never ours."""

    code = "UNAUTHENTICATED"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, and how the secret that says so came: nothing, a `cookie`, or a `bearer` token."""

    actor: Actor
    facts: RequestFacts
    by: str = ""
    secret: str = ""


class Asking:
    """Finds out who asks. Robots are remembered for a second by their host."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._robots: dict[str, tuple[float, Robot, tuple[int, ...]]] = {}

    async def asked(
        self, connection: HTTPConnection, *, payload: Mapping[str, object] | None = None
    ) -> Asked:
        """Who sends this request, or opens this socket with a `connection_init` payload.

        Raises TokenUnknown for a bearer token that opens nothing (a stale cookie is only a stranger's), NoRobot.
        """
        host = host_of(connection)
        remote = connection.client.host if connection.client else ""
        by, secret = _secret(connection, payload or {})
        async with self._db.read() as reader:
            robot, also_of = await self._robot(reader, host)
            actor = await _actor(reader, robot, by, secret, remote, also_of)
        if actor is None and by == "bearer":
            raise TokenUnknown
        if actor is not None:
            await self._note_use(actor)
        facts = RequestFacts(
            host=host,
            user_agent=connection.headers.get("user-agent", "")[:500],
            remote_address=remote,
            origin=connection.headers.get("origin", ""),
            is_secure=connection.url.scheme in {"https", "wss"},
            by_cookie=by == "cookie" or not by,
            request_id=_request_id(connection),
            browser=connection.cookies.get(BROWSER_COOKIE, ""),
        )
        asker = actor or stranger(robot, remote_address=remote)
        asker = replace(asker, user_agent=facts.user_agent)
        return Asked(asker, facts, by if actor else "", secret)

    async def still(self, asked: Asked) -> Actor | None:
        """The same asker now, for a socket that stays open; None when what let them in has ended."""
        if not asked.by:
            return asked.actor
        async with self._db.read() as reader:
            robot, also_of = await self._robot(reader, asked.facts.host)
            actor = await _actor(reader, robot, asked.by, asked.secret, asked.facts.remote_address, also_of)
        return None if actor is None else replace(actor, user_agent=asked.facts.user_agent)

    async def _robot(self, reader: Reader, host: str) -> tuple[Robot, tuple[int, ...]]:
        """The robot at a host, and those whose sessions count there."""
        known = self._robots.get(host)
        if known is not None and known[0] > time.monotonic():
            return known[1:]
        found = await robots.find(reader, host) or _served_at(await robots.every(reader), host)
        also_of = await robots_whose_sessions_count(reader, found)
        if len(self._robots) >= _KEPT_HOSTS:
            self._robots.clear()
        self._robots[host] = (time.monotonic() + _LOOK_AGAIN, found, also_of)
        return found, also_of

    async def _note_use(self, actor: Actor) -> None:
        now = self._db.site.clock()
        if actor.session is not None and sessions.is_stale(actor.session, now):
            async with self._db.write(durable=False) as uow:
                await sessions.touch(uow, actor.session)
        elif actor.token is not None and tokens.is_stale(actor.token, now):
            async with self._db.write(durable=False) as uow:
                await tokens.touch(uow, actor.token)


def signed_in_as(asking: Asking) -> Callable[[HTTPConnection], Awaitable[str]]:
    """What tells under which address somebody's browser is signed in; "" for a stranger."""

    async def who(connection: HTTPConnection) -> str:
        try:
            actor = (await asking.asked(connection)).actor
        except (NoRobot, TokenUnknown):
            return ""
        return "" if actor.session is None else actor.session.address

    return who


def host_of(connection: HTTPConnection) -> str:
    """The host that the request was addressed to, without its port, in lower case."""
    try:
        return (urlsplit(f"//{connection.headers.get('host', '')}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _served_at(every: list[Robot], host: str) -> Robot:
    if not every:
        raise NoRobot
    by_url = (each for each in every if each.public_url and urlsplit(each.public_url).hostname == host)
    return next(by_url, every[0])


def _secret(connection: HTTPConnection, payload: Mapping[str, object]) -> tuple[str, str]:
    header = next(
        (value for name, value in payload.items() if name.lower() == "authorization"),
        connection.headers.get("authorization"),
    )
    if header is not None:
        scheme, _, token = str(header).strip().partition(" ")
        # Another scheme is not ours to judge: it must not pass for a stranger's silence.
        return "bearer", token.strip() if scheme.lower() == "bearer" else ""
    cookie = connection.cookies.get(COOKIE)
    return ("cookie", cookie) if cookie else ("", "")


async def _actor(
    reader: Reader, robot: Robot, by: str, secret: str, remote: str, also_of: tuple[int, ...]
) -> Actor | None:
    if not by:
        return None
    if by == "bearer" and secret.startswith(tokens.PREFIX):
        return await entrance.actor_for_token(reader, robot, secret, remote_address=remote)
    if by == "bearer" and secret.startswith(acting.PREFIX):
        return await acting.actor_for_application(reader, robot, secret, remote_address=remote)
    return await entrance.actor_for_session(reader, robot, secret, remote_address=remote, also_of=also_of)


def _request_id(connection: HTTPConnection) -> str:
    found = connection.scope.get("state", {}).get("request_id")
    return str(found) if found else secrets.token_hex(8)
