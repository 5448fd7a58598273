"""What a rule may read of a message: its fields, its text, its first-level parts, whether it came as a blind copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from mail.message import Field, Message, split_entity
from mail.parts import Part, whole
from scenarios.dialect import Dialect
from scenarios.request import Value


class Late(Mapping[str, Value]):
    """Values by name, each made when a rule first reads it: most rules read nothing of a message."""

    def __init__(self, makers: Mapping[str, Callable[[], Value]]) -> None:
        """`makers` says how each value is made."""
        self._makers = makers
        self._made: dict[str, Value] = {}

    def __getitem__(self, name: str) -> Value:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


@dataclass(frozen=True, slots=True)
class MessageValues:
    """The `[word]`s of a message, and its records `msg_header` and `msg_part`."""

    variables: Mapping[str, Value]
    records: Mapping[str, Mapping[str, Value]]


def message_values(message: Message, list_name: str, *, dialect: Dialect = Dialect.POSTROOM) -> MessageValues:
    """What rules of that dialect read of a message to a list; never raises.

    The list counts as addressed when its name occurs anywhere in To or Cc. Whether Sympa counts a message as encrypted
    is a property that it was given on the way, not seen here; and as Sympa has it, a field is read as it was written,
    folding and encoded words included, and a text without its transfer encoding being undone.
    """
    is_sympa = dialect is Dialect.SYMPA
    root = whole(message)
    words: dict[str, Callable[[], Value]] = {
        "is_bcc": lambda: _truth(not _is_named(message, list_name), is_sympa=is_sympa)
    }
    if root.content_type.startswith("text/"):
        words["msg_body"] = lambda: _as_written(message.body) if is_sympa else root.text
    if not is_sympa:
        words["msg_encrypted"] = lambda: "smime" if is_enveloped(message) else ""
    return MessageValues(Late(words), {"msg_header": _header(message, dialect), "msg_part": _parts(root)})


def is_enveloped(message: Message) -> bool:
    """Whether a message is encrypted by S/MIME."""
    root = whole(message)
    is_smime = root.content_type in ("application/pkcs7-mime", "application/x-pkcs7-mime")
    return is_smime and root.parameter("smime-type") not in ("signed-data", "certs-only")


def _truth(value: bool, *, is_sympa: bool) -> str:
    if value:
        return "1"
    return "0" if is_sympa else ""


def _header(message: Message, dialect: Dialect) -> Late:
    names = {field.name.lower() for field in message.fields}
    return Late({name: partial(_field_values, message, name, dialect) for name in names})


def _field_values(message: Message, name: str, dialect: Dialect) -> tuple[str, ...]:
    fields = message.fields_named(name)
    return tuple(_field_as_written(each) if dialect is Dialect.SYMPA else each.body for each in fields)


def _field_as_written(field: Field) -> str:
    return _as_written(field.raw.partition(b":")[2]).lstrip().removesuffix("\n")


def _as_written(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").replace("\r\n", "\n")


def _parts(root: Part) -> Late:
    return Late(
        {
            "type": lambda: tuple(part.content_type for part in _first_level(root)),
            "body": lambda: tuple(
                part.text for part in _first_level(root) if part.content_type.startswith("text/")
            ),
        }
    )


def _first_level(root: Part) -> tuple[Part, ...]:
    return (Part(split_entity(root.content)),) if root.content_type == "message/rfc822" else root.children


def _is_named(message: Message, list_name: str) -> bool:
    fields = (*message.fields_named("To"), *message.fields_named("Cc"))
    return list_name.lower() in ", ".join(_field_as_written(field) for field in fields).lower()
