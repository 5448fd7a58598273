"""One question of `postroom scenario decide`, from the JSON object in which it came to a request and its facts."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mail.message import AuthorUnclear, BadMessage, Message, author, parse_message
from scenarios.batch_context import (
    OF_THE_WORLD,
    BadQuestion,
    add_context,
    complete,
    identities_of,
    moment_of,
    status_of,
    text_of,
)
from scenarios.batch_texts import files_of, includes_of, is_blocklisted, scenario_of
from scenarios.dialect import Dialect
from scenarios.held_facts import HeldFacts
from scenarios.message_values import message_values
from scenarios.operations import canonical_operation
from scenarios.request import NOBODY, Request, Value

_PLACE_NAMES = ("list", "listname", "list_name")
_DOMAIN_NAMES = ("domain", "host", "robot")


@dataclass(frozen=True, slots=True)
class Question:
    """A question ready to be put: `text` is None where only the name is given."""

    text: str | None
    name: str
    request: Request
    facts: HeldFacts
    includes: Mapping[str, str]
    is_blocklisted: bool
    dialect: Dialect


def read_question(given: Any, dialect: Dialect, now: int) -> Question:
    """Read one question; `dialect` where it does not say its own, `now` in seconds where it does not tell the time.

    Raises BadQuestion, and BadFacts (both ValueError) for what is not written as docs/reference/scenario-decide.md says.
    """
    top = _mapping(given, "the question")
    context = {_bare(key): value for key, value in _mapping(top.get("context"), "context").items()}
    facts = _mapping(top.get("facts"), "facts")
    spoken = _dialect(top, dialect)
    world = {**{key: top[key] for key in OF_THE_WORLD if key in top}, **context}
    list_name, domain = _place(top, context)
    message = _message(world)
    request = _request(top, context, world, facts, message, list_name, domain, spoken, now)
    files = files_of(world, top)
    operation = request.operation
    here = f"{list_name}@{domain}" if list_name else ""
    search = world.get("search")
    known = {**facts, **({"search": search} if "search" not in facts and isinstance(search, Mapping) else {})}
    known.setdefault("custom_conditions", world.get("custom_conditions"))
    name = _optional_text(top, "name") or ""
    text = _optional_text(top, "text")
    return Question(
        text=scenario_of(top, operation, name) if text is None else text,
        name=name,
        request=request,
        facts=HeldFacts(
            known,
            here=here,
            domain=domain,
            files=files,
            listmasters_own=world.get("listmasters_are_owners") not in (False, 0, "0"),
            # Sympa looks for a bare name in what is asked about, and a family is no domain.
            bare_names=spoken is not Dialect.SYMPA or not world.get("family_context"),
        ),
        includes=includes_of(world, top, operation),
        is_blocklisted=is_blocklisted(world, operation),
        dialect=spoken,
    )


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise BadQuestion(f"{what} is a JSON object")
    return value


def _bare(key: str) -> str:
    return key[1:-1] if key.startswith("[") and key.endswith("]") else key


def _dialect(top: Mapping[str, Any], dialect: Dialect) -> Dialect:
    word = top.get("compat")
    if word is None:
        return dialect
    try:
        return Dialect(word or "postroom")
    except ValueError:
        raise BadQuestion("compat is `sympa` or `postroom`") from None


def _optional_text(top: Mapping[str, Any], name: str) -> str | None:
    return None if top.get(name) is None else text_of(top[name], name)


def _place(top: Mapping[str, Any], context: Mapping[str, Any]) -> tuple[str, str]:
    """The list's name ("" without a list) and the domain."""
    written = _first_text(_PLACE_NAMES, context, top)
    record = context.get("list")
    if not written and isinstance(record, Mapping):
        written = str(record.get("address", ""))
    name, _, of_list = written.partition("@")
    domain = _first_text(_DOMAIN_NAMES, context, top) or of_list
    return name.lower(), (domain or "lists.example").lower()


def _first_text(words: tuple[str, ...], *sources: Mapping[str, Any]) -> str:
    for word in words:
        for source in sources:
            value = source.get(word)
            if isinstance(value, str) and value:
                return value
    return ""


def _message(world: Mapping[str, Any]) -> Message | None:
    raw: bytes | None = None
    if world.get("message_b64") is not None:
        try:
            raw = base64.b64decode(text_of(world["message_b64"], "message_b64"))
        except binascii.Error:
            raise BadQuestion("message_b64 is not base64") from None
    elif world.get("message") is not None:
        raw = text_of(world["message"], "message").encode("utf-8", "surrogatepass")
    if raw is None:
        return None
    try:
        return parse_message(raw)
    except BadMessage:
        return None


def _request(
    top: Mapping[str, Any],
    context: Mapping[str, Any],
    world: Mapping[str, Any],
    facts: Mapping[str, Any],
    message: Message | None,
    list_name: str,
    domain: str,
    dialect: Dialect,
    now: int,
) -> Request:
    sender = _address_of(top, context, "sender") or _author_of(message) or NOBODY
    variables: dict[str, Value] = moment_of(top, now, dialect)
    records: dict[str, dict[str, Value]] = {}
    if dialect is Dialect.SYMPA:
        variables["remote_host"] = "unknown_host"
    if message is not None:
        seen = message_values(message, list_name, dialect=dialect)
        variables |= seen.variables
        records |= {name: dict(record) for name, record in seen.records.items()}
        records["msg"] = {"sender": sender, "size": str(len(message.raw))}
    add_context(context, variables, records)
    complete(records, variables, facts, sender, list_name, domain, dialect)
    return Request(
        operation=_operation(top),
        method=text_of("smtp" if top.get("method") is None else top["method"], "method"),
        sender=sender,
        identities=tuple(identities_of(world)),
        email=_address_of(top, context, "email"),
        list_name=list_name,
        domain=domain,
        variables=variables,
        records=records,
        list_status=status_of(world, records, list_name),
    )


def _operation(top: Mapping[str, Any]) -> str:
    if not top.get("operation"):
        raise BadQuestion("`operation` is missing")
    return canonical_operation(text_of(top["operation"], "operation"))


def _address_of(top: Mapping[str, Any], context: Mapping[str, Any], word: str) -> str | None:
    value = context.get(word, top.get(word))
    return None if value is None or value == "" else text_of(value, word)


def _author_of(message: Message | None) -> str | None:
    if message is None:
        return None
    try:
        return str(author(message).address)
    except AuthorUnclear:
        return None
