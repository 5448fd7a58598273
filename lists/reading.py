"""A stored message as people read it: its author, date, words and header fields, and what strangers are not shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from identity.actor import Actor
from mail.errors import BadAddress, BadMessage
from mail.html_text import html_as_text
from mail.instant import DAY, parse_date_field
from mail.message import Message, author, parse_message
from mail.parts import leaves, whole

# As much of a message as is read to show it; attachments lie beyond.
READ_AT_MOST = 256 * 1024
LONGEST_TEXT = 200_000
# Fields that name nobody: what strangers see of a header (addresses are not for harvesters).
_NAMING_NOBODY = frozenset(
    {
        "subject", "date", "message-id", "in-reply-to", "references", "list-id", "mime-version", "content-type",
        "content-language", "content-transfer-encoding", "auto-submitted", "precedence",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Readable:
    """The beginning of a message, taken apart on demand."""

    message: Message

    @cached_property
    def author_name(self) -> str:
        """The name that the author writes; empty for none."""
        try:
            return author(self.message).display_name
        except (BadMessage, BadAddress):
            return ""

    @cached_property
    def text(self) -> str | None:
        """The first text part, or the first HTML part as text; None for a message without words."""
        parts = [part for part in leaves(whole(self.message)) if not part.is_attached]
        for kind in ("text/plain", "text/html"):
            for part in parts:
                if part.content_type == kind:
                    text = part.text[:LONGEST_TEXT]
                    return text if kind == "text/plain" else html_as_text(text)
        return None

    def date(self, received_at: int) -> int:
        """The Date field's instant when it is sane, which is no later than a day after the message came."""
        stated = parse_date_field(self.message.first("Date") or "")
        return received_at if stated is None or not 0 < stated <= received_at + DAY else stated

    def fields(self, names: Iterable[str] | None, *, for_strangers: bool) -> list[tuple[str, str]]:
        """Names and decoded values of the header fields, in their order; only those of `names` where it is given."""
        wanted = None if names is None else {name.lower() for name in names}
        return [
            (field.name, field.body)
            for field in self.message.fields
            if (wanted is None or field.name.lower() in wanted)
            and (not for_strangers or field.name.lower() in _NAMING_NOBODY)
        ]


def readable(raw: bytes) -> Readable | None:
    """A message out of its first octets; None for what is none."""
    try:
        return Readable(parse_message(raw))
    except BadMessage:
        return None


def hides_addresses(actor: Actor) -> bool:
    """Whether this reader is shown no addresses in archives: strangers are not."""
    return actor.person is None and not actor.is_operator
