"""The compiled executor answers exactly as graphql-core's own does, right and wrong data alike."""

import asyncio
import itertools
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import strawberry
from graphql import ExecutionResult, GraphQLSchema, parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from schema.binding import computed, mirrors, resolved, shown
from schema.scalars import SCALARS, DateTime
from server.graphql.executor import CompiledExecutor
from server.graphql.face import core_schema


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


Paint = strawberry.enum(Colour, name="Paint")


@dataclass
class Leaf:
    """A record with everything that can be right or wrong about a value."""

    name: Any = "leaf"
    size: Any = 3
    at: Any = 1_700_000_000_000_000
    colour: Any = "red"
    tags: Any = ("a", "b")
    broken: bool = False

    @property
    def fragile(self) -> str:
        """A property that raises for a broken leaf."""
        if self.broken:
            raise RuntimeError("it broke")
        return "whole"


@dataclass
class Branch:
    """A record with leaves."""

    title: Any = "branch"
    leaf: Any = field(default_factory=Leaf)
    maybe: Any = None
    leaves: Any = ()


class Stranger:
    """Not a leaf."""


@strawberry.interface
class Named:
    name: str = shown("n")


@strawberry.type(name="Leaf")
@mirrors(Leaf)
class LeafType(Named):
    size: int | None = shown("s")
    at: DateTime | None = shown("a")
    colour: Paint | None = shown("c")  # type: ignore[valid-type]
    tags: list[str] | None = shown("t")
    fragile: str = shown("f")
    loud: str = computed(lambda root, context: f"{root.name}{context}", "l")


async def _slow(root: strawberry.Parent[Any]) -> Any:
    await asyncio.sleep(0)
    return root.title


async def _sized(root: strawberry.Parent[Any], by: int = 2) -> int:
    return len(str(root.title)) * by


@strawberry.type(name="Branch")
@mirrors(Branch)
class BranchType:
    title: str | None = shown("t")
    leaf: LeafType = shown("l")
    maybe: LeafType | None = shown("m")
    leaves: list[LeafType | None] = shown("ls")
    named: Named | None = computed(lambda root, _: root.leaf, "n")
    slow: str | None = resolved(_slow, "s")
    sized: int | None = resolved(_sized, "z")


@strawberry.type
class Root:
    branches: list[BranchType] | None = shown("b")
    branch: BranchType | None = computed(lambda root, _: root.branches[0] if root.branches else None, "b")


@dataclass
class Tree:
    branches: Any


SCHEMA: GraphQLSchema = core_schema(
    strawberry.Schema(query=Root, types=[LeafType], config=StrawberryConfig(scalar_map=SCALARS))
)


def ran(executor: Any, query: str, tree: Any, variables: dict[str, Any]) -> tuple[Any, list[Any]]:
    """Data and errors, the latter as far as clients see them."""

    async def run() -> ExecutionResult:
        made = executor.build(
            SCHEMA,
            parse(query),
            root_value=tree,
            context_value="!",
            raw_variable_values=variables,
            is_awaitable=optimized_is_awaitable,
        )
        result = made.execute_operation()
        found: ExecutionResult = await result if optimized_is_awaitable(result) else result
        return found

    result = asyncio.run(run())
    errors = [(each.message, each.path, each.locations) for each in result.errors or ()]
    return result.data, sorted(errors, key=str)


def keys(value: Any) -> Any:
    """The order of keys, which the specification fixes."""
    if isinstance(value, dict):
        return [(name, keys(each)) for name, each in value.items()]
    return [keys(each) for each in value] if isinstance(value, list) else None


leaf_values = st.builds(
    Leaf,
    name=st.sampled_from(["x", "é", "", None, 7, True, ValueError("as a value"), Colour.RED, object]),
    size=st.sampled_from([0, 2**31 - 1, 2**31, -1, None, "3", 3.0, 3.5, True, "x"]),
    at=st.sampled_from([0, None, 10**30, "x", 1_700_000_000_000_001]),
    colour=st.sampled_from(["red", "blue", Colour.BLUE, None, "green", []]),
    tags=st.sampled_from([(), ["a"], None, "ab", [None], [1], {"a"}, iter(()), 7]),
    broken=st.booleans(),
)
leaf_or_worse = st.one_of(
    leaf_values, st.builds(Leaf), st.sampled_from([None, Stranger(), RuntimeError("value"), 7])
)
branches = st.builds(
    Branch,
    title=st.sampled_from(["t", None, 4, RuntimeError("title")]),
    leaf=leaf_or_worse,
    maybe=leaf_or_worse,
    leaves=st.one_of(st.lists(leaf_or_worse, max_size=3), st.sampled_from([(), None, 5, "no", (Leaf(),)])),
)
trees = st.builds(Tree, branches=st.one_of(st.lists(branches, max_size=3), st.none()))

