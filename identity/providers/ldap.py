"""Signing in with the account of an LDAP directory: find the one entry, bind as it, read its addresses and attributes."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Literal, Self, TypeVar

import ldap
from ldap.dn import escape_dn_chars
from pydantic import AfterValidator, Field, model_validator

from identity.directories import (
    SECONDS,
    Directory,
    DirectoryUnavailable,
    Entry,
    Link,
    ask,
    examine,
    filter_with,
    linked,
    servers_of,
    words_of,
)
from identity.directory_line import Server
from identity.directory_values import bare_address, raw, same_dn, subject_of, texts
from identity.provider import (
    Ask,
    Claimed,
    Evidence,
    Finding,
    Inbound,
    Place,
    ProviderAway,
    ProviderSettings,
    Wish,
    WrongSecret,
)
from identity.secrets_by_reference import SecretMissing, SecretReference, secret_of
from identity.steps import FormField
from mail.address import BadAddress, parse_address
from storage.tables.words import AddressSource, SignInMethod

T = TypeVar("T")

METHOD = SignInMethod.LDAP
SOURCE = AddressSource.LDAP

_LONGEST_LOGIN, _LONGEST_PASSWORD = 256, 1024
_FOUND_AT_MOST = 25
_COUNTED_PAGES = 40
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+")
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f]")
# What can pass from one person to another, or changes when an entry is moved, names nobody for good (decision 14).
_PASSES_ON = frozenset(
    {"mail", "rfc822mailbox", "email", "emailaddress", "mailalternateaddress", "maillocaladdress"}
    | {"mailroutingaddress", "proxyaddresses", "othermailbox", "userprincipalname", "edupersonprincipalname"}
    | {"dn", "entrydn", "distinguishedname", "cn", "displayname"}
)
# What a directory answers to a bind whose name and password do not belong together, or that it does not want.
_REFUSALS = (
    ldap.INVALID_CREDENTIALS,
    ldap.INAPPROPRIATE_AUTH,
    ldap.UNWILLING_TO_PERFORM,
    ldap.INSUFFICIENT_ACCESS,
    ldap.NO_SUCH_OBJECT,
    ldap.INVALID_DN_SYNTAX,
    ldap.CONSTRAINT_VIOLATION,
)


def _is_attribute(name: str) -> str:
    if not _ATTRIBUTE.fullmatch(name):
        raise ValueError(f"{name!r} is no name of an attribute")
    return name


Attribute = Annotated[str, AfterValidator(_is_attribute)]


class Settings(ProviderSettings):
    """Where the directory is, how to find somebody in it, and what to read."""

    hosts: tuple[str, ...] = Field(
        min_length=1,
        description="The servers, `name` or `name:port`; where one does not answer, the next is asked.",
    )
    use_tls: Literal["starttls", "ldaps", "none"] = Field(
        "starttls", description="How the way there is encrypted; `none` is for a server on this machine."
    )
    ca_file: str = Field(
        "",
        description="The authorities whose certificates are believed, as a PEM file; those of the system if empty.",
    )
    bind_dn: str = Field("", description="The DN as which we search; nobody in particular if empty.")
    bind_password: SecretReference | None = Field(
        None, description="Its password: `env:NAME` or `file:/PATH`."
    )
    base: str = Field(min_length=1, description="The DN below which people are.")
    scope: Literal["sub", "one", "base"] = Field(
        "sub", description="How far below: the whole tree, one level, or that entry alone."
    )
    filter: str = Field(
        "(uid={login})", description="What finds somebody by what they typed, `{login}`; exactly one entry."
    )
    user_dn: str = Field(
        "",
        description="Where nobody may search: the DN of somebody who typed `{login}`; takes the place of `filter`.",
    )
    everybody: str = Field(
        "",
        description="The filter that finds everybody, for synchronising; if empty, `filter` with `*` as the login.",
    )
    login_label: str = Field("User name", description="What the sign-in form calls the name to type.")
    issuer: str = Field(
        "",
        description="What this directory is called in people's accounts; if empty, its base. Whoever changes it cuts every link.",
    )
    subject: Attribute = Field(
        "entryUUID",
        description="The attribute that names an entry for good (`objectGUID` in Active Directory); never an address.",
    )
    mail: tuple[Attribute, ...] = Field(
        ("mail",),
        min_length=1,
        description="The attributes with addresses, the main one first; all their values count.",
    )
    user_writable: tuple[Attribute, ...] = Field(
        (),
        description="Those of `mail` that people can change themselves: their addresses have to be proved by a mail first.",
    )
    attributes: Mapping[str, Attribute] = Field(
        {}, description='Attributes to keep, by their name here: { affiliation = "eduPersonAffiliation" }.'
    )
    display_name: Attribute = Field("cn", description="The attribute with the name to show.")
    confirms_as: Literal["dn", "name"] = Field(
        "dn",
        description="What the directory says that somebody is who has signed in: their DN, or (Active Directory) any name.",
    )
    page_size: int = Field(500, ge=1, le=1000, description="How many entries are asked for at once.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if not all(each.is_private for each in _servers(self)):
            raise ValueError("passwords are sent over TLS alone: set use_tls to starttls or ldaps")
        if bool(self.bind_dn) != bool(self.bind_password):
            raise ValueError("bind_dn and bind_password belong together")
        if "{login}" not in (self.user_dn or self.filter):
            raise ValueError("what finds somebody has to contain {login}")
        taken = _PASSES_ON.union(each.lower() for each in self.mail)
        if self.subject.lower() in taken:
            raise ValueError(
                f"{self.subject} can pass to somebody else: take one that never does, such as entryUUID"
            )
        strays = [each for each in self.user_writable if each not in self.mail]
        if strays:
            raise ValueError(f"{strays[0]} is not among the attributes of mail")
        return self


def fields_of(settings: Settings) -> tuple[FormField, ...]:
    """Name and password."""
    return (
        FormField("identifier", settings.login_label),
        FormField("password", "Password", is_secret=True),
    )


async def begin(settings: Settings, place: Place, wish: Wish) -> Ask:
    """Ask for name and password."""
    return Ask(fields_of(settings))


def state_of(settings: Settings, inbound: Inbound) -> str:
    """The state that our own form brought."""
    return inbound.form.get("state", "")


async def complete(settings: Settings, place: Place, inbound: Inbound, kept: Mapping[str, str]) -> Evidence:
    """Find the entry and bind as it; a wrong name costs the same two questions as a wrong password (pitfall 47)."""
    login, password = inbound.form.get("identifier", ""), inbound.form.get("password", "")
    _refuse_nonsense(login, password)
    evidence = await _asked(settings, lambda link: _proved(settings, link, login.strip(), password))
    return replace(evidence, authenticated_at=place.now)


def _refuse_nonsense(login: object, password: object) -> None:
    """Raise WrongSecret for what is no name or password, before anybody is asked (pitfalls 36 and 38)."""
    if type(login) is not str or type(password) is not str:
        raise WrongSecret("name or password is no text")
    if not login.strip() or len(login) > _LONGEST_LOGIN or _INVISIBLE.search(login):
        raise WrongSecret("empty, overlong or unprintable name")
    if not password.strip() or len(password) > _LONGEST_PASSWORD or "\0" in password:
        raise WrongSecret("empty, overlong or NUL password")


async def _proved(settings: Settings, link: Link, login: str, password: str) -> Evidence:
    if settings.user_dn:
        dn = settings.user_dn.replace("{login}", escape_dn_chars(login))
        await _bind(settings, link, dn, password)
        entries = await link.search(dn, "base", "(objectClass=*)", _wanted(settings), most=2)
        return _believed(settings, entries)
    entries = await _entries(settings, link, login)
    # Somebody who is not there costs a bind, too.
    dn = entries[0][0] if len(entries) == 1 else f"cn={secrets.token_hex(8)},{settings.base}"
    await _bind(settings, link, dn, password)
    return _believed(settings, entries)


def _believed(settings: Settings, entries: Sequence[Entry]) -> Evidence:
    evidence = _evidence(settings, entries[0][1]) if len(entries) == 1 else None
    if evidence is None:
        raise WrongSecret(f"{len(entries)} entries, or one without {settings.subject}")
    return evidence


async def _entries(settings: Settings, link: Link, login: str) -> list[Entry]:
    asked = filter_with(settings.filter, login=login)
    try:
        # Two are enough to see that it is not exactly one (pitfall 39).
        return await link.search(settings.base, settings.scope, asked, _wanted(settings), most=2)
    except ldap.SIZELIMIT_EXCEEDED:
        return []


async def _bind(settings: Settings, link: Link, dn: str, password: str) -> None:
    """Raise WrongSecret unless the directory says, after the bind, that we are who we claimed to be (pitfall 38)."""
    try:
        await link.bind(dn, password)
    except _REFUSALS as refused:
        raise WrongSecret(words_of(refused)) from None
    who = await link.whoami()
    kind, _, name = who.partition(":")
    is_them = kind.lower() == "dn" and bool(name) and same_dn(name, dn)
    if settings.confirms_as == "name":
        is_them = is_them or (kind.lower() == "u" and bool(name.strip()))
    if not is_them:
        raise WrongSecret("the directory took the password and did not say that we are that entry")


def issuer_of(settings: Settings) -> str:
    """What the directory is called in people's accounts: two ways to it that share this name share its people."""
    return settings.issuer or f"ldap:{settings.base.strip().lower()}"


