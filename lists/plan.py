"""Robots and lists as one document: read it, see what it would change, change it, write it out again (row 26)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from identity.ledger import read_address
from identity.refusal import Invalid
from lists.mailing_lists import checked_name
from lists.offices import OFFICES
from lists.robot_settings import parse_robot_settings
from lists.settings import parse_settings
from lists.topic_names import checked_topic
from lists.topics import checked_words
from mail.address import Address
from mail.domain import normal_domain
from mail.errors import BadAddress
from storage.tables.words import RoleKind

# Keys of a planned robot that are no settings.
_OF_ROBOT = ("title", "listmasters", "topics", "lists")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class BadPlan(Invalid):
    """A plan has the form robots: {DOMAIN: {lists: {NAME: {subject: …, owners: […]}}}}."""


@dataclass(frozen=True, slots=True)
class PlannedList:
    """A list as it should be: stored values of the settings that are named, holders of the offices that are named."""

    name: str
    values: Mapping[str, Any]
    offices: Mapping[RoleKind, tuple[Address, ...]]


@dataclass(frozen=True, slots=True)
class PlannedRobot:
    """A robot as it should be; what is None or not named is left alone."""

    domain: str
    title: str | None
    listmasters: tuple[Address, ...] | None
    lists: tuple[PlannedList, ...]
    values: Mapping[str, Any] = field(default_factory=dict)
    # Title and policy by name; None: left alone.
    topics: Mapping[str, tuple[str, str]] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole document."""

    robots: tuple[PlannedRobot, ...]


def read_plan(text: str) -> Plan:
    """Read a YAML plan; raises BadPlan or another Invalid, which names robot, list and setting."""
    try:
        # A safe loader makes nothing but plain values.
        document = yaml.load(text, Loader=_LOADER)  # noqa: S506
    except yaml.YAMLError as problem:
        raise BadPlan(f"This is not YAML: {problem}.") from problem
    robots = _mapping(_mapping(document, ("plan",)).get("robots"), ("robots",))
    plan = Plan(tuple(_robot(str(domain), given) for domain, given in robots.items()))
    _require_each_once([robot.domain for robot in plan.robots], ("robots",))
    for robot in plan.robots:
        _require_each_once([one.name for one in robot.lists], ("robots", robot.domain, "lists"))
    return plan


def _require_each_once(names: list[str], path: tuple[str, ...]) -> None:
    """Two spellings of one name would overwrite each other without a word."""
    twice = sorted({name for name, count in Counter(names).items() if count > 1})
    if twice:
        raise BadPlan(f"{_at(path)}: {twice[0]} is named twice.", path=path)


def _robot(domain: str, given: object) -> PlannedRobot:
    path = ("robots", domain)
    try:
        normal = normal_domain(domain)
    except BadAddress as problem:
        raise BadPlan(f"{_at(path)}: {problem}", path=path) from problem
    members = _mapping(given, path)
    settings = {str(name): value for name, value in members.items() if name not in _OF_ROBOT}
    try:
        values = parse_robot_settings(settings)
    except Invalid as refusal:
        raise BadPlan(
            f"{_at(path)}: a robot has {', '.join(_OF_ROBOT)} and settings. {refusal.message}", path=path
        ) from refusal
    listmasters = members.get("listmasters")
    lists = _mapping(members.get("lists"), (*path, "lists"))
    return PlannedRobot(
        normal,
        None if members.get("title") is None else str(members["title"]),
        None if listmasters is None else _addresses(listmasters, (*path, "listmasters")),
        tuple(_list(str(name), one, (*path, "lists", str(name))) for name, one in lists.items()),
        values,
        None if members.get("topics") is None else _topics(members["topics"], (*path, "topics")),
    )


def _topics(given: object, path: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    """Topics by name, each a title or a mapping with `title` and `visibility`."""
    found: dict[str, tuple[str, str]] = {}
    for name, said in _mapping(given, path).items():
        words = _mapping(said, (*path, str(name))) if isinstance(said, Mapping) else {"title": said}
        try:
            lower = checked_topic(str(name))
            title = words.get("title") or lower.rpartition("/")[2]
            found[lower] = checked_words(str(title), str(words.get("visibility") or ""))
        except Invalid as refusal:
            raise BadPlan(
                f"{_at((*path, str(name)))}: {refusal.message}", path=(*path, str(name))
            ) from refusal
    return found


def _list(name: str, given: object, path: tuple[str, ...]) -> PlannedList:
    members = _mapping(given, path)
    settings = {str(key): value for key, value in members.items() if key not in OFFICES}
    try:
        lower = checked_name(name)
        values = parse_settings(settings)
    except Invalid as refusal:
        raise BadPlan(f"{_at(path)}: {refusal.message}", path=(*path, *(refusal.path or ()))) from refusal
    held = {kind: _addresses(members[key], (*path, key)) for key, kind in OFFICES.items() if key in members}
    return PlannedList(lower, values, held)


def _addresses(given: object, path: tuple[str, ...]) -> tuple[Address, ...]:
    if given is None:
        return ()
    if not isinstance(given, Iterable) or isinstance(given, str | Mapping):
        raise BadPlan(f"{_at(path)}: a list of addresses is expected.", path=path)
    found: dict[str, Address] = {}
    for each in given:
        try:
            address = read_address(str(each))
        except Invalid as refusal:
            raise BadPlan(f"{_at(path)}: {refusal.message}", path=path) from refusal
        found.setdefault(address.key, address)
    return tuple(found.values())


def _mapping(given: object, path: tuple[str, ...]) -> Mapping[Any, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise BadPlan(f"{_at(path)}: names with values are expected.", path=path)
    return given


def _at(path: tuple[str, ...]) -> str:
    return " / ".join(path)
