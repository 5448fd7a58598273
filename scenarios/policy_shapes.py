"""What a policy with parameters says of each operation, once it is known whom it lets through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

LANGUAGES = ("en", "fr", "de", "es")

_ALL = "smtp,dkim,md5,smime"
_WEAK = "smtp,dkim"
_STRONG = "md5,smime"
_PERSON = "[user->email]"
_TARGET = "[email]"
_SUBSCRIBERS = f"is_subscriber([listname],{_PERSON})"
_EDITORS = f"is_editor([listname],{_PERSON})"
_OWNERS = f"is_owner([listname],{_PERSON})"
_LISTMASTERS = f"is_listmaster({_PERSON})"
_MOST_SHOWN = 5
_WIDEST = 80

_CALLED = MappingProxyType(
    {
        "domains": ("People of {}", "Les personnes de {}", "Personen aus {}", "Las personas de {}"),
        "addresses": (
            "People who are named",
            "Des personnes nommées",
            "Genannte Personen",
            "Personas nombradas",
        ),
        "lists": ("Subscribers of {}", "Les abonnés de {}", "Abonnenten von {}", "Los suscriptores de {}"),
        "ips": ("Whoever comes from {}", "Qui vient de {}", "Wer von {} kommt", "Quien viene de {}"),
    }
)
_NOBODY_ELSE = ("", "", "", "")
_AND_STAFF = (
    "; those who run the list too",
    " ; ceux qui gèrent la liste aussi",
    "; auch wer die Liste betreut",
    "; también quienes gestionan la lista",
)
_AND_READERS = (
    "; subscribers and those who run the list too",
    " ; les abonnés et ceux qui gèrent la liste aussi",
    "; auch Abonnenten und wer die Liste betreut",
    "; también los suscriptores y quienes gestionan la lista",
)


@dataclass(frozen=True, slots=True)
class Circle:
    """Whom a policy lets through: `form` and its checked parameters; `pattern` is what their addresses match."""

    form: str
    parameters: tuple[str, ...]
    pattern: str = ""

    def conditions(self, address: str) -> list[str]:
        """One condition for each way of being in the circle by that variable."""
        match self.form:
            case "lists":
                return [f"is_subscriber('{each}',{address})" for each in self.parameters]
            case "ips":
                return [f"verify_netmask('{each}')" for each in self.parameters]
            case _:
                return [f"match({address},/{self.pattern}/)"]

    @property
    def refusal(self) -> str:
        """The action for whoever is outside."""
        return f"reject(reason='{self.form}_only')"


def _text(circle: Circle, others: tuple[str, ...], rules: list[tuple[str, str, str]]) -> str:
    shown = ", ".join(circle.parameters[:_MOST_SHOWN]) + (
        ", …" if len(circle.parameters) > _MOST_SHOWN else ""
    )
    titles = (
        f"title.{language} {called.format(shown)}{more}"
        for language, called, more in zip(LANGUAGES, _CALLED[circle.form], others, strict=True)
    )
    wide = min(_WIDEST, max(len(condition) for condition, _, _ in rules))
    lines = (
        f"{condition:<{wide}}  {methods:<{len(_ALL)}}  -> {action}" for condition, methods, action in rules
    )
    return "\n".join([*titles, "", *lines]).replace("title.en ", "title ", 1) + "\n"


def _let(conditions: list[str], methods: str) -> list[tuple[str, str, str]]:
    return [(condition, methods, "do_it") for condition in conditions]


def _confirm(conditions: list[str]) -> list[tuple[str, str, str]]:
    return [rule for each in conditions for rule in ((each, _WEAK, "request_auth"), (each, _STRONG, "do_it"))]


def _reading(circle: Circle, methods: str = _ALL, refusal: str | None = None) -> str:
    inside = [*circle.conditions(_PERSON), _SUBSCRIBERS, _EDITORS, _OWNERS, _LISTMASTERS]
    closing = ("true()", methods, refusal or circle.refusal)
    return _text(circle, _AND_READERS, [*_let(inside, methods), closing])


def _reading_on_the_web(circle: Circle) -> str:
    return _reading(circle, _STRONG)


def _seeing(circle: Circle) -> str:
    """To those outside the list does not exist, so no reason is told."""
    return _reading(circle, refusal="reject")


def _acting(circle: Circle, methods: str = _ALL) -> str:
    inside = [*circle.conditions(_PERSON), _EDITORS, _OWNERS, _LISTMASTERS]
    return _text(circle, _AND_STAFF, [*_let(inside, methods), ("true()", methods, circle.refusal)])


def _acting_on_the_web(circle: Circle) -> str:
    return _acting(circle, _STRONG)


def _adding(circle: Circle) -> str:
    inside = [*circle.conditions(_PERSON), _OWNERS, _LISTMASTERS]
    return _text(circle, _AND_STAFF, [*_confirm(inside), ("true()", _ALL, circle.refusal)])


def _of_the_robot(circle: Circle, methods: str = _ALL) -> str:
    inside = [*circle.conditions(_PERSON), _LISTMASTERS]
    return _text(circle, _NOBODY_ELSE, [*_let(inside, methods), ("true()", _ALL, circle.refusal)])


def _creating(circle: Circle) -> str:
    return _of_the_robot(circle, _STRONG)


def _subscribing(circle: Circle) -> str:
    """What is asked is always the address that would be subscribed, never only the one that asks."""
    if circle.pattern:
        rules = [
            (f"!{circle.conditions(_TARGET)[0]}", _ALL, circle.refusal),
            (f"equal({_PERSON},{_TARGET})", _STRONG, "do_it"),
            ("true()", _ALL, f"request_auth({_TARGET})"),
        ]
        return _text(circle, _NOBODY_ELSE, rules)
    inside = circle.conditions(_TARGET)
    rules = [
        (f"!equal([sender],{_TARGET})", _ALL, "reject(reason='subscribe_self')"),
        *_let(inside, _STRONG),
        *((condition, _WEAK, f"request_auth({_TARGET})") for condition in inside),
        ("true()", _ALL, circle.refusal),
    ]
    return _text(circle, _NOBODY_ELSE, rules)


SHAPES: Mapping[str, Callable[[Circle], str]] = MappingProxyType(
    {
        "add": _adding,
        "archive_mail_access": _reading,
        "archive_web_access": _reading_on_the_web,
        "create_list": _creating,
        "d_edit": _acting_on_the_web,
        "d_read": _reading_on_the_web,
        "info": _reading,
        "invite": _acting,
        "review": _reading,
        "send": _acting,
        "subscribe": _subscribing,
        "topics_visibility": _of_the_robot,
        "tracking": _reading,
        "visibility": _seeing,
    }
)
