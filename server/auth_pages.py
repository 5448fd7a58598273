"""Signing in over HTTP: the robot's page of ways in, its further steps, and the places that providers send browsers to."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from identity import provider_sign_in, ways_in
from identity.auth_config import BUILT_IN, Entry, auth_config
from identity.browser import Browser
from identity.entrance import actor_for_session
from identity.provider import Answer, NotProved, ProviderAway
from identity.provider_endings import heard, metadata
from identity.provider_sign_in import Onward, Visitor, place_of
from identity.refusal import Refused
from identity.return_to import safe_return
from identity.sealed import AttemptInvalid
from identity.secret import new_secret
from identity.steps import Code, Done, Elsewhere, Step
from identity.tickets import base_url
from server.asking import BROWSER_COOKIE, COOKIE
from server.auth_forms import (
    PURPOSE,
    Chosen,
    forgotten_page,
    leaving,
    organizations_page,
    step_page,
    step_shown,
)
from server.auth_forms import ways_in as ways_in_page
from server.cookies import set_browser_cookie, set_session_cookie
from server.forms import fields_of, require_proof, require_same_site
from server.html import fill, notice, page
from server.inbound import inbound_of
from storage import robots
from storage.database import Database
from storage.tables.lists import Robot


@dataclass(frozen=True, slots=True)
class Visit:
    """One request on these pages."""

    db: Database
    request: Request
    robot: Robot
    visitor: Visitor


Handler = Callable[[Visit], Awaitable[Response]]


def auth_routes(db: Database) -> list[BaseRoute]:
    """`/auth/{robot}` and what is below it."""

    def route(path: str, handler: Handler, *methods: str) -> Route:
        async def endpoint(request: Request) -> Response:
            async with db.read() as reader:
                robot = await robots.find(reader, str(request.path_params["robot"]))
            if robot is None:
                return notice("Nothing here", "There is no such domain on this server.", status=404)
            visit = Visit(db, request, robot, await _visitor(db, request, robot))
            try:
                response = await handler(visit)
            except Refused as refused:
                response = _refused(robot, refused)
            return response if handler in _CROSSING else _with_browser(visit, response)

        return Route(f"/auth/{{robot}}{path}", endpoint, methods=[*methods])

    return [
        route("", show, "GET"),
        route("", begin, "POST"),
        route("/step", go_on, "POST"),
        route("/forgotten", forgotten, "GET"),
        route("/{provider}/choose", choose, "GET"),
        route("/{provider}/callback", arrive, "GET", "POST"),
        route("/{provider}/arrived", arrived, "GET"),
        route("/{provider}/metadata", describe, "GET"),
        route("/{provider}/logout", hear, "GET", "POST"),
        route("/{provider}/heard", hear, "GET", "POST"),
    ]


async def show(visit: Visit) -> Response:
    """The ways in."""
    return await _ways_in(visit, _chosen(visit, visit.request.query_params))


async def forgotten(visit: Visit) -> Response:
    """Where a new password is asked for."""
    return_to = _chosen(visit, visit.request.query_params).return_to
    return forgotten_page(visit.db.site, visit.robot, visit.visitor, return_to)


async def choose(visit: Visit) -> Response:
    """The home organizations of a provider that knows several, searched by name."""
    entry, query = await _entry(visit), visit.request.query_params
    return await _organizations(visit, entry, _chosen(visit, query), query.get("q", "")[:200])


async def begin(visit: Visit) -> Response:
    """One of them was chosen; a form that was filled in on the first page is answered at once."""
    form = await _form(visit)
    key, chosen = form.get("provider", ""), _chosen(visit, form)
    try:
        if not form.get("organization") and (entry := await _of_several(visit, key)) is not None:
            return await _organizations(visit, entry, chosen, "")
        begun = await ways_in.begin(
            visit.db,
            visit.robot,
            key,
            visit.visitor,
            identifier=form.get("identifier", ""),
            return_to=chosen.return_to,
            is_reset="is_reset" in form,
            organization=form.get("organization", ""),
            is_fresh=chosen.again,
        )
        step: Step = begun
        if not isinstance(begun, Elsewhere) and form.get("password"):
            step = await ways_in.go_on(visit.db, visit.robot, begun.attempt_id, visit.visitor, fields=form)
    except Refused as refused:
        status = 503 if isinstance(refused, ProviderAway) else 422
        chosen = replace(chosen, key=key, warning=refused.message, typed=form)
        return await _ways_in(visit, chosen, status=status)
    return _answer(visit, step)


async def go_on(visit: Visit) -> Response:
    """A further step was filled in."""
    form = await _form(visit)
    try:
        step = await ways_in.go_on(
            visit.db,
            visit.robot,
            form.get("attempt", ""),
            visit.visitor,
            fields=form,
            code=form.get("code", ""),
        )
    except AttemptInvalid:
        raise
    except Refused as refused:
        return _once_more(visit, form, refused)
    return _answer(visit, step)


def _once_more(visit: Visit, form: Mapping[str, str], refused: Refused) -> Response:
    """The same step with what was wrong beside the field that it is about; raises AttemptInvalid for one that is not ours."""
    shown = step_shown(visit.db.site, form.get("shown", ""))
    names = ["code"] if isinstance(shown, Code) else [each.name for each in shown.fields]
    about = (refused.path or ("",))[-1]
    return step_page(
        visit.db.site,
        visit.robot,
        shown,
        visit.visitor,
        warning=refused.message,
        wrong=about if about in names else (names or [""])[-1],
        typed={name: value for name, value in form.items() if name != "code"},
        status=422,
    )


async def arrive(visit: Visit) -> Response:
    """A browser comes back from a provider."""
    entry = await _entry(visit)
    inbound = await inbound_of(visit.request, base_url(visit.db.site, visit.robot))
    if "logoutRequest" in inbound.form:
        # CAS tells that a session has ended where that session's ticket went (CAS Protocol 3.0 section 2.3.3).
        return _said(await heard(visit.db, visit.robot, entry, inbound))
    outcome = await provider_sign_in.arrive(visit.db, visit.robot, entry, inbound, visit.visitor)
    if isinstance(outcome, Onward):
        # The request came from the provider's page, so without our cookies; the next one has them.
        own = place_of(visit.db, visit.robot, entry).own_url
        onward = _go_to(f"{own}/arrived?attempt={quote(outcome.attempt_id)}")
        return _with_browser(visit, onward) if outcome.is_its_browser else onward
    return _with_browser(visit, _answer(visit, outcome))


async def arrived(visit: Visit) -> Response:
    """The same browser by itself."""
    attempt = visit.request.query_params.get("attempt", "")
    return _answer(visit, await ways_in.go_on(visit.db, visit.robot, attempt, visit.visitor))


async def describe(visit: Visit) -> Response:
    """What a provider's other side wants to know of us."""
    return _said(await metadata(visit.db, visit.robot, await _entry(visit)))


