"""Header, footer and posts that are templates: checked before a post is kept, put in place in the copy that goes out."""

from delivery.letter import Done, Letter, Next
from delivery.personal.footers import with_footers
from delivery.personal.merging import MERGES, is_filled_in, is_template, may_merge, merged, problem_of
from lists.template_values import message_values
from mail.message import parse_message
from mail.status import Reply
from storage.database import Reader, UnitOfWork
from storage.tables.words import Merge


async def check_template(letter: Letter, reader: Reader) -> Next | Done | None:
    """Refuse a post that is a template and cannot be filled in, with the line that is wrong; nothing is rendered for it."""
    letter.mail_results = {name: word for name, word in letter.mail_results.items() if name != MERGES}
    if letter.mlist.merge is Merge.NEVER or not is_template(letter.message):
        return None
    if not await may_merge(reader, letter.actor, letter.mlist):
        return None
    letter.bad_template = problem_of(letter.message)
    if letter.bad_template:
        return Done(Reply(550, "5.6.0", letter.bad_template))
    letter.mail_results = {**letter.mail_results, MERGES: "yes"}
    return None


async def personalize(letter: Letter, uow: UnitOfWork) -> Next | Done | None:
    """Splice what all recipients share, and leave slots for what is each one's own."""
    mlist = letter.mlist
    merges = is_filled_in(mlist, letter.mail_results)
    if not (mlist.header or mlist.footer or merges):
        return None
    values = message_values(
        uow.site, letter.robot, mlist, letter.message, letter.archive_key, letter.author, uow.now
    )
    going = parse_message(letter.outgoing)
    if merges and is_template(going) and not problem_of(going):
        letter.outgoing, letter.slots = merged(letter.outgoing, mlist, values)
        return None
    letter.outgoing, letter.slots = with_footers(letter.outgoing, mlist, values)
    return None
