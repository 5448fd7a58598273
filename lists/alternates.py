"""Which of a person's addresses count on a list, for each kind of operation (row 106)."""

import re
from enum import StrEnum
from functools import lru_cache

from scenarios.request import METHODS_BY_STRENGTH


class Kind(StrEnum):
    """The kinds of operation that a list may treat differently."""

    POST = "post"
    MEMBERSHIP = "membership"
    READ = "read"
    MODERATE = "moderate"
    OWN = "own"


ANY = "ANY"
MAIN_ONLY = "MAIN_ONLY"
_STRENGTH = re.compile(r"STRENGTH\(\s*(?:>=\s*)?(dkim|md5|smime)\s*\)", re.IGNORECASE)
_FORM = (
    "ANY, MAIN_ONLY or STRENGTH(dkim|md5|smime), for everything or for one kind of operation such as "
    "own:MAIN_ONLY,post:STRENGTH(md5); the kinds are post, membership, read, moderate, own"
)
_OF_OPERATION = {
    "send": Kind.POST,
    "spam_status": Kind.POST,
    "subscribe": Kind.MEMBERSHIP,
    "unsubscribe": Kind.MEMBERSHIP,
    "move_user": Kind.MEMBERSHIP,
    "family_signoff": Kind.MEMBERSHIP,
    "review": Kind.READ,
    "visibility": Kind.READ,
    "info": Kind.READ,
    "archive_web_access": Kind.READ,
    "archive_mail_access": Kind.READ,
    "d_read": Kind.READ,
    "d_edit": Kind.READ,
    "topics_visibility": Kind.READ,
}


def kind_of(operation: str) -> Kind:
    """The kind of an operation; what is not known is an owner's business."""
    return _OF_OPERATION.get(operation, Kind.OWN)


def read_policy(text: str) -> str:
    """The setting in its normal form: what holds for everything first; ValueError says what it takes."""
    general, special = _parts(text)
    told = [f"{kind.value}:{rule}" for kind, rule in sorted(special.items()) if rule != general]
    return ",".join([general, *told] if general != ANY or not told else told)


def rule_for(text: str, kind: Kind) -> str:
    """ANY, MAIN_ONLY, or the least method with which an alternate counts for this kind of operation."""
    general, special = _known(text)
    rule = special.get(kind, general)
    match = _STRENGTH.fullmatch(rule)
    return match[1] if match else rule


def counts(strength: str, rule: str) -> bool:
    """Whether an alternate of that effective method counts under a rule of `rule_for`."""
    if rule in (ANY, MAIN_ONLY):
        return rule == ANY
    return METHODS_BY_STRENGTH.index(strength) >= METHODS_BY_STRENGTH.index(rule)


@lru_cache(maxsize=1024)
def _known(text: str) -> tuple[str, dict[Kind, str]]:
    try:
        return _parts(text)
    except ValueError:
        # What nobody can read lets no alternate count.
        return MAIN_ONLY, {}


def _parts(text: str) -> tuple[str, dict[Kind, str]]:
    general, special = ANY, dict[Kind, str]()
    for part in filter(None, (each.strip() for each in text.split(","))):
        kind, colon, rule = part.rpartition(":")
        if not colon:
            general = _rule(rule)
        elif kind.strip().lower() in list(Kind):
            special[Kind(kind.strip().lower())] = _rule(rule)
        else:
            raise ValueError(_FORM)
    return general, special


def _rule(text: str) -> str:
    plain = text.strip().upper()
    if plain in (ANY, MAIN_ONLY):
        return plain
    match = _STRENGTH.fullmatch(text.strip())
    if match is None:
        raise ValueError(_FORM)
    return f"STRENGTH({match[1].lower()})"
