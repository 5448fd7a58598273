"""One message for one peer: the envelope in one group where PIPELINING allows it, the body, each answer in its place."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

from delivery.transports.announcing import Call
from delivery.transports.capabilities import Capabilities
from delivery.transports.crowding import unheard
from delivery.transports.envelope import TransactionResult
from delivery.transports.replies import is_done
from delivery.transports.spliced import Spliced
from delivery.transports.timeouts import Timeouts
from delivery.transports.wire import LOST, OUT_OF_STEP, Wire
from mail.status import Reply

_PIECE = 256 * 1024
_DOT = b".\r\n"


@dataclass(slots=True)
class _Hearing:
    """What the peer said of the recipients, and whether it now waits for a body."""

    replies: list[Reply]
    goes_on: bool
    is_clean: bool = False
    # Those who were one too many, how many were not, and whether the answer was about nobody of them.
    unheard: Sequence[int] = ()
    taken: int = 0
    is_general: bool = False


async def transact(
    wire: Wire,
    capabilities: Capabilities,
    timeouts: Timeouts,
    call: Call,
    *,
    before_final_dot: Awaitable[object] | None,
    following: Call | None,
) -> tuple[TransactionResult, bool]:
    """Send the message that `call` announces or has announced; see SmtpConnection.submit.

    Returns what became of it, and whether the peer has certainly left the transaction, so that no RSET is due.
    """
    everybody, refused = call.message.envelope.recipients, call.refused
    if call.refusal_of_all is not None:
        return TransactionResult([call.refusal_of_all] * len(everybody)), not call.needs_reset
    if not call.asked:
        return TransactionResult([refused[i] for i in range(len(everybody))]), not call.needs_reset
    # What was announced ahead has mostly been answered by now.
    got = wire.at_hand(call.owed) if call.is_said else []
    agreed = _agreed(wire, call, got)
    if agreed is not None and not refused:
        # The usual case, in which the one answer to the message is everybody's.
        answer, in_doubt, is_clean = await _send_body(
            wire, timeouts, call.message.data, before_final_dot, following
        )
        result = TransactionResult([answer] * len(agreed), answer.is_positive, in_doubt)
        result.is_of_server = not (result.accepted or in_doubt) and _is_its_own(answer)
        return result, is_clean
    if call.is_said or capabilities.pipelining:
        hearing = await _announce_at_once(wire, timeouts, call, got)
    else:
        hearing = await _announce_step_by_step(wire, timeouts, call)
    replies, in_doubt, is_clean = hearing.replies, False, hearing.is_clean
    accepted, is_general = False, hearing.is_general or wire.ended is not None
    if hearing.goes_on:
        answer, in_doubt, is_clean = await _send_body(
            wire, timeouts, call.message.data, before_final_dot, following
        )
        replies = [answer if reply.is_positive else reply for reply in replies]
        accepted = answer.is_positive
        is_general = _is_its_own(answer)
    unheard = hearing.unheard
    if refused:
        rest = iter(replies)
        replies = [refused[i] if i in refused else next(rest) for i in range(len(everybody))]
        asked = [i for i in range(len(everybody)) if i not in refused]
        unheard = [asked[i] for i in unheard]
    is_of_server = is_general and not accepted and not in_doubt
    result = TransactionResult(
        replies, accepted, in_doubt, unheard=unheard, taken=hearing.taken, is_of_server=is_of_server
    )
    return result, is_clean


def _is_its_own(answer: Reply) -> bool:
    """Whether a refusal for now of a message is about the mail server (RFC 3463: 4.3 system, 4.4 network)."""
    subject = (answer.enhanced or "").split(".")[1:2]
    return answer.code == 421 or (answer.is_temporary and subject in (["3"], ["4"]))


async def _announce_at_once(wire: Wire, timeouts: Timeouts, call: Call, got: list[Reply]) -> _Hearing:
    """MAIL, every RCPT and DATA in one group (RFC 2920), unless they went with the final dot before them.

    `got` has the replies, if they were here already.
    """
    if not call.is_said:
        wire.write(call.said(wire.due), call.owed)
    got = got or await wire.answers(call.owed, timeouts.command)
    agreed = _agreed(wire, call, got)
    return await _heard(wire, timeouts, call, got) if agreed is None else _Hearing(agreed, goes_on=True)


def _agreed(wire: Wire, call: Call, got: list[Reply]) -> list[Reply] | None:
    """What the recipients were told, where it is the usual, seen at a glance: MAIL and DATA were agreed to, and everybody
    was told the same yes.
    """
    if len(got) < call.owed or wire.ended is not None or got[-1].code != 354:
        return None
    first = 2 if call.needs_reset else 1
    to_recipients = got[first:-1]
    yes = to_recipients[0]
    # A hundred equal answers are one object (ReplyBuffer), so counting compares pointers.
    if is_done(got[first - 1]) and is_done(yes) and to_recipients.count(yes) == len(to_recipients):
        return to_recipients
    return None


async def _heard(wire: Wire, timeouts: Timeouts, call: Call, got: list[Reply]) -> _Hearing:
    """What became of a group of commands, whatever the peer did."""
    if len(got) < call.owed:
        got += [wire.ended or LOST] * (call.owed - len(got))
    if call.needs_reset:
        del got[0]
    to_mail, to_recipients, to_data = got[0], got[1:-1], got[-1]
    replies = _verdicts(wire, to_mail, to_recipients)
    if to_data.code != 354 or wire.ended is not None:
        return _without_data(wire, replies, to_data, is_general=not is_done(to_mail))
    if any(reply.is_positive for reply in replies):
        return _with_some(replies)
    if any(reply.is_positive for reply in to_recipients):
        # MAIL was refused, yet a recipient was taken and a body is waited for: even a dot might be mail
        wire.end(OUT_OF_STEP)
        return _Hearing(replies, goes_on=False)
    # Nobody was accepted, yet the peer waits for a body: end it at once, empty (RFC 2920 section 3.1).
    answer = await wire.ask(_DOT, timeouts.command)
    return _Hearing(replies, goes_on=False, is_clean=wire.is_listening and answer.code // 100 != 3)


async def _announce_step_by_step(wire: Wire, timeouts: Timeouts, call: Call) -> _Hearing:
    """One command, one reply; DATA only if somebody was accepted."""
    call.heard_before = wire.due
    if call.needs_reset:
        await wire.ask(b"RSET\r\n", timeouts.command)
    to_mail = await wire.ask(call.mail.encode(), timeouts.command)
    if not is_done(to_mail):
        return _Hearing(_verdicts(wire, to_mail, [to_mail] * len(call.asked)), goes_on=False, is_general=True)
    to_recipients = [
        await wire.ask(f"RCPT TO:<{name}>\r\n".encode(), timeouts.command) for name in call.asked
    ]
    replies = _verdicts(wire, to_mail, to_recipients)
    if not any(reply.is_positive for reply in replies):
        return _Hearing(replies, goes_on=False)
    to_data = await wire.ask(b"DATA\r\n", timeouts.command)
    if to_data.code != 354 or wire.ended is not None:
        return _without_data(wire, replies, to_data, is_general=False)
    return _with_some(replies)


def _with_some(replies: list[Reply]) -> _Hearing:
    """Some recipients were taken, and a body is waited for."""
    return _Hearing(
        replies, goes_on=True, unheard=unheard(replies), taken=sum(reply.is_positive for reply in replies)
    )


def _verdicts(wire: Wire, to_mail: Reply, to_recipients: list[Reply]) -> list[Reply]:
    """One reply for each recipient; a 3yz is none, and ends the dialogue."""
    replies = to_recipients if is_done(to_mail) else [to_mail] * len(to_recipients)
    if any(reply.code // 100 == 3 for reply in replies):
        wire.end(OUT_OF_STEP)
        replies = [OUT_OF_STEP if reply.code // 100 == 3 else reply for reply in replies]
    return replies


def _without_data(wire: Wire, replies: list[Reply], to_data: Reply, *, is_general: bool) -> _Hearing:
    """No body will follow: what the accepted recipients are told instead. `is_general`: MAIL was refused."""
    if not (to_data.is_temporary or to_data.is_permanent) and wire.ended is None:
        wire.end(OUT_OF_STEP)
    reason = wire.ended or to_data
    is_general = is_general or any(reply.is_positive for reply in replies)
    return _Hearing(
        [reason if reply.is_positive else reply for reply in replies], goes_on=False, is_general=is_general
    )


async def _send_body(
    wire: Wire,
    timeouts: Timeouts,
    data: bytes | Spliced,
    before_final_dot: Awaitable[object] | None,
    following: Call | None,
) -> tuple[Reply, bool, bool]:
    """Send the body, its final dot and, in the same group, what announces the message that follows (RFC 2920).

    Returns the answer to the dot, whether it is in doubt, and whether all is clean.
    """
    wire.expect(1)
    if isinstance(before_final_dot, asyncio.Future) and before_final_dot.done():
        # What the dot would wait for has happened while the envelope travelled: one write less.
        before_final_dot.result()
        before_final_dot = None
    if before_final_dot is None and len(data) <= _PIECE:
        _finish(wire, data[:], following)
    else:
        await _send_pieces(wire, timeouts, data)
        if before_final_dot is not None and wire.is_listening:
            await before_final_dot
        # Scheduled callbacks get their turn, so that an answer that is here already is not taken for the dot's.
        await asyncio.sleep(0)
        if not wire.is_listening:
            return await _cut_short(wire, timeouts), False, False
        _finish(wire, b"", following)
    if wire.is_listening:
        await wire.coming(1, timeouts.final_dot)
    got = wire.at_hand(1)
    if not got:
        return wire.ended or LOST, True, False
    if got[0].code // 100 == 3:
        wire.end(OUT_OF_STEP)
        return OUT_OF_STEP, True, False
    return got[0], False, True


def _finish(wire: Wire, rest: bytes, following: Call | None) -> None:
    if following is None:
        wire.write(rest + _DOT, 0)
    else:
        wire.write(rest + _DOT + following.said(wire.due), following.owed)


async def _send_pieces(wire: Wire, timeouts: Timeouts, data: bytes | Spliced) -> None:
    for start in range(0, len(data), _PIECE):
        wire.write(data[start : start + _PIECE], 0)
        await wire.drained(timeouts.data)
        if not wire.is_listening:
            return


async def _cut_short(wire: Wire, timeouts: Timeouts) -> Reply:
    """The peer spoke, or went, before our final dot: its refusal, if it is one; the connection is of no more use."""
    got = await wire.answers(1, timeouts.command) if wire.has_answer else []
    reason = got[0] if got else wire.ended or LOST
    wire.end(reason)
    return reason if reason.is_temporary or reason.is_permanent else OUT_OF_STEP
