"""Every term of the language with the arguments it takes, whether or not it can be evaluated yet."""

from __future__ import annotations

import re
from types import MappingProxyType

from scenarios.netmask import BadNetmask, block_of
from scenarios.syntax import Argument, Condition, NamedFilter, Pattern, Text, Variable

# v one value, m any number of values, n a block of addresses, r a regular expression, f a named filter, c a condition;
# `?` after an optional one
SIGNATURES = MappingProxyType(
    {
        "all": "",
        "any": "c",
        "equal": "mv",
        "every": "c",
        "is_editor": "vm",
        "is_listmaster": "m",
        "is_owner": "vm",
        "is_owner_strict": "vm",
        "is_subscriber": "vm",
        "less_than": "mv",
        "match": "mr",
        "newer": "vv",
        "none": "c",
        "older": "vv",
        "search": "fm?",
        "true": "",
        "verify_netmask": "n",
    }
)

QUANTIFIERS = frozenset({"any", "every", "none"})
CUSTOM = "customcondition::"
# Sympa keeps this word without giving it a meaning.
RESERVED = frozenset({"message"})
# The one filter that may be missing: nobody is on it then.
BLOCKLIST = "blocklist.txt"

FILTER_FILE = re.compile(r"[\w.\-]+\.(?:txt|sql|ldap)\Z")
_WANTED = MappingProxyType(
    {
        "v": "a variable with one value ([msg_header->X][0] is one of several) or a text",
        "m": "a variable or a text",
        "n": "a block such as '192.0.2.0/24', any, default, or a variable",
        "r": "a /regular expression/",
        "f": "a .txt, .sql or .ldap file",
        "c": "a condition",
    }
)


def normal_name(written: str) -> str:
    """A term's name as the tables spell it; only the plug-in part of a custom condition keeps its case."""
    prefix, separator, plugin = written.partition("::")
    return prefix.lower() + separator + plugin


def is_known(term: str) -> bool:
    """Whether the word is a term of the language."""
    return term in SIGNATURES or term in RESERVED or term.startswith(CUSTOM)


def misuse(term: str, args: tuple[Argument, ...]) -> tuple[str, int] | None:
    """What is wrong with a term's arguments and which one (from 0) is, or None if they fit."""
    if term not in SIGNATURES:
        return None
    kinds = re.findall(r"(\w)(\??)", SIGNATURES[term])
    least = sum(1 for _, optional in kinds if not optional)
    if not least <= len(args) <= len(kinds):
        allowed = str(least) if least == len(kinds) else f"{least} to {len(kinds)}"
        return f"{term}() takes {allowed} argument(s), not {len(args)}", max(
            0, min(len(args), len(kinds) + 1) - 1
        )
    for position, (argument, (kind, _)) in enumerate(zip(args, kinds, strict=False)):
        if not _fits(kind, argument):
            return f"argument {position + 1} of {term}() must be {_WANTED[kind]}", position
    return None


def _fits(kind: str, argument: Argument) -> bool:
    match kind:
        case "r":
            return isinstance(argument, Pattern)
        case "f":
            return isinstance(argument, NamedFilter) or (
                isinstance(argument, Text) and FILTER_FILE.match(argument.value) is not None
            )
        case "c":
            return isinstance(argument, Condition)
        case "v":
            return isinstance(argument, Variable | Text | NamedFilter) and not _may_be_several(argument)
        case "n":
            return (isinstance(argument, Variable) and not _may_be_several(argument)) or (
                isinstance(argument, Text) and _is_block(argument.value)
            )
        case _:
            return isinstance(argument, Variable | Text | NamedFilter)


def _may_be_several(argument: Argument) -> bool:
    return (
        isinstance(argument, Variable)
        and argument.record in {"msg_header", "msg_part"}
        and argument.index is None
    )


def _is_block(written: str) -> bool:
    try:
        block_of(written)
    except BadNetmask:
        return False
    return True