DIRECTIVES = ["", "", "", " @include(if: $yes)", " @skip(if: $yes)", " @include(if: $no)", " @skip(if: $no)"]
LEAVES = [
    "name",
    "size",
    "at",
    "colour",
    "tags",
    "fragile",
    "loud",
    "__typename",
    "...OnLeaf",
    "... on Leaf { size }",
]


def selection(fields: list[str]) -> st.SearchStrategy[str]:
    """Some of these fields, aliased and switched on and off."""
    counter = itertools.count()
    one = st.tuples(st.sampled_from(fields), st.booleans(), st.sampled_from(DIRECTIVES)).map(
        lambda made: _with_directive(
            f"k{next(counter)}: " if made[1] and "..." not in made[0] else "", made[0], made[2]
        )
    )
    return st.lists(one, min_size=1, max_size=6).map(lambda chosen: "{ " + " ".join(chosen) + " }")


def _with_directive(alias: str, name: str, directive: str) -> str:
    if "{" in name:
        head, _, rest = name.partition("{")
        return f"{head.rstrip()}{directive} {{{rest}"
    return f"{alias}{name}{directive}"


leaf_selection = selection(LEAVES)


@st.composite
def queries(draw: st.DrawFn) -> str:
    """A query with fragments, aliases, directives, and some fields that must be waited for."""
    inner = [
        f"leaf {draw(leaf_selection)}",
        f"maybe {draw(leaf_selection)}",
        f"leaves {draw(leaf_selection)}",
        "named { __typename name ... on Leaf { size } }",
        "title",
        "__typename",
    ]
    if draw(st.booleans()):
        inner += ["slow", "sized", "sized(by: 3)"]
    branch = draw(st.lists(st.sampled_from(inner), min_size=1, max_size=5, unique=True))
    body = "{ " + " ".join(branch) + " }"
    root = draw(
        st.sampled_from([f"branches {body}", f"branch {body}", f"branches {body} one: branch {body}"])
    )
    return (
        f"query Q($yes: Boolean!, $no: Boolean!) {{ {root} again: __typename @include(if: $yes) gone: __typename @skip(if: $no) }}"
        " fragment OnLeaf on Leaf { name tags @skip(if: $no) }"
    )


@given(query=queries(), tree=trees, yes=st.booleans(), no=st.booleans())
@settings(max_examples=300, deadline=None)
def test_both_executors_agree(query: str, tree: Tree, yes: bool, no: bool) -> None:
    if "OnLeaf" not in query.partition("fragment")[0]:
        query = query.partition(" fragment")[0]
    if validate(SCHEMA, parse(query)):
        # Two aliases or arguments that cannot be merged: never executed.
        return
    variables = {"yes": yes, "no": no}
    stock = ran(StrawberryGraphQLCoreExecutionContext, query, tree, variables)
    ours = ran(CompiledExecutor, query, tree, variables)
    assert ours == stock
    assert keys(ours[0]) == keys(stock[0])


def test_variables_decide_anew_in_each_request() -> None:
    query = "query Q($yes: Boolean!) { branches { title @include(if: $yes) leaf { name } } }"
    tree = Tree([Branch()])
    for yes in (True, False, True):
        data, errors = ran(CompiledExecutor, query, tree, {"yes": yes})
        assert not errors
        assert ("title" in data["branches"][0]) is yes


def test_plain_lists_take_the_short_way() -> None:
    """The loop does not call the executor for each item: a record that counts its readings sees one per field."""
    readings: list[str] = []

    class Counting(Leaf):
        def __getattribute__(self, name: str) -> Any:
            if name in {"name", "size"}:
                readings.append(name)
            return super().__getattribute__(name)

    tree = Tree([Branch(leaves=[Counting() for _ in range(50)])])
    calls = []

    class Watched(CompiledExecutor):
        def execute_field(self, *args: Any) -> Any:
            calls.append(args[2])
            return super().execute_field(*args)

    data, errors = ran(Watched, "{ branches { leaves { name size __typename } } }", tree, {})
    assert not errors
    assert len(data["branches"][0]["leaves"]) == 50
    assert readings == ["name", "size"] * 50
    assert not calls or len(calls) == 1
