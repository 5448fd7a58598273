"""What a family is made of: its parameters, the template of its lists, and what these may never be set to."""

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import yaml

from identity.refusal import Invalid
from lists.offices import OFFICES
from lists.setting_names import no_such_setting
from lists.settings import SETTINGS, defaults, parse_settings
from mail.address import parse_address
from mail.errors import BadAddress
from scenarios.patterns import PatternRefused, check_pattern, literal_pattern, occurs

MEMBERS = "members"
# What a template names beside settings.
PEOPLE = (*OFFICES, MEMBERS)
# Stand in every template for the list itself.
LISTNAME, DOMAIN = "listname", "domain"
LONGEST_DEFINITION = 200_000
_LONGEST_VALUE = 200
_MOST = 50
_MOST_ALLOWED = 10_000
_PARAMETER = re.compile(r"[a-z][a-z0-9_]{0,39}")
_PLACE = re.compile(r"\{(\w{1,40})\}")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class BadFamily(Invalid):
    """A family is a YAML file with name, parameters, template, constraints and address; see the operator's handbook."""


class BadParameters(Invalid):
    """These are not the parameters that a list of this family needs."""


class NotAllowedHere(Invalid):
    """The family does not allow this value."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something that each list of the family is made with; without `allowed` and `pattern` any line of text."""

    name: str
    label: str
    allowed: tuple[str, ...]
    pattern: str
    default: str | None

    @property
    def is_required(self) -> bool:
        """Whether each list has to tell it."""
        return self.default is None

    def takes(self, value: str) -> bool:
        """Whether a list may be made with this value."""
        # A semicolon would begin a further variable of the list's own (`custom_vars`).
        if not value or len(value) > _LONGEST_VALUE or not value.isprintable() or ";" in value:
            return False
        if self.allowed:
            return value in self.allowed
        return not self.pattern or occurs(literal_pattern(whole(self.pattern)), value)


@dataclass(frozen=True, slots=True)
class Definition:
    """Texts in which `{parameter}` stands for its value: settings and people by name, allowed values by setting."""

    parameters: tuple[Parameter, ...]
    settings: Mapping[str, str]
    people: Mapping[str, tuple[str, ...]]
    constraints: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Rendered:
    """One list as its family wants it: stored values of settings, addresses by office."""

    values: Mapping[str, Any]
    people: Mapping[str, tuple[str, ...]]


def whole(pattern: str) -> str:
    """The pattern for a value from its beginning to its end."""
    return rf"\A(?:{pattern})\z"


def document_of(text: str) -> Mapping[str, Any]:
    """A definition's YAML as names with values; raises BadFamily."""
    if len(text) > LONGEST_DEFINITION:
        raise BadFamily(f"A family's definition has at most {LONGEST_DEFINITION} characters.")
    try:
        # A safe loader makes nothing but plain values.
        document = yaml.load(text, Loader=_LOADER)  # noqa: S506
    except yaml.YAMLError as problem:
        raise BadFamily(f"This is not YAML: {problem}.") from problem
    return _mapping(document, "a family")


def read_definition(document: Mapping[str, Any]) -> Definition:
    """The parameters, template and constraints of a definition; raises BadFamily or BadSetting."""
    given = _mapping(document.get("parameters"), "parameters")
    if len(given) > _MOST:
        raise BadFamily(f"A family has at most {_MOST} parameters.")
    parameters = tuple(_parameter(str(name), one) for name, one in given.items())
    template = _mapping(document.get("template"), "template")
    settings = {str(name): plain_text(value) for name, value in template.items() if name not in PEOPLE}
    people = {name: _texts(template[name], name) for name in PEOPLE if name in template}
    limits = _mapping(document.get("constraints"), "constraints")
    constraints = {str(name): _texts(value, str(name)) for name, value in limits.items()}
    definition = Definition(parameters, settings, people, constraints)
    _check(definition)
    return definition


def stored(definition: Definition) -> str:
    """The definition as it is kept."""
    return orjson.dumps(definition).decode()


@functools.lru_cache(maxsize=512)
def recalled(text: str) -> Definition:
    """The definition that was kept."""
    found = orjson.loads(text)
    return Definition(
        tuple(Parameter(**{**one, "allowed": (*one["allowed"],)}) for one in found["parameters"]),
        found["settings"],
        {name: (*each,) for name, each in found["people"].items()},
        {name: (*each,) for name, each in found["constraints"].items()},
    )


def complete(definition: Definition, given: Mapping[str, str]) -> dict[str, str]:
    """The parameters of one list, defaults filled in; raises BadParameters, which names the one that is wrong."""
    unknown = sorted({*given} - {each.name for each in definition.parameters})
    if unknown:
        raise BadParameters(f"The family has no parameter {unknown[0][:60]!r}.", path=("parameters",))
    found: dict[str, str] = {}
    for each in definition.parameters:
        value = given.get(each.name, "").strip() or each.default
        if value is None:
            raise BadParameters(f"The parameter {each.name} is missing.", path=("parameters",))
        if not each.takes(value):
            raise BadParameters(
                f"The parameter {each.name} does not take {value[:60]!r}.", path=("parameters",)
            )
        found[each.name] = value
    return found


