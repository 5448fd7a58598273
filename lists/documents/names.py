"""Names of folders and files: any script, but nothing that a path, a terminal or a file system would take otherwise."""

import re
import unicodedata

from identity.refusal import Invalid

LONGEST_BYTES = 255
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_ANY_TYPE = "application/octet-stream"
_FORBIDDEN = frozenset('/\\:*?"<>|')
# Controls, surrogates, and line and paragraph separators.
_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
# They let `gpj.exe` be read as `exe.jpg` (Unicode TR 36, 3.5); marks that scripts need are not among them.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


class BadName(Invalid):
    r"""A name has 1 to 255 bytes, none of / \ : * ? " < > | and no invisible controls, does not end with a dot, and is no device such as CON."""


def checked_name(name: str) -> str:
    """A name as it is kept: NFC, without spaces around it; raises BadName (row 68)."""
    normal = unicodedata.normalize("NFC", name).strip()
    try:
        size = len(normal.encode())
    except UnicodeEncodeError:
        raise BadName(path=("name",)) from None
    if not 1 <= size <= LONGEST_BYTES or normal.endswith(".") or _RESERVED.fullmatch(normal):
        raise BadName(path=("name",))
    if any(
        each in _FORBIDDEN or each in _TURNING or unicodedata.category(each) in _UNSEEN for each in normal
    ):
        raise BadName(path=("name",))
    return normal


def name_key(name: str) -> str:
    """What two names have in common that are the same on some file system: case and spelling of letters do not count."""
    if name.isascii():
        return name.lower()
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    # Marks that nobody sees would let two names look alike; a joiner belongs to its emoji or letter.
    return "".join(each for each in folded if each in "\u200c\u200d" or unicodedata.category(each) != "Cf")


def folded(text: str) -> str:
    """A text for searching: without case and accents (row 73)."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(each for each in apart if not unicodedata.combining(each))


def slot(parent_id: int | None, name: str) -> str:
    """What only one item of a list may hold: a name in a folder, None for the top."""
    return f"{parent_id or 0}/{name_key(name)}"


def media_type_of(text: str) -> str:
    """A media type without parameters (RFC 6838, 4.2), in lower case; whatever is none is any bytes."""
    lower = text.partition(";")[0].strip().lower()
    return lower if _MEDIA_TYPE.fullmatch(lower) else _ANY_TYPE
