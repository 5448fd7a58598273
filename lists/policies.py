"""Which scenario text governs an operation, put together with what it includes: the list's own, its robot's, the site's, or the shipped one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scenarios.assemble import DEEPEST, wanted_includes
from scenarios.cache import assembled
from scenarios.dialect import Dialect
from scenarios.errors import MalformedScenario
from scenarios.library import shipped_text
from scenarios.operations import canonical_operation
from scenarios.syntax import Condition, NamedFilter, Scenario, Text
from scenarios.terms import CUSTOM
from storage import robots, scenario_texts
from storage.database import Reader
from storage.tables.lists import MailingList, Robot, ScenarioText

# Operations that a list names a scenario for, and the field that holds its name.
SETTINGS = {
    "send": "send",
    "subscribe": "subscribe",
    "unsubscribe": "unsubscribe",
    "review": "review",
    "visibility": "visibility",
    "info": "info",
    "add": "add",
    "del": "del_",
    "invite": "invite",
    "remind": "remind",
    "archive_web_access": "archive_web_access",
    "archive_mail_access": "archive_mail_access",
    "d_read": "d_read",
    "d_edit": "d_edit",
    "tracking": "tracking",
}
# Operations that a robot names a scenario for, in the field of the same name; asked about a list or about the whole robot.
ROBOT_SETTINGS = frozenset(
    {
        "create_list", "move_user", "topics_visibility", "automatic_list_creation", "family_signoff",
        "global_remind", "spam_status",
    }
)  # fmt: skip
# Operations that go by the scenario of another one.
_SAME_AS = {"stats": "review"}

Place = tuple[int | None, int | None]
Written = Mapping[tuple[str, Place], str]


@dataclass(frozen=True, slots=True)
class Policy:
    """The governing scenario: its name, its text (None when nobody wrote one, which refuses everything), its fragments.

    `blocklist` and `dialect` are the robot's wishes for this operation.
    """

    name: str
    text: str | None
    includes: tuple[tuple[str, str], ...] = ()
    blocklist: bool = False
    dialect: Dialect = Dialect.POSTROOM

    def mentions(self, word: str) -> bool:
        """Whether a word occurs anywhere in the text or its fragments, so that what it needs has to be read."""
        return word in (self.text or "") or any(word in text for _, text in self.includes)


def policy_name(operation: str, mlist: MailingList | None, robot: Robot) -> str:
    """The name of the scenario that governs the operation there; empty when there is none."""
    operation = _SAME_AS.get(canonical_operation(operation), canonical_operation(operation))
    if operation in ROBOT_SETTINGS:
        return str(getattr(robot, operation))
    setting = SETTINGS.get(operation)
    return "" if mlist is None or setting is None else str(getattr(mlist, setting))


async def policy_for(reader: Reader, operation: str, robot: Robot, mlist: MailingList | None) -> Policy:
    """What governs an operation on a list, or on a robot when there is no list (requirement 4.1).

    One statement; one more for each depth of fragments where a text includes any.
    """
    place: Place = (robot.id, None) if mlist is None else (mlist.robot_id, mlist.id)
    name = policy_name(operation, mlist, robot)
    return (await _governing(reader, operation, {place: (name, robot)}))[place]


async def policies_for(
    reader: Reader, operation: str, mlists: Iterable[MailingList], robot: Robot
) -> dict[int, Policy]:
    """What governs an operation on many lists, by list id: one statement, as `policy_for`.

    One more for the robots of lists that are not `robot`'s.
    """
    wanted = [*mlists]
    foreign = {mlist.robot_id for mlist in wanted} - {robot.id}
    homes = {robot.id: robot, **(await robots.by_ids(reader, sorted(foreign)) if foreign else {})}
    asked: dict[Place, tuple[str, Robot]] = {}
    for mlist in wanted:
        home = homes[mlist.robot_id]
        asked[mlist.robot_id, mlist.id] = (policy_name(operation, mlist, home), home)
    found = await _governing(reader, operation, asked)
    return {list_id: policy for (_, list_id), policy in found.items() if list_id is not None}


def scenario_of(operation: str, policy: Policy) -> Scenario | str:
    """The compiled scenario, shared by all who live by the same texts (row 9), or the reason why there is none."""
    if policy.text is None:
        return "scenario-missing"
    try:
        return assembled(
            policy.text,
            operation=operation,
            name=policy.name,
            includes=dict(policy.includes),
            blocklist=policy.blocklist,
            dialect=policy.dialect,
        )
    except MalformedScenario:
        return "scenario-malformed"


def asks_elsewhere(operation: str, policy: Policy) -> bool:
    """Whether a rule asks a directory, another database or a plug-in, which may take seconds."""
    scenario = scenario_of(operation, policy)
    return not isinstance(scenario, str) and any(_is_slow(rule.condition) for rule in scenario.rules)


def _is_slow(condition: Condition) -> bool:
    if condition.term.startswith(CUSTOM):
        return True
    for each in condition.args:
        if isinstance(each, Condition) and _is_slow(each):
            return True
        if isinstance(each, NamedFilter | Text) and condition.term == "search":
            name = each.name if isinstance(each, NamedFilter) else each.value
            if name.endswith((".sql", ".ldap")):
                return True
    return False


async def _governing(
    reader: Reader, operation: str, asked: Mapping[Place, tuple[str, Robot]]
) -> dict[Place, Policy]:
    operation = _SAME_AS.get(canonical_operation(operation), canonical_operation(operation))
    header = f"{operation}.header"
    names = sorted({name for name, _ in asked.values()})
    robot_ids = sorted({robot.id for _, robot in asked.values()})
    list_ids = sorted({list_id for _, list_id in asked if list_id is not None})
    rows = await scenario_texts.governing(reader, operation, names, [header], robot_ids, list_ids)
    texts = [row.text for row in rows]
    texts += filter(None, (shipped_text(operation, name) for name in names))
    rows += await _fragments(reader, texts, {header}, robot_ids, list_ids)
    written: Written = {
        (
            f"{row.operation}.{row.name}",
            (row.robot_id if row.list_id is None else None, row.list_id),
        ): row.text
        for row in rows
    }
    special = {row.list_id for row in rows if row.list_id is not None}
    shared: dict[tuple[str, int], Policy] = {}
    found: dict[Place, Policy] = {}
    for (robot_id, list_id), (name, robot) in asked.items():
        if list_id in special:
            found[robot_id, list_id] = _policy(operation, name, robot, list_id, written)
            continue
        if (name, robot.id) not in shared:
            shared[name, robot.id] = _policy(operation, name, robot, None, written)
        found[robot_id, list_id] = shared[name, robot.id]
    return found


async def _fragments(
    reader: Reader, texts: Sequence[str], known: set[str], robot_ids: list[int], list_ids: list[int]
) -> list[ScenarioText]:
    """Every fragment that somebody wrote of those that the texts include, and of those that these include."""
    rows: list[ScenarioText] = []
    for _ in range(DEEPEST + 1):
        wanted = set[str]().union(*(wanted_includes(text) for text in texts)) - known
        if not wanted:
            break
        known |= wanted
        found = await scenario_texts.candidates(
            reader, scenario_texts.INCLUDE, sorted(wanted), robot_ids, list_ids
        )
        rows += found
        shipped = (shipped_text(scenario_texts.INCLUDE, name) for name in wanted)
        texts = [*(row.text for row in found), *filter(None, shipped)]
    return rows


def _policy(operation: str, name: str, robot: Robot, list_id: int | None, written: Written) -> Policy:
    """The first text found wins entirely, for the scenario and for each fragment: list, robot, site, shipped."""
    dialect = Dialect(robot.scenario_dialect)

    places: list[Place] = [(robot.id, None), (None, None)]
    if list_id is not None:
        places.insert(0, (None, list_id))

    def nearest(kind: str, wanted: str) -> str | None:
        for place in places:
            text = written.get((f"{kind}.{wanted}", place))
            if text is not None:
                return text
        return shipped_text(kind, wanted, dialect=dialect)

    text = nearest(operation, name) if name else None
    if text is None:
        return Policy(name, None, dialect=dialect)
    includes: dict[str, str] = {}
    pending = [f"{operation}.header", *wanted_includes(text)]
    while pending:
        fragment = pending.pop()
        body = None if fragment in includes else nearest(scenario_texts.INCLUDE, fragment)
        if body is not None:
            includes[fragment] = body
            pending += wanted_includes(body)
    blocked = operation in robot.blocklist_operations.split()
    return Policy(name, text, tuple(sorted(includes.items())), blocked, dialect)
