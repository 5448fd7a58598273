"""What a refusal says of the address: a table from words and enhanced status codes (RFC 3463) to the kind of failure."""

import re

from mail.status import EnhancedStatus, Reply, parse_reply
from storage.tables.words import BounceKind

# The first row one of whose words is found decides: what is said in words is more exact than most servers' codes.
WORDS: tuple[tuple[BounceKind, tuple[str, ...]], ...] = (
    # Too full, or too much at once: it may work another day.
    (
        BounceKind.SOFT,
        (
            r"(?:mail ?box|inbox|account|folder|user|storage|recipient)\W+(?:\w+\W+){0,4}(?:is |was |are )?(?:full|over ?quota|over (?:its|the|their) quota)",
            r"over ?quota",
            r"quota exceeded",
            r"exceed(?:s|ed|ing)?\W+(?:\w+\W+){0,4}quota",
            r"out of storage",
            r"quotaexceeded",
            r"insufficient (?:disk |system )?storage",
            r"mailbox size (?:limit )?exceeded",
            r"disk quota",
            r"not enough (?:disk )?space",
            r"mailfolder is full",
            r"mailbox_full",
            r"mbox full",
            r"postfach (?:ist )?(?:\w+ )?voll",
            r"speicherplatz",
            r"boîte (?:\w+ ){0,6}pleine",
            r"boite (?:\w+ ){0,6}pleine",
            r"buzón (?:\w+ ){0,6}lleno",
            r"buzon (?:\w+ ){0,3}lleno",
            r"casella (?:\w+ ){0,6}piena",
            r"caixa (?:\w+ ){0,6}cheia",
            r"postvak (?:\w+ ){0,2}vol",
            r"skrzynka (?:\w+ ){0,3}pełna",
            r"ящик (?:\w+ ){0,3}переполнен",
            r"容量",
            r"too many (?:messages|connections|recipients|mails|errors)",
            r"rate[- ]?limit",
            r"receiving mail at a rate",
            r"grey-?list",
            r"try again later",
            r"temporarily (?:deferred|unavailable|rejected)",
            r"too busy",
        ),
    ),
    # About the message or its sender, not about who it is for.
    (
        BounceKind.POLICY,
        (
            r"\bspam\b",
            r"spamhaus",
            r"black-? ?list",
            r"block-? ?list",
            r"\bdnsbl\b",
            r"\brbl\b",
            r"\bspf\b",
            r"\bdmarc\b",
            r"\bdkim\b",
            r"reputation",
            r"\bvirus\b",
            r"malware",
            r"phishing",
            r"unsolicited",
            r"\bbanned\b",
            r"bulk mail",
            r"content (?:rejected|filter|not accepted)",
            r"message (?:was )?(?:blocked|filtered|content rejected)",
            r"(?:blocked|rejected|refused|denied) (?:for|by|due to|because of) (?:\w+ ){0,2}polic",
            r"policy (?:violation|reasons?|restrictions?)",
            r"local policy",
            r"not authori[sz]ed",
            r"authentication required",
            r"relay(?:ing)? (?:access )?(?:is )?(?:denied|not permitted|prohibited)",
            r"unable to relay",
            r"message (?:size|is) (?:\w+ ){0,3}(?:too (?:large|big|long)|exceed)",
            r"too large",
            r"exceeds? (?:\w+ ){0,4}size",
            r"size limit",
            r"message header size",
            r"sender (?:address )?(?:verify|verification|denied|rejected|blocked)",
            r"bad (?:sender|helo)",
            r"client host (?:\[[^\]]*\] )?(?:rejected|blocked)",
            r"ip (?:address )?(?:\S+ )?(?:is |has been )?(?:blocked|listed)",
            r"poor reputation",
            r"fcrdns|reverse dns|ptr record",
            r"attachment",
            r"restricted",
            r"only accepts? (?:mail|messages) from",
            r"als spam",
            r"richtlinie",
            r"indésirable",
            r"correo no deseado",
            r"垃圾",
            r"спам",
        ),
    ),
    # Nobody is there.
    (
        BounceKind.HARD,
        (
            (
                r"(?:user|recipient|mail ?box|account|address|addressee|alias|rcpt|e-?mail(?: address| account)?|directory entry)\W+(?:\w+\W+){0,6}"
                r"(?:unknown|not (?:be )?(?:found|known|exist|valid|listed|recognized|active|available)|invalid|disabled|inactive|suspended|deactivated|does(?: not|n['’]?t) (?:exist|have)|no longer|nonexist)"
            ),
            r"(?:unknown|invalid|no such|not a valid|bad|inactive|disabled|nonexistent|unrouteable|undeliverable)\W+(?:\w+\W+){0,2}(?:user|recipient|mail ?box|account|address|domain|person|rcpt|local part|name|alias|destination)",
            r"no (?:mailbox|account|user|recipient|such) (?:here|by|with|exists?|found)",
            r"doesn['’]?t have (?:a|an) [\w.\s]*account",
            r"does not (?:exist|like recipient)",
            r"doesn['’]?t exist",
            r"isn['’]?t (?:in|listed)",
            r"not (?:our|a local) (?:user|customer|recipient)",
            r"no mailbox",
            r"not listed in",
            r"not found in (?:\w+ )*directory",
            r"nosuchuser",
            r"recipnotfound",
            r"user unknown",
            r"host (?:or domain name )?not found",
            r"domain (?:\w+ )?(?:not found|does(?:n['’]?t| not) exist)",
            r"couldn['’]?t find any host",
            r"nxdomain",
            r"no mx",
            r"null ?mx",
            r"does not accept mail",
            r"has been (?:disabled|deactivated|closed|deleted|discontinued|suspended)",
            r"no longer (?:valid|active|available|in use|employed|works)",
            r"moved|has left",
            r"address(?:ee)? rejected",
            r"mailbox unavailable",
            r"unbekannt",
            r"existiert nicht",
            r"nicht gefunden",
            r"kein(?:e|en)? (?:solche|empfänger|postfach|konto)",
            r"n['’]existe pas",
            r"inconnu",
            r"introuvable",
            r"no existe",
            r"desconocid[oa]",
            r"non esiste",
            r"inesistente",
            r"sconosciut[oa]",
            r"não existe",
            r"desconhecid[oa]",
            r"bestaat niet",
            r"onbekend",
            r"nie istnieje",
            r"не существует",
            r"не найден",
            r"неизвестн",
            r"存在しません",
            r"見つかりません",
            r"不存在",
            r"未找到",
        ),
    ),
    (
        BounceKind.SOFT,
        (
            r"timed? ?out",
            r"connection (?:refused|reset|lost)",
            r"network (?:is )?unreachable",
            r"no route to host",
            r"expired",
            r"could not be delivered for",
            r"retry time(?:out)? (?:not reached|exceeded)",
            r"loop",
            r"too many hops",
            r"system (?:error|problem)",
            r"internal (?:server )?error",
            r"local (?:error|configuration error)",
            r"server (?:busy|error|is down)",
        ),
    ),
)
# Subject and detail of an enhanced status; a detail that is not listed is judged by its subject alone.
STATUSES: dict[str, BounceKind] = {
    "1": BounceKind.HARD,
    "1.5": BounceKind.UNKNOWN,
    # About the sender's address.
    "1.7": BounceKind.POLICY,
    "1.8": BounceKind.POLICY,
    "2": BounceKind.SOFT,
    "2.1": BounceKind.HARD,
    "2.3": BounceKind.POLICY,
    "3": BounceKind.SOFT,
    "3.3": BounceKind.POLICY,
    "3.4": BounceKind.POLICY,
    "4": BounceKind.SOFT,
    "4.4": BounceKind.HARD,
    "5": BounceKind.SOFT,
    "6": BounceKind.POLICY,
    "7": BounceKind.POLICY,
}
# Full, too large: whoever gives these codes means them.
_EXACT = frozenset({"2.2", "2.3", "3.1", "3.4"})
# Replies without more: mailbox not available, mailbox name not allowed (RFC 5321 section 4.2.3).
_DEAD = (550, 551, 553)
_NOISE = re.compile(r"<[^<>\s]*>|[^\s<>\"'()]+@[^\s<>\"'()]+|https?://\S+", re.IGNORECASE)
_FOUND = tuple((kind, re.compile("|".join(words), re.IGNORECASE)) for kind, words in WORDS)
_LONGEST = 2000


