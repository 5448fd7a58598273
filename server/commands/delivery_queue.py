"""`postroom delivery drain, workers, domains`: the queue as a whole."""

from enum import StrEnum
from typing import Annotated, Any

import orjson
import typer

from delivery import draining
from lists.robots import OperatorOnly
from mail.instant import to_datetime
from server.commands import delivery_still
from server.commands.answers import AsJson, table, tell
from server.commands.shell import As, caller, finish, opened, robot_of_address
from storage import nodes, queue_stops, robots
from storage.database import Reader, UnitOfWork
from storage.tables.queue import DomainPace, NodeRow
from storage.undone import transacted

InRobot = Annotated[str | None, typer.Option("--robot", metavar="DOMAIN", help="Only this domain's mail.")]


class Switch(StrEnum):
    """What `drain` is told."""

    ON = "on"
    OFF = "off"


def add(subject: typer.Typer) -> None:
    """Add the commands to `postroom delivery`."""
    subject.command("drain")(drain)
    subject.command("workers")(workers)
    subject.command("domains")(domains)


def drain(
    switch: Annotated[
        Switch | None, typer.Argument(help="on: nothing more leaves; off: it does again.")
    ] = None,
    robot: InRobot = None,
    *,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Keep mail from leaving, or let it again; without a word, say how it is. Mail is taken in as ever."""
    stopped = finish(_drained(switch, robot, who))
    lines = [f"Nothing leaves for {each['robot'] or 'anybody'} since {each['since']}." for each in stopped]
    tell({"stops": stopped}, "\n".join(lines) or "Mail leaves.", as_json=as_json)


async def _drained(switch: Switch | None, domain: str | None, who: str | None) -> list[dict[str, Any]]:
    async def drained(uow: UnitOfWork) -> list[dict[str, Any]]:
        robot = None if domain is None else await robot_of_address(uow, domain)
        actor = await caller(uow, robot, who)
        match switch:
            case Switch.ON:
                await draining.stop_queue(uow, actor, robot)
            case Switch.OFF:
                await draining.start_queue(uow, actor, robot)
            case None if robot is not None:
                await draining.stops_of(uow, actor, robot)
            case None if not actor.is_operator:
                raise OperatorOnly
        return await _stops(uow, None if robot is None else robot.id)

    async with opened() as database:
        return await transacted(database, drained)


async def _stops(reader: Reader, robot_id: int | None) -> list[dict[str, Any]]:
    found = await (
        queue_stops.every(reader) if robot_id is None else queue_stops.applying_to(reader, robot_id)
    )
    names = {each.id: each.domain for each in await robots.every(reader)}
    return [
        {
            "robot": None if each.robot_id is None else names.get(each.robot_id),
            "since": to_datetime(each.since).isoformat(),
            "by": each.actor,
        }
        for each in found
    ]


def workers(*, as_json: AsJson = False) -> None:
    """Show every process that registered itself, of all hosts, and what each has leased."""
    found = finish(_workers())
    rows = [
        (
            each["name"],
            each["role"],
            each["host"],
            str(each["pid"]),
            f"seen {each['seen_seconds_ago']:.0f} s ago",
        )
        for each in found["nodes"]
    ]
    rows += [
        (each["name"], "cannot reach", "", "", failing)
        for each in found["nodes"]
        if (failing := delivery_still.in_words(each["detail"].get("mail_servers", [])))
    ]
    rows += [
        (each["owner"], each["what"], str(each["count"]), "until", each["until"] or "-")
        for each in found["leases"]
    ]
    tell(found, table(rows) or "No process is registered.", as_json=as_json)


async def _workers() -> dict[str, Any]:
    async with opened() as database, database.read() as reader:
        return {
            "nodes": [_node(each, reader.now) for each in await nodes.every(reader)],
            "leases": [
                {
                    "what": each.what,
                    "owner": each.owner,
                    "count": each.count,
                    "until": None if each.until is None else to_datetime(each.until).isoformat(),
                }
                for each in await nodes.leases(reader)
            ],
        }


def _node(each: NodeRow, now: int) -> dict[str, Any]:
    return {
        "name": each.name,
        "role": each.role,
        "host": each.host,
        "pid": each.pid,
        "version": each.version,
        "started_at": to_datetime(each.started_at).isoformat(),
        "seen_at": to_datetime(each.seen_at).isoformat(),
        "seen_seconds_ago": round((now - each.seen_at) / 1_000_000, 1),
        "detail": orjson.loads(each.detail),
    }


def domains(
    reset: Annotated[
        str | None, typer.Option("--reset", metavar="DOMAIN", help="Treat this domain as any other again.")
    ] = None,
    *,
    reset_all: Annotated[bool, typer.Option("--reset-all", help="Treat all of them so.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the domains that put us off, and how gently each is treated for that."""
    found = finish(_domains(reset, reset_all=reset_all))
    rows = [
        (
            each["domain"],
            f"{each['most']} at once",
            f"until {each['paused_until']}" if each["is_paused"] else "",
            each["reply"],
        )
        for each in found
    ]
    tell({"domains": found}, table(rows) or "No domain puts us off.", as_json=as_json)


async def _domains(reset: str | None, *, reset_all: bool) -> list[dict[str, Any]]:
    async def known(uow: UnitOfWork) -> list[dict[str, Any]]:
        actor = await caller(uow, None, None)
        if reset is not None or reset_all:
            await draining.reset_pace(uow, actor, None, None if reset_all else reset)
        return [_pace(each, uow.now) for each in await draining.paces_for(uow, actor, None)]

    async with opened() as database:
        return await transacted(database, known)


def _pace(each: DomainPace, now: int) -> dict[str, Any]:
    return {
        "domain": each.domain,
        "most": each.most,
        "is_paused": each.paused_until > now,
        "paused_until": to_datetime(each.paused_until).isoformat(),
        "pause_seconds": each.pause / 1_000_000,
        "reply": each.reply,
        "updated_at": to_datetime(each.updated_at).isoformat(),
    }
