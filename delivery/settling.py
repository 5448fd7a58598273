"""A report becomes rows: the packet moves on only while the reporter still holds it."""

from collections.abc import Sequence

import orjson

from delivery.bounces.recording import refused
from delivery.report import Oddity, Report, Step
from delivery.retry import GAVE_UP, PROBE, SECOND, wait_after, wait_while_refused
from storage import deliveries, packets
from storage.database import UnitOfWork
from storage.tables.mail import Packet
from storage.tables.words import RecipientState

_RELEASED_FOR = 2 * SECOND


def member_ids(packet: Packet) -> list[int]:
    """The memberships that a packet is for; empty where it is for one bare address."""
    return list(orjson.loads(packet.member_ids)) if packet.member_ids else []


async def apply_many(uow: UnitOfWork, reports: Sequence[Report | None]) -> list[bool]:
    """Write what several connections report at one moment; for each, whether its packet was still its own."""
    held = [True] * len(reports)
    moved: list[tuple[int, Report]] = []
    done: list[tuple[int, Report]] = []
    for place, report in _in_order(reports):
        if report.step is Step.ADVANCE and not report.oddities and not report.again:
            moved.append((place, report))
        elif report.step is Step.SETTLE and _is_plain_end(report):
            done.append((place, report))
        else:
            held[place] = await apply(uow, report)
    if moved:
        theirs = await packets.advance_many(
            uow, [(report.packet, report.since, report.position) for _, report in moved]
        )
        for place, report in moved:
            held[place] = report.packet.id in theirs
    if done:
        theirs = await packets.finish_many(uow, [(report.packet, report.since) for _, report in done])
        for place, report in done:
            held[place] = report.packet.id in theirs
    return held


def _in_order(reports: Sequence[Report | None]) -> list[tuple[int, Report]]:
    """The reports with their places, in the order in which every worker locks what they write."""
    found = [(place, report) for place, report in enumerate(reports) if report is not None]
    return sorted(found, key=lambda each: (each[1].packet.delivery_id, each[1].packet.id))


def _is_plain_end(report: Report) -> bool:
    """Whether a packet came to its end and there is nothing to be written but that."""
    return not (report.oddities or report.again or report.may_have_deferred)


async def apply(uow: UnitOfWork, report: Report) -> bool:
    """Write one report; False, and nothing written, when the packet belongs to somebody else by now (row 24)."""
    if report.step in (Step.RELEASE, Step.GIVE_BACK):
        # What is only given back keeps its place.
        return await packets.release(uow, report.packet, due_at=await _released_until(uow, report))
    if not await packets.advance(uow, report.packet, report.since, report.position):
        return False
    if report.again:
        await _forget_earlier_answers(uow, report)
    for each in sorted(report.oddities, key=_address):
        await _record(uow, report.packet, each)
    if report.step is Step.SETTLE:
        await _settle(uow, report)
    elif report.step is Step.REST:
        await _leave_the_rest(uow, report)
    return True


async def _released_until(uow: UnitOfWork, report: Report) -> int:
    if report.step is Step.GIVE_BACK:
        return report.packet.due_at
    if not report.is_of_server:
        return uow.now + _RELEASED_FOR
    delivery = await deliveries.find(uow, report.packet.delivery_id)
    age = uow.now - (delivery.created_at if delivery else uow.now)
    return uow.now + wait_while_refused(age, by_server=True)


async def _leave_the_rest(uow: UnitOfWork, report: Report) -> None:
    """Who was put off stands in front, as settled for this time; the others are due at once."""
    packet = report.packet
    ids = member_ids(packet)
    rest = [ids[place] for place in report.rest]
    put_off = {key for key, _ in await _deferred(uow, report)}
    # Of the rest some may have been put off on an earlier day.
    front = [key for key in ids if key in put_off.difference(rest)]
    await packets.narrow(
        uow,
        packet,
        member_ids=orjson.dumps(front + rest).decode(),
        count=len(front) + len(rest),
        position=len(front),
    )


async def _forget_earlier_answers(uow: UnitOfWork, report: Report) -> None:
    await packets.forget_deferrals(
        uow,
        report.packet.delivery_id,
        members=[key for key, _ in report.again if key is not None],
        addresses=[address for key, address in report.again if key is None],
        kept=[each.address for each in report.oddities],
    )


def _address(each: Oddity) -> str:
    return each.address


async def _record(uow: UnitOfWork, packet: Packet, each: Oddity) -> None:
    await packets.record_exception(
        uow,
        packet.delivery_id,
        membership_id=each.membership_id,
        address=each.address,
        state=each.state,
        code=each.reply.code,
        enhanced=each.reply.enhanced or "",
        words=each.reply.text,
    )
    if each.state is RecipientState.FAILED:
        await refused(uow, packet.delivery_id, each.membership_id, each.address, each.reply)


async def _settle(uow: UnitOfWork, report: Report) -> None:
    packet = report.packet
    left = await _deferred(uow, report)
    if not left:
        await packets.finish(uow, packet, report.position)
        return
    delivery = await deliveries.find(uow, packet.delivery_id)
    attempts, wait = packet.attempts + 1, wait_after(packet.attempts + 1)
    if delivery is not None and _is_about_all(report, left):
        # Nothing was learnt of the recipients, so a server that is back does not find them waiting for hours.
        attempts = max(packet.attempts, 1)
        wait = wait_while_refused(uow.now - delivery.created_at, by_server=report.is_of_server)
    if report.is_probe:
        wait = min(wait, PROBE)
    due_at = uow.now + wait
    if delivery is not None and due_at > delivery.give_up_at:
        await _give_up(uow, packet, left)
        await packets.finish(uow, packet, report.position)
        return
    ids = None if packet.address else orjson.dumps([key for key, _ in left]).decode()
    await packets.shrink(uow, packet, member_ids=ids, count=len(left), due_at=due_at, attempts=attempts)


def _is_about_all(report: Report, left: list[tuple[int | None, str]]) -> bool:
    """Whether everybody in a packet was put off, by something that is not said of an address or a mailbox."""
    if len(left) < report.packet.recipient_count:
        return False
    if report.is_of_server:
        return True
    about_one = ("4.1.", "4.2.")
    return (len(left) > 1 or report.is_one_of_many) and not any(
        (each.reply.enhanced or "").startswith(about_one) for each in report.oddities
    )


async def _deferred(uow: UnitOfWork, report: Report) -> list[tuple[int | None, str]]:
    packet = report.packet
    if packet.address:
        put_off = any(each.state is RecipientState.DEFERRED for each in report.oddities)
        return [(None, packet.address)] if put_off else []
    if not report.may_have_deferred:
        return []
    return await packets.deferred_among(uow, packet.delivery_id, member_ids(packet))


async def _give_up(uow: UnitOfWork, packet: Packet, left: list[tuple[int | None, str]]) -> None:
    for membership_id, address in left:
        await _record(uow, packet, Oddity(membership_id, address, RecipientState.FAILED, GAVE_UP))
