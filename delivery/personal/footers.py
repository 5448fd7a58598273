"""The header and the footer of a list in its messages: at once where all recipients get the same, else by slots (row 55)."""

from collections.abc import Mapping
from dataclasses import replace

from delivery.personal.slots import Slot, Slots, dumped, filled
from lists.templates import Form, Template, read_template
from mail.additions import is_protected, planned
from mail.message import Message, parse_message
from mail.spots import written
from mail.text_places import Addition
from storage.tables.lists import MailingList

Pair = tuple[Template, Template]


def pairs_of(mlist: MailingList) -> tuple[Pair | None, Pair | None]:
    """A list's header and its footer, each for text and for HTML; None for one that it has not."""
    header = _pair(mlist.header, "") if mlist.header else None
    footer = _pair(mlist.footer, mlist.footer_html) if mlist.footer else None
    return header, footer


def _pair(text: str, markup: str) -> Pair:
    rich = read_template(markup, Form.HTML) if markup else read_template(text, Form.AS_HTML)
    return read_template(text), rich


def changes_body(mlist: MailingList, message: Message) -> bool:
    """Whether members of the list will get another body than the author wrote; the author's signature breaks then."""
    return bool(mlist.header or mlist.footer) and not is_protected(message)


def with_footers(raw: bytes, mlist: MailingList, values: Mapping[str, str]) -> tuple[bytes, str]:
    """A message with its list's header and footer, and the slots that are still to be filled.

    What is signed or encrypted as a whole stays as it is, and so does what cannot be read in one way only.
    """
    header, footer = pairs_of(mlist)
    additions = [
        _addition(pair, values, is_header=is_header)
        for pair, is_header in ((header, True), (footer, False))
        if pair is not None
    ]
    plan = planned(parse_message(raw), additions) if additions else None
    if plan is None:
        return raw, ""
    chosen = {True: header, False: footer}
    pieces: list[bytes] = []
    slots: list[Slot] = []
    place = size = 0
    for spot in plan.spots:
        pair = chosen[spot.is_header]
        if pair is None:
            continue
        template = pair[spot.is_html]
        before = plan.raw[place : spot.offset]
        place = spot.offset
        if template.is_personal:
            slots.append(Slot(replace(spot, offset=size + len(before)), template))
            now = b""
        else:
            now = written(spot, filled(template, values))
        pieces += [before, now]
        size += len(before) + len(now)
    pieces.append(plan.raw[place:])
    return b"".join(pieces), dumped(Slots(values, tuple(slots)))


def _addition(pair: Pair, values: Mapping[str, str], *, is_header: bool) -> Addition:
    plain = pair[0]
    return Addition(is_header, filled(plain, values), is_open=plain.is_open)
