"""From the fields that other list servers may ask to the functions that answer them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from strawberry.types import Info as StrawberryInfo

from federation import acts, answering
from federation.acts import Done
from federation.answering import Answers
from federation.own_keys import OwnKeys
from federation.question import Subject
from schema.inputs.peer_questions import PeerAct, PeerSubject
from storage.database import Database
from storage.tables.federation import Peer


@dataclass(slots=True)
class PeerContext:
    """A peer's verified question; `to_ask` are addresses that are asked by mail once it is answered."""

    db: Database
    own: OwnKeys
    peer: Peer
    to_ask: list[str] = field(default_factory=list)


async def peer_which(info: StrawberryInfo[PeerContext, None], subjects: list[PeerSubject]) -> Answers:
    """What may be told of the subjects."""
    context = info.context
    found = await answering.which(context.db, context.own, context.peer, _subjects(subjects))
    context.to_ask += found.to_ask
    return found


async def peer_act(info: StrawberryInfo[PeerContext, None], act: PeerAct) -> Done:
    """Do one thing for a person."""
    subject = Subject(act.handle, act.statement, act.consent_token)
    return await acts.do(info.context.db, info.context.own, info.context.peer, subject, act.until)


def _subjects(given: Sequence[PeerSubject]) -> list[Subject]:
    return [Subject(each.handle, each.statement, each.consent_token or "") for each in given]
