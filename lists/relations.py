"""Who is on which list and holds which office, asked once for all addresses that a decision may name."""

from collections.abc import Collection, Iterable

from lists.subaddresses import Subaddresses
from storage import memberships, roles
from storage.database import Reader
from storage.tables.words import RoleKind

OWNING = frozenset({RoleKind.OWNER, RoleKind.PRIVILEGED_OWNER})
Signature = tuple[frozenset[str], frozenset[tuple[str, RoleKind]], bool]


class Relations:
    """Answers about `keys` (the asker's addresses and the target), remembered for the length of one decision.

    The first question about a list asks the database for all keys at once (row 8); another address later on costs
    one more statement. Addresses that differ by a tag alone are one, where `subaddresses` says so (row 115).
    """

    def __init__(
        self, reader: Reader, keys: Iterable[str], subaddresses: Subaddresses, *, listmasters: bool
    ) -> None:
        """Without `listmasters` nobody is one: an application that speaks for somebody never counts as one (row 44)."""
        self.reader = reader
        self.listmasters = listmasters
        self.subaddresses = subaddresses
        self.keys = frozenset(subaddresses.mailbox(key) for key in keys)
        self._members: dict[int, set[str]] = {}
        self._members_asked: dict[int, set[str]] = {}
        self._offices: dict[int, set[tuple[str, RoleKind]]] = {}
        self._offices_asked: dict[int, set[str]] = {}
        self._with_editors: set[int] = set()

    async def load(self, robot_id: int, list_ids: list[int]) -> None:
        """Ask for many lists of one robot at once: two statements."""
        for list_id in list_ids:
            self._members[list_id] = set()
            self._members_asked[list_id] = set(self.keys)
        await self._load_members(list_ids, self.keys)
        await self._load_offices(robot_id, list_ids, set(self.keys))

    async def is_member(self, list_id: int, key: str) -> bool:
        """Whether the address is on the list."""
        mailbox = self.subaddresses.mailbox(key)
        asked = self._members_asked.setdefault(list_id, set())
        if mailbox not in asked:
            wanted = (self.keys | {mailbox}) - asked
            await self._load_members([list_id], wanted)
            asked |= wanted
        return mailbox in self._members[list_id]

    async def kinds(self, robot_id: int, list_id: int | None, key: str) -> frozenset[RoleKind]:
        """The offices of the address on the list and on its robot."""
        place = list_id or 0
        key = self.subaddresses.mailbox(key)
        asked = self._offices_asked.get(place, set())
        if key not in asked:
            wanted = set(self.keys | {key}) - asked
            await self._load_offices(robot_id, [] if list_id is None else [list_id], wanted)
        return frozenset(kind for holder, kind in self._offices[place] if holder == key)

    async def has_editors(self, robot_id: int, list_id: int) -> bool:
        """Whether anybody is named as editor of the list."""
        if list_id not in self._offices_asked:
            await self._load_offices(robot_id, [list_id], set(self.keys))
        return list_id in self._with_editors

    def signature(self, list_id: int) -> Signature:
        """All that was loaded about a list: equal signatures make equal decisions on rules that ask nothing else."""
        return (
            frozenset(self._members[list_id]),
            frozenset(self._offices[list_id]),
            list_id in self._with_editors,
        )

    async def _load_members(self, list_ids: list[int], mailboxes: Collection[str]) -> None:
        for list_id in list_ids:
            self._members.setdefault(list_id, set())
        table = self.subaddresses
        near = await memberships.keys_near(
            self.reader, list_ids, table.bases(mailboxes), table.patterns(mailboxes)
        )
        for list_id, key in near:
            if table.mailbox(key) in mailboxes:
                self._members[list_id].add(table.mailbox(key))

    async def _load_offices(self, robot_id: int, list_ids: list[int], keys: set[str]) -> None:
        places = list_ids or [0]
        for place in places:
            self._offices.setdefault(place, set())
            self._offices_asked.setdefault(place, set()).update(keys)
        table = self.subaddresses
        near = await roles.offices(self.reader, robot_id, list_ids, table.bases(keys), table.patterns(keys))
        for office in near:
            mailbox = table.mailbox(office.address_key)
            if not office.address_key and office.list_id is not None:
                self._with_editors.add(office.list_id)
            elif office.kind is RoleKind.LISTMASTER and not self.listmasters:
                continue
            elif mailbox in keys:
                for place in places if office.list_id is None else [office.list_id]:
                    self._offices[place].add((mailbox, office.kind))
