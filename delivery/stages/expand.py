"""A delivery and its packets, in the transaction that took the message in (rows 20, 86)."""

from delivery.addresses import addresses_of
from delivery.letter import Done, Letter, Next
from lists.addressed import addressed_members
from lists.dkim_settings import EDITOR_VALIDATED
from mail.address import address_key
from mail.status import Reply
from storage import audit, deliveries, expansion
from storage.database import UnitOfWork
from storage.tables.lists import MailingList
from storage.tables.words import DeliveryKind, Personalization


async def expand(letter: Letter, uow: UnitOfWork) -> Next | Done | None:
    """Cut the list's members of this moment into packets; members who leave later are skipped when it is their turn.

    Of a big list this is the first chunk; `delivery.expanding` does the rest.
    """
    mlist, actor = letter.mlist, letter.actor
    letter.delivery_id = await deliveries.create(
        uow,
        robot_id=mlist.robot_id,
        list_id=mlist.id,
        message_id=letter.message_key,
        kind=DeliveryKind.POST,
        internet_message_id=letter.message_id,
        subject=letter.message.first("Subject") or "",
        outgoing=letter.outgoing,
        reverse_path=f"{mlist.name}-bounce@{mlist.domain}",
        personalization=(
            Personalization.ALWAYS if letter.slots else await _personalization(uow, mlist)
        ).value,
        priority=mlist.priority if letter.priority is None else letter.priority,
        authentication_results=letter.authentication_results,
        proofs=" ".join(proofs_of(letter)),
        slots=letter.slots,
    )
    own = [address_key(address) for address in (actor.addresses if actor else ())]
    named = await addressed_members(uow, letter.robot, mlist, letter.message, but_for=addresses_of(mlist))
    total = await expansion.expand(uow, letter.delivery_id, author_keys=own, addressed=named)
    await audit.record(
        uow,
        "distributed",
        actor=letter.approved_by or letter.author,
        via=actor.via if actor else "mail",
        robot_id=mlist.robot_id,
        list_id=mlist.id,
        person_id=actor.person.id if actor and actor.person else None,
        detail={
            "message_id": letter.message_id,
            "delivery": letter.delivery_id,
            # Of a big list, another row says how many, when all are found.
            **({"is_expanding": True} if total is None else {"recipients": total}),
            "decision": _spoken(letter),
        },
    )
    return Done(Reply(250, "2.0.0", _answer(total)))


def _answer(total: int | None) -> str:
    if total is None:
        return "taken; the recipients are still being found"
    return f"taken for {total} recipient{'' if total == 1 else 's'}"


async def _personalization(uow: UnitOfWork, mlist: MailingList) -> Personalization:
    """Who gets a copy of their own of this very message (row 59)."""
    if mlist.personalization is Personalization.SAMPLED:
        return await expansion.sampled(uow, mlist.id)
    return mlist.personalization


def proofs_of(letter: Letter) -> list[str]:
    """How surely the author of a message was known, and whether an editor said yes: the words of `dkim_sign_posts`."""
    known = letter.proved_by or (letter.actor.strength.method if letter.actor else "")
    approved = [EDITOR_VALIDATED] if letter.approved_by else []
    return [*([known] if known else []), *approved]


def _spoken(letter: Letter) -> dict[str, object]:
    decision = letter.decision
    if decision is None:
        return {}
    return {
        "scenario": f"{decision.operation}.{decision.scenario}",
        "line": decision.line,
        "element": decision.element,
    }
