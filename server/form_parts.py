"""The parts that forms on pages are made of: fields with their labels and what was wrong with them, and buttons."""

from collections.abc import Mapping

from identity.steps import FormField
from server.html import NOTHING, Markup, fill, joined

_COMPLETIONS = {
    "identifier": "username",
    "code": "one-time-code",
    "other": "email",
    "email": "email",
    "new": "new-password",
    "again": "new-password",
}


def fields_markup(
    fields: tuple[FormField, ...],
    prefix: str,
    *,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Markup:
    """Fields one after the other; `values` are what was typed before (no secret is), `errors` what was wrong by name.

    The first wrong one has the keyboard at once.
    """
    wrong = dict(errors or {})
    first = next((each.name for each in fields if each.name in wrong), "")
    return joined(
        *(
            _field(
                each,
                f"{prefix}-{each.name}",
                "" if each.is_secret else (values or {}).get(each.name, ""),
                wrong.get(each.name, ""),
                is_first_wrong=each.name == first,
            )
            for each in fields
        )
    )


def hidden_markup(hidden: Mapping[str, str]) -> Markup:
    """Fields that nobody sees."""
    return joined(*(fill("hidden", name=name, value=value) for name, value in hidden.items()))


def post_form(action: str, hidden: Mapping[str, str], label: str, fields: Markup = NOTHING) -> Markup:
    """A form with one button."""
    button = fill("button", kind="submit", value="yes", label=label)
    return fill("page_form", action=action, hidden=hidden_markup(hidden), fields=fields, button=button)


def warning_markup(text: str) -> Markup:
    """What went wrong with a whole page; read out at once."""
    return fill("warning", text=text) if text else NOTHING


def _field(field: FormField, id: str, value: str, error: str, *, is_first_wrong: bool) -> Markup:
    if field.choices:
        choices = (
            fill("choice", name=field.name, id=f"{id}-{number}", value=choice)
            for number, choice in enumerate(field.choices)
        )
        return fill("choices", label=field.label, choices=joined(*choices))
    complete = _COMPLETIONS.get(field.name, "current-password" if field.is_secret else "off")
    more = f' aria-invalid="true" aria-describedby="{id}-error"' if error else ""
    if is_first_wrong:
        more += " autofocus"
    return fill(
        "field",
        id=id,
        name=field.name,
        label=field.label,
        kind="password" if field.is_secret else "text",
        value=value,
        complete=complete,
        more=Markup(more),
        error=fill("field_error", id=f"{id}-error", text=error) if error else NOTHING,
    )
