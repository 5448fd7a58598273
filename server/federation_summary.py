"""What the page of one's account says of other servers, and the way to the page that says more."""

from federation import consents
from federation.trust import may_answer, may_ask
from server.html import Markup, fill, joined
from server.own_pages import ACCOUNT, Own
from storage import peers
from storage.tables.federation import Peer
from storage.tables.words import ConsentMode

ELSEWHERE = f"{ACCOUNT}/other-servers"
MODES = {
    ConsentMode.NOBODY: "no server",
    ConsentMode.SELECTED: "the servers chosen below",
    ConsentMode.ALL_TRUSTED: "every server that this one trusts",
}


def is_shown(peer: Peer) -> bool:
    """Whether a server may hold something of the people here, or be told of it."""
    return may_ask(peer.trust) or may_answer(peer.trust)


async def summary(own: Own) -> Markup:
    """To whom one agreed, where this server knows any other."""
    person = own.actor.person
    assert person is not None
    async with own.db.read() as reader:
        is_any = any(is_shown(each) for each in await peers.every(reader))
        consent = await consents.consent_of(reader, person.id) if is_any else None
    if consent is None:
        return fill("paragraph", text="This server knows no other list servers.")
    outgoing, incoming = MODES[consent.outgoing], MODES[consent.incoming]
    text = f"This server may ask about your addresses: {outgoing}. It may tell of them: {incoming}."
    link = fill("link", href=ELSEWHERE, text="See your lists on other servers, and say whom to ask and tell")
    return joined(fill("paragraph", text=text), link)
