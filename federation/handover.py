"""Taking over what a peer gave to an address's own reader: the token that shows it later who asks (listfed/1, 5)."""

import re
from urllib.parse import parse_qs, urlsplit

from federation import outgoing
from federation.errors import NoSuchPeer
from federation.trust import may_ask
from identity.actor import Actor
from identity.refusal import Invalid
from identity.sealed import sealed
from identity.standing import fresh_session
from storage import audit, federation_tokens, peers
from storage.database import UnitOfWork
from storage.tables.federation import Peer

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_LONGEST = 2000


class BadHandover(Invalid):
    """This is not the whole link that the other server showed."""


async def take_over(uow: UnitOfWork, actor: Actor, link: str) -> Peer:
    """Keep the token in a peer's link (or in its part after #), sealed, for the asker's address that it names.

    Raises SignInNeeded, BadHandover, NoSuchPeer, and NotYourAddress for an address that is not the asker's.
    """
    person, _ = fresh_session(actor, uow.now)
    issuer, email, token = _read(link)
    peer = await peers.by_issuer(uow, issuer)
    if peer is None or not may_ask(peer.trust):
        raise NoSuchPeer(path=("link",))
    addresses = await outgoing.own_addresses(uow, actor, [email])
    if not addresses:
        raise outgoing.NotYourAddress(path=("link",))
    await federation_tokens.put(
        uow,
        person_id=person.id,
        peer_id=peer.id,
        address_key=addresses[0].key,
        secret=sealed(uow.site, outgoing.SEAL, token),
    )
    await audit.record(
        uow,
        "federation_token_kept",
        actor=actor.sender,
        via=actor.via,
        robot_id=actor.robot.id,
        person_id=person.id,
        address=addresses[0].address,
        detail={"peer": peer.domain},
    )
    uow.site.let_go(person.id)
    return peer


def _read(link: str) -> tuple[str, str, str]:
    text = link.strip()
    if len(text) > _LONGEST:
        raise BadHandover(path=("link",))
    try:
        given = parse_qs(urlsplit(text).fragment if "#" in text else text, strict_parsing=True)
        (issuer,), (email,), (token,) = given["from"], given["email"], given["token"]
    except (ValueError, KeyError) as bad:
        raise BadHandover(path=("link",)) from bad
    if not _TOKEN.fullmatch(token):
        raise BadHandover(path=("link",))
    return issuer, email, token
