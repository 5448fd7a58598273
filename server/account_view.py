"""The page of one's own account: addresses, ways to sign in, and sessions, each with what can be done about it."""

from dataclasses import dataclass

from starlette.responses import Response

from identity import ways_in
from identity.auth_config import BUILT_IN, Entry
from identity.ledger import effective_addresses
from identity.linked import LinkedIdentity, linked_identities
from identity.seen_addresses import rows_seen
from identity.sessions import list_sessions
from identity.steps import FormField
from mail.instant import shown_day
from resolvers.emails import UserEmail, one_each
from server.federation_summary import summary
from server.form_parts import fields_markup, warning_markup
from server.html import NOTHING, Markup, fill, joined, page
from server.message_view import when
from server.own_pages import ACCOUNT, FACTORS, PASSWORD, Own
from storage.tables.access import Session
from storage.tables.people import LedgerRow
from storage.tables.words import AddressSource, SignInMethod, Strength

_SOURCES = {
    AddressSource.ACCOUNT: "It made the account.",
    AddressSource.CHALLENGE: "Its mailbox was asked.",
    AddressSource.SUBADDRESS: "It is another form of one that was proved.",
    AddressSource.LDAP: "A directory names it.",
    AddressSource.OIDC: "A provider names it.",
    AddressSource.SAML: "A provider names it.",
    AddressSource.CAS: "A provider names it.",
    AddressSource.TRUSTED_APP: "An application names it.",
    AddressSource.X509_SAN: "A certificate names it.",
    AddressSource.ADMIN: "Whoever runs the server set it.",
}
_STRENGTHS = {Strength.SMIME: "certain", Strength.MD5: "sure", Strength.DKIM: "fairly sure"}
_METHODS = {
    SignInMethod.PASSWORD: "password",
    SignInMethod.TICKET: "link by mail",
    SignInMethod.LDAP: "directory",
    SignInMethod.SAML: "SAML",
    SignInMethod.OIDC: "OpenID Connect",
    SignInMethod.CAS: "CAS",
    SignInMethod.CERTIFICATE: "certificate",
    SignInMethod.TRUSTED_APPLICATION: "an application",
}
_EMAIL = (FormField("email", "Mail address"),)
_CODE = (FormField("code", "Code from the mail"),)
NAV = fill("account_nav")


@dataclass(frozen=True, slots=True)
class _Seen:
    addresses: list[UserEmail]
    identities: list[LinkedIdentity]
    sessions: list[Session]
    entries: tuple[Entry, ...]
    now: int


async def account_page(own: Own, *, warning: str = "", said: str = "", status: int = 200) -> Response:
    """The whole page; `warning` is why something was not done, `said` what was."""
    seen = await _seen(own)
    word = fill("said", text=said) if said else NOTHING
    return page(
        "Your account",
        warning_markup(warning),
        word,
        _notes(own),
        _section("addresses", "Addresses", _addresses(own, seen)),
        _section("ways-in", "Ways to sign in", _identities(own, seen)),
        _section("other-servers", "Other servers", await summary(own)),
        _section("sessions", "Where you are signed in", _sessions(own, seen)),
        status=status,
        nav=NAV,
    )


async def _seen(own: Own) -> _Seen:
    person = own.actor.person
    assert person is not None
    async with own.db.read() as reader:
        effective = await effective_addresses(reader, person.id, own.robot.id)
        return _Seen(
            one_each(person, effective, await rows_seen(reader, own.actor, person.id)),
            await linked_identities(reader, own.actor),
            await list_sessions(reader, own.actor),
            await ways_in.offered(reader, own.robot),
            reader.now,
        )


def code_page(own: Own, email: str, *, warning: str = "", status: int = 200) -> Response:
    """Where the code is typed that a new address was sent."""
    text = (
        f"A mail with a code is on its way to {email}. The address counts once you have typed the code here."
    )
    errors = {"code": warning} if warning else {}
    fields = fields_markup(_CODE, "confirm", errors=errors)
    form = own.form(f"{ACCOUNT}/address-confirm", "Confirm this address", {"email": email}, fields)
    return page(
        "Is this your address?",
        warning_markup(warning),
        fill("paragraph", text=text),
        form,
        status=status,
        nav=NAV,
    )