async def hear(visit: Visit) -> Response:
    """A provider says that a sign-in has ended, or answers to our saying so."""
    entry = await _entry(visit)
    inbound = await inbound_of(visit.request, base_url(visit.db.site, visit.robot))
    answer = await heard(visit.db, visit.robot, entry, inbound)
    if answer.form:
        text = "You are signed out here; the place that knows you wants to hear so."
        return leaving(visit.db.site, visit.visitor, answer.redirect_url, answer.form, text)
    return _said(answer)


# What other sites' pages have browsers ask comes without our cookies: a new word in the answer would take the place of the
# one that the browser has, and with it whatever it has begun.
_CROSSING = frozenset({arrive, describe, hear})


async def _visitor(db: Database, request: Request, robot: Robot) -> Visitor:
    cookie = request.cookies.get(COOKIE)
    remote = request.client.host if request.client else ""
    async with db.read() as reader:
        actor = await actor_for_session(reader, robot, cookie, remote_address=remote) if cookie else None
    browser = Browser(
        request.headers.get("user-agent", ""), remote, previous=None if actor is None else actor.session
    )
    return Visitor(browser, request.cookies.get(BROWSER_COOKIE) or new_secret())


async def _entry(visit: Visit) -> Entry:
    async with visit.db.read() as reader:
        config = await auth_config(reader, visit.robot)
    entry = config.entry(str(visit.request.path_params["provider"]))
    if entry is None or entry.kind in BUILT_IN:
        raise NotProved("no such provider here")
    return entry


