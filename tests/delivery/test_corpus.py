"""Over two hundred real-shaped messages go through the stages, and come out as they came outside of what a list changes."""

import pytest

from delivery.reception import receive
from mail.message import parse_message, split_entity
from mail.subject import tagged
from storage import deliveries, posts
from storage.database import Database
from storage.tables.lists import MailingList
from storage.tables.mail import Delivery
from tests.corpus import everything
from tests.corpus.comparing import complaints, complaints_with_footer
from tests.delivery.test_flow import a_list, posts_of

MESSAGES = everything()
# The fields that a setting makes the list write in its own way.
_MUNGED = {"dmarc_protection": "munge", "dmarc_policies": "always"}
_FOOTER = "A line below each message."
# The fields that a setting makes the list write in its own way.
SHAPES: dict[str, tuple[dict[str, str], frozenset[str]]] = {
    "no footer": ({}, frozenset()),
    "own copies": ({"personalization": "always"}, frozenset()),
    "a subject tag": ({"subject_tag": "[corpus]"}, frozenset({"subject"})),
    "answers to the list": ({"reply_to_list": "true"}, frozenset()),
    "munged": (
        _MUNGED,
        frozenset(
            {"from", "reply-to", "x-original-from", "x-original-dkim-signature", "dkim-signature", "cc"}
        ),
    ),
    "wrapped": (_MUNGED | {"dmarc_protection": "wrap"}, frozenset()),
    "a footer": ({"footer": _FOOTER}, frozenset()),
}


def test_the_corpus_is_large() -> None:
    assert len(MESSAGES) >= 200


@pytest.mark.parametrize("shape", SHAPES)
async def test_messages_pass_unharmed(sqlite: Database, shape: str) -> None:
    settings, changed = SHAPES[shape]
    usual = {"send": "public", "message_size_limit": "10000000", "dmarc_protection": "none"}
    _, mlist = await a_list(sqlite, "corpus", members=3, **(usual | settings))
    found: dict[str, list[str]] = {}
    for name, raw in MESSAGES.items():
        reply = await receive(sqlite, "ana@author.example", mlist.address, raw)
        if reply.code != 250:
            found[name] = [f"refused: {reply}"]
            continue
        delivery = (await _newest(sqlite, mlist))[0]
        async with sqlite.read() as reader:
            went = await deliveries.outgoing(reader, delivery.id) or b""
            kept = await posts.raw(reader, delivery.message_id or 0) or b""
        wrong = _wrong(shape, raw, went, _allowed(raw, changed, shape))
        if kept != parse_message(raw).raw:
            wrong.append("the archive has it otherwise")
        if shape == "a subject tag" and not _is_tagged(raw, went):
            wrong.append("the subject has lost more than it got")
        if wrong:
            found[name] = wrong
    assert not found, "\n".join(f"{name}: {wrong}" for name, wrong in found.items())


def _wrong(shape: str, raw: bytes, went: bytes, changed: frozenset[str]) -> list[str]:
    match shape:
        case "wrapped":
            return (
                []
                if split_entity(went).body == parse_message(raw).raw
                else ["what is wrapped is not what came"]
            )
        case "a footer":
            return complaints_with_footer(raw, went, _FOOTER)
        case _:
            return complaints(raw, went, changed=changed)


def _allowed(raw: bytes, changed: frozenset[str], shape: str) -> frozenset[str]:
    if shape != "answers to the list" or split_entity(raw).count("Reply-To"):
        return changed
    return changed | {"reply-to"}


def _is_tagged(raw: bytes, went: bytes) -> bool:
    before, after = split_entity(raw).first("Subject") or "", split_entity(went).first("Subject")
    return after == tagged(before, "[corpus]").strip()


async def _newest(database: Database, mlist: MailingList) -> list[Delivery]:
    return await posts_of(database, mlist)
