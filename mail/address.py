"""The one strict reader and writer of addresses and mailboxes, used at every edge."""

import contextlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from mail import encoded_words
from mail.domain import normal_domain
from mail.errors import BadAddress
from mail.mailbox_syntax import MailboxWords, split_mailboxes

__all__ = [
    "Address",
    "BadAddress",
    "Mailbox",
    "address_key",
    "format_mailbox",
    "legible_mailboxes",
    "masked",
    "parse_address",
    "parse_mailbox",
    "parse_mailboxes",
    "split_extension",
]

# RFC 5321 section 4.5.3.1.1; the whole follows from its 256-octet path less the angle brackets.
_LOCAL_OCTETS = 64
_ADDRESS_OCTETS = 254

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]"
_DOT_ATOM = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\[ -~])+)"')
_QUOTED_PAIR = re.compile(r"\\(.)")
_ATOM_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\- ]*")
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
# Controls, surrogates, unassigned, private use, and every separator but the space of a quoted string.
_INVISIBLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
# Zero-width joiners are letters' companions in Persian and Indic names.
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True, slots=True)
class Address:
    """An address that was read: its local part without quoting, in NFC, and its domain as lower-case A-labels."""

    local: str
    domain: str

    @property
    def key(self) -> str:
        """The form that two spellings of one address share: ASCII letters of the local part lower-cased."""
        return f"{_written(self.local.translate(_LOWER))}@{self.domain}"

    def __str__(self) -> str:
        return f"{_written(self.local)}@{self.domain}"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address with the name that is shown for it; the name may be empty."""

    display_name: str
    address: Address

    def __str__(self) -> str:
        return format_mailbox(self.display_name, str(self.address))


def parse_address(text: str) -> Address:
    """Read exactly one addr-spec (RFC 5321 section 4.1.2, RFC 6531 section 3.3): no display name, comment, route or white space.

    `%` and `!` are plain characters and route nothing; an encoded word is refused, because another program might decode
    it into a different address (requirement 5.1 item 9). Raises BadAddress.
    """
    if len(text) > _ADDRESS_OCTETS + 256:
        raise BadAddress(f"An address has at most {_ADDRESS_OCTETS} octets.")
    # NFC turns a few characters into ASCII specials, so it comes before any check.
    written, at, domain = unicodedata.normalize("NFC", text).rpartition("@")
    if not at:
        raise BadAddress("An address has the form name@example.org; this one has no @.")
    address = Address(_unquoted(written), normal_domain(domain))
    spelled = _written(address.local)
    if len(spelled.encode("utf-8")) > _LOCAL_OCTETS:
        raise BadAddress(f"The part before the @ has at most {_LOCAL_OCTETS} octets.")
    if len(spelled.encode("utf-8")) + 1 + len(address.domain) > _ADDRESS_OCTETS:
        raise BadAddress(f"An address has at most {_ADDRESS_OCTETS} octets.")
    return address


def address_key(text: str) -> str:
    """Return the key under which an address is looked up and compared; raises BadAddress."""
    return parse_address(text).key


def parse_mailbox(text: str) -> Mailbox:
    """Read exactly one mailbox, `name@example.org` or `Display Name <name@example.org>`; raises BadAddress."""
    mailboxes = parse_mailboxes(text, groups=False)
    if len(mailboxes) != 1:
        raise BadAddress("Exactly one address is expected here.")
    return mailboxes[0]


def parse_mailboxes(field_body: str, *, groups: bool = True) -> list[Mailbox]:
    """Read the mailboxes of a field body that is unfolded but whose encoded words are not decoded yet.

    Groups are opened (an empty one yields nothing) or, with `groups=False`, refused. Raises BadAddress.
    """
    mailboxes = []
    for written in split_mailboxes(field_body):
        if written.grouped and not groups:
            raise BadAddress("A group of addresses may not stand here.")
        mailboxes.append(_mailbox(written))
    if not groups and not mailboxes:
        raise BadAddress("An address is missing.")
    return mailboxes


def legible_mailboxes(field_body: str) -> Iterator[Mailbox]:
    """As `parse_mailboxes`, one after the other, for who only wants to know whom a field names.

    What is no address is passed over, and where the field makes no sense any more, it ends; never raises.
    """
    written = split_mailboxes(field_body)
    while True:
        try:
            each = next(written, None)
        except BadAddress:
            return
        if each is None:
            return
        with contextlib.suppress(BadAddress):
            yield _mailbox(each)


def format_mailbox(display_name: str, address: str) -> str:
    """Write a mailbox for a header field, its display name quoted or encoded as needed (RFC 5322, RFC 2047).

    The address is read and written anew; raises BadAddress.
    """
    spelled = str(parse_address(address))
    name = (
        " ".join(encoded_words.decoded(display_name).split())
        if "=?" not in display_name
        else display_name.strip()
    )
    if not name:
        return spelled
    if not name.isascii() or "=?" in name or not name.isprintable():
        return f"{' '.join(encoded_words.encoded(name))} <{spelled}>"
    if _ATOM_PHRASE.fullmatch(name):
        return f"{name} <{spelled}>"
    return f"{_in_quotes(name)} <{spelled}>"


def masked(text: str) -> str:
    """Show enough of an address for its owner to know it, and too little for anyone else: `a•••@example.org`."""
    try:
        address = parse_address(text)
    except BadAddress:
        return "•••"
    return f"{address.local[0] if len(address.local) > 1 else ''}•••@{address.domain}"


def split_extension(local_part: str, delimiters: str = "+") -> tuple[str, str | None]:
    """Split `alice+lists` into `alice` and `lists` at the first delimiter character that does not lead (RFC 5233).

    The extension is None when there is no delimiter.
    """
    cuts = [cut for cut in (local_part.find(mark, 1) for mark in delimiters) if cut > 0]
    if not cuts:
        return local_part, None
    return local_part[: min(cuts)], local_part[min(cuts) + 1 :]


def _unquoted(written: str) -> str:
    if "=?" in written:
        raise BadAddress("An address may not hold an encoded word.")
    if any(_is_unseen(letter) for letter in written):
        raise BadAddress("An address may not hold invisible, damaged or control characters.")
    if _DOT_ATOM.fullmatch(written):
        return written
    match = _QUOTED.fullmatch(written)
    if match is None:
        raise BadAddress(
            "The part before the @ holds a character that must not stand there, or a misplaced dot."
        )
    local = _QUOTED_PAIR.sub(r"\1", match[1])
    if "=?" in local:
        raise BadAddress("An address may not hold an encoded word.")
    return local


def _is_unseen(letter: str) -> bool:
    return letter == "\ufffd" or (unicodedata.category(letter) in _INVISIBLE and letter not in f" {_JOINERS}")


def _written(local: str) -> str:
    return local if _DOT_ATOM.fullmatch(local) else _in_quotes(local)


def _in_quotes(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _mailbox(written: MailboxWords) -> Mailbox:
    if written.angle is not None:
        name = " ".join(_word(word) for word in written.words)
        return Mailbox(_shown(name), parse_address(written.angle))
    if len(written.words) != 1:
        raise BadAddress("This is not an address; a display name needs its address in angle brackets.")
    # `name@example.org (Display Name)`, as old mailers write.
    return Mailbox(_shown(" ".join(written.comments)), parse_address(written.words[0]))


def _word(word: str) -> str:
    return _QUOTED_PAIR.sub(r"\1", word[1:-1]) if word.startswith('"') else word


def _shown(name: str) -> str:
    return " ".join(encoded_words.decoded(name).split())
