"""The list's scenario for `send` says where a message goes."""

from dataclasses import replace

from delivery.letter import Done, Letter, Next
from identity.actor import Actor
from lists import decisions
from lists.authorize import authorize as ask
from lists.standing import own_keys
from lists.subaddresses import subaddresses_of
from storage import memberships
from storage.base_keys import base_key
from storage.database import Reader
from storage.tables.lists import MailingList, Robot

# What the scenario language answers, and the route that carries it out (requirement 4.9).
ROUTE_OF = {
    "do_it": "distribute",
    "editorkey": "moderate",
    "editor": "moderate",
    "request_auth": "hold",
    "reject": "reject",
}


async def authorize(letter: Letter, reader: Reader) -> Next | Done | None:
    """Ask, keep the decision, and turn into the route that it names; whatever is unknown is a refusal.

    What the scenario would let through waits for an editor when its author is a moderated member (row 65).
    """
    if letter.actor is None:
        return Next("reject")
    decision = await ask(
        reader,
        letter.actor,
        "send",
        mlist=letter.mlist,
        message=letter.message,
        words={"spam_status": letter.spam} if letter.spam else None,
        record=not letter.is_prospect,
    )
    if decision.action == "do_it" and await _is_moderated(reader, letter.actor, letter.robot, letter.mlist):
        held = replace(decision, action="editorkey", condition=decisions.MODERATED)
        decision = await decisions.amend(reader, held)
    letter.decision = decision
    route = ROUTE_OF.get(decision.action, "reject")
    if route == "hold" and letter.confirmed_by:
        # A confirmation is not asked for twice.
        route = "reject"
    if route == "hold" and letter.is_spam:
        # Spam is never answered, and asking its supposed author would be an answer.
        route = "moderate"
    return Next(route)


async def _is_moderated(reader: Reader, actor: Actor, robot: Robot, mlist: MailingList) -> bool:
    """Whether an address of the author's is on the list as moderated, also where alternates do not count.

    Another tag of the same mailbox evades nothing (row 115); nor does a tag at a domain of which nobody knows whether
    its plus sign makes one, since holding one message too many harms less than letting one through.
    """
    table = subaddresses_of(robot)
    keys = own_keys(actor, mlist.robot_id)
    own = {table.mailbox(key) for key in keys}
    tagged = {base_key(key) for key in keys}
    moderated = await memberships.moderated_near(reader, mlist.id, table.bases(own), table.patterns(own))
    return any(table.mailbox(key) in own or base_key(key) in tagged for key in moderated)
