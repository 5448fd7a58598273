"""The values that come with a question of `postroom scenario decide`: variables, records, and the person's addresses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scenarios.dialect import Dialect
from scenarios.request import METHODS_BY_STRENGTH, Identity, Value

RECORDS = {
    "app": "app",
    "auth": "auth",
    "conf": "conf",
    "custom_vars": "custom_vars",
    "env": "env",
    "family": "family",
    "header": "msg_header",
    "headers": "msg_header",
    "list": "list",
    "msg": "msg",
    "msg_header": "msg_header",
    "msg_part": "msg_part",
    "subscriber": "subscriber",
    "user": "user",
    "user_attributes": "user_attributes",
}
# Members of the context that say something else than the value of a variable.
OF_THE_WORLD = frozenset(
    {
        "alternates",
        "blocklist",
        "blocklist_operations",
        "blacklist",
        "custom_conditions",
        "emails",
        "family_context",
        "files",
        "filters",
        "identities",
        "includes",
        "list_status",
        "listmasters_are_owners",
        "message",
        "message_b64",
        "search",
        "status",
    }
)


# What a list of Sympa's has where its owner has not said otherwise.
_CUSTOMARY_LIST: Mapping[str, Value] = {"lang": "en-US", "max_size": "5242880", "priority": "5"}


# Under these words the addresses of the person may come.
_PERSONS = ("identities", "emails", "alternates")


class BadQuestion(ValueError):
    """The question cannot be read; it is a JSON object with `operation`, `text` or `name`, `context` and `facts`."""

    code = "BAD_INPUT"


def text_of(value: Any, what: str) -> str:
    """A value that must be a text; raises BadQuestion."""
    if not isinstance(value, str):
        raise BadQuestion(f"{what} is a text")
    return value


def moment_of(top: Mapping[str, Any], now: int, dialect: Dialect) -> dict[str, Value]:
    """The variables that tell the time in seconds: the question's own `now`, else `now`; Sympa leaves `date` out."""
    told = top.get("now")
    seconds = str(int(told)) if isinstance(told, int | float) and not isinstance(told, bool) else str(now)
    moment: dict[str, Value] = {"current_date": seconds, "execution_date": seconds}
    return moment if dialect is Dialect.SYMPA else {**moment, "date": seconds}


def add_context(
    context: Mapping[str, Any], variables: dict[str, Value], records: dict[str, dict[str, Value]]
) -> None:
    """Put the members of the context where rules read them: as words, or into a record; raises BadQuestion."""
    for key, value in context.items():
        record, arrow, name = key.partition("->")
        if arrow:
            records.setdefault(RECORDS.get(record, record), {})[_key(record, name)] = _value(value)
        elif key in RECORDS and isinstance(value, Mapping | list):
            target = records.setdefault(RECORDS[key], {})
            target |= {
                _key(key, name): _value(each)
                for name, each in _pairs(value)
                if each is not None and not (key == "user" and name in _PERSONS)
            }
        elif key not in OF_THE_WORLD and value is not None and not isinstance(value, Mapping):
            variables[key] = _value(value)


def _key(record: str, name: str) -> str:
    return name.lower() if RECORDS.get(record) == "msg_header" else name


def _pairs(value: Mapping[str, Any] | Sequence[Any]) -> Iterable[tuple[str, Any]]:
    """The members of a record; fields of a message may also come as a list of pairs, several of one name."""
    if isinstance(value, Mapping):
        return [(str(name), each) for name, each in value.items()]
    found: dict[str, list[Any]] = {}
    for pair in value:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise BadQuestion("a record is an object, or a list of [name, value]")
        found.setdefault(str(pair[0]).lower(), []).append(pair[1])
    return [*found.items()]


def _value(value: Any) -> Value:
    if isinstance(value, list | tuple):
        return tuple(_single(each) for each in value)
    return _single(value)


