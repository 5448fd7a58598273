"""The one who decides behind the door: which recipients exist, and when a message is ours."""

from collections.abc import Mapping
from typing import Protocol

from delivery.door.envelope import LmtpEnvelope, LmtpSession
from mail.status import Reply


class Handler(Protocol):
    """Answers with 2yz, 4yz or 5yz replies; anything it raises becomes `451 4.3.0` and is logged."""

    async def recipient(
        self, session: LmtpSession, reverse_path: str, recipient: str, parameters: Mapping[str, str]
    ) -> Reply:
        """Say whether mail for `recipient` is taken; `parameters` are those of MAIL."""

    async def deliver(self, session: LmtpSession, envelope: LmtpEnvelope) -> list[Reply]:
        """Take a message: one reply for each of its recipients, in order. A 2yz promises that it is kept."""
