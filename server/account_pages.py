"""The pages of one's own account, and the way out: everything is done by forms, nothing by looking."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from identity import challenge, ledger, linked, password_change, sessions
from identity.provider import Redirect
from identity.provider_endings import way_out
from identity.refusal import Invalid, NotFound, Refused
from identity.sign_in import WrongCode
from identity.standing import FRESH
from identity.steps import FormField
from server.account_view import NAV, account_page, code_page
from server.asking import COOKIE, Asking, NoRobot, TokenUnknown, host_of
from server.auth_forms import leaving, step_page
from server.factor_pages import factor_routes
from server.form_parts import fields_markup, warning_markup
from server.html import fill, notice, page
from server.own_pages import ACCOUNT, PASSWORD, Own, go_to, own_route
from storage.database import Database
from storage.tables.words import SignInMethod

_CURRENT = FormField("current", "Your password now", is_secret=True)
_NEW = (
    FormField("new", "New password", is_secret=True),
    FormField("again", "The same again", is_secret=True),
)
Act = Callable[[Own, Mapping[str, str]], Awaitable[Response]]


def account_routes(db: Database) -> list[BaseRoute]:
    """`/account`, `/sign-in` and `/sign-out` of the robot whose host was asked."""
    asking = Asking(db)

    def route(path: str, act: Act) -> Route:
        async def handler(own: Own) -> Response:
            return await act(own, await own.fields())

        return own_route(asking, db, f"{ACCOUNT}/{path}", handler, "POST", again=_once_more)

    async def sign_in(request: Request) -> Response:
        """The page of ways in of this host's robot."""
        try:
            robot = (await asking.asked(request)).actor.robot
        except (NoRobot, TokenUnknown):
            return notice("Nothing here", f"No domain is served at {host_of(request)} yet.", status=404)
        query = f"?{request.url.query}" if request.url.query else ""
        return go_to(f"/auth/{robot.domain}{query}")

    return [
        Route("/sign-in", sign_in, methods=["GET"]),
        own_route(asking, db, "/sign-out", show_sign_out, "GET"),
        own_route(asking, db, "/sign-out", sign_out, "POST"),
        own_route(asking, db, ACCOUNT, show, "GET"),
        own_route(asking, db, PASSWORD, show_password, "GET"),
        own_route(asking, db, PASSWORD, set_password, "POST", again=_password_once_more),
        *factor_routes(asking, db),
        *(route(path, act) for path, act in _ACTS.items()),
    ]


async def show(own: Own) -> Response:
    """The account."""
    return await account_page(own, said=_SAID.get(own.request.query_params.get("done", ""), ""))


async def add_address(own: Own, form: Mapping[str, str]) -> Response:
    """Send a code to a new address, or to one that has to be confirmed again."""
    async with own.db.write() as uow:
        row = await challenge.link_address(uow, own.actor, form.get("email", ""))
    return code_page(own, row.address)


async def confirm_address(own: Own, form: Mapping[str, str]) -> Response:
    """Take the code."""
    email = form.get("email", "")
    try:
        await challenge.confirm_address(own.db, own.actor, email, form.get("code", ""))
    except WrongCode as wrong:
        return code_page(own, email, warning=wrong.message, status=422)
    return _done("address-confirmed")


async def make_main(own: Own, form: Mapping[str, str]) -> Response:
    """Another main address."""
    async with own.db.write() as uow:
        await ledger.set_main(uow, own.actor, number_in(form))
    return _done("main-address")


async def remove_address(own: Own, form: Mapping[str, str]) -> Response:
    """Drop an address."""
    async with own.db.write() as uow:
        await ledger.unlink(uow, own.actor, number_in(form))
    return _done("address-removed")


async def link(own: Own, form: Mapping[str, str]) -> Response:
    """Begin to add a provider; what it says is shown before anything is linked (pitfall 6)."""
    step = await linked.begin_linking(
        own.db, own.actor, form.get("provider", ""), own.visitor, return_to=f"{ACCOUNT}?done=linked"
    )
    return step_page(own.db.site, own.robot, step, own.visitor)


async def unlink(own: Own, form: Mapping[str, str]) -> Response:
    """Take a provider away."""
    async with own.db.write() as uow:
        await linked.unlink_identity(uow, own.actor, number_in(form))
    return _done("unlinked")


