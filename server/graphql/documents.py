"""Documents read, measured and validated once, and kept by their text while they are in use."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    parse,
    validate,
)

from resolvers.limits import Limits
from server.graphql.cost import OperationCost
from server.graphql.errors import RequestRefused, before_execution, coded
from server.graphql.measures import Measures, measured

_KEPT_DOCUMENTS = 1000
_KEPT_TEXT = 4_000_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a document cannot be run."""

    errors: list[dict[str, Any]]


@dataclass(slots=True)
class Document:
    """A document that may be run."""

    text: str
    node: DocumentNode
    operations: Mapping[str | None, OperationDefinitionNode]
    costs: dict[str | None, OperationCost] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation that is wanted; raises RequestRefused when that is not one of this document's."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        found = self.operations.get(name) if name is not None else None
        if found is None:
            raise RequestRefused(
                "BAD_USER_INPUT",
                "Name one of the document's operations in operationName."
                if name is None
                else "The document has no operation of that name.",
            )
        return found


class Documents:
    """The documents in use; `prepared` answers from memory when it can."""

    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self.schema = schema
        self.limits = limits
        self._kept: OrderedDict[tuple[str, int], Document | Refusal] = OrderedDict()
        self._size = 0

    def prepared(self, text: str, max_tokens: int) -> Document:
        """The document of a text; raises RequestRefused."""
        key = (text, max_tokens)
        found = self._kept.get(key)
        if found is None:
            found = self._read(text, max_tokens)
            self._keep(key, found)
        else:
            self._kept.move_to_end(key)
        if isinstance(found, Refusal):
            raise RequestRefused.with_errors(found.errors)
        return found

    def _keep(self, key: tuple[str, int], found: Document | Refusal) -> None:
        if len(key[0]) > _KEPT_TEXT // 20:
            return
        self._kept[key] = found
        self._size += len(key[0])
        while self._size > _KEPT_TEXT or len(self._kept) > _KEPT_DOCUMENTS:
            (text, _), _ = self._kept.popitem(last=False)
            self._size -= len(text)

    def _read(self, text: str, max_tokens: int) -> Document | Refusal:
        try:
            return self._validated(text, parse(text, max_tokens=max_tokens))
        except GraphQLSyntaxError as error:
            return Refusal(before_execution([error], _code_of(error), 1))
        except RecursionError:
            return Refusal([coded("QUERY_TOO_DEEP", "Nested too deeply.")])

    def _validated(self, text: str, node: DocumentNode) -> Document | Refusal:
        problem = too_large(measured(node), self.limits)
        if problem:
            return Refusal([problem])
        shown = self.limits.max_errors_shown
        errors = validate(self.schema, node, max_errors=shown)
        if errors:
            return Refusal(before_execution(errors, "GRAPHQL_VALIDATION_FAILED", shown))
        operations = {
            each.name.value if each.name else None: each
            for each in node.definitions
            if isinstance(each, OperationDefinitionNode)
        }
        return Document(text, node, operations)


def _code_of(error: GraphQLSyntaxError) -> str:
    if "Parsing aborted" not in error.message:
        return "GRAPHQL_PARSE_FAILED"
    return "QUERY_TOO_COSTLY" if "tokens" in error.message else "QUERY_TOO_DEEP"


def too_large(found: Measures, limits: Limits) -> dict[str, Any] | None:
    """The first limit that a document passes."""
    for name, value, limit, code in (
        ("levels deep", found.depth, limits.max_depth, "QUERY_TOO_DEEP"),
        ("levels of types", found.introspection, limits.max_introspection_depth, "QUERY_TOO_DEEP"),
        ("fields", found.fields, limits.max_fields, "QUERY_TOO_COSTLY"),
        ("aliases", found.aliases, limits.max_aliases, "QUERY_TOO_COSTLY"),
        ("root fields", found.roots, limits.max_root_fields, "QUERY_TOO_COSTLY"),
        ("directives at one place", found.directives, limits.max_directives, "QUERY_TOO_COSTLY"),
    ):
        if value > limit:
            return coded(code, f"At most {limit} {name}.")
    return None
