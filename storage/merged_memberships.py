"""Which of two subscriptions of one person on one list stays, and with what (row 112)."""

from dataclasses import replace

import orjson

from storage.tables.lists import Membership
from storage.tables.words import Origin, Reception, Visibility

# Of two modes the one that brings more mail wins, so that nothing is lost by becoming one.
_MORE_MAIL_FIRST = (
    Reception.MAIL,
    Reception.NOT_ME,
    Reception.HTML,
    Reception.TXT,
    Reception.URLIZE,
    Reception.DIGEST,
    Reception.DIGEST_PLAIN,
    Reception.SUMMARY,
    Reception.NOTICE,
    Reception.NOMAIL,
)
# The account's word lies between the two of this list.
_FEWEST_SKIPPED_FIRST = (False, None, True)


def merged(gone: Membership, kept: Membership) -> Membership:
    """`kept` with the stronger of each option of the two.

    More mail wins over less, no pause over a pause, hidden over shown, moderated over free (row 65), the earlier date;
    answers and names of the one that stays win over those of the one that goes. Whoever a data source brought there
    stays brought by it, and has subscribed as well then.
    """
    is_paused_twice = kept.suspended_from is not None and gone.suspended_from is not None
    concealed = Visibility.CONCEAL in (gone.visibility, kept.visibility)
    both = kept.origin is not Origin.SUBSCRIBED and gone.origin is not Origin.INCLUDED
    return replace(
        kept,
        reception=min(gone.reception, kept.reception, key=_MORE_MAIL_FIRST.index),
        visibility=Visibility.CONCEAL if concealed else Visibility.NOCONCEAL,
        display_name=kept.display_name or gone.display_name,
        attributes=_answers(gone, kept),
        suspended_from=kept.suspended_from if is_paused_twice else None,
        suspended_until=kept.suspended_until if is_paused_twice else None,
        is_moderated=gone.is_moderated or kept.is_moderated,
        is_preferred=gone.is_preferred or kept.is_preferred,
        skips_addressed_copies=min(
            gone.skips_addressed_copies, kept.skips_addressed_copies, key=_FEWEST_SKIPPED_FIRST.index
        ),
        origin=Origin.BOTH if both else kept.origin,
        subscribed_at=min(gone.subscribed_at, kept.subscribed_at),
    )


def _answers(gone: Membership, kept: Membership) -> str:
    if gone.attributes in ("{}", kept.attributes):
        return kept.attributes
    return orjson.dumps({**orjson.loads(gone.attributes), **orjson.loads(kept.attributes)}).decode()
