"""The fields that we make ourselves, in lines of at most 78 octets (RFC 5322, sections 2.1.1 and 2.2.3)."""

from collections.abc import Iterable

_WIDTH = 76
# Longer words than this do not go into a line of 998 octets beside their neighbours.
_LONGEST_WORD = 900


def folded_words(first: str, words: Iterable[str]) -> str:
    """Words after one another with spaces, folded between them; no CRLF at the end."""
    lines, line = [], first
    for word in words:
        clipped = word[:_LONGEST_WORD]
        if len(line) + 1 + len(clipped) > _WIDTH:
            lines.append(line)
            line = ""
        line = f"{line} {clipped}"
    return "\r\n".join([*lines, line])


def folded_names(names: Iterable[str]) -> str:
    """The tag `h=` with all these names, folded after colons, to stand on lines of its own."""
    lines, line = [], " h="
    for name in names:
        if len(line) + len(name) + 1 > _WIDTH:
            lines.append(line)
            line = " "
        line += f"{name}:"
    return "\r\n".join([*lines, line]).removesuffix(":") + ";"


def folded_octets(encoded: str) -> str:
    """The tag `b=` with this base64 text, to stand on lines of its own."""
    width = _WIDTH - 4
    lines = [encoded[start : start + width] for start in range(0, len(encoded), width)]
    return " b=" + "\r\n  ".join(lines)


def one_line(text: str) -> str:
    """A text as words of ASCII without any control character, so that it cannot end its field."""
    return "".join(each if " " <= each <= "~" else " " if each.isspace() else "?" for each in text)
