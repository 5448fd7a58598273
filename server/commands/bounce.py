"""`postroom bounce`: whose mail comes back, why, and letting it go on."""

from typing import Annotated, Any

import typer

from identity.refusal import NotFound
from lists.bounces import resetting, seeing
from mail.address import address_key
from mail.instant import to_datetime
from server.commands import bounce_webhook
from server.commands.answers import AsJson, table, tell
from server.commands.shell import As, finish, list_named, opened
from storage import bounce_scores, bounces, memberships
from storage.database import Reader
from storage.keyset import Window
from storage.tables.bounces import BounceScore
from storage.tables.lists import MailingList, Membership

Mlist = Annotated[str, typer.Argument(metavar="LIST", help="The list's address.")]
_MOST = 1000


class NoSuchMember(NotFound):
    """This address is not on the list."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    subject = typer.Typer(no_args_is_help=True, help="Mail that comes back.")
    subject.command("list")(list_bounces)
    subject.command("show")(show)
    subject.command("reset")(reset)
    bounce_webhook.register(subject)
    app.add_typer(subject, name="bounce")


def list_bounces(
    mlist: Mlist,
    *,
    minimum: Annotated[
        int,
        typer.Option(
            min=0, max=100, help="Only with this score or more, in percent of bounce_suspend_score."
        ),
    ] = 0,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Show the members whose mail comes back, the worst first."""
    found = finish(_listed(mlist, minimum, who))
    rows = [
        (each["address"], f"{each['score']} %", each["kind"], each["status"], each["state"]) for each in found
    ]
    tell({"bounces": found}, table(rows), as_json=as_json)


async def _listed(address: str, minimum: int, who: str | None) -> list[dict[str, Any]]:
    async with opened() as database, database.read() as reader:
        actor, mlist = await list_named(reader, address, who)
        least = seeing.least_score(mlist, minimum)
        found = await seeing.page(reader, actor, mlist, Window(_MOST), least=least)
        return [_shown(mlist, member, row) for row, member in found.rows]


def show(
    mlist: Mlist,
    member: Annotated[str, typer.Argument(help="The member's address.")],
    *,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Show what is known against one member, and the latest failures."""
    found = finish(_one(mlist, member, who))
    rows = [
        (name, f"{value} % of bounce_suspend_score" if name == "score" else str(value))
        for name, value in found.items()
        if name != "latest"
    ]
    rows += [
        (each["at"], f"{each['kind']} {each['status']} {each['diagnostic']}") for each in found["latest"]
    ]
    tell(found, table(rows), as_json=as_json)


async def _one(address: str, written: str, who: str | None) -> dict[str, Any]:
    async with opened() as database, database.read() as reader:
        actor, mlist = await list_named(reader, address, who)
        member = await _member(reader, mlist, written)
        await seeing.member_for(reader, actor, member.id)
        row = (await bounce_scores.by_ids(reader, [member.id])).get(member.id)
        latest = (await bounces.latest(reader, [member.id])).get(member.id, [])
        shown = {"address": member.address, "state": "fine"} if row is None else _shown(mlist, member, row)
        return {
            **shown,
            "latest": [
                {
                    "at": to_datetime(each.received_at).isoformat(),
                    "kind": each.kind.value,
                    "status": each.enhanced_status,
                    "diagnostic": each.diagnostic,
                }
                for each in latest
            ],
        }


def reset(
    mlist: Mlist,
    members: Annotated[list[str], typer.Argument(help="The members' addresses.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Forget what is known against members, and let their mail go on."""
    done = finish(_reset(mlist, members, who, dry_run=dry_run))
    words = "would be reset" if dry_run else "reset"
    tell({"reset": done, "dry_run": dry_run}, f"{', '.join(done) or 'nobody'}: {words}.", as_json=as_json)


async def _reset(address: str, written: list[str], who: str | None, *, dry_run: bool) -> list[str]:
    async with opened() as database, database.write() as uow:
        actor, mlist = await list_named(uow, address, who)
        members = {member.id: member for member in [await _member(uow, mlist, each) for each in written]}
        for key in members:
            await seeing.member_for(uow, actor, key)
        if dry_run:
            return [members[key].address for key in await bounce_scores.by_ids(uow, [*members])]
        return [members[key].address for key in await resetting.reset(uow, actor, [*members])]


async def _member(reader: Reader, mlist: MailingList, written: str) -> Membership:
    found = await memberships.find(reader, mlist.id, address_key(written))
    if found is None:
        raise NoSuchMember(f"{written} is not on {mlist.address}.")
    return found


def _shown(mlist: MailingList, member: Membership, row: BounceScore) -> dict[str, Any]:
    state = "probed" if row.probed_at else "watched" if row.score >= mlist.bounce_warn_score else "counted"
    return {
        "address": member.address,
        "score": seeing.level(row, mlist),
        "kind": row.kind.value,
        "status": row.enhanced_status,
        "failures": row.failures,
        "first_at": to_datetime(row.first_at).isoformat(),
        "last_at": to_datetime(row.last_at).isoformat(),
        "diagnostic": row.diagnostic,
        "state": "stopped" if row.bounce_suspended_at else state,
    }
