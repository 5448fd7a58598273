"""Every setting of a list by its name: how its text is read, written, and what it means, for all ways of setting it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from identity.refusal import Invalid
from lists.alternates import ANY, MAIN_ONLY, read_policy
from lists.bounce_settings import read_days, read_score, show_score, word_of
from lists.dkim_settings import ANY as ANY_POST
from lists.dkim_settings import read_signed_posts
from lists.dmarc_settings import USUAL_PROTECTION, read_domains, read_policies, read_protection
from lists.setting_names import no_such_setting
from lists.templates import html_template, text_template
from lists.topic_names import read_topics
from storage.tables.words import BounceDigest, Complaint, Merge, Personalization, TellsPeers

_SCENARIO_NAME = re.compile(r"[-.\w]{1,80}", re.ASCII)
_PARAMETERISED = re.compile(r"\w{1,40}\([^()\x00-\x1f]{1,2000}\)", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
_SIZE = re.compile(r"(\d{1,12})\s*([kmg]?)b?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_CONTROLS = re.compile("[\x00-\x1f\x7f\u2028\u2029]")
_CONTROLS_BUT_BREAKS = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_YES = {"true", "yes", "on", "1"}
_NO = {"false", "no", "off", "0"}
QUEUE_ONLY = 10


class BadSetting(Invalid):
    """This setting does not exist or does not take this value."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name and column, its value on a new list, and a sentence for `settings`, the API and the docs.

    `parse` turns a text into the stored value and raises ValueError with what is accepted; `show` writes it back.
    """

    name: str
    default: Any
    parse: Callable[[str], Any]
    show: Callable[[Any], str]
    sentence: str
    is_scenario: bool = False


def _line(longest: int) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if len(text) > longest or _CONTROLS.search(text):
            raise ValueError(f"one line of at most {longest} characters")
        return " ".join(text.split())

    return parse


def _paragraphs(text: str) -> str:
    clean = text.replace("\r\n", "\n").strip()
    if len(clean) > 20_000 or _CONTROLS_BUT_BREAKS.search(clean):
        raise ValueError("a text of at most 20000 characters")
    return clean


def _language(text: str) -> str:
    if not _LANGUAGE.fullmatch(text):
        raise ValueError("a language tag such as en or pt-BR")
    return text


def _scenario(text: str) -> str:
    if _PARAMETERISED.fullmatch(text):
        return "".join(text.split())
    if not _SCENARIO_NAME.fullmatch(text):
        raise ValueError("the name of a scenario")
    return text


def _custom_vars(text: str) -> str:
    lines = [line.strip() for line in text.replace(";", "\n").splitlines() if line.strip()]
    pairs = {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in lines)}
    if len(pairs) > 50 or any(not re.fullmatch(r"\w{1,60}", name, re.ASCII) for name in pairs):
        raise ValueError("up to 50 of name=value, one on each line or separated by semicolons")
    if any(len(value) > 500 or _CONTROLS.search(value) for value in pairs.values()):
        raise ValueError("values of at most 500 characters")
    return "\n".join(f"{name}={value}" for name, value in sorted(pairs.items()))


def _priority(text: str) -> int:
    if text == "z":
        return QUEUE_ONLY
    if len(text) != 1 or text not in "0123456789":
        raise ValueError("0 (first) to 9 (last), or z to queue and send nothing")
    return int(text)


def _personalization(text: str) -> str:
    if text not in [each.value for each in Personalization]:
        raise ValueError(", ".join(each.value for each in Personalization))
    return text


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 1_000_000:
        raise ValueError("a number up to 1000000, or 0 for no limit")
    return int(text)


def _each_nth(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 10_000:
        raise ValueError("a number from 1 to 10000")
    return int(text)


def _merge(text: str) -> str:
    if text not in [each.value for each in Merge]:
        raise ValueError(", ".join(each.value for each in Merge))
    return text


def _size(text: str) -> int:
    match = _SIZE.fullmatch(text)
    size = int(match[1]) * _UNITS[match[2].lower()] if match else 0
    if not 1024 <= size <= 1024**3:
        raise ValueError("a size from 1K to 1G, such as 5M")
    return size


def _room(text: str) -> int:
    match = _SIZE.fullmatch(text)
    size = int(match[1]) * _UNITS[match[2].lower()] if match else -1
    if not 0 <= size <= 1024**4:
        raise ValueError("a size up to 1024G, such as 2G, or 0 for none")
    return size


def _show_size(size: int) -> str:
    if size == 0:
        return "0"
    for unit in ("g", "m", "k"):
        if size % _UNITS[unit] == 0:
            return f"{size // _UNITS[unit]}{unit.upper()}"
    return str(size)


def switch(text: str) -> bool:
    """Yes or no, as people write it; raises ValueError."""
    if text.lower() in _YES | _NO:
        return text.lower() in _YES
    raise ValueError("true or false")


def show_switch(value: bool) -> str:
    """Yes or no, as `switch` reads it."""
    return "true" if value else "false"


def _show_priority(value: int) -> str:
    return "z" if value == QUEUE_ONLY else str(value)


def policy(name: str, default: str, sentence: str) -> Setting:
    """The setting that names the scenario of an operation."""
    return Setting(name, default, _scenario, str, sentence, is_scenario=True)


_ALL = (
    Setting("subject", "", _line(200), str, "One line for the directory."),
    Setting("description", "", _paragraphs, str, "A longer text about the list."),
    Setting("language", "en", _language, str, "The language of the list's own mails."),
    policy("send", "private", "Who may write to the list."),
    policy("subscribe", "open", "Who may join."),
    policy("unsubscribe", "open", "Who may leave."),
    policy("review", "owner", "Who may see the subscribers."),
    policy("visibility", "conceal", "Who sees that the list exists."),
    policy("info", "open", "Who may read about the list."),
    policy("add", "auth", "Who may put others on the list."),
    policy("del", "auth", "Who may take others off the list."),
    policy("invite", "owner", "Who may invite others."),
    policy("remind", "owner", "Who may remind everybody of their subscription."),
    policy("archive_web_access", "private", "Who may read the archive."),
    policy("archive_mail_access", "private", "Who may ask for messages of the archive by mail."),
    policy("d_read", "private", "Who may read the list's documents."),
    policy("d_edit", "owner", "Who may change the list's documents."),
    policy("tracking", "owner", "Who may see what became of a message, recipient by recipient."),
    Setting(
        "priority",
        5,
        _priority,
        _show_priority,
        "The list's place in the queue: 0 goes first, 9 last, z waits.",
    ),
    Setting(
        "personalization",
        Personalization.NEVER.value,
        _personalization,
        str,
        "When each recipient gets a copy of their own: never; on_bounce, whose mail comes back; sampled, those and at "
        "each verp_every-th message everybody; always.",
    ),
    Setting(
        "verp_every",
        10,
        _each_nth,
        str,
        "With personalization sampled, each how many-th message goes to everybody as a copy of their own.",
    ),
    Setting("subject_tag", "", _line(60), str, "A word put before the subject of each message."),
    Setting("message_size_limit", 5 * 1024**2, _size, _show_size, "The largest message that the list takes."),
    Setting(
        "documents_quota",
        1024**3,
        _room,
        _show_size,
        "How much all documents of the list may take together, the trash included; 0 shares none.",
    ),
    Setting(
        "document_size_limit", 100 * 1024**2, _room, _show_size, "The largest document that the list takes."
    ),
    Setting(
        "alt_email_policy",
        ANY,
        read_policy,
        str,
        "Which of somebody's addresses count: ANY, MAIN_ONLY (the one that a request comes under) or STRENGTH(dkim, md5 "
        "or smime), for everything or by kind of operation, as own:MAIN_ONLY,post:STRENGTH(md5).",
    ),
    Setting(
        "custom_vars",
        "",
        _custom_vars,
        lambda value: value.replace("\n", "; "),
        "Values of your own, as name=value; name=value, which scenarios read as [custom_vars->name].",
    ),
    Setting(
        "topics",
        "",
        read_topics,
        lambda value: ", ".join(value.split()),
        "The topics of its domain that the directory shows it under, as science/physics, arts.",
    ),
    Setting(
        "dkim_sign_posts",
        ANY_POST,
        read_signed_posts,
        lambda value: value.replace(" ", ", "),
        "Which posts the domain signs (DKIM): any, none, or those whose authors were known by some of smime, dkim, md5, "
        "editor-validated.",
    ),
    Setting(
        "tells_peers",
        TellsPeers.OPEN.value,
        word_of(TellsPeers),
        str,
        "What other list servers may be told of members who agreed to that: nothing; open, if strangers see the list and "
        "the member is not concealed; everything, hidden lists and concealed members too.",
    ),
    Setting("reply_to_list", False, switch, show_switch, "Whether answers go to the list by default."),
    Setting(
        "dmarc_protection",
        USUAL_PROTECTION,
        read_protection,
        str,
        "What is done with a post that would fail the DMARC policy of its author's domain: munge (it comes from the "
        "list, its author named), wrap (as an attachment of a mail from the list), reject, discard, or none, which "
        "still munges where the domain has failing mail rejected.",
    ),
    Setting(
        "dmarc_policies",
        "quarantine reject",
        read_policies,
        str,
        "The DMARC policies under which posts are protected: none, quarantine, reject; or always.",
    ),
    Setting(
        "dmarc_exempt_domains",
        "",
        read_domains,
        str,
        "Domains, with all below them, whose authors are never protected from their own DMARC policy.",
    ),
    Setting(
        "header",
        "",
        text_template,
        str,
        "Text put above each message; {{ person.name }} and the like are filled in for each recipient.",
    ),
    Setting(
        "footer",
        "",
        text_template,
        str,
        "Text put below each message; as soon as it names the recipient, each gets a copy of their own.",
    ),
    Setting(
        "footer_html",
        "",
        html_template,
        str,
        "The footer for HTML messages, where there is a footer; empty: made from the plain one.",
    ),
    Setting(
        "merge",
        Merge.NEVER.value,
        _merge,
        str,
        "Whose posts are templates themselves, filled in for each recipient: never, owners, editors (and owners).",
    ),
    Setting(
        "bounce_warn_score",
        2000,
        read_score,
        show_score,
        "From which bounce score on a member is watched: owners are told of them. A failure for good counts 1, one for "
        "now 0.5, and one a day at most.",
    ),
    Setting(
        "bounce_suspend_score",
        5000,
        read_score,
        show_score,
        "From which bounce score on a member is sent a probe, and nothing more once that has come back, too.",
    ),
    Setting(
        "bounce_decay_days",
        14,
        read_days,
        str,
        "After how many days without a failure a bounce score is halved; more than lie between two messages.",
    ),
    Setting(
        "bounce_probe",
        True,
        switch,
        show_switch,
        "Whether a probe is sent before a member is sent nothing more; without, proved failures alone decide.",
    ),
    Setting(
        "bounce_probe_days",
        7,
        read_days,
        str,
        "After how many days a probe that did not come back clears the member.",
    ),
    Setting(
        "bounce_complaint",
        Complaint.LEAVE.value,
        word_of(Complaint),
        str,
        "What becomes of a member whose mail provider reports that they called a message spam: leave, or mark (shown to "
        "the owners only).",
    ),
    Setting(
        "bounce_digest",
        BounceDigest.DAILY.value,
        word_of(BounceDigest),
        str,
        "How often owners get a mail about members whose mail comes back, when there is something new: daily, weekly, "
        "never.",
    ),
    Setting(
        "most_posts_per_hour",
        2000,
        _count,
        str,
        "How many posts the list sends in an hour; what comes beyond waits for an editor. 0 for no limit.",
    ),
    Setting(
        "most_posts_per_author_per_hour",
        500,
        _count,
        str,
        "How many of them may be by one author; what comes beyond waits for an editor. 0 for no limit.",
    ),
)
SETTINGS: Mapping[str, Setting] = {each.name: each for each in _ALL}
# Its former name, which said yes or no for everything.
_STRICT = "strict_main_address"


_STRICTNESS = Setting(_STRICT, False, switch, show_switch, "Whether no alternate counts for anything.")


def defaults() -> dict[str, Any]:
    """The values of a new list's settings, by column."""
    return {each.name: each.default for each in _ALL}


def parse_settings(given: Mapping[str, object]) -> dict[str, Any]:
    """Texts (or plain numbers and booleans, as YAML and the API bring them) as stored values.

    Raises BadSetting, which names the setting and what it accepts. Whether a scenario exists is asked by
    `require_scenarios`, which reads.
    """
    found = {name: parsed(SETTINGS, name, value) for name, value in given.items() if name != _STRICT}
    if _STRICT in given:
        strict = parsed({_STRICT: _STRICTNESS}, _STRICT, given[_STRICT])
        found.setdefault("alt_email_policy", MAIN_ONLY if strict else ANY)
    return found


def parsed(settings: Mapping[str, Setting], name: str, value: object) -> Any:
    """The stored value of one of some settings; raises BadSetting, which names it and what it accepts."""
    setting = settings.get(name)
    if setting is None:
        raise BadSetting(no_such_setting(settings, name), path=(name,))
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    try:
        return setting.parse(text.strip())
    except ValueError as problem:
        raise BadSetting(f"The setting {name} takes {problem}; not {text[:80]!r}.", path=(name,)) from problem


def shown(name: str, value: Any) -> str:
    """A stored value as the text that sets it."""
    return SETTINGS[name].show(value)
