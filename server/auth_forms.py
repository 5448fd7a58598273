"""The pages of signing in: each step of `identity.steps` as a form that needs no script, but for a passkey."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, Response

from identity.auth_config import Entry
from identity.provider import Organization
from identity.provider_sign_in import Visitor
from identity.sealed import opened, sealed
from identity.sign_in import PASSWORD, TICKET
from identity.steps import Code, Elsewhere, Form, FormField
from server.form_parts import fields_markup, hidden_markup, post_form, warning_markup
from server.forms import proof
from server.html import NOTHING, Markup, fill, joined, page
from server.middleware import CONTENT_SECURITY_POLICY
from storage.site import Site
from storage.tables.lists import Robot

PURPOSE = "sign-in page"
_SHOWN = "sign-in page shown"
_PASSWORD_FIELDS = (
    FormField("identifier", "Mail address"),
    FormField("password", "Password", is_secret=True),
)
_TICKET_FIELDS = (FormField("identifier", "Mail address"),)
_CODE = FormField("code", "Code from the mail")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What stands on the page of ways in beside them.

    `return_to` is where somebody wants to go, `again` that they are signed in and prove themselves anew, `key` the way
    that did not work, with `warning` and what was typed.
    """

    return_to: str = ""
    again: bool = False
    key: str = ""
    warning: str = ""
    typed: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def hidden(self) -> dict[str, str]:
        """What each form of the page carries on."""
        return {"return_to": self.return_to, **({"again": "yes"} if self.again else {})}


def ways_in(
    site: Site,
    robot: Robot,
    entries: tuple[Entry, ...],
    visitor: Visitor,
    chosen: Chosen,
    *,
    status: int = 200,
) -> HTMLResponse:
    """The page that one signs in on: a form or a button for each way, in the robot's order."""
    parts = [warning_markup(chosen.warning)]
    if chosen.again:
        parts.append(
            fill("paragraph", text="To go on, show once more who you are. You stay signed in meanwhile.")
        )
    parts += [_way_in(site, robot, entry, visitor, chosen) for entry in entries]
    what = "Sign in again to" if chosen.again else "Sign in to"
    return page(f"{what} {robot.title or robot.domain}", *parts, status=status)


def _way_in(site: Site, robot: Robot, entry: Entry, visitor: Visitor, chosen: Chosen) -> Markup:
    asked = _asked(entry)
    is_wrong = chosen.key == entry.key and bool(chosen.warning)
    errors = {asked[-1].name: chosen.warning} if asked and is_wrong else {}
    form = _form(
        site,
        visitor,
        f"/auth/{robot.domain}",
        {"provider": entry.key, **chosen.hidden},
        fields_markup(asked, entry.key, values=chosen.typed, errors=errors),
        "Send me a link" if entry.kind == TICKET else f"Sign in with {entry.label}",
    )
    below = (
        fill("link", href=f"/auth/{robot.domain}/forgotten", text="Forgotten your password?")
        if entry.kind == PASSWORD
        else NOTHING
    )
    return fill("way_in", title=entry.label, form=joined(form, below))


