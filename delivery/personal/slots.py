"""Slots: the places of an outgoing message whose text depends on the recipient, with the templates that fill them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import orjson
from markupsafe import Markup, escape

from lists.template_words import WORDS
from lists.templates import ADDED_FOOTER, ADDED_HEADER, LONGEST_BODY, Form, Template, read_template
from mail.spots import Spot, written

_LINKS = [word.name for word in WORDS if word.is_link]
_OCTETS = ("lead", "tail", "left", "right")


@dataclass(frozen=True, slots=True)
class Slot:
    """A spot and the template that fills it; `surrounds` where that is a body which takes header and footer in."""

    spot: Spot
    template: Template
    surrounds: bool = False


@dataclass(frozen=True, slots=True)
class Slots:
    """All slots of a message in the order of their places, and the values that all its recipients share.

    `header` and `footer` are what bodies that are templates take in: a template for text, and one for HTML.
    """

    values: Mapping[str, str]
    slots: tuple[Slot, ...]
    header: tuple[Template, Template] | None = None
    footer: tuple[Template, Template] | None = None

    def pieces(self, own: Mapping[str, str]) -> list[bytes]:
        """What goes into each slot for a recipient with these values."""
        values = {**self.values, **own}
        return [written(each.spot, self._text(each, values)) for each in self.slots]

    def _text(self, slot: Slot, values: Mapping[str, str]) -> str:
        if not slot.surrounds:
            return filled(slot.template, values)
        added: dict[str, str] = {}
        for name, pair in ((ADDED_HEADER, self.header), (ADDED_FOOTER, self.footer)):
            if pair is not None:
                text = filled(pair[slot.spot.is_html], values)
                apart = f"{text}\n\n" if name == ADDED_HEADER else f"\n{text}\n"
                added[name] = Markup(text) if slot.spot.is_html else apart  # noqa: S704 - made of escaped values
        return slot.template.render({**values, **added})


def filled(template: Template, values: Mapping[str, str]) -> str:
    """What a template says with these values; in HTML that is made of text, links can be followed."""
    if template.form is not Form.AS_HTML:
        return template.render(values)
    linked: dict[str, str] = {
        name: Markup('<a href="{0}">{0}</a>').format(escape(values[name]))
        for name in _LINKS
        if name in values and name in template.names
    }
    return template.render({**values, **linked})


def dumped(slots: Slots) -> str:
    """The slots as they are kept; "" for none."""
    if not slots.slots:
        return ""
    return orjson.dumps(
        {
            "values": dict(slots.values),
            "slots": [
                {
                    "spot": {
                        each.name: _word(getattr(slot.spot, each.name))
                        for each in fields(Spot)
                        if getattr(slot.spot, each.name) not in (b"", "", False)
                    },
                    "source": slot.template.source,
                    "form": slot.template.form.value,
                    "surrounds": slot.surrounds,
                }
                for slot in slots.slots
            ],
            "header": _sources(slots.header),
            "footer": _sources(slots.footer),
        }
    ).decode()


def loaded(text: str) -> Slots | None:
    """The slots as they were kept; None for none."""
    if not text:
        return None
    found = orjson.loads(text)
    slots = [
        Slot(
            _spot(each["spot"]),
            read_template(each["source"], Form(each["form"]), LONGEST_BODY),
            each["surrounds"],
        )
        for each in found["slots"]
    ]
    return Slots(found["values"], tuple(slots), _pair(found["header"]), _pair(found["footer"]))


def _word(value: object) -> object:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _spot(found: dict[str, object]) -> Spot:
    whole = {"is_header": False, "is_html": False, **found}
    octets = {name: str(whole[name]).encode("latin-1") for name in _OCTETS if name in whole}
    return Spot(**{**whole, **octets})  # type: ignore[arg-type]


def _sources(pair: tuple[Template, Template] | None) -> list[list[str]] | None:
    return None if pair is None else [[each.source, each.form.value] for each in pair]


def _pair(found: list[list[str]] | None) -> tuple[Template, Template] | None:
    if found is None:
        return None
    plain, rich = (read_template(source, Form(form)) for source, form in found)
    return plain, rich
