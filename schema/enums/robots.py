"""Words about how a robot reads and asks scenarios."""

from enum import Enum

import strawberry

from schema.enums.words import word


@strawberry.enum(description="What a valid signature of a mail is worth.")
class DkimMethod(Enum):
    """What a valid signature of a mail is worth; the values are the setting's words."""

    OWN = word("own", "A method of its own, between plain mail and a confirmation.")
    AS_SMTP = word("as_smtp", "As much as a plain mail, as in Sympa 6.2.71 and later.")


@strawberry.enum(description="How scenarios are read.")
class ScenarioDialect(Enum):
    """How scenarios are read; the values are the setting's words."""

    POSTROOM = word("postroom", "As Postroom documents it.")
    SYMPA = word("sympa", "Exactly as Sympa 6.2 would decide.")