def _single(value: Any) -> str:
    match value:
        case str():
            return value
        case bool():
            return "1" if value else "0"
        case None:
            return ""
        case int() | float():
            return str(value)
        case _:
            raise BadQuestion("a value in the context is a text, a number, or a list of these")


def complete(
    records: dict[str, dict[str, Value]],
    variables: dict[str, Value],
    facts: Mapping[str, Any],
    sender: str,
    list_name: str,
    domain: str,
    dialect: Dialect,
) -> None:
    """What everybody knows anyway and the context need not repeat."""
    users = facts.get("users")
    known = users.get(sender) if isinstance(users, Mapping) else None
    user = {name: _value(each) for name, each in known.items()} if isinstance(known, Mapping) else {}
    records["user"] = {"email": sender.lower(), **user, **records.get("user", {})}
    records["conf"] = {"domain": domain, "host": domain, **_customary_conf(facts), **records.get("conf", {})}
    if isinstance(variables.get("remote_addr"), str):
        records["env"] = {"REMOTE_ADDR": variables["remote_addr"], **records.get("env", {})}
    if list_name:
        place: dict[str, Value] = {
            "name": list_name,
            "address": f"{list_name}@{domain}",
            "domain": domain,
            "status": "open",
            "total": str(len(_rows(facts, list_name, domain))),
        }
        if dialect is Dialect.SYMPA:
            place |= _CUSTOMARY_LIST
        records["list"] = {**place, **records.get("list", {})}
    if dialect is Dialect.POSTROOM and "subscriber" not in records:
        rows = [row for row in _rows(facts, list_name, domain) if row["email"].lower() == sender.lower()]
        if rows:
            records["subscriber"] = {name: _value(each) for name, each in rows[0].items()}
    if records.get("msg", {}).get("smime_crypted") and "msg_encrypted" not in variables:
        variables["msg_encrypted"] = "smime"


def _customary_conf(facts: Mapping[str, Any]) -> dict[str, Value]:
    """What a server has where nobody says otherwise."""
    masters = facts.get("listmasters")
    named = [each for each in masters if isinstance(each, str)] if isinstance(masters, list) else []
    return {"email": "sympa", "listmaster": ",".join(named)}


def _rows(facts: Mapping[str, Any], list_name: str, domain: str) -> list[Mapping[str, Any]]:
    """The subscribers of the current list, as far as they are named."""
    held = facts.get("subscribers", facts.get("members"))
    if isinstance(held, Mapping):
        held = held.get(list_name, held.get(f"{list_name}@{domain}"))
    if not isinstance(held, list):
        return []
    rows = [each if isinstance(each, Mapping) else {"email": each} for each in held]
    return [row for row in rows if isinstance(row.get("email"), str)]


def identities_of(world: Mapping[str, Any]) -> Iterable[Identity]:
    """The person's further addresses, as strong as is said, else `md5`; raises BadQuestion."""
    user = world.get("user")
    of_user = user if isinstance(user, Mapping) else {}
    held = [world.get(word) for word in _PERSONS]
    held += [of_user.get(word) for word in _PERSONS]
    # The set that `[user->email]` ranges over may be given as such.
    held += [each for each in (world.get("user->email"), of_user.get("email")) if isinstance(each, list)]
    for group in held:
        for each in group or ():
            strength = each.get("strength", "md5") if isinstance(each, Mapping) else "md5"
            address = each.get("address", each.get("email")) if isinstance(each, Mapping) else each
            if strength not in METHODS_BY_STRENGTH or not isinstance(address, str):
                raise BadQuestion(
                    "further addresses are a list of texts, or of objects with address and strength"
                )
            yield Identity(address, strength)


def status_of(world: Mapping[str, Any], records: Mapping[str, Mapping[str, Value]], list_name: str) -> str:
    """The state of the list, `open` where nothing is said."""
    words = (world.get("list_status"), world.get("status"), records.get("list", {}).get("status"))
    told = next((word for word in words if word is not None), "open")
    return str(told) if list_name else "open"
