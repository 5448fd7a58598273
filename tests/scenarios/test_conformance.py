"""Thousands of decisions of Sympa 6.2.70, replayed: its dialect agrees with all of them, ours is only ever stricter."""

import json
from pathlib import Path
from typing import Any

import pytest

from scenarios.assemble import assemble
from scenarios.decision import Decision
from scenarios.dialect import Dialect
from scenarios.errors import MalformedScenario
from scenarios.interpret import decide
from scenarios.request import METHODS_BY_STRENGTH, Identity, Request, Value
from tests.scenarios.no_facts import NoFacts

CORPUS = Path(__file__).parent / "conformance"
NAMES = ("rules", "refusals", "includes")
NOW = "1700000000"
DOMAIN = "lists.example"
Case = dict[str, Any]

# header fields, text body or None, types of the parts
MESSAGES: tuple[tuple[dict[str, tuple[str, ...]], str | None, tuple[str, ...]], ...] = (
    (
        {
            "From": ("A <a@x.org>",),
            "To": ("talk@lists.example",),
            "X-A": ("one", "two"),
            "X-N": ("5", "50"),
            "Subject": ("Hello world",),
        },
        "body line\nsecond\n",
        (),
    ),
    (
        {
            "From": ("b@x.org",),
            "To": ("z@z.example",),
            "Cc": ("b@x.org, a@x.org",),
            "X-A": ("only",),
            "X-Include": ("yes",),
            "Subject": ("spam offer",),
            "X-Spam-Status": ("Yes, score=9",),
        },
        None,
        ("text/plain", "image/png"),
    ),
    (
        {
            "From": ("lm@x.org",),
            "Subject": ("html",),
            "X-Empty": ("",),
            "X-From": ("A <a@x.org>; b@x.org (c)",),
            "X-Sender": ("e@x.org",),
        },
        "<b>x</b>\n",
        (),
    ),
)


class Recorded(NoFacts):
    """The people of the corpus."""

    subscribers = frozenset(
        {
            ("talk@lists.example", "a@x.org"),
            ("talk@lists.example", "b@x.org"),
            ("talk@lists.example", "a@lists.example"),
            ("other@lists.example", "z@z.example"),
            ("far@far.example", "b@x.org"),
        }
    )
    owners = frozenset({("talk@lists.example", "o@x.org"), ("other@lists.example", "b@x.org")})
    known = frozenset({"talk@lists.example", "other@lists.example", "far@far.example"})

    def __init__(self, editors: list[str], filters: dict[str, list[str]]) -> None:
        self.editors = editors
        self.filters = filters

    def _place(self, list_ref: str) -> str:
        name = list_ref.lower()
        return name if "@" in name else f"{name}@{DOMAIN}"

    async def is_subscriber(self, list_ref: str, address: str) -> bool:
        return (self._place(list_ref), address.lower()) in self.subscribers

    async def is_owner(self, list_ref: str, address: str) -> bool:
        place = self._place(list_ref)
        held = await self.is_listmaster(address) or (place, address.lower()) in self.owners
        return held and place in self.known

    async def is_editor(self, list_ref: str, address: str) -> bool:
        place = self._place(list_ref)
        if place == "talk@lists.example" and self.editors:
            return address.lower() in self.editors
        return (place, address.lower()) in self.owners

    async def is_listmaster(self, address: str) -> bool:
        return address.lower() == "lm@x.org"

    async def filter_texts(self, name: str) -> list[str]:
        return self.filters.get(name, [])


