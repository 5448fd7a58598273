"""What is said of a setting that there is not, and what it may have been meant to be."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

# What Sympa and Mailman call what is called otherwise here.
_ELSEWHERE: Mapping[str, str] = {
    "custom_subject": "subject_tag",
    "dmarc_mitigate_action": "dmarc_protection",
    "lang": "language",
    "max_message_size": "message_size_limit",
    "max_size": "message_size_limit",
    "merge_feature": "merge",
    "personalization_feature": "merge",
    "personalize": "personalization",
    "preferred_language": "language",
    "reply_goes_to_list": "reply_to_list",
    "reply_to_header": "reply_to_list",
    "subject_prefix": "subject_tag",
    "verp": "personalization",
    "verp_rate": "personalization",
}


def no_such_setting(settings: Iterable[str], name: str) -> str:
    """The sentence about an unknown name: what it may have been meant to be, and all settings that there are."""
    known = [*settings]
    meant = _ELSEWHERE.get(name.lower())
    near = [meant] if meant in known else get_close_matches(name.lower(), known, n=3)
    hint = f"did you mean {' or '.join(near)}? There" if near else "there"
    return f"There is no setting {name[:60]!r}; {hint} are {', '.join(known)}."
