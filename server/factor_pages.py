"""The page of second factors: an authenticator or a passkey is set up here, taken away, and recovery codes are made anew."""

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import BaseRoute

from identity import factor_changes
from identity.factor_changes import Begun
from identity.refusal import NotFound, Refused
from identity.steps import FormField
from mail.instant import shown_day
from server.account_view import NAV
from server.asking import Asking
from server.auth_forms import passkey_form, with_script
from server.form_parts import fields_markup, warning_markup
from server.html import NOTHING, Markup, fill, joined, page
from server.own_pages import FACTORS, Own, go_to, own_route, script_route
from storage.database import Database
from storage.tables.second_factors import FactorKind, SecondFactor

_LABEL = FormField("label", "Your name for it (such as: my phone)")
_CODE = FormField("code", "Code that it shows now")
_KINDS = {"authenticator": FactorKind.TOTP, "passkey": FactorKind.PASSKEY}
_NOUN = {FactorKind.TOTP: "authenticator", FactorKind.PASSKEY: "passkey"}


def factor_routes(asking: Asking, db: Database) -> list[BaseRoute]:
    """`/account/second-factors` and what is below it."""
    return [
        script_route("/account", "passkey.js"),
        own_route(asking, db, FACTORS, show, "GET"),
        own_route(asking, db, f"{FACTORS}/begin", begin, "POST", again=_once_more),
        own_route(asking, db, f"{FACTORS}/confirm", confirm, "POST", again=_once_more),
        own_route(asking, db, f"{FACTORS}/remove", remove, "POST", again=_once_more),
        own_route(asking, db, f"{FACTORS}/codes", renew_codes, "POST", again=_once_more),
    ]


async def show(own: Own) -> Response:
    """What there is."""
    return await _factors_page(own)


async def begin(own: Own) -> Response:
    """Show an authenticator its secret, or a browser the question for a passkey."""
    form = await own.fields()
    kind = _KINDS.get(form.get("kind", ""))
    if kind is None:
        raise NotFound
    async with own.db.read() as reader:
        begun = await factor_changes.begin_factor(reader, own.actor, kind)
    return _begun_page(own, begun)


async def confirm(own: Own) -> Response:
    """Keep it once it has proved itself; recovery codes are shown with the first one."""
    form = await own.fields()
    async with own.db.write() as uow:
        made = await factor_changes.confirm_factor(
            uow,
            own.actor,
            form.get("attempt", ""),
            code=form.get("code", ""),
            answer=form.get("passkey", ""),
            label=form.get("label", ""),
        )
    response = _codes_page(own, made.codes) if made.codes else go_to(own.return_to or FACTORS)
    return own.keep(response, made.raw_token)


async def remove(own: Own) -> Response:
    """Take one away."""
    text = (await own.fields()).get("id", "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise NotFound
    async with own.db.write() as uow:
        await factor_changes.remove_factor(uow, own.actor, int(text))
    return go_to(FACTORS)


async def renew_codes(own: Own) -> Response:
    """Ten new recovery codes."""
    await own.fields()
    async with own.db.write() as uow:
        codes = await factor_changes.renew_codes(uow, own.actor)
    return _codes_page(own, codes)


async def _once_more(own: Own, refused: Refused) -> Response:
    return await _factors_page(own, warning=refused.message, status=422)


async def _factors_page(own: Own, *, warning: str = "", status: int = 200) -> Response:
    async with own.db.read() as reader:
        factors, left = await factor_changes.factors_of(reader, own.actor)
    session = own.actor.session
    assert session is not None
    texts = [
        "With a second factor, nobody signs in as you who only knows your password or reads your mail.",
        "This domain asks one of you: until you have set one up, you can only read."
        if session.needs_second_factor
        else "",
    ]
    renew = [
        fill("paragraph", text=f"Unused recovery codes: {left}."),
        own.form(f"{FACTORS}/codes", "Make new recovery codes"),
    ]
    return page(
        "Second factors",
        warning_markup(warning),
        *(fill("paragraph", text=text) for text in texts if text),
        fill("rows", rows=joined(*(_row(own, each) for each in factors))) if factors else NOTHING,
        _begin(own, "authenticator", "Set up an authenticator"),
        _begin(own, "passkey", "Set up a passkey"),
        *(renew if factors else ()),
        status=status,
        nav=NAV,
    )


def _row(own: Own, factor: SecondFactor) -> Markup:
    used = "never used" if factor.last_used_at is None else f"last used on {shown_day(factor.last_used_at)}"
    text = f"{factor.label} ({_NOUN[factor.kind]}), since {shown_day(factor.created_at)}, {used}."
    button = own.form(f"{FACTORS}/remove", f"Remove {factor.label}", {"id": str(factor.id)})
    return fill("row", text=text, buttons=button)


def _begin(own: Own, kind: str, label: str) -> Markup:
    return own.form(_with_return(own, f"{FACTORS}/begin"), label, {"kind": kind})


def _begun_page(own: Own, begun: Begun) -> Response:
    action = _with_return(own, f"{FACTORS}/confirm")
    if begun.passkey_options:
        hidden = {"attempt": begun.attempt_id, "proof": own.proof}
        fields = fields_markup((_LABEL,), "factor")
        form = passkey_form(action, hidden, "create", begun.passkey_options, "Make the passkey", fields)
        text = "Your browser asks you for a security key, a fingerprint, or what else you have."
        return with_script(page("Set up a passkey", fill("paragraph", text=text), form, nav=NAV))
    texts = (
        "Type this secret into an authenticator, or open the link on the device that has one. "
        "Then type the code that it shows."
    )
    fields = fields_markup((_CODE, _LABEL), "factor")
    return page(
        "Set up an authenticator",
        fill("paragraph", text=texts),
        fill("secret", code=" ".join(_groups(begun.secret)), uri=begun.uri),
        own.form(action, "Check the code", {"attempt": begun.attempt_id}, fields),
        nav=NAV,
    )


def _codes_page(own: Own, codes: Sequence[str]) -> Response:
    texts = (
        "Each of these codes lets you in once, should you lose your second factor. They are shown only now: "
        "print them, or write them down, and keep them where nobody else looks."
    )
    listed = fill("codes", codes=joined(*(fill("code", code=code) for code in codes)))
    on = fill("link", href=own.return_to or FACTORS, text="I have kept them; go on")
    return page("Your recovery codes", fill("paragraph", text=texts), listed, on, nav=NAV)


def _with_return(own: Own, path: str) -> str:
    return f"{path}?{own.request.url.query}" if own.return_to else path


def _groups(text: str) -> list[str]:
    return [text[start : start + 4] for start in range(0, len(text), 4)]
