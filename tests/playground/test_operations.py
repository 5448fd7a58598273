"""The examples are complete, in order, and their references are of the documented kinds."""

from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse
from httpx import AsyncClient

from playground.operations import Operation, read_operations

OPERATIONS = read_operations()
DEMO_PEOPLE = {"alice@example.edu", "bob@example.edu", "carol@example.edu", "listmaster@lists.example.org"}
KINDS = [{"$query", "$path"}, {"$mailbox", "$match"}, {"$daysFromNow"}]


def _references(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [found for item in value for found in _references(item)]
    if not isinstance(value, dict):
        return []
    if any(key.startswith("$") for key in value):
        return [value]
    return _references(list(value.values()))


async def test_the_page_gets_all_examples_in_the_order_of_their_names(browser: AsyncClient) -> None:
    answer = (await browser.get("/playground/operations.json")).json()
    assert len(answer) >= 18
    assert [example["name"] for example in answer] == sorted(example["name"] for example in answer)
    assert {"name", "group", "title", "description", "as", "query", "variables"} == set(answer[0])


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_an_example_is_one_named_operation_with_the_variables_it_declares(operation: Operation) -> None:
    (definition,) = parse(operation.query).definitions
    assert isinstance(definition, OperationDefinitionNode)
    assert definition.name is not None
    declared = {variable.variable.name.value for variable in definition.variable_definitions or ()}
    assert set(operation.variables) == declared


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_an_example_tells_its_story_and_who_should_run_it(operation: Operation) -> None:
    assert operation.title
    assert operation.description
    assert operation.group
    assert operation.actor is None or operation.actor in DEMO_PEOPLE


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_references_are_of_the_documented_kinds(operation: Operation) -> None:
    for reference in _references(operation.variables):
        assert set(reference) in KINDS
        if "$query" in reference:
            parse(reference["$query"])


def test_examples_of_one_group_stand_together() -> None:
    groups = [operation.group for operation in OPERATIONS]
    changes = [group for group, before in zip(groups, [None, *groups], strict=False) if group != before]
    assert len(changes) == len(set(changes))


def test_an_example_without_a_title_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "nameless.graphql").write_text(
        "# group: Lists\n# as: anybody\n\nquery X { viewer { locale } }\n"
    )
    with pytest.raises(ValueError, match=r"nameless\.graphql needs a title"):
        read_operations(tmp_path)
