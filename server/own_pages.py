"""What the pages of one's own account share: who asks, proof that a form is ours, and the way to sign in for whoever has to."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from identity.actor import Actor
from identity.browser import Browser
from identity.provider_sign_in import Visitor
from identity.refusal import Refused, SignInNeeded
from identity.return_to import safe_return
from identity.secret import new_secret
from identity.standing import SecondFactorFirst, SignInIsOld
from resolvers.context import RequestFacts
from server.asking import BROWSER_COOKIE, Asked, Asking, NoRobot, TokenUnknown
from server.cookies import set_browser_cookie, set_session_cookie
from server.form_parts import post_form
from server.forms import fields_of, proof, require_proof, require_same_site
from server.html import NOTHING, Markup, fill, notice, page
from storage.database import Database
from storage.tables.lists import Robot

_PURPOSE = "account page"
ACCOUNT, FACTORS, PASSWORD = "/account", "/account/second-factors", "/account/password"


@dataclass(frozen=True, slots=True)
class Own:
    """One request on these pages: of a person who is signed in at this browser, or of a stranger."""

    db: Database
    request: Request
    actor: Actor
    facts: RequestFacts
    secret: str
    visitor: Visitor

    @property
    def robot(self) -> Robot:
        """The robot of the host that was asked."""
        return self.actor.robot

    @property
    def return_to(self) -> str:
        """Where the person was on their way to; "" for nowhere, or for a place that is not ours."""
        try:
            return safe_return(self.db.site, self.robot, self.request.query_params.get("return_to", ""))
        except Refused:
            return ""

    def form(
        self, action: str, label: str, hidden: Mapping[str, str] | None = None, fields: Markup = NOTHING
    ) -> Markup:
        """A form of ours with one button."""
        return post_form(action, {**(hidden or {}), "proof": self.proof}, label, fields)

    @property
    def proof(self) -> str:
        """What only a page shown to this session has."""
        return proof(self.db.site, self.secret, _PURPOSE)

    async def fields(self) -> dict[str, str]:
        """The fields of a form of ours; raises NotFromOurPage, FormTooLarge."""
        require_same_site(self.request, self.db.site.public_url)
        form = await fields_of(self.request)
        require_proof(self.db.site, self.secret, _PURPOSE, form.get("proof", ""))
        return form

    def keep(self, response: Response, token: str | None) -> Response:
        """Let the browser have the session's new token, where there is one."""
        if token is not None:
            set_session_cookie(response, self.db.site, token, is_secure=self.facts.is_secure)
        return response


Handler = Callable[[Own], Awaitable[Response]]
Again = Callable[[Own, Refused], Awaitable[Response]]


async def _refuse(_: Own, refused: Refused) -> Response:
    return notice("This cannot be done", refused.message, status=403)


def script_route(below: str, name: str) -> Route:
    """Serve one of our scripts there, for the pages that name it."""
    script = (Path(__file__).parent / "static" / name).read_text(encoding="utf-8")

    async def served(_: Request) -> Response:
        headers = {"Cache-Control": "no-cache"}
        return Response(script, media_type="text/javascript; charset=utf-8", headers=headers)

    return Route(f"{below}/{name}", served, methods=["GET"])


def own_route(
    asking: Asking, db: Database, path: str, handler: Handler, *methods: str, again: Again = _refuse
) -> Route:
    """A route for whoever is signed in; strangers sign in first. `again` shows the page once more after a refusal."""

    async def endpoint(request: Request) -> Response:
        try:
            own = _own(db, request, await asking.asked(request))
        except NoRobot as missing:
            return notice("Nothing here", (missing.__doc__ or "").strip(), status=404)
        except TokenUnknown as unknown:
            return notice("Not signed in", (unknown.__doc__ or "").strip(), status=401)
        if own.actor.session is None or own.actor.application:
            return to_sign_in(request, request.url.path)
        response = await _answered(own, handler, again)
        response.headers["Cache-Control"] = "no-store"
        if request.cookies.get(BROWSER_COOKIE) is None:
            set_browser_cookie(response, db.site, own.visitor.secret, is_secure=own.facts.is_secure)
        return response

    return Route(path, endpoint, methods=[*methods])


async def _answered(own: Own, handler: Handler, again: Again) -> Response:
    try:
        return await handler(own)
    except SignInIsOld as old:
        return _sign_in_again(own, old)
    except SecondFactorFirst:
        return go_to(FACTORS)
    except SignInNeeded:
        return to_sign_in(own.request, ACCOUNT)
    except Refused as refused:
        return await again(own, refused)


def _own(db: Database, request: Request, asked: Asked) -> Own:
    browser = Browser(asked.facts.user_agent, asked.facts.remote_address, previous=asked.actor.session)
    word = request.cookies.get(BROWSER_COOKIE) or new_secret()
    return Own(db, request, asked.actor, asked.facts, asked.secret, Visitor(browser, word))


def _sign_in_again(own: Own, old: SignInIsOld) -> Response:
    """Where a dangerous act wants a fresh sign-in (RFC 9470): the same ways in, and then back to the account."""
    place = f"/auth/{own.robot.domain}?again=yes&return_to={quote(ACCOUNT)}"
    link = fill("link", href=place, text="Sign in again")
    return page("Sign in again", fill("paragraph", text=old.message), link, status=401)


def to_sign_in(request: Request, return_to: str) -> Response:
    """The robot's page of ways in, and then back."""
    place = f"{return_to}?{request.url.query}" if request.url.query and request.method == "GET" else return_to
    return go_to(f"/sign-in?return_to={quote(place)}")


def go_to(url: str) -> Response:
    """Another page of ours."""
    return RedirectResponse(url, status_code=303, headers={"Cache-Control": "no-store"})
