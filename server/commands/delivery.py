"""`postroom delivery`: what is on its way, stopped and resumed, and accounted for to the last recipient."""

from typing import Annotated, Any

import typer

from delivery import control, oversight
from identity.actor import Actor
from identity.refusal import NotFound
from lists.robots import OperatorOnly
from mail.instant import to_datetime
from server.commands.answers import AsJson, table, tell
from server.commands.shell import As, caller, finish, list_named, opened
from storage import deliveries, figures, packets, robots
from storage.database import Reader
from storage.keyset import Window
from storage.tables.mail import Delivery

Number = Annotated[int, typer.Argument(help="The delivery's number, as `delivery list` shows it.")]


class NoSuchDelivery(NotFound):
    """There is no delivery of this number."""


_MOST_EXCEPTIONS = 100


def register(app: typer.Typer) -> None:
    """Add the commands."""
    subject = typer.Typer(no_args_is_help=True, help="Messages on their way.")
    subject.command("list")(list_deliveries)
    subject.command("show")(show)
    subject.command("pause")(pause)
    subject.command("resume")(resume)
    subject.command("audit")(audit)
    app.add_typer(subject, name="delivery")


def list_deliveries(
    mlist: Annotated[str | None, typer.Option("--list", help="Only this list's.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 50,
    *,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Show deliveries, newest first."""
    found = finish(_newest(mlist, limit, who))
    rows = [(str(d["id"]), d["status"], f"{d['accepted']}/{d['total']}", d["subject"]) for d in found]
    tell({"deliveries": found}, table(rows), as_json=as_json)


async def _newest(address: str | None, limit: int, who: str | None) -> list[dict[str, Any]]:
    async with opened() as database, database.read() as reader:
        if address is None:
            if who is not None:
                raise OperatorOnly
            found = await figures.newest_deliveries(reader, limit)
        else:
            actor, mlist = await list_named(reader, address, who)
            await oversight.require_overseer(reader, actor, mlist)
            found = await deliveries.of_list(reader, mlist.id, before=2**62, limit=limit)
        return [_shown(delivery) for delivery in found]


def show(number: Number, *, who: As = None, as_json: AsJson = False) -> None:
    """Show one delivery: its recipients by state, and those whose answer was not a plain yes."""
    found = finish(_show(number, who))
    rows = [(name, str(value)) for name, value in found.items() if name != "exceptions"]
    rows += [(each["state"], each["reply"]) for each in found["exceptions"]]
    tell(found, table(rows), as_json=as_json)


async def _show(number: int, who: str | None) -> dict[str, Any]:
    async with opened() as database, database.read() as reader:
        actor, delivery = await _found(reader, number, who)
        progress = (await deliveries.progress(reader, [number]))[0]
        if actor.is_operator:
            odd = await packets.exceptions(reader, number, after=0, limit=_MOST_EXCEPTIONS)
        else:
            odd = (await oversight.recipients_of(reader, actor, delivery, Window(_MOST_EXCEPTIONS))).rows
        return {
            **_shown(delivery),
            "deferred": progress.deferred,
            "failed": progress.failed,
            "skipped": progress.skipped,
            "exceptions": [
                {"address": one.address, "state": one.state.value, "reply": f"{one.reply_code} {one.reply}"}
                for one in odd
            ],
        }


def pause(number: Number, *, who: As = None, as_json: AsJson = False) -> None:
    """Stop a delivery at its next packet."""
    found = finish(_moved(number, who, is_pause=True))
    tell(found, f"Delivery {number} is {found['status']}.", as_json=as_json)


def resume(number: Number, *, who: As = None, as_json: AsJson = False) -> None:
    """Let a paused delivery go on where it stopped."""
    found = finish(_moved(number, who, is_pause=False))
    tell(found, f"Delivery {number} is {found['status']}.", as_json=as_json)


async def _moved(number: int, who: str | None, *, is_pause: bool) -> dict[str, Any]:
    async with opened() as database, database.write() as uow:
        actor, delivery = await _found(uow, number, who)
        if not actor.is_operator:
            await oversight.for_control(uow, actor, number)
        await (control.pause if is_pause else control.resume)(uow, actor, delivery)
        _, delivery = await _found(uow, number, who)
        return _shown(delivery)


def audit(number: Number, *, who: As = None, as_json: AsJson = False) -> None:
    """Prove that nobody was skipped; leaves with 1 when the account does not add up."""
    found = finish(_audited(number, who))
    verdict = "adds up" if found["adds_up"] else "DOES NOT ADD UP"
    tell(found, f"The account of delivery {number} {verdict}.", as_json=as_json)
    if not found["adds_up"]:
        raise typer.Exit(1)


async def _audited(number: int, who: str | None) -> dict[str, Any]:
    async with opened() as database, database.read() as reader:
        await _found(reader, number, who)
        account = await control.account(reader, number)
        if account is None:
            raise NoSuchDelivery
        progress = account.progress
        return {
            "total": progress.total,
            "accepted": progress.accepted,
            "failed": progress.failed,
            "skipped": progress.skipped,
            "waiting": account.waiting,
            "adds_up": account.adds_up,
        }


async def _found(reader: Reader, number: int, who: str | None) -> tuple[Actor, Delivery]:
    delivery = await deliveries.find(reader, number)
    robot = None if delivery is None else await robots.by_id(reader, delivery.robot_id)
    if delivery is None or robot is None:
        raise NoSuchDelivery
    actor = await caller(reader, robot, who)
    if not actor.is_operator:
        await oversight.seen(reader, actor, number)
    return actor, delivery


def _shown(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "status": delivery.status.value,
        "kind": delivery.kind.value,
        "subject": delivery.subject,
        "priority": delivery.priority,
        "total": delivery.total,
        "accepted": delivery.accepted,
        "created_at": to_datetime(delivery.created_at).isoformat(),
    }
