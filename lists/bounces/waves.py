"""Many of a list's members fail at once: that is nobody's own fault, nobody is stopped for it, and those in charge hear of it."""

from lists import mails
from lists.bounces.readers import listmasters, owners
from mail.instant import DAY
from storage import bounce_scores, bounce_waves, robots
from storage.database import UnitOfWork
from storage.tables.bounces import BounceWave
from storage.tables.lists import MailingList

PROBES = "probes"
# From so many failures on it may be a wave; it is one if they are this part of all who might have failed.
_LEAST, _ONE_IN = 10, 4
_LEAST_AT_DOMAIN, _ONE_IN_AT_DOMAIN = 5, 2


async def count(uow: UnitOfWork, mlist: MailingList, occasion: str, domain: str) -> bool:
    """One more member failed on an occasion; whether it is a wave, of the list or of the members at their domain."""
    # The count of all is always held first, so that two transactions never wait for each other.
    everywhere = await bounce_waves.count(uow, mlist.id, occasion, "")
    there = await bounce_waves.count(uow, mlist.id, occasion, domain)
    found = [
        await _is_wave(uow, everywhere, _LEAST, _ONE_IN),
        await _is_wave(uow, there, _LEAST_AT_DOMAIN, _ONE_IN_AT_DOMAIN),
    ]
    for wave, is_wave in zip((everywhere, there), found, strict=True):
        if is_wave and wave.recognized_at is None:
            await _recognize(uow, mlist, wave)
    return any(found)


async def _is_wave(uow: UnitOfWork, wave: BounceWave, least: int, one_in: int) -> bool:
    if wave.recognized_at is not None:
        return True
    if wave.failures < least:
        return False
    members = wave.members or await bounce_waves.measure(uow, wave)
    return wave.failures * one_in >= members


async def _recognize(uow: UnitOfWork, mlist: MailingList, wave: BounceWave) -> None:
    if not await bounce_waves.recognize(uow, wave):
        return
    if wave.occasion.startswith(PROBES):
        await bounce_scores.take_back_probes(uow, mlist.id, wave.domain)
    else:
        await bounce_scores.take_back(uow, mlist.id, wave.occasion, wave.domain)
    await _tell(uow, mlist, wave)


async def _tell(uow: UnitOfWork, mlist: MailingList, wave: BounceWave) -> None:
    """Once a day for each list, and to listmasters for each domain, however many posts, domains and lists are struck."""
    on_list, in_robot = await bounce_waves.lately(uow, mlist.robot_id, mlist.id, since=uow.now - DAY)
    robot = await robots.by_id(uow, mlist.robot_id)
    people = await owners(uow, mlist) if on_list == 1 else []
    if robot is not None and in_robot == 1:
        people += await listmasters(uow, robot)
    whom = f"its members at {wave.domain}" if wave.domain else "its members"
    for address in dict.fromkeys(people):
        await mails.about_bounces(
            uow,
            mlist,
            address,
            f"{mlist.name}: much of its mail comes back",
            [
                f"Mail from {mlist.address} to {wave.failures} or more of {whom} came back at the same time.",
                (
                    "That is hardly their own fault: a mail server may be down or may refuse everything that comes from here. "
                    "So none of these failures counts against a member, and nobody is stopped for them."
                ),
                "To see what the other servers say, look at the list's bounces. This mail is sent once a day at most.",
            ],
        )