async def search(settings: Settings, text: str) -> list[Evidence]:
    """Whoever has this name or address there, at most 25."""
    text = text.strip()
    if not text or len(text) > _LONGEST_LOGIN or _INVISIBLE.search(text):
        return []
    parts = [f"({settings.display_name}=*{{text}}*)", *(f"({name}={{text}})" for name in settings.mail)]
    asked = filter_with(f"(&{_everybody(settings)}(|{''.join(parts)}))", text=text)

    async def question(link: Link) -> list[Entry]:
        found, _ = await link.page(
            settings.base, settings.scope, asked, _wanted(settings), _FOUND_AT_MOST, b""
        )
        return found

    found = await _asked(settings, question)
    return [each for _, values in found if (each := _evidence(settings, values)) is not None]


async def sync(settings: Settings) -> AsyncIterator[Evidence]:
    """Everybody, page by page; raises ProviderAway, also where the directory ends early."""
    asked, cookie, is_last = _everybody(settings), b"", False
    try:
        async with linked(_directory(settings)) as link:
            while not is_last:
                async with asyncio.timeout(SECONDS):
                    entries, cookie = await link.page(
                        settings.base, settings.scope, asked, _wanted(settings), settings.page_size, cookie
                    )
                is_last = not cookie
                for _, values in entries:
                    evidence = _evidence(settings, values)
                    if evidence is not None:
                        yield evidence
    except TimeoutError:
        raise ProviderAway(f"a page took longer than {SECONDS} seconds") from None
    except ldap.LDAPError as wrong:
        raise ProviderAway(f"it ended before everybody was named: {words_of(wrong)}") from None
    except DirectoryUnavailable as away:
        raise ProviderAway(str(away)) from None


