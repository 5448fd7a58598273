"""The words of LMTP commands: paths, ESMTP parameters and XFORWARD attributes, read strictly."""

import re

from mail.status import Reply

_PATH = re.compile(r'\s*<(?:@[^<>\s:]*:)?((?:"(?:[^"\\]|\\.)*"|[^\s<>"])*)>(?:\s+(.*))?', re.DOTALL)
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^=\s]+))?")
_XTEXT = re.compile(rb"\+([0-9A-Fa-f]{2})")

XFORWARD_NAMES = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE")


class BadCommand(Exception):
    """A command that cannot be carried out, with the reply that says why."""

    code = "BAD_COMMAND"

    def __init__(self, code: int, enhanced: str, text: str) -> None:
        """The reply's parts."""
        super().__init__(text)
        self.reply = Reply(code, enhanced, text)


def parse_path(keyword: str, argument: str) -> tuple[str, dict[str, str]]:
    """Read `FROM:<path> parameters` or `TO:<path> parameters`; a source route is left out (RFC 5321 appendix C).

    Returns the address (empty for the null path) and the parameters by upper-case name. Raises BadCommand.
    """
    head, colon, rest = argument.partition(":")
    found = _PATH.fullmatch(rest)
    if head.strip().upper() != keyword or not colon or found is None:
        raise BadCommand(501, "5.5.2", f"Write it as {keyword}:<local@domain>")
    return found[1], _parameters(found[2] or "")


def _parameters(text: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for word in text.split():
        found = _PARAMETER.fullmatch(word)
        name = found[1].upper() if found is not None else ""
        if found is None or name in parameters:
            raise BadCommand(501, "5.5.4", "A parameter is written as NAME or NAME=value, once")
        parameters[name] = found[2] or ""
    return parameters


def check_mail_parameters(parameters: dict[str, str], size_limit: int) -> None:
    """Accept SIZE, BODY and SMTPUTF8 with sound values; raises BadCommand, also for a size above the limit."""
    unknown = parameters.keys() - {"SIZE", "BODY", "SMTPUTF8"}
    if unknown:
        raise BadCommand(555, "5.5.4", "MAIL has a parameter that is not offered here")
    size = parameters.get("SIZE", "0")
    if not (size.isascii() and size.isdigit() and len(size) <= 20):
        raise BadCommand(501, "5.5.4", "SIZE takes a number of octets")
    if parameters.get("BODY", "7BIT").upper() not in {"7BIT", "8BITMIME"}:
        raise BadCommand(501, "5.5.4", "BODY is 7BIT or 8BITMIME")
    if parameters.get("SMTPUTF8"):
        raise BadCommand(501, "5.5.4", "SMTPUTF8 takes no value")
    if int(size) > size_limit:
        raise BadCommand(552, "5.3.4", f"A message may have {size_limit} octets at most")


def parse_xforward(argument: str) -> dict[str, str]:
    """Read Postfix's `XFORWARD NAME=… ADDR=…`, values in xtext; unavailable ones are empty. Raises BadCommand."""
    attributes: dict[str, str] = {}
    for word in argument.split():
        name, equals, value = word.partition("=")
        if not equals or name.upper() not in XFORWARD_NAMES:
            raise BadCommand(501, "5.5.4", "XFORWARD takes NAME=value with the names that LHLO lists")
        attributes[name.upper()] = (
            "" if value.upper() in {"[UNAVAILABLE]", "[TEMPUNAVAIL]"} else _xtext(value)
        )
    if not attributes:
        raise BadCommand(501, "5.5.4", "XFORWARD takes at least one attribute")
    return attributes


def _xtext(value: str) -> str:
    octets = _XTEXT.sub(lambda found: bytes([int(found[1], 16)]), value.encode())
    return "".join(c if c.isprintable() else "?" for c in octets.decode("utf-8", "replace"))
