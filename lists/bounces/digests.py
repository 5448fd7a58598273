"""The owners' digest: whose mail has stopped, who is about to, and who complained; nothing where nothing happened."""

from lists import mails
from lists.bounces.readers import owners
from storage import bounce_digests, bounces, lists
from storage.database import UnitOfWork
from storage.tables.bounces import BounceScore

_MOST = 100
_WORST = 20


async def send(uow: UnitOfWork, list_id: int, since: int) -> bool:
    """Send one list's digest of what happened after `since`; False where another worker has."""
    mlist = await lists.by_id(uow, list_id)
    if mlist is None or not await bounce_digests.claim(uow, list_id, since):
        return False
    stopped = await bounce_digests.stopped(uow, list_id, since=since, limit=_MOST)
    worst = await bounce_digests.worst(uow, list_id, least=mlist.bounce_warn_score, limit=_WORST)
    complaints = await bounces.complained(uow, list_id, since=since, limit=_MOST)
    paragraphs = [
        *_block(
            "These members get no more mail, since a probe came back, too. They are still subscribed:",
            stopped,
        ),
        *_block("Mail to these members comes back; they still get it:", worst),
    ]
    if complaints:
        lines = "\r\n".join(f"  {address}" for address in complaints)
        paragraphs.append(f"These members called a message of the list spam:\r\n{lines}")
    for address in await owners(uow, mlist):
        await mails.about_bounces(
            uow,
            mlist,
            address,
            f"{mlist.name}: what comes back",
            [f"About {mlist.address}:", *paragraphs, "An owner can let a member's mail go on at any time."],
        )
    return True


def _block(title: str, rows: list[BounceScore]) -> list[str]:
    if not rows:
        return []
    return ["\r\n".join([title, *(f"  {_shown(row)}" for row in rows)])]


def _shown(row: BounceScore) -> str:
    status = f", {row.enhanced_status}" if row.enhanced_status else ""
    words = f": {row.diagnostic[:120]}" if row.diagnostic else ""
    return f"{row.address_key} (score {row.score / 1000:.1f}, {row.failures} failures{status}){words}"
