"""What a message at a bounce address is: a failure, a delay, a complaint, somebody's vacation notice, or nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from delivery.bounces.kinds import classify, kind_in_words
from delivery.bounces.odd import odd_failures
from mail.dsn import DsnRecipient, is_dsn, parse_dsn, spellings
from mail.encoded_words import decoded
from mail.feedback_report import FeedbackReport, parse_feedback_report
from mail.html_text import html_as_text
from mail.message import Message
from mail.parts import leaves, whole
from mail.status import EnhancedStatus
from storage.tables.words import BounceKind


class Outcome(Enum):
    """What came."""

    FAILED = "failed"
    DELAYED = "delayed"
    # Delivered, relayed or expanded: nothing is wrong.
    ARRIVED = "arrived"
    COMPLAINT = "complaint"
    AUTOMATIC = "automatic"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Failed:
    """One recipient whose copy came back; `addresses` are all ways in which the report writes them, none when it does not."""

    addresses: tuple[str, ...]
    kind: BounceKind
    enhanced_status: str
    diagnostic: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message says; `failed` with Outcome.FAILED, `spared` are recipients whom it names as not failed."""

    outcome: Outcome
    failed: tuple[Failed, ...] = ()
    spared: frozenset[str] = frozenset()
    complaint: FeedbackReport | None = None


# Fields that programs write when they answer for somebody (RFC 3834 and older habits).
_ANSWERING = ("X-Autoreply", "X-Autorespond", "X-Autoreply-From", "X-Mail-Autoreply", "X-Vacation")
_AWAY = re.compile(
    r"out of (?:the )?office|auto(?:matic|mated)?[- ]?(?:reply|response|answer)|\bauto:|vacation|on (?:annual |maternity )?leave|away from"
    r"|abwesen|automatische (?:antwort|antwoord)|nicht im (?:büro|haus)|urlaub|réponse automatique|absen(?:ce|t)|respuesta automática"
    r"|fuera de (?:la )?oficina|risposta automatica|fuori (?:sede|ufficio)|resposta automática|ausência|afwezig|automatisch(?:e)? antwoord"
    r"|automatyczna odpowiedź|nieobecno|автоответ|автоматический ответ|отсутств|自動(?:返信|応答)|不在|自动(?:回复|答复)|automaattinen|poissa|frånvar",
    re.IGNORECASE,
)
_DELAY = re.compile(
    r"will (?:keep|continue|be) (?:trying|retry|to try|retried|attempted)|not yet been delivered|delivery (?:\w+ ){0,3}(?:delay|is delayed)|no action is required"
    r"|has been delayed|warning: (?:message|could not send)|delayed \(|still (?:undelivered|trying)|verzögert|wird weiter versucht|retard[ée]|noch nicht zugestellt",
    re.IGNORECASE,
)
_COPY_BELOW = re.compile(
    r"^\W*(?:(?:this is|below this line is|here follows|included is) a copy of|original message|unsent message|forwarded message|returned mail|message header|"
    r"le message d'origine|ursprüngliche nachricht|mensaje original|received: (?:from|by) |return-path: ).*$",
    re.IGNORECASE | re.MULTILINE,
)
_SENDERS = frozenset(
    {"mailer-daemon", "postmaster", "mail-daemon", "maildaemon", "mailerdaemon", "microsoftexchange"}
)
_MOST_TEXT = 8_000


def read(message: Message, reverse_path: str) -> Reading:
    """Say what came, for `reverse_path` of the envelope ("" for the null one); never raises.

    Nothing of it is proved: whose failure it is says the return path that it came to.
    """
    complaint = parse_feedback_report(message)
    if complaint is not None:
        return Reading(Outcome.COMPLAINT, complaint=complaint)
    reports = parse_dsn(message)
    if reports:
        return _reported(reports)
    if _is_answer(message):
        return Reading(Outcome.AUTOMATIC)
    text = _own_words(message)
    return _odd(message, text) or _unsaid(message, reverse_path, text)


