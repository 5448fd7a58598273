"""One decision for reading in a browser: what was asked, what was answered, why, and what can be done next."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from identity.actor import Actor
from identity.refusal import Refused
from lists import explaining
from lists.explaining import Account
from lists.mails import part_address
from lists.reasons import sentence
from scenarios.trace import Step
from server.asking import Asking, TokenUnknown
from server.html import Markup, fill, joined, notice, page
from server.message_view import when
from storage import lists
from storage.database import Database
from storage.tables.lists import MailingList

_HIDDEN = "There is nothing here that you may see. Perhaps you need to sign in first."
_ANSWERS = {
    "do_it": "Yes.",
    "reject": "No.",
    "request_auth": "Only after a confirmation by mail.",
    "owner": "Only after an owner has said yes.",
    "editor": "Only after a moderator has said yes.",
    "editorkey": "Only after a moderator has said yes.",
    "listmaster": "Only after a listmaster has said yes.",
}
_OUTCOMES = {"true": "held", "false": "did not hold", "other-method": "is for requests proved otherwise"}


def decision_routes(db: Database) -> list[BaseRoute]:
    """`/decisions/{id}`; one that is not for the asker's eyes is answered like one that never was."""
    asking = Asking(db)

    async def show(request: Request) -> Response:
        try:
            actor = (await asking.asked(request)).actor
            async with db.read() as reader:
                found = await explaining.account(reader, actor, request.path_params["id"])
                mlist = None if found.list_id is None else await lists.by_id(reader, found.list_id)
        except (Refused, TokenUnknown):
            return notice("Nothing here", _HIDDEN, status=404)
        return _page(actor, found, mlist)

    return [Route("/decisions/{id}", show, methods=["GET"])]


def _page(actor: Actor, found: Account, mlist: MailingList | None) -> Response:
    language = actor.robot.language if actor.person is None else actor.person.locale
    decision = found.told.decision
    parts = [fill("facts", rows=joined(*(_row(name, text) for name, text in _facts(found, mlist))))]
    if decision.action == "reject":
        parts.append(fill("paragraph", text=sentence(decision, language)))
    parts += [fill("paragraph", text=text) for text in _next(found, mlist)]
    if found.told.steps:
        steps = joined(*(_row(place, text) for place, text in _steps(found)))
        parts += [
            fill("paragraph", text="The rules that were tried, in their order:"),
            fill("facts", rows=steps),
        ]
    return page(f"Decision {found.id}", *parts)


def _facts(found: Account, mlist: MailingList | None) -> list[tuple[str, str]]:
    row, decision = found.row, found.told.decision
    rule = f"{decision.origin or f'{row.operation}.{row.scenario}'}, line {decision.line}"
    facts = [
        ("Asked", f"{row.operation}{f' at {mlist.address}' if mlist else ''}"),
        ("When", when(row.at)),
        ("By", f"{row.sender} ({row.via}, proved by {row.method})"),
        ("About", row.target),
        ("Message", row.message_id),
        ("Answer", _ANSWERS.get(row.action, row.action)),
        ("Rule", rule if decision.line is not None else ""),
        ("Condition", decision.condition or ""),
        ("Address that counted", decision.element or ""),
        ("What went wrong", row.error),
    ]
    return [(name, text) for name, text in facts if text]


def _steps(found: Account) -> list[tuple[str, str]]:
    return [
        (
            f"{step.origin or 'line'} {step.line}",
            f"{step.condition} {_OUTCOMES.get(step.outcome, 'could not be asked')}{_for(step)} ({step.method})",
        )
        for step in found.told.steps
    ]


def _for(step: Step) -> str:
    return f" for {step.element}" if step.element else ""


def _next(found: Account, mlist: MailingList | None) -> list[str]:
    """What somebody can do now."""
    row = found.row
    if mlist is None or row.action == "do_it":
        return []
    owners = (
        f"To ask the people who run this list, write to {part_address(mlist, 'owner')} and name this page."
    )
    if row.action != "reject":
        return ["You need not do anything, unless a mail asks you to.", owners]
    if row.operation == "send" and row.method in {"smtp", "dkim"}:
        return [
            "A message counts for more when it is sent here while signed in, or from an address that is on the list.",
            owners,
        ]
    return [owners]


def _row(name: str, text: str) -> Markup:
    return fill("fact", name=name, text=text)
