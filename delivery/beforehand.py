"""What a list's rules will ask of other servers is asked before a transaction is open, so that a slow one holds up nobody."""

from delivery.addresses import Kind, resolve
from delivery.evidence import Evidence
from delivery.preview import preview
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
        if found is None or found.mlist is None or found.kind is not Kind.POST:
            return
        for operation in _ASKED:
            policy = await policy_for(reader, operation, found.robot, found.mlist)
            if asks_elsewhere(operation, policy):
                await preview(reader, found.robot, found.mlist, message, reverse_path, evidence)
                return
