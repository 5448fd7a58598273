"""Whether a post would fail its author's domain's DMARC policy as the list sends it, and what the list does then (RFC 7489, 7960; row 49)."""

from collections.abc import Mapping

from delivery.authentication.alignment import are_aligned
from delivery.authentication.dmarc import ABSENT, REJECT, UNKNOWN
from delivery.authentication.signature_tags import named_domains
from delivery.authentication.survival import surviving
from delivery.letter import Letter
from delivery.list_copy import added_later, changed, changes_for
from delivery.personal.footers import changes_body
from delivery.personal.merging import is_template
from delivery.shield import Shield
from lists.dmarc_settings import ALWAYS, lies_in
from mail.address import parse_address
from mail.errors import BadAddress
from mail.instant import DAY, SECOND
from mail.message import split_entity
from storage.site import Site
from storage.tables.words import Merge, Protection

_POLICY_COUNTS = 7 * DAY
# A signature must not run out while the last copies wait for their turn.
_ON_ITS_WAY = DAY


def shield_for(letter: Letter, site: Site, now: int) -> Shield | None:
    """How a letter is kept from failing its author's policy; None where it goes out under its author's name. `now` is in microseconds.

    Nothing is asked of anybody: what was found out when the message came is in `letter.mail_results`. A policy that
    could not be found out counts as `reject` for a message that its author's domain claims to have signed, since whoever
    rejects mail signs it.
    """
    mlist, policy = letter.mlist, letter.mail_results.get("policy", UNKNOWN)
    try:
        domain = parse_address(letter.author).domain
    except BadAddress:
        return None
    if domain == letter.robot.domain or lies_in(domain, mlist.dmarc_exempt_domains):
        return None
    mode = _mode(letter, policy, _presumed(letter, policy, domain))
    if mode is Protection.DISCARD and policy == UNKNOWN:
        # Nothing is dropped for a question that nobody answered.
        mode = Protection.MUNGE
    if mode is Protection.NONE or _stays_signed(letter, site, now):
        return None
    return Shield(mode, domain, policy)


def still_known(mail_results: Mapping[str, str], age: int) -> dict[str, str]:
    """What was found out about a message `age` microseconds ago, as far as it counts still: a policy may have become stricter."""
    return {name: word for name, word in mail_results.items() if name != "policy" or age <= _POLICY_COUNTS}


def _presumed(letter: Letter, policy: str, domain: str) -> str:
    """The policy to act by: what nobody could find out is presumed from whether the domain signs its mail."""
    if policy != UNKNOWN:
        return policy
    is_claimed = any(are_aligned(each, domain) for each in named_domains(letter.message))
    return REJECT if is_claimed else ABSENT


def _mode(letter: Letter, policy: str, presumed: str) -> Protection:
    """What the list does under this policy, whether or not it is needed; `presumed` is it, or what stands for it."""
    chosen, policies = Protection(letter.mlist.dmarc_protection), letter.mlist.dmarc_policies.split()
    is_meant = ALWAYS in policies or presumed in policies
    if is_meant and chosen is not Protection.NONE:
        return chosen
    # What fails under reject is lost: no setting leaves it so.
    return Protection.MUNGE if policy == REJECT else Protection.NONE


def _stays_signed(letter: Letter, site: Site, now: int) -> bool:
    """Whether a signature that speaks for the author holds for every copy that the list will make."""
    places = [int(place) for place in letter.mail_results.get("signatures", "").split()]
    if not places or _changes_bodies(letter):
        return False
    after = split_entity(changed(letter, changes_for(letter, site)))
    last = (now + _ON_ITS_WAY) // SECOND
    left = surviving(letter.message, after, places, now=last, added=added_later(letter.mlist))
    return bool(left)


def _changes_bodies(letter: Letter) -> bool:
    """Whether the list puts something above or below the text, or fills it in."""
    mlist, message = letter.mlist, letter.message
    return changes_body(mlist, message) or (mlist.merge is not Merge.NEVER and is_template(message))
