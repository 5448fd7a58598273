"""Forgeries that need to know nothing of a provider but what every provider has: a callback, a state, a form."""

import secrets
from collections.abc import Mapping
from urllib.parse import urlencode as encoded

from identity.attacks.forgeries import Attempt, CannotForge, Forged, Forgery
from identity.provider import Ask, Inbound

# RFC 4515, RFC 4514 and SQL, as people have tried them in names.
INJECTIONS = (
    "*",
    "{start}*",
    "*)(uid={person}",
    "*)(uid=*",
    "*)(|(uid=*",
    "{person})(objectClass=*",
    "{person}))(|(objectClass=*",
    "\\2a",
    "{person}\x00",
    "{person},dc=example",
    "uid={person}+cn=*",
    "' or '1'='1",
)
_EMPTY = {"empty": "", "a space": " ", "white space": " \t\n", "NUL": "\0", "NUL and more": "\0secret"}
_NAMES_OF_OTHERS = ("remote-user", "x-remote-user", "x-forwarded-user", "x-forwarded-email", "mail", "eppn")


def common(forgery: Forgery, attempt: Attempt) -> Forged:
    """What can be forged for any provider at all; raises CannotForge for the rest."""
    is_form = isinstance(attempt.begun, Ask)
    match forgery:
        case Forgery.BARE_CALLBACK:
            return Inbound("POST", "") if is_form else returned(attempt)
        case Forgery.NO_STATE if not is_form:
            return {
                "no state": returned(attempt, state=""),
                "a state of nobody": returned(attempt, state=secrets.token_urlsafe(32)),
            }
        case Forgery.SPOOFED_HEADER if not is_form:
            return returned(attempt, headers=dict.fromkeys(_NAMES_OF_OTHERS, attempt.address))
        case Forgery.EMPTY_PASSWORD if is_form:
            name = attempt.person or "nobody"
            return {title: filled(attempt, name, password) for title, password in _EMPTY.items()}
        case Forgery.FILTER_INJECTION if is_form:
            return injected(attempt, secrets.token_hex(16))
        case Forgery.EMPTY_PASSWORD | Forgery.FILTER_INJECTION:
            raise CannotForge("this provider asks for no name and password on our pages")
    raise CannotForge("only the other side could make this one")


def injected(attempt: Attempt, password: str) -> dict[str, Inbound]:
    """The form with each name that is a part of a question, and one password: where that is the person's own, every name
    that leads to them gets in.
    """
    person = attempt.person or "nobody"
    names = (each.format(person=person, start=person[:-1]) for each in INJECTIONS)
    return {ascii(name): filled(attempt, name, password) for name in names}


def returned(
    attempt: Attempt,
    *,
    state: str | None = None,
    headers: Mapping[str, str] | None = None,
    peer: str = "203.0.113.9",
    **query: str,
) -> Inbound:
    """A browser at the callback, with the attempt's state (another one, or none for ""), fields and headers."""
    stated = attempt.wish.state if state is None else state
    fields = ({"state": stated} if stated else {}) | query
    url = attempt.place.callback_url
    return Inbound(
        "GET",
        f"{url}?{encoded(fields)}" if fields else url,
        query=fields,
        headers=tuple((name.encode(), value.encode()) for name, value in (headers or {}).items()),
        peer=peer,
    )


def filled(attempt: Attempt, name: str, password: str) -> Inbound:
    """The provider's form, its secret fields filled with the password and its others with the name."""
    assert isinstance(attempt.begun, Ask)
    fields = {each.name: password if each.is_secret else name for each in attempt.begun.fields}
    return Inbound("POST", "", form=fields, peer="203.0.113.9")
