"""How large an operation is once its fragments are spread, measured in time linear in the text (each fragment once)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

_INTROSPECTION_ROOTS = frozenset({"__schema", "__type"})
_INTROSPECTION_LISTS = frozenset({"fields", "interfaces", "possibleTypes", "inputFields"})


@dataclass(frozen=True, slots=True)
class Measures:
    """Sizes of a selection; `introspection` is how deep the lists of types are nested in one another."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    roots: int = 0
    directives: int = 0
    introspection: int = 0

    def beside(self, other: "Measures") -> "Measures":
        """Both, in one selection."""
        return Measures(
            max(self.depth, other.depth),
            self.fields + other.fields,
            self.aliases + other.aliases,
            self.roots + other.roots,
            max(self.directives, other.directives),
            max(self.introspection, other.introspection),
        )


_NOTHING = Measures()


@dataclass(slots=True)
class _Measuring:
    fragments: Mapping[str, FragmentDefinitionNode]
    known: dict[str, Measures] = field(default_factory=dict)

    def set(self, selections: SelectionSetNode | None) -> Measures:
        """The measures of a selection set."""
        total = _NOTHING
        for selection in selections.selections if selections else ():
            total = total.beside(self.one(selection))
        return total

    def one(self, selection: SelectionNode) -> Measures:
        """The measures of one selection."""
        if isinstance(selection, FieldNode):
            return _field(selection, self.set(selection.selection_set))
        found = _NOTHING
        if isinstance(selection, InlineFragmentNode):
            found = self.set(selection.selection_set)
        elif isinstance(selection, FragmentSpreadNode):
            found = self.spread(selection.name.value)
        return found.beside(Measures(directives=len(selection.directives or ())))

    def spread(self, name: str) -> Measures:
        """The measures of a fragment, taken once; a circle counts nothing, since validation refuses it."""
        found = self.known.get(name)
        if found is None:
            self.known[name] = _NOTHING
            fragment = self.fragments.get(name)
            found = self.known[name] = self.set(fragment.selection_set) if fragment else _NOTHING
        return found


def _field(node: FieldNode, inside: Measures) -> Measures:
    name = node.name.value
    is_root = name in _INTROSPECTION_ROOTS
    return Measures(
        0 if is_root else 1 + inside.depth,
        inside.fields + 1,
        inside.aliases + (node.alias is not None),
        1,
        max(inside.directives, len(node.directives or ())),
        inside.introspection + (name in _INTROSPECTION_LISTS),
    )


def measured(document: DocumentNode) -> Measures:
    """The largest measures of a document's operations."""
    fragments = {
        each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
    }
    measuring = _Measuring(fragments)
    return _largest(
        measuring.set(each.selection_set).beside(Measures(directives=len(each.directives or ())))
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode)
    )


def _largest(all_of_them: Iterable[Measures]) -> Measures:
    found = _NOTHING
    for each in all_of_them:
        found = Measures(
            max(found.depth, each.depth),
            max(found.fields, each.fields),
            max(found.aliases, each.aliases),
            max(found.roots, each.roots),
            max(found.directives, each.directives),
            max(found.introspection, each.introspection),
        )
    return found
