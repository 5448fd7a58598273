"""The page of other servers for administrators: how each does, how fast it answered, what it was told, and a picture."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from federation import discovery, peers, told
from federation.asking import PeerStatus
from federation.errors import ClocksApart, NoAdministrator
from federation.own_keys import issuer_of
from federation.trust import may_answer, may_ask
from identity.actor import Actor, founder, stranger
from identity.standing import SignInIsOld
from mail.instant import DAY
from playground.pages import page, render
from playground.peer_picture import Neighbour, picture
from server.asking import Asking, NoRobot, TokenUnknown
from server.html import Markup
from server.message_view import when
from storage import federation_told
from storage import peers as rows
from storage.database import Database, Reader
from storage.tables.federation import Peer

PATH = "/playground/peers"
_TOLD_WITHIN = 30 * DAY
_TIMES = {0: "nothing", 1: "once"}
_FAILURES: dict[str, str] = {
    PeerStatus.TIMED_OUT: "it did not answer in time",
    PeerStatus.UNREACHABLE: "it could not be reached",
    PeerStatus.INVALID_RESPONSE: "its answer was not believed",
    ClocksApart.code: "its clock and this server's are apart",
}
_TRUST = {
    "pending": "known, nothing more",
    "ask_only": "is asked",
    "answer_only": "may ask",
    "mutual": "is asked, may ask",
    "blocked": "blocked",
}


def peer_routes(db: Database, nav: Markup) -> list[BaseRoute]:
    """`/playground/peers`; whoever is no administrator of the whole server is told so."""
    asking = Asking(db)

    async def show(request: Request) -> Response:
        try:
            actor = (await asking.asked(request)).actor
        except (NoRobot, TokenUnknown):
            actor = stranger(founder().robot)
        async with db.read() as reader:
            return await _shown(reader, actor, nav)

    return [Route(PATH, show)]


async def _shown(reader: Reader, actor: Actor, nav: Markup) -> Response:
    try:
        await peers.require_administrator(reader, actor)
    except (NoAdministrator, SignInIsOld) as refused:
        return page("Other servers", nav, render("peers_refused", why=refused.message), status=403)
    known = await rows.every(reader)
    counts = await federation_told.by_peer(reader, told.EVENT, reader.now - _TOLD_WITHIN)
    neighbours = [
        Neighbour(each.domain, may_ask(each.trust), may_answer(each.trust), _health(reader, each))
        for each in known
    ]
    own = discovery.host_of(issuer_of(reader.site))
    lines = Markup("\n".join(_row(reader, each, counts.get(each.domain, 0)) for each in known))
    body = render(
        "peers",
        said=f"{own} knows {len(known)} other list servers."
        if known
        else f"{own} knows no other list server yet.",
        picture=picture(own, neighbours) if known else Markup(""),
        rows=lines,
    )
    return page("Other servers", nav, body)


def _health(reader: Reader, peer: Peer) -> str:
    if peer.alert or peer.failures or (peer.retry_at is not None and peer.retry_at > reader.now):
        return "ill"
    return "unknown" if peer.last_success_at is None else "well"


def _row(reader: Reader, peer: Peer, count: int) -> Markup:
    latency = peer.last_latency_ms
    return render(
        "peer_row",
        name=peer.domain,
        trust=_TRUST[peer.trust.value],
        health=_how(reader, peer),
        success="never" if peer.last_success_at is None else when(peer.last_success_at),
        failure=_failure(peer),
        latency="not measured" if latency is None else f"{latency} ms",
        told=_TIMES.get(count, f"{count} times"),
        alert=peer.alert or "nothing",
    )


def _failure(peer: Peer) -> str:
    if peer.last_failure_at is None:
        return "never"
    why = _FAILURES.get(peer.last_failure, f"it refused, {peer.last_failure}")
    return f"{when(peer.last_failure_at)}: {why}"


def _how(reader: Reader, peer: Peer) -> str:
    if peer.retry_at is not None and peer.retry_at > reader.now:
        return f"left alone until {when(peer.retry_at)}, after {peer.failures} failures"
    if peer.failures:
        return f"{peer.failures} failures in a row"
    return "not asked yet" if peer.last_success_at is None else "well"