async def check(settings: Settings, place: Place) -> list[Finding]:
    """Try each server and each step, and look at who is there."""
    try:
        directory = _directory(settings)
    except ProviderAway as away:
        return [Finding(is_good=False, text=away.detail)]
    findings, is_reached = [], False
    for server in directory.servers:
        said: list[str] = []
        try:
            who = await examine(directory, server, said)
            is_reached = True
            said.append(f"It says that we are {who}." if who else "We ask as nobody in particular.")
        except DirectoryUnavailable as away:
            findings += [*(Finding(is_good=True, text=each) for each in said), Finding(False, f"{away}.")]
            continue
        findings += [Finding(is_good=True, text=each) for each in said]
    if not is_reached:
        return findings
    try:
        return [*findings, *await _asked(settings, lambda link: _look_around(settings, link))]
    except ProviderAway as away:
        return [*findings, Finding(is_good=False, text=f"{away.detail}.")]


async def _look_around(settings: Settings, link: Link) -> list[Finding]:
    try:
        await link.search(settings.base, "base", "(objectClass=*)", ["1.1"], most=1)
    except (ldap.NO_SUCH_OBJECT, ldap.REFERRAL, ldap.INSUFFICIENT_ACCESS, ldap.INVALID_DN_SYNTAX) as wrong:
        return [Finding(is_good=False, text=f"The base {settings.base} is not there: {words_of(wrong)}.")]
    findings = [Finding(is_good=True, text=f"The base {settings.base} is there.")]
    asked, wanted = _everybody(settings), _wanted(settings)
    try:
        entries, cookie = await link.page(
            settings.base, settings.scope, asked, wanted, settings.page_size, b""
        )
        count = len(entries)
        for _ in range(_COUNTED_PAGES):
            if not cookie:
                break
            more, cookie = await link.page(
                settings.base, settings.scope, asked, ["1.1"], settings.page_size, cookie
            )
            count += len(more)
    except ldap.LDAPError as wrong:
        return [*findings, Finding(is_good=False, text=f"{asked} cannot be asked: {words_of(wrong)}.")]
    words = f"{asked} finds {'at least ' if cookie else ''}{count} entries."
    return [*findings, Finding(is_good=count > 0, text=words), *_seen(settings, entries)]


