"""How many lists somebody may see, told from their kinds and not by looking at each of them."""

from collections.abc import Sequence
from dataclasses import replace

from identity.actor import Actor
from lists.authorize import asks_only_roles, authorize_many
from lists.mailing_lists import visible_among
from lists.policies import policies_for
from lists.standing import counting_keys
from lists.subaddresses import subaddresses_of
from storage import lists
from storage.database import Reader
from storage.lists import Kin
from storage.tables.lists import MailingList


async def count_open_lists(
    reader: Reader, actor: Actor, *, robot_id: int | None = None, search: str = ""
) -> int | None:
    """How many open lists the actor may see; None where rules ask for more than roles, so that each must be asked.

    Lists that the actor has nothing to do with are decided once for each robot and visibility scenario (row 8).
    """
    kin = await lists.kin(reader, robot_id=robot_id, search=search)
    samples = await _samples(reader, kin)
    texts = await policies_for(reader, "visibility", samples, actor.robot)
    if not all(asks_only_roles("visibility", policy) for policy in texts.values()):
        return None
    to_strangers = await authorize_many(reader, actor, "visibility", samples)
    shown = {_likeness(sample): to_strangers[sample.id].action == "do_it" for sample in samples}
    keys, table = counting_keys(actor), subaddresses_of(actor.robot)
    if table.patterns(keys):
        return None
    special = await lists.special(reader, table.bases(keys), robot_id=robot_id, search=search)
    return (
        sum(each.count for each in kin if shown[_likeness(each)])
        - sum(shown[_likeness(mlist)] for mlist in special)
        + len(await visible_among(reader, actor, special))
    )


def _likeness(each: Kin | MailingList) -> tuple[int, str, str]:
    return each.robot_id, each.visibility, each.alt_email_policy


async def _samples(reader: Reader, kin: Sequence[Kin]) -> list[MailingList]:
    """One list of each kind, under a number that no list has: so nobody holds an office or membership there."""
    found = await lists.by_ids(reader, [each.sample_id for each in kin])
    return [replace(found[each.sample_id], id=-place) for place, each in enumerate(kin, start=1)]
