"""How topics are named: paths of plain words, such as science/physics."""

import re

from identity.refusal import Invalid

MOST_OF_A_LIST = 20
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}(/[a-z0-9][a-z0-9_-]{0,39}){0,3}")


class BadTopicName(Invalid):
    """A topic's name is a word of a-z, 0-9, dash and underscore, or up to four of them with slashes between, as science/physics."""


def checked_topic(name: str) -> str:
    """A topic's name in lower case; raises BadTopicName."""
    lower = name.strip().lower()
    if not _NAME.fullmatch(lower):
        raise BadTopicName(path=("name",))
    return lower


def read_topics(text: str) -> str:
    """The names in a list's setting, in order, separated by spaces; raises ValueError with what is accepted."""
    names = sorted({name.lower() for name in text.replace(",", " ").split()})
    if len(names) > MOST_OF_A_LIST or not all(_NAME.fullmatch(name) for name in names):
        raise ValueError(f"up to {MOST_OF_A_LIST} names of topics, separated by commas")
    return " ".join(names)