def is_from_a_mail_server(message: Message, reverse_path: str) -> bool:
    """Whether it claims to come from a mail server: the null reverse-path, or a daemon's name."""
    senders = [reverse_path, *(str(each.address) for each in message.mailboxes("From"))]
    if reverse_path in ("", "<>"):
        return True
    return any(each.partition("@")[0].lower().startswith(tuple(_SENDERS)) for each in senders)


def _reported(reports: list[DsnRecipient]) -> Reading:
    failed = tuple(_failed(each) for each in reports if each.action == "failed")
    spared = frozenset(name for each in reports if each.action != "failed" for name in spellings(each))
    if failed:
        return Reading(Outcome.FAILED, failed, spared)
    delayed = any(each.action == "delayed" for each in reports)
    return Reading(Outcome.DELAYED if delayed else Outcome.ARRIVED, spared=spared)


def _failed(report: DsnRecipient) -> Failed:
    # "2.0.0" beside "failed" is a server that contradicts itself: the action counts, and the words say why.
    status = "" if report.status.startswith("2") else report.status
    return Failed(spellings(report), classify(status, report.diagnostic), status, report.diagnostic)


def _is_answer(message: Message) -> bool:
    """Whether a program answers for somebody who is away or busy; a report of a failure may call itself an answer, too."""
    if is_dsn(message) or message.count("X-Failed-Recipients"):
        return False
    if any(message.count(name) for name in _ANSWERING):
        return True
    if any(body.strip().lower() in ("auto_reply", "auto-reply") for body in message.all("Precedence")):
        return True
    return _AWAY.search(decoded(message.first("Subject") or "")[:500]) is not None


def _odd(message: Message, text: str) -> Reading | None:
    named = tuple(
        name.strip() for body in message.all("X-Failed-Recipients") for name in body.split(",") if "@" in name
    )
    temporary, permanent = ([], list(named)) if named else odd_failures(message)
    if not temporary and not permanent:
        return None
    if not permanent or _says_delay(message, text):
        return Reading(Outcome.DELAYED, spared=frozenset((*temporary, *permanent)))
    status = str(EnhancedStatus.parse(text) or "")
    kind = classify("" if status.startswith("2") else status, text)
    failed = tuple(Failed((each,), kind, status, _line(text)) for each in permanent)
    return Reading(Outcome.FAILED, failed, frozenset(temporary))


def _unsaid(message: Message, reverse_path: str, text: str) -> Reading:
    """No form that anybody knows: plain words decide, and the null reverse-path that it is a report at all."""
    automatic = any(not body.strip().lower().startswith("no") for body in message.all("Auto-Submitted"))
    said = kind_in_words(f"{decoded(message.first('Subject') or '')} {text}")
    if not is_from_a_mail_server(message, reverse_path):
        return Reading(Outcome.AUTOMATIC if automatic else Outcome.OTHER)
    if _says_delay(message, text):
        return Reading(Outcome.DELAYED)
    if automatic and said is None and not is_dsn(message):
        return Reading(Outcome.AUTOMATIC)
    status = str(EnhancedStatus.parse(text) or "")
    kind = classify("" if status.startswith("2") else status, text)
    return Reading(Outcome.FAILED, (Failed((), kind, status, _line(text)),))


def _says_delay(message: Message, text: str) -> bool:
    return _DELAY.search(f"{decoded(message.first('Subject') or '')}\n{text}") is not None


def _own_words(message: Message) -> str:
    """What the report itself says, without the message that it sends back."""
    text = "".join(_texts(message))[:_MOST_TEXT]
    below = _COPY_BELOW.search(text)
    return text[: below.start()] if below else text


def _texts(message: Message) -> Iterator[str]:
    for part in leaves(whole(message)):
        # A multipart without a part in it is a broken one, whose parts can still be read.
        if part.content_type == "text/plain" or part.is_multipart:
            yield part.text[:_MOST_TEXT] + "\n"
        elif part.content_type == "text/html":
            yield html_as_text(part.text[: 4 * _MOST_TEXT])[:_MOST_TEXT] + "\n"
        elif part.content_type.startswith(("message/", "text/rfc822")):
            return


def _line(text: str) -> str:
    """The one line of a text that says most: the first that means something, else the first."""
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    return next((line for line in lines if kind_in_words(line)), lines[0] if lines else "")[:500]
