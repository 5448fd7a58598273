"""A scenario put together: fragments in fragments, the common header, the blocklist in front of everything."""

from collections.abc import Mapping

import pytest

from scenarios.assemble import DEEPEST, assemble, wanted_includes
from scenarios.decision import Decision
from scenarios.dialect import Dialect
from scenarios.errors import MalformedScenario
from scenarios.interpret import Step, decide
from scenarios.syntax import Scenario
from tests.scenarios.world import World, request

OPEN = "true() smtp,dkim,md5,smime -> do_it"


def put_together(
    text: str,
    fragments: Mapping[str, str] | None = None,
    *,
    blocklist: bool = False,
    dialect: Dialect = Dialect.POSTROOM,
) -> Scenario:
    return assemble(
        text,
        operation="send",
        name="trial",
        include=(fragments or {}).get,
        blocklist=blocklist,
        dialect=dialect,
    )


def places(scenario: Scenario) -> list[tuple[str, int]]:
    return [(rule.origin, rule.line) for rule in scenario.rules]


async def decided(scenario: Scenario, world: World | None = None) -> Decision:
    return await decide(scenario, request(), world or World())


def test_includes_stand_for_their_rules_however_deep_and_wherever() -> None:
    fragments = {
        "one": "include two\ntrue() md5 -> reject",
        "two": "# nothing but\n\ninclude three",
        "three": "true() smime -> reject",
        "send.header": "include three",
    }
    text = "include one\ntrue() md5 -> do_it\ninclude('three')"
    assert places(put_together(text, fragments)) == [
        ("include.three", 1),
        ("include.three", 1),
        ("include.one", 2),
        ("", 2),
        ("include.three", 1),
    ]


async def test_the_blocklist_stands_in_front_of_the_header_and_the_header_in_front_of_the_rules() -> None:
    fragments = {"send.header": "is_owner([listname],[sender]) md5 -> editorkey"}
    scenario = put_together(OPEN, fragments, blocklist=True)
    assert [origin for origin, _ in places(scenario)] == ["blocklist", "include.send.header", ""]
    owner = frozenset({"a@example.org"})
    barred = World(owners=owner, filters={"blocklist.txt": ("*@example.org",)})
    decision = await decided(scenario, barred)
    assert (decision.action, decision.quiet, decision.origin, decision.line) == (
        "reject",
        True,
        "blocklist",
        0,
    )
    decision = await decided(scenario, World(owners=owner))
    assert (decision.action, decision.origin, decision.line) == ("editorkey", "include.send.header", 1)
    assert (await decided(scenario)).origin == ""


@pytest.mark.parametrize(
    ("text", "fragments", "source", "line", "column", "told"),
    [
        ("\n  include gone", {}, "", 2, 3, "there is no include.gone"),
        ("include a", {"a": "include b", "b": "\ninclude a"}, "include.b", 2, 1, "includes itself"),
        (OPEN, {"send.header": "include send.header"}, "include.send.header", 1, 1, "includes itself"),
        (OPEN, {"send.header": "two words"}, "include.send.header", 1, 1, "no term"),
        ("include a", {"a": f"{OPEN}\nequal(x) -> do_it"}, "include.a", 2, 7, "2 argument"),
        (
            "include n0",
            {f"n{n}": f"include n{n + 1}" for n in range(DEEPEST + 1)},
            "include.n15",
            1,
            1,
            "deeper",
        ),
    ],
)
def test_what_is_wrong_with_a_fragment_is_said_with_its_name_line_and_column(
    text: str, fragments: dict[str, str], source: str, line: int, column: int, told: str
) -> None:
    with pytest.raises(MalformedScenario) as caught:
        put_together(text, fragments)
    wrong = caught.value
    assert (wrong.source, wrong.line, wrong.column) == (source, line, column)
    assert told in wrong.reason


def test_fragments_that_multiply_are_stopped() -> None:
    fragments = {f"n{n}": f"include n{n + 1}\n" * 20 for n in range(8)} | {"n8": OPEN}
    with pytest.raises(MalformedScenario, match="more than"):
        put_together("include n0", fragments)


def test_only_the_header_may_be_absent() -> None:
    assert places(put_together(OPEN)) == [("", 1)]


def test_the_includes_of_a_text_are_known_before_it_is_put_together() -> None:
    text = "include one\ninclude('two.x')\n# include three\nmatch([msg_header->X-include],/x/) -> reject\n\ud800 include \"four\""
    assert {"one", "two.x", "four"} <= wanted_includes(text)
    assert "three" not in wanted_includes(text)


async def test_as_sympa_reads_it_one_bad_line_leaves_the_header_in_force() -> None:
    fragments = {"send.header": OPEN}
    with pytest.raises(MalformedScenario):
        put_together("two words", fragments)
    scenario = put_together("two words", fragments, dialect=Dialect.SYMPA)
    assert (await decided(scenario)).action == "do_it"
    with pytest.raises(MalformedScenario) as caught:
        put_together("\ntwo words", dialect=Dialect.SYMPA)
    assert (caught.value.line, caught.value.verdict) == (2, "no-rule-match")


def test_as_sympa_reads_it_includes_are_gone_over_once() -> None:
    fragments = {"a": "true() md5 -> reject", "b": "include a"}
    assert places(put_together("include b", fragments)) == [("include.a", 1)]
    with pytest.raises(MalformedScenario) as caught:
        put_together("include b", fragments, dialect=Dialect.SYMPA)
    assert caught.value.verdict == "not-compiled"


async def test_a_trace_tells_what_every_rule_on_the_way_came_to() -> None:
    text = f"is_owner([listname],[sender]) smime -> do_it\nis_owner([listname],[user->email]) md5 -> do_it\n{OPEN}"
    trace: list[Step] = []
    decision = await decide(put_together(text), request(), World(), trace=trace)
    assert [(step.line, step.element, step.method, step.outcome) for step in trace] == [
        (1, None, "md5", "other-method"),
        (2, "a@example.org", "md5", "false"),
        (3, None, "md5", "true"),
    ]
    assert (decision.line, decision.strength) == (3, "md5")
    trace.clear()
    await decide(put_together(text), request(), World(broken=frozenset({"a@example.org"})), trace=trace)
    assert trace[-1].outcome == "error:Outage"
