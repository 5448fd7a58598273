"""Whose complaint a feedback report is: whomever a secret of ours names in it, and nobody else (RFC 5965)."""

import re
from collections.abc import Iterator

from delivery.bounces.reading import Reading
from delivery.letter import Letter
from lists.bounces import complaints
from mail.dsn import returned_message
from mail.message import Message
from storage.database import UnitOfWork

_LINK = re.compile(r"<([^<>\s]{1,500}/u/[\w-]{20,64})>")


async def complaint(uow: UnitOfWork, letter: Letter, reading: Reading) -> None:
    """Record a complaint of the member whom a return path or link in the report names; an address in it proves nothing."""
    report = reading.complaint
    if report is None or report.kind not in complaints.UNWANTED:
        return
    returned = returned_message(letter.message)
    paths = [each for each in (f"{letter.token or ''}@", report.reverse_path) if each]
    links: list[str] = []
    if returned is not None:
        paths.extend(_paths(returned))
        links.extend(_links(returned))
    named = await complaints.member_named(uow, letter.robot.id, paths, links)
    if named is not None:
        member, mlist = named
        said = f"{report.kind} reported by {report.user_agent or 'a feedback loop'}"
        await complaints.complained(uow, mlist, member, said)


def _paths(returned: Message) -> Iterator[str]:
    for name in ("Return-Path", "X-Envelope-From", "X-Original-Return-Path"):
        yield from (body.strip().strip("<>") for body in returned.all(name)[:3])


def _links(returned: Message) -> Iterator[str]:
    for body in returned.all("List-Unsubscribe")[:3]:
        yield from _LINK.findall(body)
