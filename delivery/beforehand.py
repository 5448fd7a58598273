"""What a list's rules will ask of other servers is asked before a transaction is open, so that a slow one holds up nobody."""

from delivery.addresses import Kind, resolve
from delivery.evidence import Evidence
from delivery.preview import preview_at
from lists.automatic_lists import OPERATION, policy_of_question
from lists.policies import asks_elsewhere, policy_for
from mail.address import parse_address
from mail.message import Message
from storage.database import Database

_ASKED = ("send", "spam_status")


async def ask_beforehand(
    database: Database, recipient: str, message: Message, reverse_path: str, evidence: Evidence | None
) -> None:
    """Ask directories, other databases and plug-ins for a post to this recipient; their answers are kept for a while.

    Does nothing where the rules need none of them. Raises BadAddress for a recipient that is no address.
    """
    async with database.read() as reader:
        found = await resolve(reader, parse_address(recipient))
        if found is None or found.mlist is None or found.kind not in (Kind.POST, Kind.AUTOMATIC):
            return
        policies = [(each, await policy_for(reader, each, found.robot, found.mlist)) for each in _ASKED]
        if found.kind is Kind.AUTOMATIC:
            policies.append((OPERATION, await policy_of_question(reader, found.robot, found.mlist)))
        if any(asks_elsewhere(operation, policy) for operation, policy in policies):
            await preview_at(reader, recipient, message, reverse_path, evidence)
