"""Bytes in whatever charset a stranger claims, read as text without ever failing."""

import codecs
import re

# What mail says, and what it means by it: supersets that decode the same bytes and more.
_MEANT = {
    "ascii": "utf-8",
    "us-ascii": "utf-8",
    "ansi_x3.4-1968": "utf-8",
    "default": "utf-8",
    "unknown-8bit": "utf-8",
    "x-unknown": "utf-8",
    "utf8": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "x-gbk": "gb18030",
    "big5": "big5hkscs",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "sjis": "cp932",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "iso-2022-jp": "iso2022_jp_ext",
}

# Python codecs that are no charsets of mail: slow on hostile input, or made to fail.
_REFUSED = frozenset(
    {
        "idna",
        "punycode",
        "unicode_escape",
        "unicode-escape",
        "raw_unicode_escape",
        "raw-unicode-escape",
        "undefined",
        "mbcs",
        "oem",
    }
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+()-]{0,39}\Z")


def decode(raw: bytes, charset: str | None) -> str:
    """Read `raw` as text: by its declared charset, else as UTF-8, else as the nearest thing that shows most of it.

    Never raises. The result holds no NUL and no lone surrogate, so that SQL and JSON accept it (requirement 88).
    """
    text = _strictly(raw, _codec(charset)) if charset else None
    if text is None:
        text = _guessed(raw, charset)
    return _storable(text)


def _codec(charset: str | None) -> str:
    name = (charset or "").strip().strip("\"'").lower()
    if not _NAME.match(name) or name.replace(" ", "") in _REFUSED:
        return "utf-8"
    return _MEANT.get(name, name)


def _strictly(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except (LookupError, ValueError):
        return None


def _guessed(raw: bytes, charset: str | None) -> str:
    text = _strictly(raw, "utf-8") if b"\x1b$" not in raw else _strictly(raw, "iso2022_jp_ext")
    if text is not None:
        return text
    codec = _codec(charset)
    if charset and codec not in ("utf-8", "cp1252"):
        try:
            return raw.decode(codec, "replace")
        except (LookupError, ValueError):
            codec = "utf-8"
    # A declared UTF-8 text with a few broken octets loses those only; anything else reads best as Windows-1252.
    damaged = raw.decode("utf-8", "replace")
    readable = sum(1 for letter in damaged if letter > "\x7f" and letter != "\ufffd")
    return damaged if readable > damaged.count("\ufffd") else raw.decode("cp1252", "replace")


def _storable(text: str) -> str:
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace") if _has_surrogate(text) else text


def _has_surrogate(text: str) -> bool:
    return re.search("[\ud800-\udfff]", text) is not None


_PRINTABLE = bytes(range(0x20, 0x7F)) + b"\r\n\t"


def writable(charset: str) -> str | None:
    """The codec in which text can be added to a part of that charset; None where ASCII is not ASCII in it, or nobody knows."""
    name = charset.strip().strip("\"'").lower()
    if not _NAME.match(name) or name in _REFUSED:
        return None
    try:
        codec = codecs.lookup(name).name
        plain = _PRINTABLE.decode("ascii").encode(codec)
    except (LookupError, ValueError, TypeError, AttributeError):
        return None
    return codec if plain == _PRINTABLE else None
