"""What a rule or a mail may mention, with what it stands for in the case of whoever asks (row 82); never anybody else's values."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from identity.actor import Actor
from lists.authorize import authorize
from lists.explaining import is_steward
from lists.mails import part_address
from lists.requests import request_for
from lists.robots import robot_of
from lists.standing import key_or_none
from scenarios import syntax
from scenarios.parameters import READABLE
from scenarios.request import Request
from scenarios.values import UndefinedValue, values_of
from storage import families, memberships
from storage.database import Reader
from storage.tables.lists import MailingList


class Kind(StrEnum):
    """What the values of a variable are."""

    TEXT = "text"
    ADDRESS = "address"
    ADDRESSES = "addresses"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable as it is written; `values` is None where only the request or mail itself will tell, or somebody else may know."""

    name: str
    kind: Kind
    description: str
    values: tuple[str, ...] | None = None


_WORDS = (
    ("sender", Kind.ADDRESS, "The address that the request came under; `nobody` for a stranger."),
    (
        "email",
        Kind.ADDRESS,
        "The address that the request is about; the sender's where it is about nobody else.",
    ),
    ("listname", Kind.TEXT, "The list's name."),
    ("domain", Kind.TEXT, "The list's domain."),
    ("remote_addr", Kind.TEXT, "The network address that the request came from."),
    ("remote_host", Kind.TEXT, "The same, since no name is looked up; unknown_host for what comes by mail."),
    ("user_agent", Kind.TEXT, "What the browser called itself."),
    ("remote_application_name", Kind.TEXT, "The trusted application that speaks for the person."),
    ("current_date", Kind.INSTANT, "Now, in seconds since 1970."),
)
_USER = (
    ("email", Kind.ADDRESSES, "Each of the person's addresses that count here, one after the other."),
    ("main_email", Kind.ADDRESS, "The address that the request came under."),
    ("primary_email", Kind.ADDRESS, "The main address of the person's account."),
    ("gecos", Kind.TEXT, "The person's name."),
    ("lang", Kind.TEXT, "The person's language."),
)
_AUTH = (
    ("acr", Kind.TEXT, "How the person signed in."),
    ("time", Kind.INSTANT, "When the person signed in, in seconds since 1970."),
)
_SUBSCRIBER = (
    ("email", Kind.ADDRESS, "The address that is on the list."),
    ("gecos", Kind.TEXT, "The name given when joining."),
    ("date", Kind.INSTANT, "When it joined, in seconds since 1970."),
    ("update_date", Kind.INSTANT, "When the subscription was last changed, in seconds since 1970."),
    ("bounce", Kind.TEXT, "`1` while mail to it fails."),
    ("reception", Kind.TEXT, "How it gets the list's mail."),
    ("visibility", Kind.TEXT, "Whether others see it."),
)
_MESSAGE = (
    ("[msg_header->Subject]", "A field of the message, here the subject; any name may stand there."),
    ("[msg_body]", "The text of the message, where it is plain."),
    ("[msg_encrypted]", "`smime` where the message is encrypted so."),
    ("[is_bcc]", "`1` where neither To nor Cc names the list."),
    (
        "[msg->dkim]",
        "What checking the signature of the author's domain came to; likewise spf, dmarc and arc.",
    ),
    ("[msg->spam_status]", "What the filter in front said."),
)
# Settings are for those who run the list, whatever rules make of them.
_STEWARDS = frozenset({"list", "conf", "custom_vars", "family"})
_SETTINGS = {
    "list": "A setting of the list.",
    "conf": "A setting of the domain.",
    "custom_vars": "A value that the list's owners wrote.",
    "family": "What is said of the family that the list was made from.",
    "env": "What the application says of the person.",
    "app": "What the application says of the person.",
}


