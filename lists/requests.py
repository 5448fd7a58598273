"""What a scenario may read about one request: the asker, the list, the message, the moment."""

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import fields
from enum import Enum

import orjson

from identity.actor import Actor
from lists.alternates import kind_of
from lists.standing import acting_in, counting
from mail.instant import SECOND
from mail.message import Message
from mail.spam_status import spam_status
from scenarios.dialect import Dialect
from scenarios.message_values import Late, is_enveloped, message_values
from scenarios.request import Identity, Request, Value
from storage.tables.families import Family
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
    words: Mapping[str, str] | None = None,
    membership: Membership | None = None,
    total: int | None = None,
    family: Family | None = None,
    attributes: Record | None = None,
    dialect: Dialect = Dialect.POSTROOM,
) -> Request:
    """The request in the scenario language's words; `words` are further variables of the operation.

    `membership` is the sender's own and `total` the number of the list's members, where a rule reads them;
    `family` is the one that the list is or will be made from; `attributes` is what sources say of the person.
    """
    here = acting_in(actor, robot.id)
    records = _records(here, robot, mlist, total, family)
    if attributes is not None:
        records["user_attributes"] = attributes
    is_sympa = dialect is Dialect.SYMPA
    if membership is not None and not is_sympa:
        # No caller of Sympa's hands it on: whatever reads it there is refused.
        records["subscriber"] = _subscriber(membership)
    variables: Mapping[str, Value] = {**_moment_and_place(here, now, dialect), **(words or {})}
    if message is not None:
        records["msg"] = _found_out(message, here)
        if words and "spam_status" in words:
            records["msg"] = {**records["msg"], "spam_status": words["spam_status"]}
        variables = _with_message(variables, records, message, "" if mlist is None else mlist.name, dialect)
    return Request(
        operation=operation,
        method=_method(here.method, robot),
        sender=here.sender,
        identities=_identities(actor if mlist is not None else here, operation, robot, mlist),
        email=email,
        list_name="" if mlist is None else mlist.name,
        domain=robot.domain,
        variables=variables,
        records=records,
        list_status="open" if mlist is None else mlist.status.value,
    )


def _moment_and_place(here: Actor, now: int, dialect: Dialect) -> dict[str, Value]:
    seconds = str(now // SECOND)
    return {
        "remote_addr": here.remote_address,
        # No name is looked up: whoever owns an address says what it is called, and asking takes seconds.
        **({"remote_host": here.remote_address} if here.remote_address else {}),
        "user_agent": here.user_agent,
        "remote_application_name": here.application,
        "current_date": seconds,
        "date": "" if dialect is Dialect.SYMPA else seconds,
        "execution_date": seconds,
    }


def _records(
    here: Actor, robot: Robot, mlist: MailingList | None, total: int | None, family: Family | None
) -> dict[str, Record]:
    records: dict[str, Record] = {
        "user": _user(here),
        "conf": _conf(robot),
        "auth": _auth(here),
        "env": _environment(here),
        "app": here.assertions,
    }
    if mlist is not None:
        records["list"] = list_record(mlist, total, family)
        records["custom_vars"] = custom_vars(mlist)
    if family is not None:
        records["family"] = family_record(family)
    return records


def list_record(mlist: MailingList, total: int | None = None, family: Family | None = None) -> Record:
    """`[list->…]`: the list's settings as texts."""
    values = {
        each.name.rstrip("_"): _text(getattr(mlist, each.name))
        for each in fields(mlist)
        if each.name not in ("id", "robot_id", "family_id")
    }
    values["family_name"] = "" if family is None else family.name
    return {**values, "address": mlist.address, **({} if total is None else {"total": str(total)})}


def family_record(family: Family) -> Record:
    """`[family->…]`: what lists are made from, with the name that Sympa has for its list of owners."""
    return {
        "name": family.name,
        "description": family.description,
        "address": family.address,
        "prefix": family.prefix,
        "family_owners_list": family.owners_list,
        "most_lists": str(family.most_lists),
    }


def custom_vars(mlist: MailingList) -> Record:
    """`[custom_vars->…]`: the values that the list's owners wrote."""
    return {
        name: value for name, _, value in (line.partition("=") for line in mlist.custom_vars.splitlines())
    }


def _method(method: str, robot: Robot) -> str:
    """The method as this robot has it: a signature may count for no more than a plain mail (decision 6)."""
    return "smtp" if method == "dkim" and robot.dkim_method == "as_smtp" else method


def _identities(
    actor: Actor, operation: str, robot: Robot, mlist: MailingList | None
) -> tuple[Identity, ...]:
    return tuple(
        Identity(one.address, _method(one.strength, robot))
        for one in counting(actor, mlist, kind_of(operation))
    )


def _text(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else str(value)


def _user(actor: Actor) -> Record:
    # In Sympa's dialect [user->email] is this one address; in ours it stands for each of the person's (row 124).
    if actor.person is None:
        return {"email": actor.sender, "gecos": "", "lang": "", "primary_email": ""}
    return {
        "email": actor.sender,
        "gecos": actor.person.display_name,
        "lang": actor.person.locale,
        "primary_email": actor.person.main_address,
    }


def _conf(robot: Robot) -> Record:
    settings = {each.name: _text(getattr(robot, each.name)) for each in fields(robot) if each.name != "id"}
    return {**settings, "host": robot.domain, "lang": robot.language, "wwsympa_url": robot.public_url}


def _auth(actor: Actor) -> Record:
    """`[auth->…]`: how somebody signed in, for rules that tell a password from a passkey or a ticket."""
    if actor.session is None:
        return {"acr": actor.via if actor.via in ("token", "ticket") else "", "time": ""}
    return {"acr": actor.session.method.value, "time": str(actor.session.authenticated_at // SECOND)}


def _environment(actor: Actor) -> Record:
    """`[env->…]`: what a trusted application asserts, for texts that were written for it; never the process's own (row 45)."""
    return {**actor.assertions, "REMOTE_ADDR": actor.remote_address, "HTTP_USER_AGENT": actor.user_agent}


def _subscriber(membership: Membership) -> Record:
    own = {name: str(value) for name, value in orjson.loads(membership.attributes).items()}
    return {
        **own,
        "email": membership.address,
        "gecos": membership.display_name,
        "date": str(membership.subscribed_at // SECOND),
        "update_date": str(membership.updated_at // SECOND),
        "bounce": "1" if membership.is_bouncing else "",
        "reception": membership.reception.value,
        "visibility": membership.visibility.value,
    }


def _with_message(
    variables: Mapping[str, Value],
    records: dict[str, Record],
    message: Message,
    list_name: str,
    dialect: Dialect,
) -> Mapping[str, Value]:
    """The variables with those of the message, whose records are added; nothing of it is read before a rule asks."""
    seen = message_values(message, list_name, dialect=dialect)
    records |= seen.records
    encrypted = Late({"msg_encrypted": lambda: "smime" if is_enveloped(message) else ""})
    return ChainMap({**variables}, seen.variables, encrypted)  # type: ignore[arg-type]  # only read


def _found_out(message: Message, actor: Actor) -> Record:
    """`[msg->…]`: what was found out about where the message comes from, and whether somebody called it spam."""
    found = {name: actor.mail_results.get(name, "none") for name in ("dkim", "spf", "dmarc", "arc")}
    return {**found, "spam_status": spam_status(message)}
