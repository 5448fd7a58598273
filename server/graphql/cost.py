"""What an operation costs before it runs: one point for each object, times the sizes of the pages it stands in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
)

from resolvers.pages import DEFAULT_SIZE, LARGEST

_REMEMBERED = 64


@dataclass(slots=True)
class OperationCost:
    """The price of one operation; computed once for each set of page sizes that is asked for."""

    schema: GraphQLSchema
    document: DocumentNode
    operation: OperationDefinitionNode
    _sizing: frozenset[str] | None = None
    _known: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def price(self, variables: Mapping[str, Any]) -> int:
        """Points for these variables, at least one."""
        if self._sizing is None:
            walk = self._walk(variables)
            walk.total(self.operation.selection_set, self._root())
            self._sizing = frozenset(walk.sizing)
        key = tuple(_size_of_value(variables.get(name)) for name in sorted(self._sizing))
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[key] = max(
                1, self._walk(variables).total(self.operation.selection_set, self._root())
            )
        return found

    def _root(self) -> GraphQLNamedType | None:
        return self.schema.get_root_type(self.operation.operation)

    def _walk(self, variables: Mapping[str, Any]) -> "_Walk":
        defaults = {
            each.variable.name.value: each.default_value
            for each in self.operation.variable_definitions or ()
            if each.default_value is not None
        }
        fragments = {
            each.name.value: each
            for each in self.document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        return _Walk(self.schema, fragments, variables, defaults)


@dataclass(slots=True)
class _Walk:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    defaults: Mapping[str, ValueNode]
    # Names of the variables that decide sizes.
    sizing: set[str] = field(default_factory=set)
    known: dict[str, int] = field(default_factory=dict)

    def total(self, selections: SelectionSetNode | None, parent: GraphQLNamedType | None) -> int:
        """Points of a selection set on a type; fragments are priced once."""
        points = 0
        for each in selections.selections if selections else ():
            if isinstance(each, FieldNode):
                points += self.field(each, parent)
            elif isinstance(each, InlineFragmentNode):
                kind = self.schema.get_type(each.type_condition.name.value) if each.type_condition else parent
                points += self.total(each.selection_set, kind)
            elif isinstance(each, FragmentSpreadNode):
                points += self.spread(each.name.value)
        return points

    def spread(self, name: str) -> int:
        """Points of a fragment."""
        found = self.known.get(name)
        if found is None:
            fragment = self.fragments[name]
            kind = self.schema.get_type(fragment.type_condition.name.value)
            found = self.known[name] = self.total(fragment.selection_set, kind)
        return found

    def field(self, node: FieldNode, parent: GraphQLNamedType | None) -> int:
        """Points of a field and what is below it."""
        definition = _definition(parent, node.name.value)
        if definition is None:
            # Introspection: the schema is in memory.
            return 0
        kind = get_named_type(definition.type)
        own, size = self.declared(node, definition, 0 if is_leaf_type(kind) else 1)
        return own + size * self.total(node.selection_set, kind)

    def declared(self, node: FieldNode, definition: GraphQLField, own: int) -> tuple[int, int]:
        """A field's own points, and how many times what is below it is paid."""
        directive = _cost_directive(definition)
        if directive is not None:
            own = directive.complexity
        sizes = [name for name in ("first", "last", "ids") if name in definition.args]
        if directive is not None and directive.multipliers:
            sizes = directive.multipliers
        given = {each.name.value: each.value for each in node.arguments or () if each.name.value in sizes}
        if not sizes:
            return own, 1
        wanted = [self.size(value) for value in given.values()]
        return own, max((each for each in wanted if each is not None), default=DEFAULT_SIZE)

    def size(self, value: ValueNode) -> int | None:
        """The size that an argument asks for; None when it is left out or is nothing that says a size."""
        if isinstance(value, VariableNode):
            name = value.name.value
            self.sizing.add(name)
            if name in self.variables:
                return _size_of_value(self.variables[name])
            return self.size(self.defaults[name]) if name in self.defaults else None
        if isinstance(value, IntValueNode):
            return _bounded(int(value.value[:10]))
        return len(value.values) if isinstance(value, ListValueNode) else None


def _bounded(number: int) -> int:
    # A larger page is refused by its resolver; its price need not be astronomical.
    return max(0, min(number, 10 * LARGEST))


def _size_of_value(value: Any) -> int | None:
    if isinstance(value, list):
        return len(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return _bounded(value)


def _definition(parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
    if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
        return None
    found: GraphQLField | None = parent.fields.get(name)
    return found


def _cost_directive(definition: GraphQLField) -> Any | None:
    declared = definition.extensions.get("strawberry-definition")
    for each in getattr(declared, "directives", ()):
        if type(each).__name__ == "Cost":
            return each
    return None
