"""A post that would fail its author's domain's DMARC policy is changed, or turned away, before it goes out (row 49)."""

from delivery.authentication.dmarc import UNKNOWN
from delivery.letter import TAKEN, Done, Letter, Next
from delivery.protection import shield_for
from mail.status import Reply
from storage import audit
from storage.database import Reader, UnitOfWork
from storage.tables.words import Protection


async def protect(letter: Letter, uow: UnitOfWork) -> Next | Done | None:
    """Leave in `letter.shield` what `transform` has to do; what the list refuses or drops is written down and goes nowhere."""
    done = await would_protect(letter, uow)
    if isinstance(done, Done) and letter.shield is not None and not done.reply.is_temporary:
        await audit.record(
            uow,
            "rejected" if letter.shield.mode is Protection.REJECT else "discarded",
            actor=letter.author,
            via=letter.actor.via if letter.actor else "mail",
            robot_id=letter.mlist.robot_id,
            list_id=letter.mlist.id,
            detail={
                "message_id": letter.message_id,
                "dmarc": letter.shield.policy,
                "domain": letter.shield.domain,
            },
        )
    return done


async def would_protect(letter: Letter, reader: Reader) -> Next | Done | None:
    """The same without effect: whether somebody at this address may post at all (RFC 7960, section 4.1.3.4)."""
    letter.shield = shield_for(letter, reader.site, reader.now)
    if letter.shield is None or letter.is_spam:
        return None
    match letter.shield.mode:
        case Protection.REJECT if letter.shield.policy == UNKNOWN:
            letter.turned_away = f"{letter.shield.why()}; try again later"
            return Done(Reply(451, "4.7.5", letter.turned_away))
        case Protection.REJECT:
            letter.turned_away = (
                f"{letter.mlist.address} takes no mail from your domain, since {letter.shield.why()}: what the list "
                "passes on would be refused elsewhere; write from an address at another domain"
            )
            return Done(Reply(550, "5.7.1", letter.turned_away))
        case Protection.DISCARD:
            return Done(TAKEN)
        case _:
            return None


async def protect_approved(letter: Letter, uow: UnitOfWork) -> Next | Done | None:
    """For what an editor let through: it was taken when it came, so it is neither refused nor dropped any more."""
    letter.shield = shield_for(letter, uow.site, uow.now)
    return None
