"""What a person sees in a message: its text, its HTML, and the files attached to it."""

from collections.abc import Iterator
from dataclasses import dataclass

from mail.html_text import html_as_text
from mail.message import Message
from mail.parts import Part, leaves, whole

# Parts that prove the others rather than hold content of their own.
_SIGNATURES = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)


@dataclass(frozen=True, slots=True)
class AttachmentInfo:
    """A file attached to a message: its name if it has one, its media type, its size in octets once decoded."""

    filename: str | None
    content_type: str
    size: int


def text_part(message: Message) -> str:
    """Return the text of a message: its plain text parts, else what its HTML says, else nothing.

    Any charset is read as well as it can be, and damage never raises (requirement 88).
    """
    shown = [part.text for part in leaves(whole(message)) if _is_shown(part, "text/plain")]
    if shown:
        return "\n".join(shown)
    markup = html_part(message)
    if markup is not None:
        return html_as_text(markup)
    # A multipart whose parts cannot be found is shown as it stands.
    return "\n".join(part.text for part in leaves(whole(message)) if part.is_multipart)


def html_part(message: Message) -> str | None:
    """Return the first HTML part that is shown, not attached; it is a stranger's markup and must be sanitised."""
    return next((part.text for part in leaves(whole(message)) if _is_shown(part, "text/html")), None)


def attachments(message: Message) -> list[AttachmentInfo]:
    """Return the files attached to a message, in their order; signatures and alternative texts are none."""
    return [
        AttachmentInfo(part.filename, part.content_type, len(part.content)) for part in _attached(message)
    ]


def _attached(message: Message) -> Iterator[Part]:
    return (part for part in leaves(whole(message)) if _is_attachment(part))


def _is_shown(part: Part, content_type: str) -> bool:
    return part.content_type == content_type and not _is_attachment(part)


def _is_attachment(part: Part) -> bool:
    if part.content_type in _SIGNATURES or part.is_multipart:
        return False
    if part.is_attached or part.filename is not None:
        return True
    # Text stands in the message itself, and so does every form of the same content, such as an invitation.
    return not part.content_type.startswith("text/") and part.inside not in (
        "multipart/alternative",
        "multipart/report",
    )
