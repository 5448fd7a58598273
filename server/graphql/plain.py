"""Values that need no executor: how a plain field is read off its record and written as JSON, or given up for the long way."""

from collections.abc import Callable
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLLeafType,
    GraphQLOutputType,
    is_enum_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_scalar_type,
)

Read = Callable[[Any], Any]
"""From a record to a value."""

_PLAIN = frozenset({str, int, float, bool, bytes, dict, list, tuple})
# What these scalars leave as it is.
_AS_THEY_ARE: dict[str, type] = {
    "String": str,
    "ID": str,
    "Boolean": bool,
    "EmailAddress": str,
    "Locale": str,
    "URL": str,
}
_records: dict[type, bool] = {}


class Irregular(Exception):
    """This value is not plain: the long way knows what to do with it."""


def short_cut(field: GraphQLField, context: Any, write: Read) -> Read | None:
    """From a record to a plain field's JSON by way of `write`; None when it takes more than an attribute or a computation."""
    declared: Any = field.extensions.get("strawberry-definition")
    if declared is None or field.args or declared.extensions or declared.permission_classes:
        return None
    compute = (declared.metadata or {}).get("computed")
    if compute is not None:
        return lambda record: write(compute(record, context))
    if declared.base_resolver is not None:
        return None
    name: str = declared.python_name
    trusted = _trusted(field.type)
    if trusted is None:
        return lambda record: write(getattr(record, name))

    def read(record: Any) -> Any:
        value = getattr(record, name)
        # Most values need no conversion: one look at their type.
        return value if value.__class__ is trusted else write(value)

    return read


def _trusted(kind: GraphQLOutputType) -> type | None:
    inner = kind.of_type if is_non_null_type(kind) else kind
    return _AS_THEY_ARE.get(inner.name) if is_scalar_type(inner) else None


def leaf(kind: GraphQLOutputType) -> Read | None:
    """From a value to its JSON, for leaves and lists of leaves; None for anything else. It raises for irregular values."""
    inner = kind.of_type if is_non_null_type(kind) else kind
    written: Read | None = None
    if is_list_type(inner):
        item = leaf(inner.of_type)
        written = None if item is None else each_of(item)
    elif is_leaf_type(inner):
        written = _coercion(inner)
    if written is None:
        return None
    return written if is_non_null_type(kind) else nullable(written)


def nullable(inner: Read) -> Read:
    """The same, leaving None alone."""
    return lambda value: None if value is None else inner(value)


def each_of(inner: Read) -> Read:
    """The same for each item of a list; None is an error that the long way reports."""

    def write(value: Any) -> Any:
        if value.__class__ is not list and value.__class__ is not tuple:
            raise Irregular
        return [inner(item) for item in value]

    return write


def _coercion(kind: GraphQLLeafType) -> Read:
    """From a value that is there to its JSON; None is irregular."""
    if is_enum_type(kind):
        return _enum(kind)
    if kind.name == "Int":
        return _integer
    trusted = _AS_THEY_ARE.get(kind.name)
    coerce = kind.coerce_output_value

    def write(value: Any) -> Any:
        if trusted is not None and value.__class__ is trusted:
            return value
        if value.__class__ not in _PLAIN:
            raise Irregular
        found = coerce(value)
        if found is None or found.__class__ not in _PLAIN:
            raise Irregular
        return found

    return write


def _integer(value: Any) -> Any:
    if value.__class__ is not int or not -0x80000000 <= value <= 0x7FFFFFFF:
        raise Irregular
    return value


def _enum(kind: GraphQLEnumType) -> Read:
    names = {each.value: name for name, each in kind.values.items()}

    def write(value: Any) -> Any:
        name = names.get(value)
        if name is None:
            raise Irregular
        return name

    return write


def is_record(value: Any) -> bool:
    """Whether this is a record and not something to await, iterate or raise."""
    kind = value.__class__
    found = _records.get(kind)
    if found is None:
        odd = hasattr(kind, "__await__") or hasattr(kind, "__next__") or issubclass(kind, BaseException)
        found = _records[kind] = not odd
    return found
