"""How a declared field finds its value: a resolver, a computation without waiting, or an attribute of the domain's record."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import strawberry

from resolvers.context import Info

T = TypeVar("T", bound=type)
# Strawberry would take a field's type from the resolver; ours have their own annotation.
_field: Any = strawberry.field


def shown(description: str, **options: Any) -> Any:
    """A field that shows the attribute of the same name."""
    return _field(description=description, **options)


def resolved(
    by: Callable[..., Any], description: str, *, directives: Iterable[object] = (), **options: Any
) -> Any:
    """A field whose value the given resolver supplies; the field's own annotation is its type."""
    return _field(resolver=by, description=description, directives=directives, **options)


def computed(by: Callable[[Any, Any], Any], description: str, **options: Any) -> Any:
    """A field computed by `by(record, context)` without waiting for anything; the executor calls it directly."""

    def compute(root: strawberry.Parent[Any], info: Info) -> Any:
        return by(root, info.context)

    return _field(resolver=compute, description=description, metadata={"computed": by}, **options)


def streamed(by: Callable[..., Any], description: str) -> Any:
    """A subscription whose events the given async generator yields."""
    return strawberry.subscription(resolver=by, description=description)


def mirrors(*records: type) -> Callable[[T], T]:
    """This type shows these records: interfaces and unions recognise it by them. Stands below `@strawberry.type`."""

    def bind(cls: T) -> T:
        def is_type_of(value: Any, _info: Any) -> bool:
            return isinstance(value, records)

        cls.is_type_of = is_type_of  # type: ignore[attr-defined]
        cls.mirrored = records  # type: ignore[attr-defined]
        return cls

    return bind
