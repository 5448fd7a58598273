"""Who is speaking: the one author of a message, found in the address ledger."""

from delivery.evidence import stated_by, strength_of
from delivery.letter import Done, Letter, Next
from delivery.once_signed import is_sent_again
from identity.entrance import actor_for_mail
from lists.subaddresses import subaddresses_of
from mail.address import address_key
from mail.errors import BadAddress, BadMessage
from mail.message import author
from mail.status import Reply
from storage.database import Reader
from storage.tables.words import Strength


async def identify(letter: Letter, reader: Reader) -> Next | Done | None:
    """The actor of this letter; a message with no author, or with two, is refused (RFC 5322, 3.6.2; pitfall 11)."""
    try:
        letter.author = str(author(letter.message).address)
    except (BadMessage, BadAddress):
        return Done(Reply(550, "5.6.0", "a message needs one From field with one address"))
    evidence = letter.evidence
    if evidence is not None:
        letter.mail_results = evidence.kept(letter.robot.trusted_sealers)
    letter.authentication_results = stated_by(reader.site, letter.mail_results)
    if letter.actor is None:
        strength = strength_of(evidence, letter.mlist, is_command=letter.command != "")
        if strength is Strength.SMIME and await is_sent_again(reader, evidence, letter.message_id):
            strength = Strength.SMTP
        letter.actor = await actor_for_mail(
            reader,
            letter.robot,
            letter.author,
            strength,
            results=letter.mail_results,
            mailbox=subaddresses_of(letter.robot).mailbox(address_key(letter.author)),
        )
    return None
