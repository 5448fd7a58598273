"""The addresses of a family's lists: from parameters to a name, and from a name back to parameters, in one way only."""

import functools
import re
from collections.abc import Mapping

from lists.family_definition import BadFamily, BadParameters, Definition

_PLACE = re.compile(r"\{(\w+)\}")
_LITERAL = re.compile(r"[a-z0-9._+-]*")
_SHORTEST_PREFIX = 3
# Of a value in an address; what separates two values cannot stand in the first of them.
_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789._-"


def check_address(definition: Definition, address: str) -> str:
    """The fixed text with which such addresses begin; raises BadFamily for a pattern that could be read in two ways."""
    literals, places = _PLACE.split(address)[::2], _PLACE.findall(address)
    by_name = {each.name: each for each in definition.parameters}
    if not places or len(set(places)) < len(places) or not all(map(_LITERAL.fullmatch, literals)):
        raise BadFamily(
            "An address is of a-z, 0-9, dot, dash, plus, underscore, and parameters, each once, as team+{dept}."
        )
    if len(literals[0]) < _SHORTEST_PREFIX or not literals[0][0].isalnum():
        raise BadFamily(
            f"An address begins with at least {_SHORTEST_PREFIX} fixed characters, as in team+{{dept}}."
        )
    if not all(literals[1:-1]):
        raise BadFamily("Between two parameters of an address something fixed has to stand.")
    for name in places:
        if name not in by_name:
            raise BadFamily(f"{{{name}}} stands in the address and is no parameter.")
        if any(value != value.lower() for value in by_name[name].allowed):
            raise BadFamily(f"The values of {name} stand in addresses, so they are written in small letters.")
        if not (by_name[name].allowed or by_name[name].pattern):
            raise BadFamily(
                f"The parameter {name} stands in the address, so it needs allowed values or a pattern."
            )
    for each in definition.parameters:
        if each.name not in places and each.is_required:
            raise BadFamily(
                f"The parameter {each.name} does not stand in the address, so it needs a default."
            )
    return literals[0]


def name_for(address: str, parameters: Mapping[str, str]) -> str:
    """The name of the list with complete parameters; raises BadParameters for values that no address can hold."""
    name = _PLACE.sub(lambda place: parameters[place[1]].lower(), address)
    if parameters_in(address, name) != {
        place: parameters[place].lower() for place in _PLACE.findall(address)
    }:
        raise BadParameters("These values cannot stand in an address.", path=("parameters",))
    return name


def parameters_in(address: str, name: str) -> dict[str, str] | None:
    """The values that stand in a name; None for a name that is not of this form."""
    found = _reading(address).fullmatch(name)
    return None if found is None else found.groupdict()


@functools.lru_cache(maxsize=512)
def _reading(address: str) -> re.Pattern[str]:
    """Linear in the name: each value ends at the first character that it may not hold."""
    pieces = _PLACE.split(address)
    made = [re.escape(pieces[0])]
    for name, literal in zip(pieces[1::2], pieces[2::2], strict=True):
        characters = re.escape(_CHARACTERS.replace(literal[:1], "") if literal else _CHARACTERS)
        made.append(f"(?P<{name}>[{characters}]+){re.escape(literal)}")
    return re.compile("".join(made))
