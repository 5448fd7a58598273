"""Words about scenario texts: how serious a finding is, who is meant, and what changes for them."""

from enum import Enum

import strawberry

from schema.enums.words import word


@strawberry.enum(description="How serious a remark on a scenario is.")
class FindingLevel(Enum):
    """How serious a remark on a scenario is."""

    ERROR = word("error", "The text does not do what it says.")
    WARNING = word("warning", "It probably does something else than its author thinks.")
    NOTE = word("note", "Somebody may wonder.")


@strawberry.enum(description="Who somebody is at the list. New values may be added.")
class ScenarioRole(Enum):
    """Who somebody is at the list."""

    NOBODY = word("nobody", "Somebody without any address.")
    STRANGER = word("stranger", "Somebody who is not on the list.")
    SUBSCRIBER = word("subscriber", "A subscriber, under the subscribed address.")
    ALTERNATE = word("alternate", "A subscriber, under another address of theirs.")
    EDITOR = word("editor", "A moderator.")
    OWNER = word("owner", "An owner.")
    LISTMASTER = word("listmaster", "A listmaster.")


@strawberry.enum(description="What a change of rules means to somebody.")
class ScenarioEffect(Enum):
    """What a change of rules means to somebody."""

    GAINS = word("gains", "They may do more.")
    LOSES = word("loses", "They may do less.")
    DIFFERS = word("differs", "They may do something else.")
