"""What a scenario may read about one request: the asker, the list, the message, the moment."""

from collections.abc import Mapping
from dataclasses import fields
from enum import Enum

from identity.actor import Actor
from lists.standing import acting_in, counting
from mail.errors import BadAddress
from mail.instant import SECOND
from mail.message import Message
from scenarios.request import Request, Value
from storage.tables.lists import MailingList, Membership, Robot

Record = Mapping[str, Value]


def request_for(
    actor: Actor,
    operation: str,
    robot: Robot,
    mlist: MailingList | None,
    *,
    now: int,
    email: str | None = None,
    message: Message | None = None,
    membership: Membership | None = None,
) -> Request:
    """The request in the scenario language's words; `membership` is the sender's own, where a rule reads it."""
    here = acting_in(actor, robot.id)
    records: dict[str, Record] = {"user": _user(here), "conf": _conf(robot)}
    if mlist is not None:
        records["list"] = list_record(mlist)
    if membership is not None:
        records["subscriber"] = _subscriber(membership)
    seconds = str(now // SECOND)
    variables: dict[str, Value] = {
        "remote_addr": here.remote_address,
        "current_date": seconds,
        "date": seconds,
        "execution_date": seconds,
    }
    if message is not None:
        records["msg_header"] = {field.name: tuple(message.all(field.name)) for field in message.fields}
        variables.update(_about(message, mlist))
    return Request(
        operation=operation,
        method=here.method,
        sender=here.sender,
        identities=counting(actor, mlist) if mlist is not None else counting(here),
        email=email,
        list_name="" if mlist is None else mlist.name,
        domain=robot.domain,
        variables=variables,
        records=records,
        list_status="open" if mlist is None else mlist.status.value,
    )


def list_record(mlist: MailingList) -> Record:
    """`[list->…]`: the list's settings as texts."""
    values = {
        each.name.rstrip("_"): _text(getattr(mlist, each.name))
        for each in fields(mlist)
        if each.name not in ("id", "robot_id")
    }
    return {**values, "address": mlist.address}


def _text(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else str(value)


def _user(actor: Actor) -> Record:
    if actor.person is None:
        return {"gecos": "", "lang": "", "primary_email": ""}
    return {
        "gecos": actor.person.display_name,
        "lang": actor.person.locale,
        "primary_email": actor.person.main_address,
    }


def _conf(robot: Robot) -> Record:
    return {"domain": robot.domain, "host": robot.domain, "title": robot.title, "lang": robot.language}


def _subscriber(membership: Membership) -> Record:
    return {
        "email": membership.address,
        "gecos": membership.display_name,
        "date": str(membership.subscribed_at // SECOND),
        "update_date": str(membership.updated_at // SECOND),
        "bounce": "1" if membership.is_bouncing else "",
        "reception": membership.reception.value,
        "visibility": membership.visibility.value,
    }


def _about(message: Message, mlist: MailingList | None) -> dict[str, Value]:
    kind = (message.first("Content-Type") or "text/plain").lower()
    found: dict[str, Value] = {
        "msg_encrypted": "smime" if "pkcs7-mime" in kind and "signed-data" not in kind else "",
        "is_bcc": "" if mlist is None or _is_addressed(message, mlist) else "1",
    }
    if kind.lstrip().startswith("text/"):
        found["msg_body"] = message.body.decode("utf-8", "replace")
    return found


def _is_addressed(message: Message, mlist: MailingList) -> bool:
    for name in ("To", "Cc"):
        try:
            if any(str(box.address).lower() == mlist.address for box in message.mailboxes(name)):
                return True
        except BadAddress:
            # What cannot be read names nobody; the rule then sees a blind copy.
            continue
    return False