def render(definition: Definition, name: str, domain: str, parameters: Mapping[str, str]) -> Rendered:
    """The list that the family makes of complete parameters; raises BadSetting, NotAllowedHere or BadParameters."""
    fill = _filler(name, domain, parameters)
    values = parse_settings({setting: fill(text) for setting, text in definition.settings.items()})
    usual = defaults()
    for setting, allowed in allowed_values(definition, name, domain, parameters).items():
        if setting not in values:
            values[setting] = usual[setting] if usual[setting] in allowed else allowed[0]
        elif values[setting] not in allowed:
            raise NotAllowedHere(f"The constraint on {setting} does not allow what the template says.")
    people = {
        office: tuple(_address(fill(each)) for each in given) for office, given in definition.people.items()
    }
    return Rendered(values, people)


def allowed_values(
    definition: Definition, name: str, domain: str, parameters: Mapping[str, str]
) -> dict[str, list[Any]]:
    """The stored values that each constrained setting of a list may have."""
    fill = _filler(name, domain, parameters)
    return {
        setting: [parse_settings({setting: fill(text)})[setting] for text in texts]
        for setting, texts in definition.constraints.items()
    }


def _filler(name: str, domain: str, parameters: Mapping[str, str]) -> Callable[[str], str]:
    # In one pass: a value that looks like a place is not filled again.
    known = {**parameters, LISTNAME: name, DOMAIN: domain}
    return lambda text: _PLACE.sub(lambda place: known[place[1]], text)


def _address(text: str) -> str:
    try:
        return str(parse_address(text))
    except BadAddress as problem:
        raise BadParameters(f"{text[:80]!r} is no address: {problem}", path=("parameters",)) from problem


def _parameter(name: str, given: object) -> Parameter:
    if not _PARAMETER.fullmatch(name) or name in (LISTNAME, DOMAIN):
        raise BadFamily(f"A parameter's name is of a-z, 0-9 and underscore, and not {name[:60]!r}.")
    members = _mapping(given, name)
    unknown = sorted({*members} - {"label", "allowed", "pattern", "default"})
    if unknown:
        raise BadFamily(f"A parameter has label, allowed, pattern and default; {name} has {unknown[0]!r}.")
    default = members.get("default")
    made = Parameter(
        name,
        plain_text(members.get("label")) or name,
        () if members.get("allowed") is None else _texts(members["allowed"], name),
        plain_text(members.get("pattern")),
        None if default is None else plain_text(default),
    )
    try:
        check_pattern(whole(made.pattern))
    except PatternRefused as problem:
        raise BadFamily(f"The pattern of {name} cannot be used: {problem}.") from problem
    if made.default is not None and not made.takes(made.default):
        raise BadFamily(f"The parameter {name} does not take its own default.")
    return made


def _check(definition: Definition) -> None:
    known = {each.name for each in definition.parameters} | {LISTNAME, DOMAIN}
    for text in _all_texts(definition):
        for place in _PLACE.findall(text):
            if place not in known:
                raise BadFamily(f"{{{place}}} is used and is no parameter.")
    for name in (*definition.settings, *definition.constraints):
        if name not in SETTINGS:
            raise BadFamily(no_such_setting(SETTINGS, name))
    fixed = {name: text for name, text in definition.settings.items() if not _PLACE.search(text)}
    values = parse_settings(fixed)
    for name, texts in definition.constraints.items():
        if not texts:
            raise BadFamily(f"The constraint on {name} allows nothing.")
        allowed = [parse_settings({name: text})[name] for text in texts if not _PLACE.search(text)]
        if name in values and len(allowed) == len(texts) and values[name] not in allowed:
            raise BadFamily(f"The constraint on {name} does not allow what the template says.")


def _all_texts(definition: Definition) -> Iterable[str]:
    yield from definition.settings.values()
    for texts in (*definition.people.values(), *definition.constraints.values()):
        yield from texts


def plain_text(value: object) -> str:
    """A plain value of a definition as text; raises BadFamily for anything that holds other values."""
    if isinstance(value, list | tuple | set | Mapping):
        # Written out, a few lines of YAML that refer to themselves would fill the memory.
        raise BadFamily("A plain value is expected where there is a list or a table.")
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value).strip()


def _texts(given: object, what: str) -> tuple[str, ...]:
    """One value, or several."""
    if isinstance(given, Mapping):
        raise BadFamily(f"{what} takes a value or a list of values.")
    values = [plain_text(each) for each in given] if isinstance(given, list | tuple) else [plain_text(given)]
    if len(values) > _MOST_ALLOWED or not all(values):
        raise BadFamily(f"{what} takes 1 to {_MOST_ALLOWED} values, none of them empty.")
    return tuple(dict.fromkeys(values))


def _mapping(given: object, what: str) -> Mapping[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise BadFamily(f"In {what}, names with values are expected.")
    return {str(name): value for name, value in given.items()}
