"""Feedback reports: a mailbox provider passes on that its user called a message spam (ARF, RFC 5965)."""

from dataclasses import dataclass

from mail.message import Message, split_entity
from mail.parts import leaves, whole


@dataclass(frozen=True, slots=True)
class FeedbackReport:
    """What was reported: its type (abuse, fraud, not-spam, opt-out, …), about whom, and for which envelope."""

    kind: str
    recipients: tuple[str, ...]
    reverse_path: str | None
    user_agent: str


def parse_feedback_report(message: Message) -> FeedbackReport | None:
    """Return the report in a message; None for any other message. Never raises.

    Providers often blank out the recipients: then only a VERP `reverse_path` tells whose complaint it is.
    """
    root = whole(message)
    if root.content_type != "multipart/report":
        return None
    for part in leaves(root):
        if part.content_type == "message/feedback-report":
            said = split_entity(part.content.lstrip(b"\r\n"))
            return FeedbackReport(
                kind=(said.first("Feedback-Type") or "other").strip().lower(),
                recipients=tuple(_bare(body) for body in said.all("Original-Rcpt-To") if _bare(body)),
                reverse_path=_bare(said.first("Original-Mail-From") or "") or None,
                user_agent=(said.first("User-Agent") or "").strip(),
            )
    return None


def _bare(path: str) -> str:
    return path.strip().removeprefix("<").removesuffix(">").strip()
