"""What one does about other servers on the pages of one's account: agree, stop, and take over what they gave."""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.routing import BaseRoute

from federation import consents, handover, own_token
from federation.tokens import HANDOVER
from identity.refusal import Invalid, Refused
from server.account_pages import number_in
from server.asking import Asking
from server.federation_summary import ELSEWHERE
from server.federation_view import elsewhere_page, handover_page, token_page
from server.own_pages import Own, go_to, own_route, script_route
from storage.database import Database
from storage.tables.words import ConsentDirection, ConsentMode

_SAID = {
    "consent": "What you agreed to is kept, and holds from now on.",
    "stopped": "That server is told nothing more.",
    "token": "This server can show there now that you agreed.",
}


def federation_page_routes(db: Database) -> list[BaseRoute]:
    """`/account/other-servers` and what is below it, and the page where a peer's link is taken over."""
    asking = Asking(db)
    return [
        script_route("/account", "handover.js"),
        own_route(asking, db, ELSEWHERE, show, "GET"),
        own_route(asking, db, f"{ELSEWHERE}/consent", agree, "POST", again=_once_more),
        own_route(asking, db, f"{ELSEWHERE}/stop", stop, "POST", again=_once_more),
        own_route(asking, db, f"{ELSEWHERE}/token", give_token, "POST", again=_once_more),
        own_route(asking, db, HANDOVER, show_handover, "GET"),
        own_route(asking, db, HANDOVER, take_over, "POST", again=_handover_once_more),
    ]


async def show(own: Own) -> Response:
    """What one is on elsewhere, and whom one agreed to."""
    return await elsewhere_page(own, said=_SAID.get(own.request.query_params.get("done", ""), ""))


async def agree(own: Own) -> Response:
    """Say whom to ask and tell."""
    form = await own.fields()
    person, incoming = own.actor.person, _mode(form, "incoming")
    assert person is not None
    async with own.db.write() as uow:
        known = await consents.consent_of(uow, person.id)
        await consents.update(
            uow,
            own.actor,
            outgoing=_mode(form, "outgoing"),
            # Left as it is shown, it ends nothing that was allowed behind mailed links.
            incoming=None if incoming is known.incoming else incoming,
            peer_ids=_chosen(form),
        )
    return _done(own, "consent")


async def stop(own: Own) -> Response:
    """Tell a server nothing more."""
    form = await own.fields()
    async with own.db.write() as uow:
        await consents.stop(uow, own.actor, number_in(form), [ConsentDirection.INCOMING])
    return _done(own, "stopped")


async def give_token(own: Own) -> Response:
    """Show the link by which a server that may be told can show that it is this person who asks."""
    form = await own.fields()
    async with own.db.write() as uow:
        link = await own_token.issue(uow, own.actor, number_in(form), own.actor.sender)
    return token_page(link)


async def show_handover(own: Own) -> Response:
    """Where a link is taken over; looking keeps nothing."""
    return handover_page(own)


async def take_over(own: Own) -> Response:
    """Keep what the link brought."""
    form = await own.fields()
    async with own.db.write() as uow:
        await handover.take_over(uow, own.actor, form.get("link", ""))
    return _done(own, "token")


def _done(own: Own, what: str) -> Response:
    if own.actor.person is not None:
        own.db.site.let_go(own.actor.person.id)
    return go_to(f"{ELSEWHERE}?done={what}")


def _mode(form: Mapping[str, str], name: str) -> ConsentMode:
    try:
        return ConsentMode(form.get(name, ""))
    except ValueError as bad:
        raise Invalid("Choose to whom.", path=(name,)) from bad


def _chosen(form: Mapping[str, str]) -> list[int]:
    names = [each.removeprefix("peer-") for each in form if each.startswith("peer-")]
    return [int(each) for each in names if each.isascii() and each.isdigit() and len(each) < 19]


async def _once_more(own: Own, refused: Refused) -> Response:
    return await elsewhere_page(own, warning=refused.message, status=422)


async def _handover_once_more(own: Own, refused: Refused) -> Response:
    return handover_page(own, warning=refused.message, status=422)