def cases(name: str) -> list[Case]:
    lines = (CORPUS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def request_of(case: Case) -> Request:
    variables: dict[str, Value] = {"current_date": NOW, "execution_date": NOW, "is_bcc": "1", "msg_body": ""}
    records: dict[str, dict[str, Value]] = {
        "conf": {"domain": DOMAIN, "email": "x"},
        "msg_header": {},
        "msg_part": {"type": ()},
    }
    on_list = "robot" not in case
    if on_list:
        variables["host"] = DOMAIN
        records["list"] = {"name": "talk", "address": f"talk@{DOMAIN}", "max_size": "5242880"}
        records["list"]["status"] = case.get("status", "open")
    if "message" in case:
        header, body, parts = MESSAGES[case["message"]]
        records["msg_header"], records["msg_part"] = dict(header), {"type": parts}
        variables["is_bcc"] = "0" if on_list and "talk" in "".join(header.get("To", ())) else "1"
        del variables["msg_body"]
        if body is not None:
            variables["msg_body"] = body
    for record, fields in case.get("records", {}).items():
        records.setdefault(record, {}).update(fields)
    records.setdefault("user", {})["email"] = case["sender"]
    strength = case["method"] if case["method"] in METHODS_BY_STRENGTH else "smtp"
    return Request(
        operation=case["operation"],
        method=case["method"],
        sender=case["sender"],
        identities=(Identity(case["sender"], strength),),
        email=case.get("email"),
        list_name="talk" if on_list else "",
        domain=DOMAIN,
        variables={**variables, **case.get("variables", {})},
        records=records,
        list_status=case.get("status", "open"),
    )


async def decided(case: Case, dialect: Dialect) -> Decision | MalformedScenario:
    try:
        scenario = assemble(
            case["text"],
            operation=case["operation"],
            name="recorded",
            include=case.get("includes", {}).get,
            blocklist=case.get("blocklist", False),
            dialect=dialect,
        )
    except MalformedScenario as wrong:
        return wrong
    return await decide(scenario, request_of(case), Recorded(case["editors"], case.get("filters", {})))


def early_reason(case: Case, otherwise: str) -> str:
    """The reason of a refusal that comes before anybody looks at the text."""
    if case.get("status", "open") != "open" and case["operation"] in {"send", "visibility"}:
        return "list-no-open"
    return (
        otherwise
        if case["method"].startswith(("smtp", "dkim", "md5", "pgp", "smime"))
        else "unknown-auth-method"
    )


def shown(decision: Decision | MalformedScenario, case: Case) -> dict[str, object]:
    """The decision in the words of the corpus."""
    if isinstance(decision, MalformedScenario):
        return {"action": "reject", "reason": early_reason(case, decision.verdict)}
    if decision.reason == "action-not-permitted":
        return {"action": decision.said, "unusable": True}
    told = {
        "action": decision.action,
        "reason": decision.reason,
        "tt2": decision.template,
        "quiet": decision.quiet,
        "notify": decision.notify,
    }
    return {name: value for name, value in told.items() if value}


def recorded(case: Case) -> dict[str, object]:
    answer = {name: value for name, value in case["answer"].items() if value}
    return {"action": answer["action"], "unusable": True} if "unusable" in answer else answer


def test_the_corpus_is_there() -> None:
    assert sum(len(cases(name)) for name in NAMES) >= 1500
    assert sum(path.stat().st_size for path in CORPUS.glob("*.jsonl")) <= 1_000_000


@pytest.mark.parametrize("name", NAMES)
async def test_the_sympa_dialect_gives_every_answer_that_sympa_gave(name: str) -> None:
    for number, case in enumerate(cases(name), start=1):
        answer = shown(await decided(case, Dialect.SYMPA), case)
        told = recorded(case)
        if answer.get("unusable") and "unusable" not in told:
            told = {"action": told["action"], "unusable": True}
        assert answer == told, f"{name}.jsonl line {number}: {case['text']!r}"


@pytest.mark.parametrize("name", NAMES)
async def test_our_dialect_decides_the_same_or_refuses(name: str) -> None:
    agreed = 0
    for number, case in enumerate(cases(name), start=1):
        decision = await decided(case, Dialect.POSTROOM)
        if isinstance(decision, MalformedScenario) or decision.action == "reject":
            agreed += case["answer"]["action"] == "reject"
            continue
        agreed += 1
        # Sympa goes over its includes once; we expand them wherever they stand.
        could_not_expand = case["answer"].get("reason") == "not-compiled" and "includes" in case
        assert decision.action == case["answer"]["action"] or could_not_expand, f"{name}.jsonl line {number}"
    assert agreed >= len(cases(name)) * 0.5
