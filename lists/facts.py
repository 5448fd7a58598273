"""The answers to a scenario's questions about roles, taken from storage at the moment of the question."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lists import filters
from lists.relations import OWNING, Relations
from lists.standing import key_or_none
from scenarios.filter_questions import DirectoryQuestion, SqlQuestion
from storage import lists, robots, scenario_texts
from storage.tables.lists import MailingList, Robot
from storage.tables.words import RoleKind


@dataclass(frozen=True, slots=True)
class _Place:
    """The list that a question is about."""

    robot_id: int
    list_id: int


class StoredFacts:
    """`scenarios.facts.Facts` for one list (or none) of one robot; lists of other robots only when named in full."""

    def __init__(
        self, relations: Relations, robot: Robot, mlist: MailingList | None, elevated: Collection[str] = ()
    ) -> None:
        """`elevated` are the keys under which a listmaster counts as an owner of `mlist` for now (row 85)."""
        self.relations = relations
        self.robot = robot
        self.mlist = mlist
        self.elevated = elevated
        # Whether an answer rested on that, and on nothing else.
        self.used_elevation = False
        self._places: dict[str, _Place | None] = {}

    async def is_subscriber(self, list_ref: str, address: str) -> bool:
        """Whether the address is subscribed to the list."""
        place, key = await self._place(list_ref), key_or_none(address)
        if place is None or key is None:
            return False
        return await self.relations.is_member(place.list_id, key)

    async def is_owner(self, list_ref: str, address: str) -> bool:
        """Whether the address owns the list; listmasters do, unless their robot says otherwise (row 85)."""
        place, key = await self._place(list_ref), key_or_none(address)
        if place is None or key is None:
            return False
        kinds = await self.relations.kinds(place.robot_id, place.list_id, key)
        if kinds & OWNING:
            return True
        if RoleKind.LISTMASTER not in kinds:
            return False
        return await self._listmasters_own(place.robot_id) or self._is_elevated(place, key)

    async def is_owner_strict(self, list_ref: str, address: str) -> bool:
        """Whether the address holds the office of an owner of the list (row 85)."""
        place, key = await self._place(list_ref), key_or_none(address)
        if place is None or key is None:
            return False
        return bool(await self.relations.kinds(place.robot_id, place.list_id, key) & OWNING)

    async def is_editor(self, list_ref: str, address: str) -> bool:
        """Whether the address moderates the list; owners do where no editor is named."""
        place, key = await self._place(list_ref), key_or_none(address)
        if place is None or key is None:
            return False
        kinds = await self.relations.kinds(place.robot_id, place.list_id, key)
        if await self.relations.has_editors(place.robot_id, place.list_id):
            return RoleKind.EDITOR in kinds
        return bool(kinds & OWNING)

    async def is_listmaster(self, address: str) -> bool:
        """Whether the address is a listmaster of this robot."""
        key = key_or_none(address)
        if key is None:
            return False
        list_id = None if self.mlist is None else self.mlist.id
        return RoleKind.LISTMASTER in await self.relations.kinds(self.robot.id, list_id, key)

    async def filter_texts(self, name: str) -> Sequence[str]:
        """The texts of a named filter: the list's, its robot's and the site's add up (requirement 4.7)."""
        list_ids = [] if self.mlist is None else [self.mlist.id]
        found = await scenario_texts.candidates(
            self.relations.reader, "search", [name], [self.robot.id], list_ids
        )
        nearest = sorted(found, key=lambda one: (one.list_id is None, one.robot_id is None))
        return [one.text for one in nearest]

    async def ask_sql(self, question: SqlQuestion) -> bool:
        """What another database says; raises ForeignDatabase."""
        return await filters.ask_sql(question, self.relations.reader.now)

    async def ask_directory(self, question: DirectoryQuestion) -> bool:
        """What a directory says; raises DirectoryUnavailable."""
        return await filters.ask_directory(question, self.relations.reader.now)

    async def custom_condition(self, name: str, args: tuple[tuple[str, ...], ...]) -> bool | None:
        """What a plug-in says; raises NoSuchCondition."""
        return await filters.ask_condition(name, args, self.relations.reader.now)

    async def _listmasters_own(self, robot_id: int) -> bool:
        if robot_id == self.robot.id:
            return self.robot.listmasters_are_owners
        robot = await robots.by_id(self.relations.reader, robot_id)
        return robot is not None and robot.listmasters_are_owners

    def _is_elevated(self, place: _Place, key: str) -> bool:
        if self.mlist is None or place.list_id != self.mlist.id or key not in self.elevated:
            return False
        self.used_elevation = True
        return True

    async def _place(self, list_ref: str) -> _Place | None:
        """The list that a text in a scenario names; None for an unknown one."""
        name, _, domain = list_ref.strip().lower().partition("@")
        here = self.mlist
        if here is not None and (name in ("", here.name)) and domain in ("", here.domain):
            return _Place(here.robot_id, here.id)
        if list_ref not in self._places:
            found = await lists.find(self.relations.reader, name, domain or self.robot.domain)
            self._places[list_ref] = None if found is None else _Place(found.robot_id, found.id)
        return self._places[list_ref]
