"""What a spam filter before us wrote on a message."""

import re

from mail.message import Message

_FIELDS = ("X-Spam-Status", "X-Spam-Flag")
_WORD = re.compile(r"\s*(yes|spam|no|ham|unsure)\b", re.IGNORECASE)
_MEANING = {"yes": "spam", "spam": "spam", "no": "ham", "ham": "ham", "unsure": "unsure"}


def spam_status(message: Message) -> str:
    """`spam`, `ham`, `unsure`, or `unknown` where no filter said anything; of several fields of a name the last counts.

    Whoever wrote the message can have written the field as well: it is as good as the filter that replaces it.
    """
    for name in _FIELDS:
        said = message.all(name)
        match = _WORD.match(said[-1]) if said else None
        if match:
            return _MEANING[match[1].lower()]
    return "unknown"
