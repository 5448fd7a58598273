"""What a rule may read of a message: its fields, its text, its first-level parts, whether it came as a blind copy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mail.address import BadAddress
from mail.message import Field, Message, split_entity
from mail.parts import Part, whole
from scenarios.dialect import Dialect
from scenarios.request import Value


@dataclass(frozen=True, slots=True)
class MessageValues:
    """The `[word]`s of a message, and its records `msg_header` and `msg_part`."""

    variables: Mapping[str, Value]
    records: Mapping[str, Mapping[str, Value]]


def message_values(
    message: Message, list_name: str, domain: str, *, dialect: Dialect = Dialect.POSTROOM
) -> MessageValues:
    """What rules of that dialect read of a message to `list_name@domain`; never raises.

    Whether Sympa counts it as encrypted is a property that it was given on the way, not seen here; and as Sympa has it, a field is read as it was written, folding and encoded words included, a text without its transfer
    encoding being undone, and the list counts as addressed when its name occurs anywhere in To or Cc.
    """
    is_sympa = dialect is Dialect.SYMPA
    root = whole(message)
    is_bcc = not (_is_named(message, list_name) if is_sympa else _is_addressed(message, list_name, domain))
    variables: dict[str, Value] = {"is_bcc": _truth(is_bcc, is_sympa=is_sympa)}
    if root.content_type.startswith("text/"):
        variables["msg_body"] = _as_written(message.body) if is_sympa else root.text
    if not is_sympa:
        variables["msg_encrypted"] = "smime" if _is_enveloped(root) else ""
    return MessageValues(variables, {"msg_header": _header(message, dialect), "msg_part": _parts(root)})


def _is_enveloped(root: Part) -> bool:
    is_smime = root.content_type in ("application/pkcs7-mime", "application/x-pkcs7-mime")
    return is_smime and root.parameter("smime-type") not in ("signed-data", "certs-only")


def _truth(value: bool, *, is_sympa: bool) -> str:
    if value:
        return "1"
    return "0" if is_sympa else ""


def _header(message: Message, dialect: Dialect) -> dict[str, Value]:
    found: dict[str, list[str]] = {}
    for field in message.fields:
        text = _field_as_written(field) if dialect is Dialect.SYMPA else field.body
        found.setdefault(field.name.lower(), []).append(text)
    return {name: tuple(values) for name, values in found.items()}


def _field_as_written(field: Field) -> str:
    return _as_written(field.raw.partition(b":")[2]).lstrip().removesuffix("\n")


def _as_written(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").replace("\r\n", "\n")


def _parts(root: Part) -> dict[str, Value]:
    parts = root.children
    if root.content_type == "message/rfc822":
        parts = (Part(split_entity(root.content)),)
    return {
        "type": tuple(part.content_type for part in parts),
        "body": tuple(part.text for part in parts if part.content_type.startswith("text/")),
    }


def _is_named(message: Message, list_name: str) -> bool:
    fields = (*message.fields_named("To"), *message.fields_named("Cc"))
    return list_name.lower() in ", ".join(_field_as_written(field) for field in fields).lower()


def _is_addressed(message: Message, list_name: str, domain: str) -> bool:
    wanted = f"{list_name}@{domain}".lower()
    for name in ("To", "Cc"):
        try:
            if any(str(box.address).lower() == wanted for box in message.mailboxes(name)):
                return True
        except BadAddress:
            # What cannot be read names nobody; the rule then sees a blind copy.
            continue
    return False
