"""Each shipped policy decides as its namesake did in Sympa 6.2.70: more than fifty thousand recorded answers, all replayed.

`conformance/shipped.jsonl.gz` holds one line for what the questions share (worlds, messages), then one for each policy
and context: the answer, the methods and the senders that got it.
"""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scenarios.batch import answer
from scenarios.dialect import Dialect
from scenarios.library import shipped_names
from scenarios.operations import OPERATIONS

RECORDED = Path(__file__).parent / "conformance" / "shipped.jsonl.gz"
DOMAIN = "lists.example"
NOW = 1_700_000_000
# Sympa never had these names.
OURS = {"archive_mail_access.listmaster"}
NOBODY_IS_NO_ADDRESS = frozenset({"subscribe", "unsubscribe", "family_signoff", "move_user"})

Question = dict[str, Any]


def _lines() -> Iterator[dict[str, Any]]:
    with gzip.open(RECORDED, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


SHARED, *RECORDS = _lines()
POLICIES = sorted({record["policy"] for record in RECORDS})


def questions(policy: str) -> Iterator[tuple[Question, str]]:
    """Every recorded question about a policy, with the answer that Sympa gave."""
    operation, _, name = policy.partition(".")
    for record in RECORDS:
        if record["policy"] != policy:
            continue
        context = {**record["context"], "domain": DOMAIN}
        if "message" in context:
            context["message"] = SHARED["messages"][context["message"]]
        for said, asked in record["answers"].items():
            for methods, senders in asked.items():
                for method in methods.split():
                    for sender in senders.split():
                        yield (
                            {
                                "operation": operation,
                                "name": name,
                                "method": method,
                                "context": {**context, "sender": sender},
                                "facts": SHARED["worlds"][record["world"]],
                            },
                            said,
                        )


def said_here(question: Question, dialect: Dialect) -> str:
    """Our answer, in the words of the record."""
    told = answer(question, dialect=dialect, now=NOW)
    words = str(told["action"])
    if told["argument"]:
        words += f"({told['argument']})"
    elif told["reason"]:
        words += f"(reason='{told['reason']}')"
    elif told["tt2"]:
        words += f"('{told['tt2']}')"
    return words + (",quiet" if told["quiet"] else "") + (",notify" if told["notify"] else "")


def test_every_shipped_policy_has_recorded_answers() -> None:
    shipped = {f"{operation}.{name}" for operation in OPERATIONS for name in shipped_names(operation)}
    assert set(POLICIES) == shipped - OURS
    assert sum(1 for policy in POLICIES for _ in questions(policy)) > 50_000


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_in_sympas_dialect_answers_as_sympa_did(policy: str) -> None:
    wrong = [
        (question, said, ours)
        for question, said in questions(policy)
        if (ours := said_here(question, Dialect.SYMPA)) != said
    ]
    assert wrong == []


def is_known_difference(question: Question) -> bool:
    """Whether our own reading is meant to answer otherwise than Sympa."""
    operation, context = question["operation"], question["context"]
    if question["method"] == "pgp":
        # A method that nothing proves; our own reading knows it in no request.
        return True
    if context["sender"] == "nobody" and operation in NOBODY_IS_NO_ADDRESS:
        # Nothing is nobody's own (row 124).
        return True
    match operation, question["name"]:
        case "send", "editorkey":
            return "\nX-Sender: " in str(context["message"])
        case "send", "public_nobcc":
            # The list's whole address must be named; there a part of its name is enough.
            return "talk@lists.example" not in str(context["message"]).lower()
        case "spam_status", _:
            # Three texts of Sympa do not name dkim, and so refuse what is signed.
            return bool(question["method"] == "dkim")
    return False


@pytest.mark.parametrize("policy", POLICIES)
def test_our_own_reading_differs_only_where_it_is_meant_to(policy: str) -> None:
    wrong = [
        (question, said, ours)
        for question, said in questions(policy)
        if not is_known_difference(question) and (ours := said_here(question, Dialect.POSTROOM)) != said
    ]
    assert wrong == []
