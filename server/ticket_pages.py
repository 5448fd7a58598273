"""The pages behind mailed links: GET shows what a ticket is for, only the button of its form does anything (rows 35 to 37)."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from identity import tickets
from identity.browser import Browser
from identity.entrance import actor_for_session
from identity.provider_sign_in import Visitor
from identity.refusal import Refused
from identity.secret import new_secret
from identity.steps import Form
from identity.tickets import TicketInvalid
from server.asking import BROWSER_COOKIE, COOKIE
from server.auth_forms import step_page
from server.cookies import set_browser_cookie, set_session_cookie
from server.forms import fields_of, proof, require_proof, require_same_site
from server.html import Markup, fill, joined, notice, page
from server.ticket_acts import ACTS
from server.ticket_visits import Did, Shown, Visit
from storage import robots
from storage.database import Database, Reader

_LONGEST_SECRET = 200


def ticket_routes(db: Database) -> list[BaseRoute]:
    """`/t/{ticket}`; a ticket that is spent, too old or was never ours gets one and the same answer."""

    async def show(request: Request) -> Response:
        try:
            async with db.read() as reader:
                visit = await _visit(reader, db, request)
                shown = await ACTS[visit.ticket.purpose].show(reader, visit)
        except TicketInvalid as refused:
            return _over(refused)
        return _form(visit, shown)

    async def act(request: Request) -> Response:
        try:
            require_same_site(request, db.site.public_url)
            form = await fields_of(request)
            async with db.read() as reader:
                visit = await _visit(reader, db, request)
            require_proof(db.site, visit.secret, visit.ticket.purpose.value, form.get("proof", ""))
            did = await ACTS[visit.ticket.purpose].act(visit, form)
        except TicketInvalid as refused:
            return _over(refused)
        except Refused as refused:
            return await _again(db, request, refused)
        return _asking(visit, request, did.step) if did.step is not None else _answer(db, request, did)

    return [
        Route("/t/{ticket}", show, methods=["GET"]),
        Route("/t/{ticket}", act, methods=["POST"]),
    ]


async def _visit(reader: Reader, db: Database, request: Request) -> Visit:
    secret = str(request.path_params["ticket"])
    ticket = await tickets.look(reader, secret) if len(secret) <= _LONGEST_SECRET else None
    robot = None if ticket is None else await robots.by_id(reader, ticket.robot_id)
    if ticket is None or robot is None:
        raise TicketInvalid
    cookie = request.cookies.get(COOKIE)
    remote = request.client.host if request.client else ""
    return Visit(
        db,
        secret,
        ticket,
        robot,
        asker=await actor_for_session(reader, robot, cookie, remote_address=remote) if cookie else None,
        user_agent=request.headers.get("user-agent", ""),
        remote=remote,
    )


def _form(visit: Visit, shown: Shown, *, warning: str = "", status: int = 200) -> Response:
    texts = [fill("paragraph", text=text) for text in shown.paragraphs if text]
    if warning:
        texts.insert(0, fill("warning", text=warning))
    buttons = joined(
        *(
            # the first is the one that Enter presses
            fill("button", kind="submit", value=value, label=label)
            for value, label in shown.buttons
        )
    )
    form = fill(
        "form",
        proof=proof(visit.db.site, visit.secret, visit.ticket.purpose.value),
        fields=shown.fields,
        buttons=buttons,
    )
    return page(shown.title, *texts, form if shown.buttons else Markup(""), shown.below, status=status)


async def _again(db: Database, request: Request, refused: Refused) -> Response:
    """The form once more with what was wrong, since a refusal leaves the ticket as it was."""
    try:
        async with db.read() as reader:
            visit = await _visit(reader, db, request)
            shown = await ACTS[visit.ticket.purpose].show(reader, visit)
    except TicketInvalid:
        return notice("This cannot be done", refused.message, status=403)
    return _form(visit, shown, warning=refused.message, status=422)


def _over(refused: TicketInvalid) -> Response:
    return notice("This link is over", refused.message, status=410)


def _asking(visit: Visit, request: Request, step: Form) -> Response:
    """The question for a second factor; its answer goes where those of other sign-ins go."""
    known = request.cookies.get(BROWSER_COOKIE)
    visitor = Visitor(Browser(visit.user_agent, visit.remote), known or new_secret())
    response = step_page(visit.db.site, visit.robot, step, visitor)
    if known is None:
        is_secure = request.url.scheme == "https"
        set_browser_cookie(response, visit.db.site, visitor.secret, is_secure=is_secure)
    return response


def _answer(db: Database, request: Request, did: Did) -> Response:
    response: Response = (
        page(did.title, fill("paragraph", text=did.text), did.below)
        if did.go_to is None
        else RedirectResponse(did.go_to, status_code=303)
    )
    response.headers["Cache-Control"] = "no-store"
    if did.token is not None:
        set_session_cookie(response, db.site, did.token, is_secure=request.url.scheme == "https")
    return response
