"""Rows that hold two records at once, so that a page with its lists is one statement."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, TypeVar, cast

from storage.query import row_loader

A = TypeVar("A")
B = TypeVar("B")


def pair_of(first: type[A], second: type[B]) -> Callable[..., tuple[A, B]]:
    """A record function for rows that hold the columns of `first` and then those of `second`."""
    cut = len(fields(cast(Any, first)))
    load_first, load_second = row_loader(first), row_loader(second)

    def load(*row: Any) -> tuple[A, B]:
        values: Sequence[Any] = row
        return load_first(values[:cut]), load_second(values[cut:])

    return load
