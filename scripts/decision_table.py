"""What each shipped policy decides, by the person, how they were proved, and whose address they act for: a reference page."""

from collections.abc import Iterator, Mapping

from scenarios.batch import answer
from scenarios.dialect import Dialect
from scenarios.library import shipped_names
from scenarios.operations import OPERATIONS

HEAD = """\
# What each shipped scenario decides

Each row is a policy; its columns say what it answers to whom. [The texts](scenarios.md) say why. The list has a
moderator of its own; where none is named, its owners are its moderators. A *stranger* has an address that the list does
not know, *nobody* none at all. *Proved by* is how sure it is who asks: `smtp` nothing but the author of a mail, `dkim` a
signature that fits the author's domain, `md5` a sign-in, a confirmation or a token, `smime` a signed message; a dash
stands for all four. *For* is whose address the request is about; a dash stands for one's own and another's.

| answer | is |
|---|---|
| yes | it is done |
| no | it is refused |
| confirm | whoever asks confirms by mail first |
| ask them | the address that it is about confirms by mail first |
| owners | it waits for an owner |
| moderators | it waits for a moderator; for documents too |
| pending | it is done, and waits for a listmaster to open it |
| … + | and the owners are told |
| … − | and whoever asked, or is subscribed, is told nothing |
"""
TAIL = """
## In the dialect of Sympa

With `scenario_dialect=sympa` the same policies answer as those of Sympa 6.2.70 do, which differs in this:

- Only the address that a request came under counts, none of the person's others.
- *Nobody* is an address like any other, so that it is "one's own" to subscribe, leave or move.
- `send.editorkey` takes a message whose field `X-Sender` names a moderator; anybody can write that field.
- `send.public_nobcc` takes a message in whose To or Cc the list's name occurs anywhere, be it in another address.
- `spam_status.none`, `spam_status.rspamd` and `spam_status.spamassassin` refuse what is proved by `dkim`.
"""

METHODS = ("smtp", "dkim", "md5", "smime")
PEOPLE = {
    "nobody": "nobody",
    "stranger": "stranger@x.example",
    "subscriber": "subscriber@x.example",
    "moderator": "moderator@x.example",
    "owner": "owner@x.example",
    "listmaster": "listmaster@x.example",
}
FAMILY = {"name": "family", "family_owners_list": "family-owners"}
FACTS = {
    "subscribers": {"talk": [PEOPLE["subscriber"]], "family-owners": [PEOPLE["subscriber"]]},
    "editors": {"talk": [PEOPLE["moderator"]]},
    "owners": {"talk": [PEOPLE["owner"]]},
    "listmasters": [PEOPLE["listmaster"]],
}
WITHOUT_LIST = frozenset(
    {
        "automatic_list_creation",
        "create_list",
        "family_signoff",
        "global_remind",
        "move_user",
        "topics_visibility",
    }
)
FOR_WHOM = {"one's own": None, "another's": "other@x.example"}
PLAIN = "From: a@x.example\nTo: talk@lists.example\nSubject: x\nContent-Type: text/plain\n\nHello\n"
MESSAGES = {
    "in several parts": PLAIN.replace("text/plain", "multipart/alternative; boundary=b"),
    "with an attachment": PLAIN.replace("text/plain", "multipart/mixed; boundary=b"),
    "by blind copy": PLAIN.replace("talk@", "other@"),
}
FIELDS = (
    "no such field",
    "X-Spam-Status: Yes",
    "X-Spam-Status: No",
    "X-Spam-Flag: YES",
    "X-Spam: Yes",
    "X-Bogosity: Spam",
    "X-Bogosity: Ham",
    "X-Bogosity: Unsure",
    "X-j-chkmail-Status: Spam HI",
    "X-j-chkmail-Status: Spam Low",
    "X-j-chkmail-Status: Unsure",
)
WORDS = {
    "do_it": "yes",
    "reject": "no",
    "request_auth": "confirm",
    "owner": "owners",
    "editor": "moderators",
    "editorkey": "moderators",
    "listmaster": "pending",
}
ANY = "–"

Row = tuple[str, ...]


def decision_table() -> str:
    """One table for each operation: name, method and target against person."""
    return HEAD + "".join(_operation(each) for each in sorted(OPERATIONS) if shipped_names(each)) + TAIL


def _operation(operation: str) -> str:
    if operation == "spam_status":
        return _filters(shipped_names(operation))
    head = _head(operation, ("name", "proved by", "for", *PEOPLE))
    return head + "".join(
        _line((f"`{name}`{kind}", ", ".join(methods) or ANY, whom, *row))
        for name in shipped_names(operation)
        for kind, methods, whom, row in _rows(operation, name)
    )


def _head(operation: str, columns: Row) -> str:
    return f"\n## {operation}\n\n" + _line(columns) + "|---" * len(columns) + "|\n"


def _line(cells: Row) -> str:
    return "| " + " | ".join(cells) + " |\n"


def _rows(operation: str, name: str) -> Iterator[tuple[str, Row, str, Row]]:
    """The rows of a name that differ: kind of message, methods (none for all), target, answers."""
    usual = _table(operation, name, PLAIN)
    yield from (("", *row) for row in _merged(usual))
    if operation == "send":
        for kind, message in MESSAGES.items():
            table = _table(operation, name, message)
            if table != usual:
                yield from ((f", {kind}", *row) for row in _merged(table))


def _table(operation: str, name: str, message: str) -> dict[str, dict[str, Row]]:
    """The answers for all people by target and method."""
    return {
        whom: {method: _answers(operation, name, method, email, message) for method in METHODS}
        for whom, email in FOR_WHOM.items()
    }


def _merged(table: Mapping[str, Mapping[str, Row]]) -> Iterator[tuple[Row, str, Row]]:
    first, *others = table.values()
    is_same = all(each == first for each in others)
    for whom, by_method in [(ANY, first)] if is_same else [*table.items()]:
        alike: dict[Row, list[str]] = {}
        for method, row in by_method.items():
            alike.setdefault(row, []).append(method)
        for row, methods in alike.items():
            yield (() if len(methods) == len(METHODS) else tuple(methods)), whom, row


def _answers(operation: str, name: str, method: str, email: str | None, message: str) -> Row:
    return tuple(_word(operation, name, method, sender, email, message) for sender in PEOPLE.values())


def _word(operation: str, name: str, method: str, sender: str, email: str | None, message: str) -> str:
    context: dict[str, object] = {"sender": sender, "domain": "lists.example", "family": FAMILY}
    context |= {} if operation in WITHOUT_LIST else {"listname": "talk"}
    context |= {} if email is None else {"email": email}
    if operation == "move_user":
        context |= {"current_email": email or sender, "email": "new@x.example"}
    context |= {"message": message} if operation in {"send", "spam_status"} else {}
    question = {"operation": operation, "name": name, "method": method, "context": context, "facts": FACTS}
    told = answer(question, dialect=Dialect.POSTROOM, now=0)
    action = str(told["action"])
    word = "ask them" if told["argument"] else WORDS.get(action, action)
    return word + (" +" if told["notify"] else "") + (" −" if told["quiet"] else "")


def _filters(names: list[str]) -> str:
    """What is made of the fields that filters write, whoever sent the message."""
    return _head("spam_status", ("the message has", *(f"`{name}`" for name in names))) + "".join(
        _line((f"`{field}`" if ":" in field else field, *(_filtered(name, field) for name in names)))
        for field in FIELDS
    )


def _filtered(name: str, field: str) -> str:
    message = PLAIN if ":" not in field else f"{field}\n{PLAIN}"
    return _word("spam_status", name, "smtp", "stranger@x.example", None, message)
