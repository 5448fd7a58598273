"""The list's scenario for `send` says where a message goes."""

from delivery.letter import Done, Letter, Next
from lists.authorize import authorize as ask
from storage.database import UnitOfWork

# What the scenario language answers, and the route that carries it out (requirement 4.9).
ROUTE_OF = {
    "do_it": "distribute",
    "editorkey": "moderate",
    "editor": "moderate",
    "request_auth": "hold",
    "reject": "reject",
}


async def authorize(letter: Letter, uow: UnitOfWork) -> Next | Done | None:
    """Ask, keep the decision, and turn into the route that it names; whatever is unknown is a refusal."""
    if letter.actor is None:
        return Next("reject")
    letter.decision = await ask(uow, letter.actor, "send", mlist=letter.mlist, message=letter.message)
    route = ROUTE_OF.get(letter.decision.action, "reject")
    if route == "hold" and letter.confirmed_by:
        # A confirmation is not asked for twice.
        route = "reject"
    return Next(route)
