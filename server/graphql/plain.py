"""Values that need no executor: how a plain field is read off its record and written as JSON, or given up for the long way."""

from collections.abc import Callable
from inspect import iscoroutinefunction
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
)

Read = Callable[[Any], Any]
"""From a record to a value."""

_PLAIN = frozenset({str, int, float, bool, bytes, dict, list, tuple})
_TRUSTED = {"String": frozenset({str}), "ID": frozenset({str}), "Boolean": frozenset({bool})}
_INT32 = range(-(2**31), 2**31)
_awaitable: dict[type, bool] = {}


class Irregular(Exception):
    """This value is not plain: the long way knows what to do with it."""


def reader(field: GraphQLField, context: Any) -> Read | None:
    """How the field's value is read off a record, or None when it takes more than an attribute or a computation."""
    declared: Any = field.extensions.get("strawberry-definition")
    if declared is None or field.args or declared.extensions or declared.permission_classes:
        return None
    compute = (declared.metadata or {}).get("computed")
    if compute is not None:
        return lambda record: compute(record, context)
    if declared.base_resolver is None:
        name: str = declared.python_name
        return lambda record: getattr(record, name)
    return None


def leaf(kind: GraphQLOutputType) -> Read | None:
    """From a value to its JSON, for leaves and lists of leaves; None for anything else. It raises for irregular values."""
    if is_non_null_type(kind):
        inner = leaf(kind.of_type)
        return None if inner is None else _present(inner)
    if is_list_type(kind):
        inner = leaf(kind.of_type)
        return None if inner is None else nullable(each_of(inner))
    return nullable(_coercion(kind)) if is_leaf_type(kind) else None


def nullable(inner: Read) -> Read:
    """The same, leaving None alone."""
    return lambda value: None if value is None else inner(value)


def _present(inner: Read) -> Read:
    def write(value: Any) -> Any:
        found = inner(value)
        if found is None:
            raise Irregular
        return found

    return write


def present(inner: Read) -> Read:
    """The same, where None is an error that the long way reports."""
    return _present(inner)


def each_of(inner: Read) -> Read:
    """The same for each item of a list."""

    def write(value: Any) -> Any:
        if value.__class__ is not list and value.__class__ is not tuple:
            raise Irregular
        return [inner(item) for item in value]

    return write


def _coercion(kind: GraphQLLeafType) -> Read:
    if is_enum_type(kind):
        return _enum(kind)
    if kind.name == "Int":
        return _integer
    trusted = _TRUSTED.get(kind.name)
    coerce = kind.coerce_output_value

    def write(value: Any) -> Any:
        if trusted is not None and value.__class__ in trusted:
            return value
        if value.__class__ not in _PLAIN:
            raise Irregular
        found = coerce(value)
        if found is None or found.__class__ not in _PLAIN:
            raise Irregular
        return found

    return write


def _integer(value: Any) -> Any:
    if value.__class__ is not int or value not in _INT32:
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
    found = _awaitable.get(kind)
    if found is None:
        odd = hasattr(kind, "__await__") or hasattr(kind, "__next__") or issubclass(kind, BaseException)
        found = _awaitable[kind] = odd or iscoroutinefunction(value)
    return not found
