"""A message on its way through the stages, and the three ways in which its way may end."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from delivery.bounces.reading import Reading
from delivery.evidence import Evidence
from delivery.shield import Shield
from identity.actor import Actor
from mail.message import Message
from mail.status import Reply
from scenarios.decision import Decision
from storage.tables.lists import MailingList, Robot


@dataclass(slots=True)
class Letter:
    """What is known of a message so far; each stage reads some of it and adds some.

    `reverse_path` is the envelope's, "" for none; `evidence` is what was found out about its origin, for mail that
    came in; `command` is the mail command that it carries, when it does.
    """

    robot: Robot
    mlist: MailingList
    message: Message
    reverse_path: str
    evidence: Evidence | None = None
    # What was found out when it came, as it is kept with it: results in RFC 8601's words, the policy of the author's
    # domain, the places of the signatures that speak for the author.
    mail_results: Mapping[str, str] = field(default_factory=dict)
    # A confirmed or approved message: who did it, so that nobody is asked twice.
    confirmed_by: str = ""
    approved_by: str = ""
    token: str | None = None
    # Of a report that came to a bounce address: what it says, where that was read before the transaction began.
    reading: Reading | None = None
    # What our checks said when it came by mail, as ARC passes it on (RFC 8617); "" where there is nothing to say.
    authentication_results: str = ""
    # Of a message that an editor approved: how surely its author was known when it came.
    proved_by: str = ""
    command: str = ""
    # What follows the command's own word.
    arguments: str = ""
    # What `spam_status` says of the message: ham, spam or unsure.
    spam: str = ""
    priority: int | None = None
    actor: Actor | None = None
    author: str = ""
    message_id: str = ""
    decision: Decision | None = None
    message_key: int | None = None
    archive_key: str = ""
    # What it says, as a digest, and why it waits though the list's scenario let it through.
    content_hash: str = ""
    held_for: str = ""
    outgoing: bytes = b""
    # Where each recipient's own text goes into `outgoing`, as JSON; "" where all get the same.
    slots: str = ""
    # What is wrong with a post that is a template itself.
    bad_template: str = ""
    # How it is kept from failing its author's DMARC policy; None where it goes out under its author's name.
    shield: Shield | None = None
    # Why it is refused for that policy.
    turned_away: str = ""
    delivery_id: int | None = None
    moderation_id: int | None = None
    # Only asked about: its decision is not kept.
    is_prospect: bool = False
    # Routes taken, for the log and against going round in circles.
    trail: list[str] = field(default_factory=list)

    @property
    def is_spam(self) -> bool:
        """Whether the filter says so: then nobody is answered."""
        return self.spam == "spam"


@dataclass(frozen=True, slots=True)
class Next:
    """The letter goes on by another route."""

    route: str


@dataclass(frozen=True, slots=True)
class Done:
    """The journey ends here; `reply` is what the delivering server is told (RFC 2033: one for each recipient)."""

    reply: Reply


TAKEN = Reply(250, "2.0.0", "taken")