def _notes(own: Own) -> Markup:
    session = own.actor.session
    assert session is not None
    if session.needs_password_change:
        return fill("link", href=PASSWORD, text="Choose a new password: until then you can only read.")
    if session.needs_second_factor:
        return fill("link", href=FACTORS, text="Set up a second factor: until then you can only read.")
    return fill("paragraph", text=f"You are signed in as {session.address}.")


def _section(id: str, title: str, *body: Markup) -> Markup:
    return fill("section", id=id, title=title, body=joined(*body))


def _rows(*rows: Markup) -> Markup:
    return fill("rows", rows=joined(*rows))


def _addresses(own: Own, seen: _Seen) -> Markup:
    rows = [
        fill("row", text=_about(each, seen.now), buttons=_address_buttons(own, each, seen.now))
        for each in seen.addresses
    ]
    new = own.form(f"{ACCOUNT}/address-add", "Add this address", fields=fields_markup(_EMAIL, "add"))
    return joined(_rows(*rows), new)


def _about(line: UserEmail, now: int) -> str:
    row = line.row
    main = ", your main address" if line.is_main else ""
    return f"{row.address}{main}. {_SOURCES[row.source]} {_standing(row, now)}"


def _standing(row: LedgerRow, now: int) -> str:
    if row.proved_at is None:
        return "Nobody has confirmed it yet, so that it counts for nothing."
    strength = _STRENGTHS.get(row.strength, "as sure as a mail")
    if row.expires_at is None:
        return f"It counts as {strength}."
    if row.expires_at <= now:
        return f"It lapsed on {shown_day(row.expires_at)}."
    return f"It counts as {strength} until {shown_day(row.expires_at)}."


def _address_buttons(own: Own, line: UserEmail, now: int) -> Markup:
    row, is_live = line.row, line.row.proved_at is not None
    is_live = is_live and (row.expires_at is None or row.expires_at > now)
    buttons = []
    if row.source is AddressSource.CHALLENGE or not is_live:
        buttons.append(
            own.form(
                f"{ACCOUNT}/address-add",
                f"Confirm {row.address} {'again ' if is_live else ''}by mail",
                {"email": row.address},
            )
        )
    if is_live and not line.is_main:
        buttons.append(
            own.form(f"{ACCOUNT}/address-main", f"Make {row.address} the main one", {"id": str(row.id)})
        )
    if not line.is_main:
        buttons.append(own.form(f"{ACCOUNT}/address-remove", f"Remove {row.address}", {"id": str(row.id)}))
    return joined(*buttons)


def _identities(own: Own, seen: _Seen) -> Markup:
    rows = [
        fill(
            "row",
            text=f"{each.label or each.identity.issuer}, linked on {shown_day(each.identity.created_at)}.",
            buttons=own.form(
                f"{ACCOUNT}/unlink", f"Remove {each.label or each.identity.issuer}", {"id": str(each.id)}
            ),
        )
        for each in seen.identities
    ]
    linkable = [
        own.form(f"{ACCOUNT}/link", f"Add {each.label}", {"provider": each.key})
        for each in seen.entries
        if each.kind not in BUILT_IN
    ]
    none = fill("paragraph", text="No account elsewhere is linked to this one.")
    return joined(_rows(*rows) if rows else none, *linkable)


def _sessions(own: Own, seen: _Seen) -> Markup:
    mine = own.actor.session
    assert mine is not None
    rows = [
        fill(
            "row",
            text=_about_session(each, is_this=each.id == mine.id),
            buttons=NOTHING
            if each.id == mine.id
            else own.form(
                f"{ACCOUNT}/session-end", f"End the session of {when(each.created_at)}", {"id": str(each.id)}
            ),
        )
        for each in seen.sessions
    ]
    others = own.form(f"{ACCOUNT}/sessions-end", "End all other sessions") if len(rows) > 1 else NOTHING
    return joined(_rows(*rows), others)


def _about_session(session: Session, *, is_this: bool) -> str:
    how = _METHODS.get(session.method, session.method.value)
    second = " and a second factor" if session.second_factor_at is not None else ""
    begun = "This session" if is_this else f"{session.user_agent or 'An unknown browser'}"
    return f"{begun}: by {how}{second}, since {when(session.created_at)}, last used {when(session.last_seen_at)}."
