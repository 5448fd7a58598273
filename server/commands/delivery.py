"""`postroom delivery`: what is on its way, stopped and resumed, and accounted for to the last recipient."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from delivery import control, oversight, pace
from identity.actor import Actor
from lists.robots import OperatorOnly
from lists.settings import SETTINGS, parsed
from mail.instant import to_datetime
from server.commands import delivery_queue, delivery_still, delivery_watch
from server.commands.answers import AsJson, table, tell
from server.commands.delivery_named import NoSuchDelivery, Number, found_delivery
from server.commands.shell import As, finish, list_named, opened
from storage import deliveries, figures, lists, packets
from storage.database import Reader, UnitOfWork
from storage.keyset import Window
from storage.queue import NEVER
from storage.tables.mail import Delivery
from storage.undone import transacted

Act = Callable[[UnitOfWork, Actor, Delivery], Awaitable[None]]
_MOST_EXCEPTIONS = 100


def register(app: typer.Typer) -> None:
    """Add the commands."""
    subject = typer.Typer(no_args_is_help=True, help="Messages on their way.")
    subject.command("list")(list_deliveries)
    subject.command("show")(show)
    subject.command("pause")(pause)
    subject.command("resume")(resume)
    subject.command("cancel")(cancel)
    subject.command("priority")(priority)
    subject.command("audit")(audit)
    subject.command("watch")(delivery_watch.watch)
    delivery_queue.add(subject)
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
    rows = [
        (str(d["id"]), d["status"], f"{d['accepted']}/{d['total']}", d["list"] or "-", d["subject"])
        for d in found
    ]
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
        return await _shown(reader, found)


def show(number: Number, *, who: As = None, as_json: AsJson = False) -> None:
    """Show one delivery: its recipients by state, and those whose answer was not a plain yes."""
    found = finish(_show(number, who))
    rows = [(name, str(value)) for name, value in found.items() if name != "exceptions" and value != ""]
    rows += [(each["state"], each["reply"]) for each in found["exceptions"]]
    tell(found, table(rows), as_json=as_json)


async def _show(number: int, who: str | None) -> dict[str, Any]:
    async with opened() as database, database.read() as reader:
        actor, delivery = await found_delivery(reader, number, who)
        (progress,) = await pace.standings(reader, [delivery])
        (shown,) = await _shown(reader, [delivery])
        is_told = actor.is_operator and delivery.status not in pace.ENDED
        return {
            **shown,
            "waits_because": await delivery_still.reason(reader, delivery) if is_told else "",
            "is_expanded": not pace.is_expanding(delivery),
            "pending": progress.pending,
            "deferred": progress.deferred,
            "failed": progress.failed,
            "skipped": progress.skipped,
            "exceptions": await _exceptions(reader, actor, delivery),
        }


def pause(number: Number, *, who: As = None, as_json: AsJson = False) -> None:
    """Stop a delivery at its next packet."""
    _tell_state(finish(moved(number, who, control.pause)), as_json=as_json)


def resume(number: Number, *, who: As = None, as_json: AsJson = False) -> None:
    """Let a paused delivery go on where it stopped."""
    _tell_state(finish(moved(number, who, control.resume)), as_json=as_json)


def cancel(number: Number, *, who: As = None, as_json: AsJson = False) -> None:
    """Stop a delivery for good; those who have it keep it."""
    _tell_state(finish(moved(number, who, control.cancel)), as_json=as_json)


def priority(
    number: Number,
    place: Annotated[str, typer.Argument(help="0 (first) to 9 (last), or z to wait.")],
    *,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Move a delivery in the queue, from its next packet on."""

    async def to_its_place(uow: UnitOfWork, actor: Actor, delivery: Delivery) -> None:
        await control.set_priority(uow, actor, delivery, parsed(SETTINGS, "priority", place))

    found = finish(moved(number, who, to_its_place))
    shown = "z" if found["priority"] == NEVER else found["priority"]
    tell(found, f"Delivery {number} has priority {shown}.", as_json=as_json)


def _tell_state(found: dict[str, Any], *, as_json: bool) -> None:
    tell(found, f"Delivery {found['id']} is {found['status']}.", as_json=as_json)


async def moved(number: int, who: str | None, act: Act) -> dict[str, Any]:
    """A delivery's new state, after an act that is begun anew where the database undid it."""

    async def acted(uow: UnitOfWork) -> dict[str, Any]:
        actor, delivery = await found_delivery(uow, number, who)
        if not actor.is_operator:
            await oversight.for_control(uow, actor, number)
        await act(uow, actor, delivery)
        _, delivery = await found_delivery(uow, number, who)
        (shown,) = await _shown(uow, [delivery])
        return shown

    async with opened() as database:
        return await transacted(database, acted)


def audit(number: Number, *, who: As = None, as_json: AsJson = False) -> None:
    """Prove that nobody was skipped; leaves with 1 when the account does not add up."""
    found = finish(_audited(number, who))
    verdict = "adds up" if found["adds_up"] else "DOES NOT ADD UP"
    if not found["is_expanded"]:
        verdict += " so far; more recipients are still being found"
    counts = ("total", "accepted", "failed", "skipped", "pending")
    rows = [(name, str(found[name])) for name in counts]
    rows += [(each["address"], f"{each['state']} {each['reply']}") for each in found["exceptions"]]
    text = f"{table(rows)}\nThe account of delivery {number} {verdict}."
    tell(found, text, as_json=as_json)
    if not found["adds_up"]:
        raise typer.Exit(1)


async def _audited(number: int, who: str | None) -> dict[str, Any]:
    async with opened() as database, database.read() as reader:
        actor, delivery = await found_delivery(reader, number, who)
        account = await control.account(reader, number)
        if account is None:
            raise NoSuchDelivery
        progress = account.progress
        return {
            "total": progress.total,
            "is_expanded": not account.is_expanding,
            "accepted": progress.accepted,
            "failed": progress.failed,
            "skipped": progress.skipped,
            "pending": account.waiting,
            "adds_up": account.adds_up,
            "exceptions": await _exceptions(reader, actor, delivery),
        }


async def _exceptions(reader: Reader, actor: Actor, delivery: Delivery) -> list[dict[str, Any]]:
    """Those whose answer was not a plain yes, as the actor may see them."""
    if actor.is_operator:
        odd = await packets.exceptions(reader, delivery.id, after=0, limit=_MOST_EXCEPTIONS)
    else:
        odd = (await oversight.recipients_of(reader, actor, delivery, Window(_MOST_EXCEPTIONS))).rows
    return [
        {"address": one.address, "state": one.state.value, "reply": f"{one.reply_code} {one.reply}"}
        for one in odd
    ]


async def _shown(reader: Reader, found: list[Delivery]) -> list[dict[str, Any]]:
    mlists = await lists.by_ids(reader, [each.list_id for each in found if each.list_id is not None])
    addresses = {key: mlist.address for key, mlist in mlists.items()}
    return [
        {
            "id": delivery.id,
            "status": delivery.status.value,
            "kind": delivery.kind.value,
            "list": None if delivery.list_id is None else addresses.get(delivery.list_id),
            "subject": delivery.subject,
            "priority": delivery.priority,
            "total": delivery.total,
            "accepted": delivery.accepted,
            "created_at": to_datetime(delivery.created_at).isoformat(),
        }
        for delivery in found
    ]
