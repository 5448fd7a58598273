"""The pages of signing in: each step of `identity.steps` as a form that needs no script."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, Response

from identity.auth_config import Entry
from identity.provider_sign_in import Visitor
from identity.sign_in import PASSWORD, TICKET
from identity.steps import Code, Elsewhere, Form, FormField
from server.forms import proof
from server.html import Markup, fill, joined, page
from server.middleware import CONTENT_SECURITY_POLICY
from storage.site import Site
from storage.tables.lists import Robot

PURPOSE = "sign-in page"
_PASSWORD_FIELDS = (
    FormField("identifier", "Mail address"),
    FormField("password", "Password", is_secret=True),
)
_TICKET_FIELDS = (FormField("identifier", "Mail address"),)


def ways_in(
    site: Site,
    robot: Robot,
    entries: tuple[Entry, ...],
    visitor: Visitor,
    *,
    return_to: str,
    warning: str = "",
    status: int = 200,
) -> HTMLResponse:
    """The page that one signs in on: a form or a button for each way, in the robot's order."""
    parts = [_warning(warning)]
    parts += [
        fill(
            "way_in",
            title=entry.label,
            form=_form(
                site,
                visitor,
                f"/auth/{robot.domain}",
                {"provider": entry.key, "return_to": return_to},
                _fields(_asked(entry), entry.key),
                "Send me a link" if entry.kind == TICKET else f"Sign in with {entry.label}",
            ),
        )
        for entry in entries
    ]
    return page(f"Sign in to {robot.title or robot.domain}", *parts, status=status)


def step_page(
    site: Site,
    robot: Robot,
    step: Form | Code | Elsewhere,
    visitor: Visitor,
    *,
    warning: str = "",
    status: int = 200,
) -> Response:
    """The page for one further step."""
    action, hidden = f"/auth/{robot.domain}/step", {"attempt": step.attempt_id}
    parts: list[Markup] = []
    form = Markup("")
    match step:
        case Form(fields=fields, text=text):
            parts = [fill("paragraph", text=text)] if text else []
            form = _form(site, visitor, action, hidden, _fields(fields, "step"), "Go on")
        case Code(masked_destination=to):
            parts = [
                fill(
                    "paragraph",
                    text=f"A mail with a code is on its way to {to}, if that address can sign in here.",
                )
            ]
            code = FormField("code", "Code from the mail")
            form = _form(site, visitor, action, hidden, _fields((code,), "step"), "Go on")
        case Elsewhere(url=url, fields=sent):
            return leaving(site, visitor, url, sent)
    return page("Sign in", _warning(warning), *parts, form, status=status)


def leaving(
    site: Site,
    visitor: Visitor,
    url: str,
    sent: Mapping[str, str],
    text: str = "You sign in at the place that knows you.",
) -> Response:
    """The page that leads to a provider: by itself where it takes a link, by a button where it wants a form.

    Not a redirect, since browsers hold a form's answer to the same `form-action` as the form.
    """
    paragraph = fill("paragraph", text=text)
    if not sent:
        shown = page("Sign in", paragraph, fill("link", href=url, text="Go on"))
        shown.headers["Refresh"] = f"0; url={url}"
        return shown
    shown = page("Sign in", paragraph, _form(site, visitor, url, sent, Markup(""), "Go on", is_ours=False))
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
    site: Site,
    visitor: Visitor,
    action: str,
    hidden: Mapping[str, str],
    fields: Markup,
    label: str,
    *,
    is_ours: bool = True,
) -> Markup:
    shown = {**hidden, "proof": proof(site, visitor.secret, PURPOSE)} if is_ours else hidden
    return fill(
        "sign_in_form",
        action=action,
        hidden=joined(*(fill("hidden", name=name, value=value) for name, value in shown.items())),
        fields=fields,
        button=fill("button", kind="submit", value="yes", label=label),
    )


def _fields(fields: tuple[FormField, ...], prefix: str) -> Markup:
    return joined(*(_field(each, f"{prefix}-{each.name}") for each in fields))


def _field(field: FormField, id: str) -> Markup:
    if field.choices:
        choices = (
            fill("choice", name=field.name, id=f"{id}-{number}", value=value)
            for number, value in enumerate(field.choices)
        )
        return fill("choices", label=field.label, choices=joined(*choices))
    kind, complete = (
        ("password", "current-password") if field.is_secret else ("text", _completion(field.name))
    )
    return fill("field", id=id, name=field.name, label=field.label, kind=kind, complete=complete)


def _completion(name: str) -> str:
    return {"identifier": "username", "code": "one-time-code", "other": "email"}.get(name, "off")


def origin_of(url: str) -> str:
    """Scheme and host of a URL, as a policy names them."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _warning(text: str) -> Markup:
    return fill("warning", text=text) if text else Markup("")
