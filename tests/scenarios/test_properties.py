"""What holds for every text, every request and every set of addresses, tried with thousands of made-up ones."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.assemble import assemble
from scenarios.decision import Decision
from scenarios.dialect import Dialect
from scenarios.errors import MalformedScenario
from scenarios.grammar import LONGEST_TEXT, parse_scenario
from scenarios.interpret import decide
from scenarios.library import shipped_text
from scenarios.request import METHODS_BY_STRENGTH, Identity, Request, effective_identities
from tests.scenarios.world import World, request

WORDS = [
    "true()",
    "all()",
    "!true()",
    "is_subscriber([listname],[user->email])",
    "is_owner([listname],[sender])",
    "[sender]",
    "[user->email]",
    "is_editor([listname],[msg_header->From][-1])",
    "equal([user->email],'a@x.org')",
    "match([sender],/^a@[domain]$/)",
    "/(a+)+$/",
    "less_than([size],5)",
    "older([current_date],'2023y1m1d+1w')",
    "newer('x',[foo->bar])",
    "verify_netmask('10.0.0.0/8')",
    "search(friends.txt)",
    "search(db.sql,[user->email])",
    "CustomCondition::yes([sender],1)",
    "any(",
    "none(",
    "every(",
    ")",
    "(",
    ",",
    "'",
    '"',
    "/",
    "#",
    "->",
    "smtp",
    "md5",
    "smtp,dkim,md5,smime",
    "dkim,smime",
    "->",
    "do_it",
    "reject",
    "reject(reason='x')",
    "reject(tt2=y)",
    "request_auth([email])",
    "editorkey,quiet",
    "owner,notify",
    "spam",
    "title",
    "title.fr",
    "include",
    "frag",
    "include(frag)",
    "[",
    "]",
    "[list->name]",
    "[list->owner]",
    "[conf->x]",
    "[env->HOME]",
    "[msg_part->type]",
    "[msg_part->body]",
    "[subscriber->date]",
    "[is_bcc]",
    "!",
    "\\",
]
PIECES = st.sampled_from([*WORDS, " ", "\n", "\r\n", "\t", "\ud800", "é", "\x00", "\x0b"])
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(PIECES, max_size=16).map(" ".join),
    st.lists(PIECES, max_size=24).map("".join),
    st.lists(
        st.builds(
            "{} {} -> {}".format,
            st.sampled_from([word for word in WORDS if word.endswith(")") and len(word) > 1]),
            st.sampled_from(["", "smtp", "smtp,dkim,md5,smime", "md5,smime", "smtp md5"]),
            st.sampled_from(["do_it", "reject", "editorkey", "owner", "do_it,notify", "spam", "nonsense"]),
        ),
        max_size=5,
    ).map("\n".join),
)
ADDRESSES = st.sampled_from(
    ["a@x.org", "A@x.org", "b@x.org", "c@y.org", "broken@x.org", "nobody", "", "a <b@x.org>"]
)
VALUES = st.one_of(ADDRESSES, st.text(max_size=8), st.lists(st.text(max_size=8), max_size=3).map(tuple))
IDENTITIES = st.lists(st.builds(Identity, ADDRESSES, st.sampled_from(METHODS_BY_STRENGTH)), max_size=4).map(
    tuple
)
REQUESTS = st.builds(
    Request,
    operation=st.sampled_from(["send", "subscribe", "info", "create_list", "spam_status", "nothing"]),
    method=st.sampled_from([*METHODS_BY_STRENGTH, "pgp", "", "smtpx"]),
    sender=ADDRESSES,
    identities=IDENTITIES,
    email=st.one_of(st.none(), ADDRESSES),
    list_name=st.sampled_from(["talk", ""]),
    domain=st.sampled_from(["lists.example.org", "", "[", "x\\"]),
    variables=st.dictionaries(
        st.sampled_from(["size", "foo", "current_date", "remote_addr", "is_bcc", "msg_body"]), VALUES
    ),
    records=st.dictionaries(
        st.sampled_from(["user", "conf", "list", "msg_header", "msg_part", "env", "subscriber"]),
        st.dictionaries(st.sampled_from(["x", "From", "email", "type", "name", "primary_email"]), VALUES),
    ),
    list_status=st.sampled_from(["open", "closed"]),
)
FACTS = World(
    subscribers=frozenset({"a@x.org"}),
    owners=frozenset({"b@x.org"}),
    broken=frozenset({"broken@x.org"}),
    filters={"friends.txt": ("*@x.org",), "db.sql": ("nonsense\nhere",)},
    plugins={"yes": True},
)
ALL = "smtp,dkim,md5,smime"
NO_FRAGMENTS: Mapping[str, str] = MappingProxyType({})


def answered(
    text: str,
    asked: Request,
    dialect: Dialect,
    facts: World = FACTS,
    fragments: Mapping[str, str] = NO_FRAGMENTS,
) -> Decision | MalformedScenario:
    try:
        scenario = assemble(
            text,
            operation=asked.operation,
            name="any",
            include=fragments.get,
            blocklist=bool(fragments),
            dialect=dialect,
        )
    except MalformedScenario as wrong:
        return wrong
    return asyncio.run(decide(scenario, asked, facts, trace=[]))


@settings(max_examples=600, deadline=None)
@given(TEXTS, REQUESTS, st.sampled_from(Dialect))
def test_no_text_and_no_request_raises_anything_but_that_the_text_is_malformed(
    text: str, asked: Request, dialect: Dialect
) -> None:
    answer = answered(text, asked, dialect, fragments={"frag": text, "send.header": text[:20]})
    if isinstance(answer, MalformedScenario):
        assert answer.line >= 1
        assert answer.column >= 1
        assert answer.reason
    else:
        assert answer.action == "reject" or (answer.error is None and answer.line is not None)


@settings(max_examples=300, deadline=None)
@given(REQUESTS, st.builds(Identity, ADDRESSES, st.sampled_from(METHODS_BY_STRENGTH)))
def test_row_121_another_address_never_counts_for_more_than_the_request_or_its_own_proof(
    asked: Request, alternate: Identity
) -> None:
    if asked.method not in METHODS_BY_STRENGTH:
        return
    rank = METHODS_BY_STRENGTH.index
    before = effective_identities(asked)
    after = effective_identities(replace(asked, identities=(*asked.identities, alternate)))
    assert after[: len(before)] == before
    for _, method in after:
        assert rank(method) <= rank(asked.method)
    for _, method in after[len(before) :]:
        assert rank(method) <= rank(alternate.strength)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(METHODS_BY_STRENGTH),
    st.sampled_from(METHODS_BY_STRENGTH),
    st.sampled_from(METHODS_BY_STRENGTH),
    st.sampled_from(
        ["match([user->email],/./)", "any(match([user->email],/./))", "every(match([user->email],/./))"]
    ),
)
def test_row_121_a_rule_for_a_stronger_method_stays_closed_whatever_addresses_are_added(
    method: str, wanted: str, strength: str, condition: str
) -> None:
    if METHODS_BY_STRENGTH.index(wanted) <= METHODS_BY_STRENGTH.index(method):
        return
    alternates = tuple(Identity(f"{number}@x.org", strength) for number in range(3))
    asked = request("a@x.org", method, identities=alternates)
    answer = answered(f"{condition} {wanted} -> do_it", asked, Dialect.POSTROOM)
    assert isinstance(answer, Decision)
    assert answer.action == "reject"


@settings(max_examples=200, deadline=None)
@given(REQUESTS, st.sampled_from(Dialect))
def test_a_stranger_never_passes_send_private(asked: Request, dialect: Dialect) -> None:
    text = shipped_text("send", "private")
    assert text is not None
    stranger = replace(
        asked,
        operation="send",
        sender="stranger@z.org",
        identities=tuple(Identity(f"s{one.address}@z.org", one.strength) for one in asked.identities),
        records={**asked.records, "user": {"email": "stranger@z.org"}},
    )
    answer = answered(text, stranger, dialect, World(subscribers=frozenset({"a@x.org"})))
    assert isinstance(answer, MalformedScenario) or answer.action == "reject"


@pytest.mark.parametrize("dialect", Dialect)
def test_ten_thousand_lines_are_read_and_walked(dialect: Dialect) -> None:
    lines = [f"match([sender],/^(a|b)*{number}@/) {ALL} -> do_it" for number in range(10_000)]
    answer = answered("\n".join([*lines, f"true() {ALL} -> editorkey"]), request("c@x.org"), dialect)
    assert isinstance(answer, Decision)
    assert (answer.action, answer.line) == ("editorkey", 10_001)


LENGTH = 200_000


def grown(piece: str) -> str:
    return (piece * LENGTH)[:LENGTH]


# Each would take hours if some part of the reading went over it again and again.
BOMBS = [
    " ", "a ", "-> ", "smtp ", "include ", "include(", "true( ", "!", "! ", "'", "[", "/", "\\", "\\/", "(", "true()",
    "title ", "title.", "a,", "[sender]", "'[sender]", "//", "#", "->", "smtp,", "include\t\t",
]  # fmt: skip
FRAMES = ["{}", "true(){} smtp -> do_it", "equal({},a) smtp -> do_it", "match([sender],/{}/) smtp -> do_it",
          "true() {} -> do_it", "true() smtp -> {}", "include {}x", "title a{}b", "true() smtp -> reject({})"]  # fmt: skip


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("frame", FRAMES)
def test_an_endless_line_is_read_or_refused(frame: str, dialect: Dialect) -> None:
    for piece in BOMBS:
        answer = answered(frame.format(grown(piece)), request(), dialect)
        assert isinstance(answer, MalformedScenario) or answer.action in {"reject", "do_it"}


@pytest.mark.parametrize(
    "piece", ['"', '\\"', '"\\"', "<", "(", ")", "a@b ", " ", ",", "@ ", ". ", "a<", '"a"@', ":"]
)
def test_an_endless_header_is_read_for_addresses(piece: str) -> None:
    for before in ("", '"', "(", "a@x.org, "):
        asked = request("z@x.org", records={"msg_header": {"X-From": (before + grown(piece),)}})
        text = f"is_subscriber([listname],[msg_header->X-From]) {ALL} -> do_it"
        answer = answered(text, asked, Dialect.POSTROOM)
        assert isinstance(answer, Decision)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|aa)*c", "(.*)*(.*)*(.*)*b", "(a{1,50}){1,20}b", "^(([a-z])+.)+[A-Z]$"]
)
def test_patterns_that_run_away_elsewhere_are_answered(pattern: str) -> None:
    asked = request(variables={"text": "a" * 200_000 + "!"})
    answer = answered(f"match([text],/{pattern}/) {ALL} -> do_it", asked, Dialect.SYMPA)
    assert isinstance(answer, MalformedScenario) or answer.action in {"reject", "do_it"}


def test_a_text_may_be_a_megabyte_long_and_no_longer() -> None:
    rule = f"true() {ALL} -> do_it\n"
    text = rule * (LONGEST_TEXT // len(rule))
    assert LONGEST_TEXT == 1024 * 1024
    assert len(parse_scenario(text, operation="send", name="long").rules) > 25_000
    with pytest.raises(MalformedScenario):
        parse_scenario(text + rule, operation="send", name="long")
    with pytest.raises(MalformedScenario):
        assemble(text + rule, operation="send", name="x", include=NO_FRAGMENTS.get, dialect=Dialect.SYMPA)