def step_page(
    site: Site,
    robot: Robot,
    step: Form | Code | Elsewhere,
    visitor: Visitor,
    *,
    warning: str = "",
    wrong: str = "",
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    """The page for one further step; `wrong` is the field that `warning` is about, `typed` what was typed before."""
    if isinstance(step, Elsewhere):
        return leaving(site, visitor, step.url, step.fields)
    action = f"/auth/{robot.domain}/step"
    hidden = {"attempt": step.attempt_id, "shown": _kept(site, step)}
    asked = (_CODE,) if isinstance(step, Code) else step.fields
    errors = {wrong: warning} if wrong else {}
    parts = [
        warning_markup(warning),
        fill("paragraph", text=_words(step)) if _words(step) else NOTHING,
        _form(
            site, visitor, action, hidden, fields_markup(asked, "step", values=typed, errors=errors), "Go on"
        ),
        fill("link", href=f"/auth/{robot.domain}", text="Sign in another way"),
    ]
    if not isinstance(step, Form) or not step.passkey_options:
        return page("Sign in", *parts, status=status)
    sent = {**hidden, "proof": proof(site, visitor.secret, PURPOSE)}
    button = passkey_form(action, sent, "get", step.passkey_options, "Use a passkey")
    return with_script(page("Sign in", parts[0], button, *parts[1:], status=status))


def passkey_form(
    action: str,
    hidden: Mapping[str, str],
    what: str,
    options: str,
    label: str,
    fields: Markup = NOTHING,
) -> Markup:
    """A form that a passkey answers; `what` is `create` or `get`."""
    return fill(
        "passkey",
        action=action,
        what=what,
        options=options,
        hidden=hidden_markup(hidden),
        fields=fields,
        label=label,
        says="The passkey was not used. Try again, or use another way.",
    )


def with_script(response: Response) -> Response:
    """Let a page load our own script: the one thing that a passkey cannot do without."""
    response.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; script-src 'self'"
    return response


def step_shown(site: Site, text: str) -> Form | Code:
    """The step that a page has shown, out of what its form brought back; raises AttemptInvalid."""
    kept = opened(site, _SHOWN, text)
    if "masked_destination" in kept:
        return Code(**kept)
    fields = tuple(FormField(**{**each, "choices": tuple(each["choices"])}) for each in kept.pop("fields"))
    return Form(**kept, fields=fields)


def _kept(site: Site, step: Form | Code) -> str:
    return sealed(site, _SHOWN, asdict(step))


def _words(step: Form | Code) -> str:
    if isinstance(step, Form):
        return step.text
    return f"A mail with a code is on its way to {step.masked_destination}, if that address can sign in here."


def forgotten_page(site: Site, robot: Robot, visitor: Visitor, return_to: str) -> HTMLResponse:
    """Ask for a mail that lets one choose a new password."""
    hidden = {"provider": TICKET, "is_reset": "yes", "return_to": return_to}
    form = _form(
        site,
        visitor,
        f"/auth/{robot.domain}",
        hidden,
        fields_markup(_TICKET_FIELDS, "forgotten"),
        "Send me a link",
    )
    text = "Say which address your account has. A mail with a link goes there, and behind it you choose a new password."
    return page("Forgotten your password?", fill("paragraph", text=text), form)


def organizations_page(
    site: Site,
    robot: Robot,
    entry: Entry,
    visitor: Visitor,
    found: Sequence[Organization],
    chosen: Chosen,
    text: str,
) -> HTMLResponse:
    """Which home organization somebody comes from, where a provider knows several: searched for, then chosen."""
    search = fill(
        "search",
        action=f"/auth/{robot.domain}/{entry.key}/choose",
        hidden=hidden_markup(chosen.hidden),
        text=text,
    )
    forms = [
        _form(
            site,
            visitor,
            f"/auth/{robot.domain}",
            {"provider": entry.key, "organization": each.id, **chosen.hidden},
            NOTHING,
            each.name or each.id,
        )
        for each in found
    ]
    none = fill("paragraph", text="No organization has this in its name.")
    rows = [fill("row", text="", buttons=form) for form in forms]
    listed = fill("rows", rows=joined(*rows)) if rows else none
    other = fill("link", href=f"/auth/{robot.domain}", text="Sign in another way")
    return page(f"Where do you come from? {entry.label}", search, listed, other)


def leaving(
    site: Site,
    visitor: Visitor,
    url: str,
    sent: Mapping[str, str],
    text: str = "You sign in at the place that knows you.",
    title: str = "Sign in",
) -> Response:
    """The page that leads to a provider: by itself where it takes a link, by a button where it wants a form.

    Not a redirect, since browsers hold a form's answer to the same `form-action` as the form.
    """
    paragraph = fill("paragraph", text=text)
    if not sent:
        shown = page(title, paragraph, fill("link", href=url, text="Go on"))
        shown.headers["Refresh"] = f"0; url={url}"
        return shown
    shown = page(title, paragraph, post_form(url, sent, "Go on"))
    shown.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.replace(
        "form-action 'self'", f"form-action 'self' {origin_of(url)}"
    )
    return shown


def _asked(entry: Entry) -> tuple[FormField, ...]:
    if entry.kind == PASSWORD:
        return _PASSWORD_FIELDS
    if entry.kind == TICKET:
        return _TICKET_FIELDS
    return entry.asks


def _form(
    site: Site, visitor: Visitor, action: str, hidden: Mapping[str, str], fields: Markup, label: str
) -> Markup:
    return post_form(action, {**hidden, "proof": proof(site, visitor.secret, PURPOSE)}, label, fields)


def origin_of(url: str) -> str:
    """Scheme and host of a URL, as a policy names them."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
