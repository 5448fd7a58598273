"""What a header or footer may mention and what it would say, with the asker's own values and never anybody else's (row 82)."""

from dataclasses import replace

from identity.actor import Actor
from identity.refusal import Invalid
from lists.offices import require_owner
from lists.robots import base_url, robot_of
from lists.standing import key_or_none
from lists.template_values import day, list_values, own_values
from lists.template_words import ATTRIBUTES, WORDS, Word
from lists.templates import BadTemplate, Form, read_template
from lists.variables import Kind, Variable
from storage import memberships, recipient_facts
from storage.database import Reader
from storage.recipient_facts import RecipientFacts
from storage.tables.lists import MailingList

_ADDRESSES = frozenset({"person.email", "membership.email", "list.address", "list.owner", "message.author"})
# Whoever has it can end the subscription, so that it is told in the mail alone.
_SECRET = "unsubscribe_url"


class TemplateUnreadable(Invalid):
    """This template cannot be filled in."""


async def of_posts(reader: Reader, actor: Actor, mlist: MailingList, *, may_know: bool) -> list[Variable]:
    """What headers, footers and posts may mention; `may_know`: whether the asker may read about the list."""
    values = await _values(reader, actor, mlist)
    if not may_know:
        values.pop("list.subject", None)
    found: list[Variable] = []
    for word in WORDS:
        if word.name != f"{ATTRIBUTES}.NAME":
            found.append(_variable(word, word.name, values))
            continue
        names = sorted(name for name in values if name.startswith(f"{ATTRIBUTES}."))
        found += [_variable(word, name, values) for name in names or [word.name]]
    return found


def _variable(word: Word, name: str, values: dict[str, str]) -> Variable:
    plain = Variable(name, Kind.ADDRESS if name in _ADDRESSES else Kind.TEXT, word.description)
    return replace(plain, values=(values[name],)) if name in values and name != _SECRET else plain


async def preview(
    reader: Reader, actor: Actor, mlist: MailingList, source: str, *, is_html: bool = False
) -> str:
    """What a template would say in the asker's own copy; for owners. Raises OwnersOnly, TemplateUnreadable.

    Where the asker is not on the list, the subscription is an imagined one.
    """
    await require_owner(reader, actor, mlist)
    try:
        template = read_template(source, Form.HTML if is_html else Form.PLAIN)
    except BadTemplate as bad:
        raise TemplateUnreadable(
            f"This template cannot be filled in: in line {bad.line}, {bad.sentence}", path=("template",)
        ) from bad
    return template.render(await _values(reader, actor, mlist, is_imagined=True))


async def _values(
    reader: Reader, actor: Actor, mlist: MailingList, *, is_imagined: bool = False
) -> dict[str, str]:
    """The values that are known before there is a message, and with `is_imagined` some for the others."""
    robot = await robot_of(reader, actor, mlist)
    values = list_values(reader.site, robot, mlist)
    key = key_or_none(actor.sender)
    own = None if key is None else await memberships.find(reader, mlist.id, key)
    if is_imagined:
        values |= {
            "message.subject": "Subject of the message",
            "message.author": "author@example.org",
            "message.date": day(reader.now),
            "message.archived_at": f"{values['list.archive']}/MESSAGE",
        }
    link = f"{base_url(reader.site, robot)}/u/TOKEN"
    if own is not None:
        facts = (await recipient_facts.of_members(reader, [own.id])).get(own.id)
        return values if facts is None else values | own_values(facts, link)
    if is_imagined:
        name = actor.person.display_name if actor.person else ""
        language = actor.person.locale if actor.person else mlist.language
        address = actor.sender if key else "reader@example.org"
        return values | own_values(
            RecipientFacts(0, address, name, "mail", reader.now, "{}", None, language), link
        )
    return {name: value for name, value in values.items() if name != "person.language"}
