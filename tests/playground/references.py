"""References inside the variables of an example, resolved for a program just as the playground page resolves them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

Ask = Callable[[str], Awaitable[Any]]
NewestMail = Callable[[str], Awaitable[str]]


class ReferenceNotFound(LookupError):
    """What the example refers to does not exist yet; run the examples before it first."""


async def resolve(value: Any, ask: Ask, newest_mail: NewestMail) -> Any:
    """Replace each reference in `value` by what it refers to, and leave the rest as it is.

    `ask(query)` answers the `data` of a GraphQL operation; `newest_mail(address)` the text of the newest message to
    that address. Raises ReferenceNotFound when there is nothing to be found.
    """
    if isinstance(value, list):
        return [await resolve(item, ask, newest_mail) for item in value]
    if not isinstance(value, dict):
        return value
    if "$query" in value:
        return follow(await ask(value["$query"]), value["$path"])
    if "$mailbox" in value:
        return pick(await newest_mail(value["$mailbox"]), value["$match"])
    if "$daysFromNow" in value:
        moment = datetime.now(UTC) + timedelta(days=value["$daysFromNow"])
        return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
    return {key: await resolve(item, ask, newest_mail) for key, item in value.items()}


def follow(data: Any, path: str) -> Any:
    """Walk `data` along a dotted path such as `mailingLists.edges.0.node.id`."""
    for step in path.split("."):
        if isinstance(data, list) and step.isdigit() and int(step) < len(data):
            data = data[int(step)]
        elif isinstance(data, dict) and data.get(step) is not None:
            data = data[step]
        else:
            raise ReferenceNotFound(path)
    return data


def pick(text: str, pattern: str) -> str:
    """The first group of the first match of `pattern` in `text`."""
    match = re.search(pattern, text)
    if match is None:
        raise ReferenceNotFound(pattern)
    return match[1]