async def of_scenario(reader: Reader, actor: Actor, mlist: MailingList, operation: str) -> list[Variable]:
    """What a rule for that operation may read on this list, with the asker's own values, read as a rule reads them."""
    robot = await robot_of(reader, actor, mlist)
    key = key_or_none(actor.sender)
    own = None if key is None else await memberships.find(reader, mlist.id, key)
    family = None if mlist.family_id is None else await families.by_id(reader, mlist.family_id)
    request = request_for(actor, operation, robot, mlist, now=reader.now, membership=own, family=family)
    steward = await is_steward(reader, actor, mlist)
    found = [
        *(Variable(f"[{word}]", kind, text) for word, kind, text in _WORDS),
        *(
            Variable(f"[{record}->{name}]", kind, text)
            for record, names in (("user", _USER), ("auth", _AUTH), ("subscriber", _SUBSCRIBER))
            for name, kind, text in names
        ),
        *_settings(request),
    ]
    shown = [replace(each, values=_values(each, request, steward=steward)) for each in found]
    if operation == "send":
        shown += [Variable(name, Kind.TEXT, text) for name, text in _MESSAGE]
    return shown


def _settings(request: Request) -> Iterator[Variable]:
    for record, text in _SETTINGS.items():
        held = request.records.get(record, {})
        for name in sorted(held):
            if record != "list" or name in READABLE:
                yield Variable(f"[{record}->{name}]", Kind.TEXT, text)


def _values(variable: Variable, request: Request, *, steward: bool) -> tuple[str, ...] | None:
    record, arrow, name = variable.name[1:-1].partition("->")
    if not arrow:
        record, name = "", record
    if record in _STEWARDS and not steward:
        return None
    if record == "subscriber" and "subscriber" not in request.records:
        return None
    if (record, name) == ("user", "email"):
        return tuple(each.address for each in request.identities)
    try:
        return values_of(syntax.Variable(record or None, name), request, None)
    except UndefinedValue:
        return None


_RECIPIENT = Variable("recipient", Kind.ADDRESS, "The address that the mail goes to.")
_NAME = Variable("list.name", Kind.TEXT, "The list's name.")
_ADDRESS = Variable("list.address", Kind.ADDRESS, "The list's posting address.")
_SUBJECT = Variable("list.subject", Kind.TEXT, "The list's line in the directory.")
_SENDER = Variable(
    "list.request", Kind.ADDRESS, "The address that the mail comes from, which takes commands."
)
_LINK = Variable("link", Kind.TEXT, "The page for what can be done next, another one for each mail.")
_INVITER = Variable("inviter", Kind.TEXT, "Who invites.")
_LIST = (_RECIPIENT, _NAME, _ADDRESS, _SUBJECT, _SENDER)

# The mails of lists/mails.py and what each mentions; their wording is fixed.
MAILS = {
    "welcome": (*_LIST, _LINK),
    "goodbye": _LIST,
    "confirm_subscription": (*_LIST, _LINK),
    "confirm_departure": (*_LIST, _LINK),
    "invitation": (*_LIST, _INVITER, _LINK),
}


async def of_mail(reader: Reader, actor: Actor, mlist: MailingList, mail: str) -> list[Variable]:
    """What a mail of the list mentions, with the values that it would have in a mail to the asker."""
    may_know = await may_read_about(reader, actor, mlist)
    values = {
        _NAME.name: mlist.name,
        _ADDRESS.name: mlist.address,
        _SENDER.name: part_address(mlist, "request"),
        **({_RECIPIENT.name: actor.sender} if key_or_none(actor.sender) else {}),
        **({_SUBJECT.name: mlist.subject} if may_know else {}),
    }
    return [
        replace(each, values=(values[each.name],)) if each.name in values else each for each in MAILS[mail]
    ]


async def may_read_about(reader: Reader, actor: Actor, mlist: MailingList) -> bool:
    """Whether the list's line in the directory is for the actor's eyes."""
    return await is_steward(reader, actor, mlist) or (
        (await authorize(reader, actor, "info", mlist=mlist)).action == "do_it"
    )
