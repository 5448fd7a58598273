"""Policies with parameters, `domains(univ.example,*.univ.example)`: the name says whom they let through."""

from __future__ import annotations

import ipaddress
import re
import string
from collections.abc import Callable, Mapping
from types import MappingProxyType

from mail.address import parse_address
from mail.domain import normal_domain
from mail.errors import BadAddress
from scenarios.operations import canonical_operation
from scenarios.policy_shapes import SHAPES, Circle

MOST_PARAMETERS = 64
LONGEST_NAME = 2048

_NAME = re.compile(r"\s*(\w+)\s*\((.*)\)\s*\Z", re.DOTALL)
_LIST_NAME = re.compile(r"[a-z0-9][a-z0-9_.+\-]*\Z")
# These stand for themselves in a regular expression; all else is written by its number.
_PLAIN = {ord(each): each for each in string.ascii_letters + string.digits + "@_-"} | {ord("."): r"\."}
# A mail has no client that could be known to be somewhere.
_NOT_BY_PLACE = frozenset({"send", "archive_mail_access"})
_FORMS = "domains(…), addresses(…), lists(…) or ips(…)"


class BadParameters(ValueError):
    """The parameters of this policy cannot be used; its sentence says which one, and how it is written."""

    code = "SCENARIO_PARAMETERS"


def is_parameterised(name: str) -> bool:
    """Whether the name is written as a form with parameters, whether or not these are sound."""
    return "(" in name


def parameterised_text(operation: str, name: str) -> str:
    """The text of `<operation>.<form>(<parameters>)`; raises BadParameters.

    Forms: `domains(univ.example,*.univ.example)` are the people with an address in the domain, or in one below it;
    `addresses(a@x.example)` these people; `lists(staff,students@other.example)` the subscribers of these lists;
    `ips(10.0.0.0/8,2001:db8::/32)` whoever comes from there, on the web.
    """
    form, parameters = _read(name)
    operation = canonical_operation(operation)
    shape = SHAPES.get(operation)
    if shape is None or (form == "ips" and operation in _NOT_BY_PLACE):
        raise BadParameters(f"The operation {operation} takes no policy of the form {form}(…).")
    return shape(_CIRCLES[form](parameters))


def _read(name: str) -> tuple[str, list[str]]:
    match = _NAME.match(name) if len(name) <= LONGEST_NAME else None
    if match is None or match[1] not in _CIRCLES:
        raise BadParameters(
            f"A policy with parameters is written {_FORMS}, in at most {LONGEST_NAME} characters."
        )
    parameters = [each.strip() for each in match[2].split(",")]
    if not all(parameters):
        raise BadParameters(f"The policy {match[1]}(…) needs at least one parameter, and none may be empty.")
    if len(parameters) > MOST_PARAMETERS:
        raise BadParameters(f"The policy {match[1]}(…) takes at most {MOST_PARAMETERS} parameters.")
    return match[1], list(dict.fromkeys(parameters))


def _domains(parameters: list[str]) -> Circle:
    domains = [_domain(each) for each in parameters]
    return Circle(
        "domains", tuple(domains), pattern="@(?:" + "|".join(map(_domain_pattern, domains)) + ")\\z"
    )


def _domain(parameter: str) -> str:
    wild = "*." if parameter.startswith("*.") else ""
    try:
        domain = normal_domain(parameter.removeprefix(wild))
    except BadAddress as problem:
        raise BadParameters(
            f"{_quoted(parameter)} is not a domain such as univ.example or *.univ.example."
        ) from problem
    return wild + domain


def _domain_pattern(domain: str) -> str:
    below = r"(?:[^@]+\.)" if domain.startswith("*.") else ""
    return below + _literal(domain.removeprefix("*."))


def _addresses(parameters: list[str]) -> Circle:
    keys = [_address(each) for each in parameters]
    return Circle("addresses", tuple(keys), pattern="^(?:" + "|".join(map(_literal, keys)) + ")\\z")


def _address(parameter: str) -> str:
    try:
        return parse_address(parameter).key
    except BadAddress as problem:
        raise BadParameters(f"{_quoted(parameter)} is not an address such as name@univ.example.") from problem


def _lists(parameters: list[str]) -> Circle:
    return Circle("lists", tuple(_list(each) for each in parameters))


def _list(parameter: str) -> str:
    name, at, domain = parameter.lower().partition("@")
    if not _LIST_NAME.match(name):
        raise BadParameters(
            f"{_quoted(parameter)} is not the name of a list, such as staff or staff@lists.example."
        )
    return f"{name}@{_domain(domain)}" if at else name


def _ips(parameters: list[str]) -> Circle:
    return Circle("ips", tuple(_network(each) for each in parameters))


def _network(parameter: str) -> str:
    try:
        return str(ipaddress.ip_network(parameter))
    except ValueError as problem:
        raise BadParameters(
            f"{_quoted(parameter)} is not a network such as 10.0.0.0/8, with no bit set beyond its length."
        ) from problem


def _quoted(parameter: str) -> str:
    return ascii(parameter[:80])


def _literal(text: str) -> str:
    """A pattern of exactly these bytes that holds no delimiter, comment sign, comma or parenthesis."""
    written = "".join(_PLAIN.get(byte, f"\\x{byte:02x}") for byte in text.encode())
    # Sympa takes any line with this word for an include line.
    return written.replace("include", r"inclu\x64e")


_CIRCLES: Mapping[str, Callable[[list[str]], Circle]] = MappingProxyType(
    {"domains": _domains, "addresses": _addresses, "lists": _lists, "ips": _ips}
)
