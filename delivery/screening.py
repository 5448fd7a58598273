"""What the milter door asks: may this recipient have mail, and would posting refuse this message?"""

from collections.abc import Callable, Sequence

from delivery.addresses import Kind, is_known, resolve
from delivery.answers import BAD_ADDRESS, KNOWN, NO_ROOM, UNKNOWN, answered
from delivery.door.milter_gate import SeenMessage
from delivery.evidence import Checks, gather
from delivery.letter import TAKEN
from delivery.preview import preview_at
from mail.address import parse_address
from mail.errors import BadAddress
from mail.message import parse_message
from mail.status import Reply
from storage import robots
from storage.database import Database, Reader
from storage.trials import tried


class Screening:
    """The gate behind the milter door (delivery.door.milter_gate.Gate); it decides as posting does, and does nothing."""

    def __init__(
        self, database: Database, checks: Checks | None = None, *, has_room: Callable[[], bool] = lambda: True
    ) -> None:
        """Without `checks` no message proves anything of its author; `has_room` says whether mail can be kept now."""
        self._database = database
        self._checks = checks
        self._has_room = has_room

    async def recipient(self, recipient: str) -> Reply | None:
        """Whether there is such a list; None for addresses outside of our robots' domains."""
        try:
            address = parse_address(recipient)
        except BadAddress:
            address = None
        domain = recipient.rpartition("@")[2].lower() if address is None else address.domain
        async with self._database.read() as reader:
            if await robots.find(reader, domain) is None:
                return None
            if not self._has_room():
                return NO_ROOM
            if address is None:
                return BAD_ADDRESS
            return KNOWN if await is_known(reader, address) else UNKNOWN

    async def message(self, seen: SeenMessage) -> Reply:
        """Refuse what every recipient refuses; where one of them takes it, LMTP answers for each of them."""
        return await answered(self._judged(seen))

    async def _judged(self, seen: SeenMessage) -> Reply:
        message = parse_message(seen.raw)
        evidence = None if self._checks is None else await gather(message, self._checks)
        recipients = [*dict.fromkeys(seen.recipients)]

        async def replies(reader: Reader, *, is_final: bool) -> list[Reply]:
            path = seen.reverse_path
            return [
                (await preview_at(reader, each, message, path, evidence, is_final=is_final)).reply
                for each in recipients
            ]

        async with self._database.read() as reader:
            found = [await resolve(reader, parse_address(each)) for each in recipients]
            if not any(each is not None and each.kind is Kind.AUTOMATIC for each in found):
                # Of a message that goes on to LMTP nothing is kept here.
                if len(recipients) > 1 and any(
                    each.is_positive for each in await replies(reader, is_final=False)
                ):
                    return TAKEN
                return _together(await replies(reader, is_final=True))
        # What a list would answer that is not there yet is known once it is, for the moment of the question.
        answers = await tried(self._database, lambda uow: replies(uow, is_final=False))
        return TAKEN if any(each.is_positive for each in answers) else _together(answers)


def _together(refusals: Sequence[Reply]) -> Reply:
    """One answer for the whole message: try again later if that may help with one of them, else the first refusal."""
    return next((each for each in refusals if each.is_temporary), refusals[0] if refusals else TAKEN)
