"""A small world of roles held in memory, and short ways to ask a scenario about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scenarios.decision import Decision
from scenarios.filter_questions import DirectoryQuestion, SqlQuestion
from scenarios.grammar import parse_scenario
from scenarios.interpret import decide
from scenarios.request import Identity, Request, Value
from tests.scenarios.no_facts import NoFacts

LIST = "talk"
DOMAIN = "lists.example.org"


class Outage(Exception):
    """The directory of this world does not answer."""


@dataclass
class World(NoFacts):
    """Roles by address on the current list; `broken` addresses make every question fail; `asked` is the record."""

    subscribers: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    editors: frozenset[str] = frozenset()
    listmasters: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    in_database: frozenset[str] = frozenset()
    plugins: Mapping[str, bool | None] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def _note(self, question: str, list_ref: str, address: str) -> None:
        self.asked.append((question, list_ref, address))
        if address in self.broken:
            raise Outage

    async def is_subscriber(self, list_ref: str, address: str) -> bool:
        self._note("subscriber", list_ref, address)
        return list_ref in {"", LIST} and address in self.subscribers

    async def is_owner(self, list_ref: str, address: str) -> bool:
        self._note("owner", list_ref, address)
        return list_ref in {"", LIST} and address in self.owners | self.listmasters

    async def is_owner_strict(self, list_ref: str, address: str) -> bool:
        self._note("owner-strict", list_ref, address)
        return list_ref in {"", LIST} and address in self.owners

    async def is_editor(self, list_ref: str, address: str) -> bool:
        self._note("editor", list_ref, address)
        return list_ref in {"", LIST} and address in (self.editors or self.owners)

    async def is_listmaster(self, address: str) -> bool:
        self._note("listmaster", "", address)
        return address in self.listmasters

    async def filter_texts(self, name: str) -> Sequence[str]:
        return self.filters.get(name, ())

    async def ask_sql(self, question: SqlQuestion) -> bool:
        self._note("sql", question.statement, ",".join(question.parameters))
        return bool(set(question.parameters) & self.in_database)

    async def ask_directory(self, question: DirectoryQuestion) -> bool:
        self._note("directory", question.filter, question.suffix)
        return any(f"={one})" in question.filter for one in self.in_database)

    async def custom_condition(self, name: str, args: tuple[tuple[str, ...], ...]) -> bool | None:
        self._note("custom", name, repr(args))
        return self.plugins.get(name)


def person(*addresses: str, strength: str = "md5") -> tuple[Identity, ...]:
    """The identities of somebody with these addresses, each proved that strongly."""
    return tuple(Identity(address, strength) for address in addresses)


def request(
    sender: str = "a@example.org",
    method: str = "md5",
    *,
    operation: str = "send",
    identities: tuple[Identity, ...] = (),
    email: str | None = None,
    variables: Mapping[str, Value] | None = None,
    records: Mapping[str, Mapping[str, Value]] | None = None,
    list_status: str = "open",
) -> Request:
    """A request of the sender on the list of this world."""
    return Request(
        operation=operation,
        method=method,
        sender=sender,
        identities=identities,
        email=email,
        list_name=LIST,
        domain=DOMAIN,
        variables=variables or {},
        records=records or {},
        list_status=list_status,
    )


async def answer(text: str, asked: Request, world: World | None = None) -> Decision:
    """What the text decides."""
    scenario = parse_scenario(text, operation=asked.operation, name="trial")
    return await decide(scenario, asked, world or World())
