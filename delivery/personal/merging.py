"""Posts that are templates themselves, for lists that let their owners or editors write such (row 55).

The text parts are checked before the post is taken in, by looking at them; no recipient's copy is made for that.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from delivery.personal.footers import pairs_of
from delivery.personal.slots import Slot, Slots, dumped
from identity.actor import Actor
from lists.offices import standing_at
from lists.templates import (
    ADDED_FOOTER,
    ADDED_HEADER,
    LONGEST_BODY,
    BadTemplate,
    Form,
    Template,
    read_template,
    sample,
)
from mail.additions import applied, is_protected
from mail.entities import Entity, entity
from mail.message import Message, parse_message
from mail.text_places import Edit, body_edits
from storage.database import Reader
from storage.tables.lists import MailingList
from storage.tables.words import Merge

# What the message's own results say of a post that may be a template.
MERGES = "merge"
_MARK = re.compile(r"\{\{|\{%|\{#")
_END = re.compile(r"</body\s*>|</html\s*>|\Z", re.IGNORECASE)
_BEGIN = re.compile(r"<body\b[^>]*>", re.IGNORECASE)


async def may_merge(reader: Reader, actor: Actor | None, mlist: MailingList) -> bool:
    """Whether a post of this author may be a template: by an office that they have proved to hold."""
    if actor is None or mlist.merge is Merge.NEVER:
        return False
    standing = await standing_at(reader, actor, mlist)
    return standing.is_owner or (mlist.merge is Merge.EDITORS and standing.moderates)


def is_filled_in(mlist: MailingList, results: Mapping[str, str]) -> bool:
    """Whether a post with these results goes out filled in, as it was found when it came and as the list wants it still."""
    return mlist.merge is not Merge.NEVER and results.get(MERGES) == "yes"


def is_template(message: Message) -> bool:
    """Whether anything in its texts looks like a template."""
    return any(_MARK.search(part.part.text) for part in _texts(message))


def problem_of(message: Message) -> str:
    """What is wrong with a post that is a template, in a sentence; "" where it is good."""
    for leaf in _texts(message):
        try:
            _body(leaf).render(sample())
        except BadTemplate as bad:
            kind = "HTML" if leaf.content_type == "text/html" else "text"
            return f"the {kind} cannot be filled in: in line {bad.line}, {bad.sentence}"
    return ""


def merged(raw: bytes, mlist: MailingList, values: Mapping[str, str]) -> tuple[bytes, str]:
    """The message with a slot in the place of each of its texts, which take header and footer in; and the slots."""
    edits: list[Edit] = []
    templates: list[Template] = []
    for leaf in _texts(parse_message(raw)):
        edits += body_edits(leaf)
        templates.append(_body(leaf))
    plan = applied(raw, edits)
    header, footer = pairs_of(mlist)
    slots = [
        Slot(replace(spot, is_html=template.form is Form.HTML), template, surrounds=True)
        for spot, template in zip(plan.spots, templates, strict=True)
    ]
    return plan.raw, dumped(Slots(values, tuple(slots), header, footer))


def _body(leaf: Entity) -> Template:
    """A part's text as a template, with room for header and footer."""
    text = leaf.part.text.rstrip("\n")
    above, below = f"{{{{ {ADDED_HEADER} }}}}", f"{{{{ {ADDED_FOOTER} }}}}"
    if leaf.content_type == "text/html":
        begin, end = _BEGIN.search(text), next(_END.finditer(text))
        place = begin.end() if begin else 0
        text = f"{text[:place]}{above}{text[place : end.start()]}{below}{text[end.start() :]}\n"
        return read_template(text, Form.HTML, LONGEST_BODY)
    # On one line with what is there, so that an error is told with the line that its author counts.
    return read_template(f"{above}{text}\n{below}", Form.PLAIN, LONGEST_BODY)


def _texts(message: Message) -> list[Entity]:
    """The parts that people read: the first text and the first HTML of a message that is neither signed nor encrypted."""
    root = entity(message.raw, 0, len(message.raw))
    if root is None or is_protected(message):
        return []
    found: dict[str, Entity] = {}
    for leaf in _leaves(root):
        if leaf.content_type in ("text/plain", "text/html") and leaf.is_clear and not leaf.part.is_attached:
            found.setdefault(leaf.content_type, leaf)
    return sorted(found.values(), key=lambda leaf: leaf.start)


def _leaves(parent: Entity) -> Iterator[Entity]:
    if not parent.part.is_multipart:
        yield parent
    elif parent.content_type not in ("multipart/signed", "multipart/encrypted"):
        for child in parent.children:
            yield from _leaves(child)