def _seen(settings: Settings, entries: Sequence[Entry]) -> Iterator[Finding]:
    """How many of these entries have each attribute that is asked for."""
    for name in _wanted(settings) if entries else ():
        count = sum(bool(raw(values, name)) for _, values in entries)
        is_needed = name == settings.subject
        is_good = count == len(entries) if is_needed else count > 0
        words = f"{name} is in {count} of {len(entries)} entries that were looked at."
        if is_needed and not is_good:
            words += " Whoever lacks it cannot sign in."
        yield Finding(is_good=is_good, text=words)


async def _asked(settings: Settings, question: Callable[[Link], Awaitable[T]]) -> T:
    try:
        return await ask(_directory(settings), question)
    except DirectoryUnavailable as away:
        raise ProviderAway(str(away)) from None


def _directory(settings: Settings) -> Directory:
    try:
        password = secret_of(settings.bind_password) if settings.bind_password else ""
    except SecretMissing as missing:
        raise ProviderAway(str(missing)) from None
    return Directory(_servers(settings), settings.ca_file, settings.bind_dn, password)


def _servers(settings: Settings) -> tuple[Server, ...]:
    try:
        return servers_of(settings.hosts, settings.use_tls)
    except DirectoryUnavailable as wrong:
        raise ValueError(str(wrong)) from None


def _everybody(settings: Settings) -> str:
    return settings.everybody or settings.filter.replace("{login}", "*")


def _wanted(settings: Settings) -> list[str]:
    """Every attribute that is read, each once."""
    names = (settings.subject, settings.display_name, *settings.mail, *settings.attributes.values())
    return [*dict.fromkeys(names)]


def _evidence(settings: Settings, values: Mapping[str, Sequence[bytes]]) -> Evidence | None:
    """What an entry says; None where it has not exactly one subject."""
    subject = subject_of(settings.subject, raw(values, settings.subject))
    if not subject:
        return None
    attributes = {name: texts(values, there) for name, there in settings.attributes.items()}
    return Evidence(
        issuer=issuer_of(settings),
        subject=subject,
        addresses=tuple(_claimed(settings, values)),
        attributes={name: said for name, said in attributes.items() if said},
        display_name=next(iter(texts(values, settings.display_name)), ""),
    )


def _claimed(settings: Settings, values: Mapping[str, Sequence[bytes]]) -> Iterator[Claimed]:
    """Each address once, in the order of the settings; one that a person wrote in proves nothing (row 51)."""
    best: dict[str, Claimed] = {}
    for name in settings.mail:
        for text in texts(values, name):
            try:
                address = parse_address(bare_address(text))
            except BadAddress:
                continue
            claimed = Claimed(str(address), is_verified=name not in settings.user_writable)
            known = best.get(address.key)
            if known is None or (claimed.is_verified and not known.is_verified):
                best[address.key] = claimed
    yield from best.values()
