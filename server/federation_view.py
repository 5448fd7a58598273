"""The page about other servers: what one is on there, who may be asked, who may ask, and what was told lately."""

from dataclasses import dataclass

from starlette.responses import Response

from federation import consents, told
from federation.answers import RemoteMembership
from federation.asking import PeerMemberships, PeerStatus, ask_all
from federation.consents import Consent
from federation.tokens import HANDOVER
from federation.told import Told
from federation.trust import may_answer
from identity.steps import FormField
from server.account_view import NAV
from server.auth_forms import with_script
from server.federation_summary import ELSEWHERE, MODES, is_shown
from server.form_parts import fields_markup, hidden_markup, warning_markup
from server.html import NOTHING, Markup, fill, joined, page
from server.message_view import when
from server.own_pages import Own
from storage import peers
from storage.tables.federation import Peer
from storage.tables.words import ConsentDirection, ConsentMode

_LINK = (FormField("link", "Link that the other server showed"),)
_LATELY = 10


@dataclass(frozen=True, slots=True)
class _Seen:
    peers: list[Peer]
    consent: Consent
    told: list[Told]


async def elsewhere_page(own: Own, *, warning: str = "", said: str = "", status: int = 200) -> Response:
    """The whole page; peers are asked while it is made, and whoever is late is named as such."""
    seen = await _seen(own)
    answers = [each async for each in ask_all(own.db, own.actor)]
    word = fill("said", text=said) if said else NOTHING
    return page(
        "Other servers",
        warning_markup(warning),
        word,
        _section("elsewhere", "Your lists there", _answers(answers)),
        _section("agreed", "Whom you agreed to", _agreed(own, seen)),
        _section("told", "What they were told lately", _told(own, seen)),
        status=status,
        nav=NAV,
    )


async def _seen(own: Own) -> _Seen:
    person = own.actor.person
    assert person is not None
    async with own.db.read() as reader:
        known = [each for each in await peers.every(reader) if is_shown(each)]
        consent = await consents.consent_of(reader, person.id)
        return _Seen(known, consent, await told.told_of(reader, person.id, own.actor.addresses))


def _section(id: str, title: str, *body: Markup) -> Markup:
    return fill("section", id=id, title=title, body=joined(*body))


def _answers(answers: list[PeerMemberships]) -> Markup:
    if not answers:
        return fill("paragraph", text="This server asks no others.")
    rows = [fill("row", text=_how(each), buttons=_lists(each)) for each in answers]
    return fill("rows", rows=joined(*rows))


def _how(answer: PeerMemberships) -> str:
    name = answer.peer.domain
    match answer.status:
        case PeerStatus.OK | PeerStatus.CACHED:
            at = "" if answer.fetched_at is None else f", as of {when(answer.fetched_at)}"
            more = " It has more." if answer.is_truncated else ""
            none = "" if answer.memberships else " It tells of nothing, or may not yet: watch your mail."
            return f"{name}{at}.{more}{none}"
        case _:
            return f"{name}: {answer.message or 'not asked'}"


def _lists(answer: PeerMemberships) -> Markup:
    return joined(*(_list(each) for each in answer.memberships))


def _list(found: RemoteMembership) -> Markup:
    manage = (
        NOTHING
        if found.manage_url is None
        else fill("link", href=found.manage_url, text=f"Manage {found.list_address} there")
    )
    reception = "" if found.reception is None else f", {found.reception.value}"
    return fill(
        "elsewhere",
        list=found.list_address,
        subject=found.subject or "",
        email=f"as {found.email}",
        reception=reception,
        manage=manage,
    )


def _agreed(own: Own, seen: _Seen) -> Markup:
    ceiling = consents.outgoing_ceiling(own.robot)
    out, into = seen.consent.outgoing, seen.consent.incoming
    fields = joined(
        _modes("outgoing", "This server may ask about your addresses", out, ceiling),
        _modes(
            "incoming", "This server may tell of your lists here, if asked by", into, ConsentMode.ALL_TRUSTED
        ),
        fill(
            "choices",
            label="The servers chosen",
            choices=joined(*(_chosen(seen.consent, each) for each in seen.peers))
            if seen.peers
            else fill("paragraph", text="None is known."),
        ),
    )
    link = fill("link", href=HANDOVER, text="Take over a link that another server showed you")
    return joined(own.form(f"{ELSEWHERE}/consent", "Keep this", fields=fields), link)


def _modes(name: str, label: str, mode: ConsentMode, ceiling: ConsentMode) -> Markup:
    allowed = [each for each in ConsentMode if consents.narrower(each, ceiling) is each]
    choices = [
        _option("radio", name, each.value, MODES[each].capitalize(), is_on=each is mode) for each in allowed
    ]
    return fill("choices", label=label, choices=joined(*choices))


def _chosen(consent: Consent, peer: Peer) -> Markup:
    is_on = any(peer.id in each for each in consent.chosen.values())
    return _option("checkbox", f"peer-{peer.id}", "yes", peer.domain, is_on=is_on)


def _option(kind: str, name: str, value: str, label: str, *, is_on: bool) -> Markup:
    more = Markup(" checked") if is_on else NOTHING
    return fill("option", kind=kind, id=f"{name}-{value}", name=name, value=value, label=label, more=more)


def _told(own: Own, seen: _Seen) -> Markup:
    lines = [
        fill(
            "row",
            text=f"{each.peer} was told of {_lists_of(each.lists)} of {each.address} on {when(each.at)}.",
            buttons=NOTHING,
        )
        for each in seen.told[:_LATELY]
    ]
    none = fill("paragraph", text="Nothing.")
    stops = [_stop(own, seen.consent, each) for each in seen.peers if may_answer(each.trust)]
    return joined(fill("rows", rows=joined(*lines)) if lines else none, *stops)


def _lists_of(count: int) -> str:
    return "one list" if count == 1 else f"{count} lists"


def _stop(own: Own, consent: Consent, peer: Peer) -> Markup:
    if peer.id in consent.stopped[ConsentDirection.INCOMING]:
        return fill("paragraph", text=f"{peer.domain} is told nothing: you stopped it.")
    named = {"id": str(peer.id)}
    stop = own.form(f"{ELSEWHERE}/stop", f"Tell {peer.domain} nothing more", named)
    if not consent.covers(ConsentDirection.INCOMING, peer.id):
        return stop
    return joined(stop, own.form(f"{ELSEWHERE}/token", f"Let {peer.domain} show that it is you", named))


def token_page(link: str) -> Response:
    """The link that brings a token to a peer; shown once."""
    text = "Open this link in the browser in which you are signed in there. Earlier ones have ended."
    return page(
        "For the other server",
        fill("paragraph", text=text),
        fill("link", href=link, text="Go on at the other server"),
        nav=NAV,
    )


def handover_page(own: Own, *, warning: str = "", status: int = 200) -> Response:
    """Where a peer's link is taken over; a script of ours puts it into the field, without it one pastes it."""
    text = "Another server gave you this link, by which this one shows that you allowed it to ask there."
    errors = {"link": warning} if warning else {}
    form = fill(
        "handover",
        action=HANDOVER,
        hidden=hidden_markup({"proof": own.proof}),
        fields=fields_markup(_LINK, "handover", errors=errors),
        button=fill("button", kind="submit", value="yes", label="Keep it"),
    )
    return with_script(
        page(
            "From another server",
            warning_markup(warning),
            fill("paragraph", text=text),
            form,
            status=status,
            nav=NAV,
        )
    )
