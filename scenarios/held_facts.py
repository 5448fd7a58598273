"""Facts that came along with a question, as data: who is what on which list, what filters and plug-ins answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scenarios.filter_questions import DirectoryQuestion, SqlQuestion, escaped

# The words under which each role may come.
_ROLES = {
    "subscribers": ("subscribers", "members", "is_subscriber", "subscriber"),
    "owners": ("owners", "is_owner", "owner"),
    "editors": ("editors", "moderators", "is_editor", "editor"),
}
_LISTMASTERS = ("listmasters", "is_listmaster", "listmaster")
_EVERYWHERE = "*"
# What stands for a filter whose answers are known and whose file is not.
_STAND_INS = {
    "sql": "db_type held\ndb_name held\nstatement SELECT [sender]\n",
    "ldap": "host held\nsuffix held\nfilter (mail=[sender])\n",
}

Role = bool | frozenset[str]


class NoAnswer(Exception):
    """The facts do not say what this filter answers; name it under `search`."""

    code = "SCENARIO_FACTS"


class BadFacts(ValueError):
    """The facts are not written as they must be: a list of addresses, true or false, or these by list name."""

    code = "SCENARIO_FACTS"


class HeldFacts:
    """`scenarios.facts.Facts` out of a document; addresses compare without letter case, unknown lists answer False.

    `here` is `name@domain` of the current list ("" without one), `domain` the robot. `files` holds the texts of filters
    by name, nearest first. Without `bare_names` a list is found by its whole address only.
    """

    def __init__(
        self,
        given: Mapping[str, Any],
        *,
        here: str,
        domain: str,
        files: Mapping[str, Sequence[str]],
        listmasters_own: bool = True,
        bare_names: bool = True,
    ) -> None:
        self._given = given
        self._bare_names = bare_names
        self._here = here.lower()
        self._domain = domain.lower()
        self._files = files
        self._listmasters_own = listmasters_own
        self._roles = {role: self._by_list(words) for role, words in _ROLES.items()}
        self._known = {self._here, *(self._full(each) for each in given.get("lists") or ())}
        self._known |= {each for held in self._roles.values() for each in held}
        self._listmasters = self._by_domain()
        self._known.discard("")

    async def is_subscriber(self, list_ref: str, address: str) -> bool:
        """Whether the address is subscribed to the list."""
        return self._is_found(list_ref) and self._holds("subscribers", self._full(list_ref), address)

    async def is_owner(self, list_ref: str, address: str) -> bool:
        """Whether the address owns the list, or is a listmaster where these count as owners."""
        if not self._is_found(list_ref):
            return False
        place = self._full(list_ref)
        if self._holds("owners", place, address):
            return True
        domain = place.rpartition("@")[2]
        return self._listmasters_own and place in self._known and self._masters(address, domain)

    async def is_owner_strict(self, list_ref: str, address: str) -> bool:
        """Whether the address owns the list itself."""
        return self._is_found(list_ref) and self._holds("owners", self._full(list_ref), address)

    async def is_editor(self, list_ref: str, address: str) -> bool:
        """Whether the address moderates the list; owners do where no editor is named."""
        place = self._full(list_ref)
        if not self._is_found(list_ref):
            return False
        return self._holds("editors" if self._has_editors(place) else "owners", place, address)

    async def is_listmaster(self, address: str) -> bool:
        """Whether the address is a listmaster."""
        return self._masters(address, self._domain)

    async def filter_texts(self, name: str) -> Sequence[str]:
        """The texts of a filter; one whose answers are given needs no text of its own."""
        if self._files.get(name):
            return self._files[name]
        answer = self._search(name)
        kind = name.rpartition(".")[2]
        if answer is None:
            return ()
        if kind in _STAND_INS:
            return (_STAND_INS[kind],)
        return ("*" if answer is True else "\n".join(sorted(answer or ())),)

    async def ask_sql(self, question: SqlQuestion) -> bool:
        """Whether one of the statement's values is among the addresses given for this filter; raises NoAnswer."""
        answer = self._search(question.name)
        if answer is None:
            raise NoAnswer(f"facts.search has no answer for {question.name}")
        return answer if isinstance(answer, bool) else any(p.lower() in answer for p in question.parameters)

    async def ask_directory(self, question: DirectoryQuestion) -> bool:
        """Whether the filter asks for one of the addresses given for it; raises NoAnswer."""
        answer = self._search(question.name)
        if answer is None:
            raise NoAnswer(f"facts.search has no answer for {question.name}")
        asked = question.filter.lower()
        return answer if isinstance(answer, bool) else any(f"={escaped(one)})" in asked for one in answer)

    async def custom_condition(self, name: str, args: tuple[tuple[str, ...], ...]) -> bool | None:
        """What is given for the plug-in, whatever its arguments; None, which refuses, when nothing is."""
        held = self._given.get("custom_conditions")
        answer = held.get(name, held.get(name.lower())) if isinstance(held, Mapping) else None
        return None if answer is None or isinstance(answer, str) else bool(answer == 1)

    def _by_list(self, words: tuple[str, ...]) -> dict[str, Role]:
        value = next((self._given[word] for word in words if self._given.get(word) is not None), None)
        if value is None:
            return {}
        if isinstance(value, Mapping):
            return {self._full(place): _role(each) for place, each in value.items() if each is not None}
        role = _role(value)
        return {_EVERYWHERE: role} if isinstance(role, bool) else {self._here: role}

    def _by_domain(self) -> dict[str, Role]:
        value = next((self._given[word] for word in _LISTMASTERS if self._given.get(word) is not None), None)
        if value is None:
            return {}
        if isinstance(value, Mapping):
            return {str(place).lower(): _role(each) for place, each in value.items() if each is not None}
        return {_EVERYWHERE: _role(value)}

    def _is_found(self, list_ref: object) -> bool:
        return self._bare_names or "@" in str(list_ref)

    def _full(self, list_ref: object) -> str:
        place = str(list_ref).strip().lower()
        if not place:
            return self._here
        return place if "@" in place else f"{place}@{self._domain}"

    def _holds(self, role: str, place: str, address: str) -> bool:
        held = self._roles[role]
        return _is_in(held.get(place, held.get(_EVERYWHERE, False)), address)

    def _has_editors(self, place: str) -> bool:
        held = self._roles["editors"]
        found = held.get(place, held.get(_EVERYWHERE, frozenset()))
        return isinstance(found, bool) or bool(found)

    def _masters(self, address: str, domain: str) -> bool:
        held = self._listmasters
        return _is_in(held.get(domain, False), address) or _is_in(held.get(_EVERYWHERE, False), address)

    def _search(self, name: str) -> Role | None:
        held = self._given.get("search")
        answer = held.get(name) if isinstance(held, Mapping) else None
        return None if answer is None else _role(answer)


def _is_in(role: Role, address: str) -> bool:
    return role if isinstance(role, bool) else address.strip().lower() in role


def _role(value: Any) -> Role:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return frozenset({value.strip().lower()})
    if isinstance(value, Mapping):
        return frozenset(str(address).strip().lower() for address in value)
    if isinstance(value, list | tuple):
        return frozenset(_address(each) for each in value)
    raise BadFacts("a role is a list of addresses, true or false")


def _address(value: Any) -> str:
    found = value.get("email", value.get("address")) if isinstance(value, Mapping) else value
    if not isinstance(found, str):
        raise BadFacts("somebody in the facts has no address")
    return found.strip().lower()
