"""A robot's file of ways to sign in: read from TOML, checked whole before any of it holds (row 38)."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Literal, cast

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from identity.provider import Asking, Provider, ProviderSettings
from identity.refusal import Invalid
from identity.registry import ProviderMissing, installed, provider_of
from identity.steps import FormField
from mail.domain import normal_domain
from mail.errors import BadAddress
from mail.instant import DAY, HOUR, MINUTE
from storage import auth_configs, robots
from storage.database import Reader, UnitOfWork
from storage.tables.lists import Robot

SERVER = "*"
# What is part of the server itself and needs no settings.
BUILT_IN = {"password": "Password", "ticket": "Link by mail"}
_UNITS = {"m": MINUTE, "h": HOUR, "d": DAY}
_LARGEST = 256 * 1024


class BadAuthConfig(Invalid):
    """This file of providers cannot be used as it is."""


def _duration(text: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{0,4}[mhd]", text):
        raise ValueError("write a time as 30m, 12h or 90d")
    return text


def _domain(text: str) -> str:
    try:
        return normal_domain(text)
    except BadAddress as problem:
        raise ValueError(f"{text!r} is no domain; write lists.example.org") from problem


Duration = Annotated[str, AfterValidator(_duration)]
Domain = Annotated[str, AfterValidator(_domain)]


class ProviderTable(BaseModel):
    """One `[[provider]]` of the file, without the settings of its kind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="Its name in URLs.")]
    kind: Annotated[str, Field(description="password, ticket, or the name of an installed provider.")]
    label: Annotated[str, Field(max_length=100, description="Text of its button.")] = ""
    icon_url: Annotated[
        str, Field(description="A picture for its button, below the server's own address.")
    ] = ""
    vouches_for: Annotated[
        tuple[Domain, ...],
        Field(
            description="Domains whose addresses count because it says so; any other has to be proved by mail."
        ),
    ] = ()
    addresses_last: Annotated[
        Duration, Field(description="How long its word holds after each sign-in or sync: 12h, 90d.")
    ] = "90d"
    sync_every: Annotated[Duration | None, Field(description="How often everybody is read from it.")] = None
    creates_people: Annotated[
        bool, Field(description="A sync makes accounts for people who never signed in.")
    ] = False
    sync_least: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="A sync that finds less than this part of what the last one found changes nothing.",
        ),
    ] = 0.5
    is_hidden: Annotated[bool, Field(description="Only for syncs: nobody signs in with it.")] = False
    settings: dict[str, Any] = Field(default_factory=dict)


class AuthFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    inherit: Annotated[bool, Field(description="Also offer the server's own providers, after these.")] = False
    sessions_of: Annotated[
        tuple[Domain, ...], Field(description="Robots whose sessions are good here, too.")
    ] = ()
    second_factor: Annotated[
        Literal["never", "listmasters", "everybody"],
        Field(description="Who needs a code or a passkey beside the sign-in."),
    ] = "never"
    provider: tuple[ProviderTable, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One provider of one robot; with scope * it is the whole server's, and what it says counts in each robot."""

    scope: str
    key: str
    kind: str
    label: str
    icon_url: str = ""
    vouches_for: tuple[str, ...] = ()
    addresses_last: int = 90 * DAY
    sync_every: int | None = None
    creates_people: bool = False
    sync_least: float = 0.5
    is_hidden: bool = False
    raw_settings: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def ref(self) -> str:
        """Its name on the whole server."""
        return f"{self.scope}:{self.key}"

    def said_by(self, issuer: str) -> str:
        """The source of what one issuer says through it: a federation has many, and none takes back another's word (row 107)."""
        return f"{self.ref} {issuer}"

    def has_said(self, source_ref: str) -> bool:
        """Whether this is the source of a row, whichever issuer spoke."""
        return source_ref.startswith(f"{self.ref} ")

    @property
    def identity_scope(self) -> str:
        """The first part of an identity's key: no robot's provider speaks for another robot's (decision 11)."""
        return f"{self.scope}:{self.kind}"

    @property
    def module(self) -> Provider:
        """The module that does the work; raises ProviderMissing."""
        return provider_of(self.kind)

    @property
    def settings(self) -> ProviderSettings:
        """Its settings, as its module reads them; raises BadAuthConfig."""
        try:
            return self.module.Settings.model_validate(dict(self.raw_settings))
        except ValidationError as problem:
            raise BadAuthConfig(_in_words(problem, f"{self.key}: settings")) from problem

    @property
    def asks(self) -> tuple[FormField, ...]:
        """What it asks on a page of ours; nothing where it sends people elsewhere.

        Nothing either where it cannot be used as it is: whoever presses its button is told so, and the page stands.
        """
        try:
            if not hasattr(self.module, "fields_of"):
                return ()
            return cast(Asking, self.module).fields_of(self.settings)
        except (ProviderMissing, BadAuthConfig):
            return ()

    @property
    def can_be_read(self) -> bool:
        """Whether it can name everybody."""
        try:
            return self.kind not in BUILT_IN and hasattr(self.module, "sync")
        except ProviderMissing:
            return False

    def is_authoritative_for(self, domain: str) -> bool:
        """Whether an address of this domain counts because this provider says so (decision 12)."""
        return domain in self.vouches_for

    def robot_id(self, robot: Robot) -> int | None:
        """Where what it says counts: in this robot, or None for the whole server."""
        return None if self.scope == SERVER else robot.id


@dataclass(frozen=True, slots=True)
class AuthConfig:
    """The ways to sign in to one robot, in the order in which they are offered."""

    entries: tuple[Entry, ...]
    sessions_of: tuple[str, ...] = ()
    second_factor: str = "never"

    def entry(self, key: str) -> Entry | None:
        """The provider with this key."""
        return next((each for each in self.entries if each.key == key), None)


_DEFAULT = tuple(Entry(SERVER, kind, kind, label) for kind, label in BUILT_IN.items())


def read_file(text: str, scope: str) -> AuthFile:
    """The file in TOML, checked down to the settings of each provider; raises BadAuthConfig, naming the place."""
    if len(text) > _LARGEST:
        raise BadAuthConfig("A file of providers has at most 256 kB.")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise BadAuthConfig(f"This is not TOML: {problem}") from problem
    return _checked(table, scope)


def _checked(table: Mapping[str, Any], scope: str) -> AuthFile:
    try:
        file = AuthFile.model_validate(table)
    except ValidationError as problem:
        raise BadAuthConfig(_in_words(problem, "the file")) from problem
    keys = [each.key for each in file.provider]
    for twice in {key for key in keys if keys.count(key) > 1}:
        raise BadAuthConfig(f"Two providers have the key {twice!r}.")
    if scope == SERVER and (file.inherit or file.sessions_of):
        raise BadAuthConfig("The server's own file neither inherits nor names other robots' sessions.")
    for entry in _entries(file, scope):
        is_there = entry.kind in BUILT_IN or entry.kind in installed()
        if entry.sync_every is not None and is_there and not entry.can_be_read:
            raise BadAuthConfig(f"{entry.key}: {entry.kind} cannot name everybody; take sync_every away.")
        if entry.kind in BUILT_IN:
            if entry.raw_settings or entry.vouches_for:
                raise BadAuthConfig(f"{entry.key}: {entry.kind} has no settings and vouches for nobody.")
            continue
        if entry.kind not in installed():
            known = ", ".join([*BUILT_IN, *sorted(installed())])
            raise BadAuthConfig(
                f"{entry.key}: no provider of the kind {entry.kind!r} is installed; there are: {known}."
            )
        try:
            _ = entry.settings
        except ProviderMissing as missing:
            raise BadAuthConfig(f"{entry.key}: {missing.detail}") from missing
    return file


def _entries(file: AuthFile, scope: str) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            scope,
            each.key,
            each.kind,
            each.label or BUILT_IN.get(each.kind, each.key),
            icon_url=each.icon_url,
            vouches_for=each.vouches_for,
            addresses_last=_microseconds(each.addresses_last),
            sync_every=None if each.sync_every is None else _microseconds(each.sync_every),
            creates_people=each.creates_people,
            sync_least=each.sync_least,
            is_hidden=each.is_hidden,
            raw_settings=each.settings,
        )
        for each in file.provider
    )