def kind_in_words(text: str) -> BounceKind | None:
    """What plain words say, in the languages of the table; None where they say nothing. Addresses and links are left out."""
    plain = " ".join(_NOISE.sub(" ", text[:_LONGEST]).split())
    return next((kind for kind, words in _FOUND if words.search(plain)), None)


def kind_of_status(status: str) -> BounceKind:
    """What an enhanced status alone says."""
    _, _, about = status.partition(".")
    subject = about.partition(".")[0]
    return STATUSES.get(about, STATUSES.get(subject, BounceKind.UNKNOWN))


def classify(status: str, words: str, code: int | None = None) -> BounceKind:
    """What a final failure says of the address; `status` may be "", `code` is the SMTP reply's, where there was one.

    Whoever was put off until the end (4.y.z) is not dead, whatever the words are.
    """
    quoted = parse_reply(words)
    code = code or (quoted.code if quoted else None)
    status = status or str(EnhancedStatus.parse(words) or "")
    kind = _kind(status, words, code)
    is_temporary = status.startswith("4") or (not status and code is not None and code < 500)
    return BounceKind.SOFT if is_temporary and kind is BounceKind.HARD else kind


def _kind(status: str, words: str, code: int | None) -> BounceKind:
    said = kind_in_words(words)
    by_status = kind_of_status(status)
    if status.partition(".")[2] in _EXACT:
        return by_status
    if said is BounceKind.SOFT and by_status is BounceKind.POLICY:
        # "Blocked for now" is still about the message.
        return by_status
    if said is not None:
        return said
    if by_status is not BounceKind.UNKNOWN:
        return by_status
    if code is not None and code < 500:
        return BounceKind.SOFT
    return BounceKind.HARD if code in _DEAD else BounceKind.UNKNOWN


def kind_of(reply: Reply) -> BounceKind:
    """What a mail server's own final refusal says of the address."""
    return classify(reply.enhanced or "", reply.text, reply.code)
