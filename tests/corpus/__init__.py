"""Messages as they really come: over two hundred, each with a name that says what is special about it."""

from tests.corpus import (
    broken,
    charsets,
    clients,
    headers,
    international,
    kinds,
    newsletters,
    sealed,
    structures,
    texts,
)

_MODULES = (
    broken,
    charsets,
    clients,
    headers,
    international,
    kinds,
    newsletters,
    sealed,
    structures,
    texts,
)


def everything() -> dict[str, bytes]:
    """All messages by name, in the order of their modules. Raises ValueError for a name that is there twice."""
    found: dict[str, bytes] = {}
    for module in _MODULES:
        for name, raw in module.MESSAGES.items():
            if name in found:
                raise ValueError(f"two messages are named {name}")
            found[name] = raw
    return found
