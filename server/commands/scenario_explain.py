"""`postroom scenario explain`: why a decision was taken, or what a list would answer to somebody, rule by rule."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from delivery.rehearsal import explain as rehearse
from identity.actor import Actor
from identity.refusal import Invalid, NotFound
from lists import decisions, explaining
from lists.explaining import Supposition, Told
from lists.reasons import sentence
from mail.errors import BadAddress, BadMessage
from mail.instant import to_datetime
from scenarios.operations import OPERATIONS, canonical_operation
from scenarios.request import NOBODY
from scenarios.trace import Step
from server.commands.answers import AsJson, table, tell
from server.commands.shell import As, caller, finish, list_named, opened, robot_named, split_settings
from storage import robots
from storage.database import Reader
from storage.tables.decisions import KeptDecision


class Method(StrEnum):
    """How a request is proved."""

    SMTP = "smtp"
    DKIM = "dkim"
    MD5 = "md5"
    SMIME = "smime"


class NoMessage(NotFound):
    """There is no such message file."""


class UnknownOperation(Invalid):
    """This is no operation of scenarios; `send`, `subscribe` and `review` are."""


WhichOne = Annotated[
    str, typer.Argument(metavar="ID|LIST", help="A decision's id, or the address of a list to ask.")
]
Operation = Annotated[str, typer.Option(help="What would be done.")]
Sender = Annotated[str, typer.Option(help="Who would do it; `nobody` for somebody unknown.")]
HowProved = Annotated[Method, typer.Option(help="How the request would be proved.")]
Target = Annotated[str | None, typer.Option("--email", help="The address that it would be about.")]
MessageFile = Annotated[Path | None, typer.Option("--message", help="For send: a file with the message.")]
Remote = Annotated[str | None, typer.Option("--remote-address", help="The network address to assume.")]

Through = Annotated[
    str | None, typer.Option("--application", help="A trusted application that would speak for them.")
]
Said = Annotated[
    list[str] | None,
    typer.Option("--assert", help="What it would say, as NAME=VALUE; again for more."),
]


def explain(
    which: WhichOne,
    *,
    operation: Operation = "send",
    sender: Sender = NOBODY,
    method: HowProved = Method.SMTP,
    email: Target = None,
    message: MessageFile = None,
    remote_address: Remote = None,
    application: Through = None,
    asserted: Said = None,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Say why a decision was taken, or what a list would answer; nothing is done."""
    if decisions.is_id(which):
        row, told = finish(_kept(which, who))
        tell({**_json(told), **_asked(row)}, f"{_asked_text(row)}\n\n{_text(told)}", as_json=as_json)
        return
    if canonical_operation(operation) not in OPERATIONS:
        raise UnknownOperation
    raw = None if message is None else _read(message)
    is_stranger = sender == NOBODY
    what = Supposition(
        email=None if is_stranger else sender,
        method=method.value,
        target=email,
        remote_address=remote_address,
        is_stranger=is_stranger,
        application=application,
        assertions={name: str(value) for name, value in split_settings(asserted or []).items()},
    )
    told = finish(_supposed(which, canonical_operation(operation), what, raw, who))
    tell(_json(told), _text(told), as_json=as_json)


def _read(file: Path) -> bytes:
    if not file.is_file():
        raise NoMessage
    return file.read_bytes()


async def _kept(decision_id: str, who: str | None) -> tuple[KeptDecision, Told]:
    async with opened() as database, database.read() as reader:
        actor = await _asker(reader, decision_id, who)
        found = await explaining.account(reader, actor, decision_id)
        if not actor.is_operator:
            return found.row, found.told
        # Whoever runs the server reads its database anyhow.
        return found.row, Told(decisions.as_decision(found.row), (*decisions.steps_of(found.row),))


async def _asker(reader: Reader, decision_id: str, who: str | None) -> Actor:
    """Who wants to know, in the domain that the decision was taken in: elsewhere it is nobody's."""
    row = await decisions.find(reader, decision_id)
    home = None if row is None else await robots.by_id(reader, row.robot_id)
    return await caller(reader, home or await robot_named(reader, None, first_of_several=True), who)


async def _supposed(
    address: str, operation: str, what: Supposition, raw: bytes | None, who: str | None
) -> Told:
    async with opened() as database, database.read() as reader:
        actor, mlist = await list_named(reader, address, who)
        try:
            return await rehearse(reader, actor, operation, mlist, what, raw)
        except (BadAddress, BadMessage) as bad:
            raise Invalid(str(bad) or str(bad.__doc__)) from None


def _json(told: Told) -> dict[str, Any]:
    decision = told.decision
    return {
        "operation": decision.operation,
        "action": decision.action,
        "reason": decision.reason,
        "sentence": sentence(decision) if decision.action == "reject" else None,
        "quiet": decision.quiet,
        "scenario": decision.scenario,
        "origin": decision.origin or None,
        "line": decision.line,
        "condition": decision.condition,
        "element": decision.element,
        "method": decision.method,
        "error": decision.error,
        "trace": [_step(each) for each in told.steps],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "line": step.line,
        "origin": step.origin or None,
        "condition": step.condition,
        "methods": sorted(step.methods),
        "element": step.element,
        "method": step.method,
        "outcome": step.outcome,
    }


def _asked(row: KeptDecision) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": to_datetime(row.at).isoformat(),
        "sender": row.sender,
        "target": row.target or None,
        "via": row.via,
        "message_id": row.message_id or None,
    }


def _asked_text(row: KeptDecision) -> str:
    about = f" about {row.target}" if row.target else ""
    message = f", message {row.message_id}" if row.message_id else ""
    at = to_datetime(row.at).isoformat(timespec="seconds")
    often = f", {row.times} times within a minute" if row.times > 1 else ""
    return f"{row.id}: {row.operation} asked by {row.sender}{about} ({row.via}) at {at}{often}{message}"


def _text(told: Told) -> str:
    decision = told.decision
    text = decision.origin or f"{decision.operation}.{decision.scenario}"
    lines = [f"{decision.action}{', quietly' if decision.quiet else ''}"]
    if decision.action == "reject":
        lines.append(sentence(decision))
    if decision.line is not None:
        element = f" for {decision.element}" if decision.element else ""
        lines.append(f"Rule: {text}, line {decision.line}: {decision.condition} ({decision.method}){element}")
    if decision.error:
        lines.append(f"What went wrong: {decision.error}")
    rows = [("line", "condition", "address", "method", "outcome")]
    rows += [
        (
            f"{each.origin or ''} {each.line}".strip(),
            each.condition,
            each.element or "",
            each.method,
            each.outcome,
        )
        for each in told.steps
    ]
    return "\n".join([*lines, *(["", table(rows)] if told.steps else [])])
