"""Whatever the request and whatever the rules, there is an answer, and doubt answers no."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.grammar import parse_scenario
from scenarios.interpret import decide
from scenarios.operations import ACTIONS, OPERATIONS
from scenarios.request import METHODS_BY_STRENGTH, Identity, Request
from tests.scenarios.world import World

TEXTS = st.text(max_size=12)
ADDRESSES = st.sampled_from(
    ["a@x.org", "b@x.org", "broken@x.org", "nobody", "", "\ud800", "(((", "A <a@x.org>"]
)
VALUES = st.one_of(TEXTS, ADDRESSES, st.lists(TEXTS, max_size=3).map(tuple))
TERMS = st.sampled_from(
    [
        "true()",
        "is_subscriber([listname],[user->email])",
        "is_owner([word],[msg_header->From])",
        "is_editor('',[user->primary_email])",
        "is_listmaster([email])",
        "equal([user->email],[conf->x])",
        "equal([msg_header->From][-2],[user->main_email])",
        "match([user->email],/x[domain]{3}/)",
        "match([word],/[host]+/)",
        "match([msg_body],/a/)",
    ]
)
RULES = st.tuples(
    st.sampled_from(["", "!"]), TERMS, st.sampled_from(METHODS_BY_STRENGTH), st.sampled_from(sorted(ACTIONS))
)
REQUESTS = st.builds(
    Request,
    operation=st.one_of(st.sampled_from(sorted(OPERATIONS)), TEXTS),
    method=st.one_of(st.sampled_from(METHODS_BY_STRENGTH), TEXTS),
    sender=st.one_of(ADDRESSES, TEXTS),
    identities=st.lists(st.builds(Identity, ADDRESSES, st.sampled_from(METHODS_BY_STRENGTH)), max_size=3).map(
        tuple
    ),
    email=st.one_of(st.none(), ADDRESSES),
    list_name=TEXTS,
    domain=TEXTS,
    variables=st.dictionaries(st.sampled_from(["word", "msg_body"]), VALUES),
    records=st.dictionaries(
        st.sampled_from(["msg_header", "conf", "user"]),
        st.dictionaries(st.sampled_from(["From", "x", "primary_email"]), VALUES),
    ),
    list_status=st.sampled_from(["open", "closed", ""]),
)
FACTS = World(
    subscribers=frozenset({"a@x.org"}), listmasters=frozenset({"b@x.org"}), broken=frozenset({"broken@x.org"})
)


@settings(max_examples=250, deadline=None)
@given(st.lists(RULES, max_size=4), REQUESTS)
def test_every_request_gets_an_answer(rules: list[tuple[str, str, str, str]], asked: Request) -> None:
    text = "\n".join(f"{sign}{term} {method} -> {action}" for sign, term, method, action in rules)
    scenario = parse_scenario(text, operation="send", name="any")
    decision = asyncio.run(decide(scenario, asked, FACTS))
    assert decision.action in ACTIONS
    if decision.error is not None or decision.line is None:
        assert decision.action == "reject"
        assert decision.reason
    if decision.action != "reject":
        assert decision.method in scenario.rules[(decision.line or 0) - 1].methods