async def end_session(own: Own, form: Mapping[str, str]) -> Response:
    """End another session."""
    async with own.db.write() as uow:
        await sessions.revoke(uow, own.actor, number_in(form))
    return _done("session-ended")


async def end_others(own: Own, _form: Mapping[str, str]) -> Response:
    """End all sessions but this one."""
    async with own.db.write() as uow:
        await sessions.sign_out_everywhere(uow, own.actor, keep_this=True)
    return _done("sessions-ended")


async def show_password(own: Own) -> Response:
    """Where a password is chosen."""
    return _password_page(own)


async def set_password(own: Own) -> Response:
    """Set it; all other sessions end."""
    form = await own.fields()
    if form.get("new", "") != form.get("again", ""):
        raise Invalid("The two passwords differ; type the same twice.", path=("again",))
    _, token = await password_change.change_password(
        own.db, own.actor, form.get("new", ""), current=form.get("current")
    )
    return own.keep(go_to(own.return_to or f"{ACCOUNT}?done=password"), token)


async def show_sign_out(own: Own) -> Response:
    """Ask, since looking signs nobody out."""
    session = own.actor.session
    assert session is not None
    text = f"You are signed in as {session.address}."
    return page("Sign out", fill("paragraph", text=text), own.form("/sign-out", "Sign out"), nav=NAV)


async def sign_out(own: Own) -> Response:
    """End the session here, and at the provider that it came from."""
    await own.fields()
    session = own.actor.session
    assert session is not None
    async with own.db.write() as uow:
        await sessions.sign_out(uow, own.actor)
    elsewhere = await way_out(own.db, own.actor, session)
    if elsewhere is None:
        response: Response = notice("Signed out", "You are signed out.")
    else:
        sent = {} if isinstance(elsewhere, Redirect) else elsewhere.fields
        text = "You are signed out here. To sign out at the place that knows you, too, go on."
        response = leaving(own.db.site, own.visitor, elsewhere.url, sent, text, "Signed out")
    response.delete_cookie(COOKIE, path="/")
    return response


def number_in(form: Mapping[str, str]) -> int:
    """The number of what a button is about; raises NotFound for anything else."""
    text = form.get("id", "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise NotFound
    return int(text)


async def _once_more(own: Own, refused: Refused) -> Response:
    return await account_page(own, warning=refused.message, status=422)


async def _password_once_more(own: Own, refused: Refused) -> Response:
    return _password_page(own, refused)


def _password_page(own: Own, refused: Refused | None = None) -> Response:
    session = own.actor.session
    assert session is not None
    by_ticket = session.method is SignInMethod.TICKET
    is_lately = own.db.site.clock() - session.authenticated_at <= FRESH
    asked = _NEW if by_ticket and is_lately else (_CURRENT, *_NEW)
    about = {"current_password": "current", "again": "again"}.get(
        ((refused and refused.path) or ("",))[-1], "new"
    )
    errors = {} if refused is None else {about: refused.message}
    action = PASSWORD if not own.return_to else f"{PASSWORD}?{own.request.url.query}"
    return page(
        "Choose a password",
        warning_markup("" if refused is None else refused.message),
        fill("paragraph", text="All your other sessions end when you set it."),
        own.form(action, "Set the password", fields=fields_markup(asked, "password", errors=errors)),
        status=200 if refused is None else 422,
        nav=NAV,
    )


def _done(what: str) -> Response:
    return go_to(f"{ACCOUNT}?done={what}")


_SAID = {
    "address-confirmed": "The address belongs to your account now.",
    "main-address": "Your main address is another one now.",
    "address-removed": "The address does not belong to your account any more.",
    "linked": "You can sign in that way from now on.",
    "unlinked": "You cannot sign in that way any more.",
    "session-ended": "The session has ended.",
    "sessions-ended": "All other sessions have ended.",
    "password": "Your new password is set.",
}
_ACTS: Mapping[str, Act] = {
    "address-add": add_address,
    "address-confirm": confirm_address,
    "address-main": make_main,
    "address-remove": remove_address,
    "link": link,
    "unlink": unlink,
    "session-end": end_session,
    "sessions-end": end_others,
}