def _microseconds(duration: str) -> int:
    return int(duration[:-1]) * _UNITS[duration[-1]]


async def auth_config(reader: Reader, robot: Robot) -> AuthConfig:
    """How one signs in to a robot: as its file says, else the server's own, else by password and mailed link."""
    found = {
        each.scope: each.document for each in await auth_configs.of_scopes(reader, [robot.domain, SERVER])
    }
    own = _stored(found[robot.domain], robot.domain) if robot.domain in found else None
    general = _stored(found[SERVER], SERVER) if SERVER in found else None
    inherited = _DEFAULT if general is None else general.entries
    if own is None:
        return AuthConfig(inherited, (), "never" if general is None else general.second_factor)
    if not own.inherits:
        return AuthConfig(own.entries, own.sessions_of, own.second_factor)
    keys = {each.key for each in own.entries}
    return AuthConfig(
        (*own.entries, *(each for each in inherited if each.key not in keys)),
        own.sessions_of,
        own.second_factor,
    )


async def every_entry(reader: Reader) -> tuple[Entry, ...]:
    """The providers of all files, the server's own included."""
    documents = await auth_configs.every(reader)
    return tuple(entry for each in documents for entry in _stored(each.document, each.scope).entries)


@dataclass(frozen=True, slots=True)
class _Stored:
    inherits: bool
    entries: tuple[Entry, ...]
    sessions_of: tuple[str, ...]
    second_factor: str


@lru_cache(maxsize=1000)
def _stored(document: str, scope: str) -> _Stored:
    file = AuthFile.model_validate(orjson.loads(document))
    return _Stored(file.inherit, _entries(file, scope), file.sessions_of, file.second_factor)


async def set_auth_config(uow: UnitOfWork, robot: Robot | None, text: str) -> AuthFile:
    """Let a robot (None: the server) have this file from now on; raises BadAuthConfig and changes nothing then."""
    scope = SERVER if robot is None else robot.domain
    file = read_file(text, scope)
    document = orjson.dumps(file.model_dump(mode="json", exclude_defaults=True)).decode()
    await auth_configs.put(uow, scope, None if robot is None else robot.id, document)
    return file


async def robots_whose_sessions_count(reader: Reader, robot: Robot) -> tuple[int, ...]:
    """The robots, by number, whose sessions this one takes as its own, because its file says so."""
    found = await auth_configs.of_scopes(reader, [robot.domain])
    domains = _stored(found[0].document, robot.domain).sessions_of if found else ()
    others = [await robots.find(reader, domain) for domain in domains]
    return tuple(each.id for each in others if each is not None)


def _in_words(problem: ValidationError, where: str) -> str:
    first = problem.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(each) for each in first["loc"])
    more = problem.error_count() - 1
    also = f" ({more} more)" if more else ""
    return f"{where}{f', {place}' if place else ''}: {first['msg'].removeprefix('Value error, ')}{also}."