async def _form(visit: Visit) -> dict[str, str]:
    require_same_site(visit.request, visit.db.site.public_url)
    form = await fields_of(visit.request)
    require_proof(visit.db.site, visit.visitor.secret, PURPOSE, form.get("proof", ""))
    return form


def _chosen(visit: Visit, given: Mapping[str, str]) -> Chosen:
    """Where somebody wants to go, and whether they prove themselves anew; raises ElsewhereRefused."""
    return_to = safe_return(visit.db.site, visit.robot, given.get("return_to", ""))
    return Chosen(return_to, again="again" in given)


async def _ways_in(visit: Visit, chosen: Chosen, *, status: int = 200) -> Response:
    async with visit.db.read() as reader:
        entries = await ways_in.offered(reader, visit.robot)
    session = visit.visitor.browser.previous
    if chosen.again and session is not None and not chosen.typed:
        chosen = replace(chosen, typed={"identifier": session.address})
    return ways_in_page(visit.db.site, visit.robot, entries, visit.visitor, chosen, status=status)


async def _of_several(visit: Visit, key: str) -> Entry | None:
    """The provider, where it has to be told first which home organization somebody comes from."""
    async with visit.db.read() as reader:
        entry = next((each for each in await ways_in.offered(reader, visit.robot) if each.key == key), None)
    if entry is None or len(await ways_in.organizations(entry, "")) < 2:
        return None
    return entry


async def _organizations(visit: Visit, entry: Entry, chosen: Chosen, text: str) -> Response:
    found = await ways_in.organizations(entry, text)
    return organizations_page(visit.db.site, visit.robot, entry, visit.visitor, found, chosen, text)


def _answer(visit: Visit, step: Step) -> Response:
    if isinstance(step, Done):
        response = _go_to(_first_of_all(step))
        if step.raw_token:
            is_secure = visit.request.url.scheme == "https"
            set_session_cookie(response, visit.db.site, step.raw_token, is_secure=is_secure)
        return response
    return step_page(visit.db.site, visit.robot, step, visit.visitor)


def _first_of_all(done: Done) -> str:
    """Where a browser goes that is signed in: first to what is still to be done, if anything is."""
    after = f"?return_to={quote(done.return_to)}" if done.return_to else ""
    if done.session.needs_password_change:
        return f"/account/password{after}"
    if done.session.needs_second_factor:
        return f"/account/second-factors{after}"
    return done.return_to or "/"


def _go_to(url: str) -> Response:
    return RedirectResponse(url, status_code=303, headers={"Cache-Control": "no-store"})


def _said(answer: Answer) -> Response:
    if answer.redirect_url:
        return _go_to(answer.redirect_url)
    return Response(
        answer.body, answer.status, media_type=answer.media_type, headers={"Cache-Control": "no-store"}
    )


def _refused(robot: Robot, refused: Refused) -> Response:
    status = 503 if isinstance(refused, ProviderAway) else 403
    return_to = refused.return_to if isinstance(refused, NotProved | ProviderAway) else ""
    after = f"?return_to={quote(return_to)}" if return_to else ""
    other = fill("link", href=f"/auth/{robot.domain}{after}", text="Sign in another way")
    return page("You are not signed in", fill("paragraph", text=refused.message), other, status=status)


def _with_browser(visit: Visit, response: Response) -> Response:
    """Keep the word that tells this browser from others, over TLS where there is TLS."""
    if visit.request.cookies.get(BROWSER_COOKIE) != visit.visitor.secret:
        is_secure = visit.request.url.scheme == "https"
        set_browser_cookie(response, visit.db.site, visit.visitor.secret, is_secure=is_secure)
    return response
