"""How a word of the API is declared: its value is the domain's word, its name and description are the API's."""

from typing import Any

import strawberry


def word(value: Any, description: str) -> Any:
    """One value of an enum: `value` is what the domain stores and what records hold."""
    return strawberry.enum_value(value, description=description)
