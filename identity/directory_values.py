"""What the entries of a directory hold, as text: values, addresses, names for good, DNs that mean the same."""

import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from uuid import UUID

Values = Mapping[str, Sequence[bytes]]

_LONGEST_SUBJECT, _LONGEST_VALUE = 255, 1024
_MOST_VALUES = 100
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PREFIXED = re.compile(r"([A-Za-z0-9]+):(.*)")


def raw(values: Values, name: str) -> Sequence[bytes]:
    """The values of an attribute; servers write its name in any case."""
    return next((found for each, found in values.items() if each.lower() == name.lower()), ())


def texts(values: Values, name: str) -> tuple[str, ...]:
    """The same as texts, each once; what is no text of reasonable length (a photo, say) is left out."""
    found = (_text(each).strip() for each in raw(values, name)[:_MOST_VALUES])
    return tuple(dict.fromkeys(text for text in found if text and len(text) <= _LONGEST_VALUE))


def subject_of(name: str, found: Sequence[bytes]) -> str:
    """What names an entry for good, by the attribute's name and its values; "" where it is not exactly one."""
    if len(found) != 1:
        return ""
    if name.lower() == "objectguid":
        # Active Directory's, in the byte order of its own.
        return str(UUID(bytes_le=found[0])) if len(found[0]) == 16 else ""
    text = _text(found[0]).strip()
    return text if len(text) <= _LONGEST_SUBJECT else ""


def bare_address(text: str) -> str:
    """The address in `smtp:…`, as Active Directory's proxyAddresses write it; "" for other kinds, which are no mail."""
    match = _PREFIXED.fullmatch(text)
    if match is None:
        return text
    return match[2] if match[1].lower() == "smtp" else ""


def same_dn(one: str, other: str) -> bool:
    """Whether two DNs (RFC 4514) differ in case, spaces and ways of escaping alone."""
    try:
        return _plain_dn(one) == _plain_dn(other)
    except import_module("ldap").DECODING_ERROR:
        return False


def _plain_dn(dn: str) -> list[list[tuple[str, str]]]:
    return [
        sorted((name.lower(), " ".join(value.split()).casefold()) for name, value, _ in part)
        for part in import_module("ldap.dn").str2dn(dn)
    ]


def _text(value: bytes) -> str:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return "" if _NO_TEXT.search(text) else text
