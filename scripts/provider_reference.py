"""The reference page of the ways to sign in, written from the settings that each provider declares."""

import types
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from identity.auth_config import AuthFile, ProviderTable
from identity.registry import installed, provider_of
from identity.secrets_by_reference import SecretReference

HEAD = """\
# Ways to sign in

What a domain's file may say, and what each kind of provider takes below `[provider.settings]`. How to go about it:
[the operator's handbook](../handbook/operator.md). `password` and `ticket` (a link by mail) are part of the server and have
no settings of their own. A word that is not in these tables is refused; a secret is only pointed to, as `env:NAME` or
`file:/PATH`.
"""
_SECRET = get_args(SecretReference)[1]
_NETWORK = "a network"
_PLAIN = {
    IPv4Network: _NETWORK,
    IPv6Network: _NETWORK,
    str: "text",
    bool: "`true` or `false`",
    int: "a number",
    float: "a number",
    Path: "a path",
}


def providers() -> str:
    """The page."""
    parts = [
        HEAD,
        _section("The file", AuthFile, leave_out={"provider"}),
        _section("One `[[provider]]` of it", ProviderTable, leave_out={"settings"}),
    ]
    for kind in kinds():
        module = provider_of(kind)
        sentence = (module.__doc__ or "").partition("\n\n")[0].strip()
        parts.append(_section(f'`kind = "{kind}"`', module.Settings, sentence))
    return "\n".join(parts)


def kinds() -> list[str]:
    """The kinds that come with the program."""
    return sorted(
        name for name, point in installed().items() if point.module.startswith("identity.providers.")
    )


def _section(
    title: str, model: type[BaseModel], sentence: str = "", *, leave_out: set[str] | None = None
) -> str:
    rows = "".join(
        f"| `{name}` | {_when_left_out(each)} | {_takes(each)} | {_cell(each.description or '')} |\n"
        for name, each in model.model_fields.items()
        if name not in (leave_out or set())
    )
    about = f"{sentence}\n\n" if sentence else ""
    return f"## {title}\n\n{about}| setting | if left out | takes | what it does |\n|---|---|---|---|\n{rows}"


def _when_left_out(field: FieldInfo) -> str:
    if field.is_required():
        return "**needed**"
    return _shown(field.get_default(call_default_factory=True))


def _shown(value: object) -> str:
    match value:
        case None | "" | () | []:
            return "nothing"
        case Mapping():
            return ", ".join(f"`{name} = {_written(each)}`" for name, each in value.items()) or "nothing"
        case str() | bool() | int() | float() | tuple() | list():
            return f"`{_written(value)}`"
        case _:
            return f"`{value}`"


def _written(value: object) -> str:
    """A value as TOML writes it."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"'
        case Sequence():
            return f"[{', '.join(map(_written, value))}]"
        case _:
            return str(value)


def _takes(field: FieldInfo) -> str:
    if _SECRET in field.metadata:
        return "a secret"
    bounds = {
        name: getattr(each, name) for each in field.metadata for name in ("ge", "le") if hasattr(each, name)
    }
    words = _kind(field.annotation)
    return f"{words} from {bounds['ge']} to {bounds['le']}" if {"ge", "le"} <= bounds.keys() else words


def _kind(annotation: Any) -> str:
    """What a type means for whoever writes the file."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return "a secret" if _SECRET in inner else _kind(inner[0])
    if origin in {Union, types.UnionType}:
        kept = [each for each in inner if each is not type(None)]
        return " or ".join(dict.fromkeys(map(_kind, kept)))
    if origin is Literal:
        return ", ".join(f"`{each}`" for each in inner)
    if origin in {tuple, list}:
        words = _kind(inner[0])
        return f"a list of {f'{words[2:]}s' if words.startswith('a ') else words}"
    if origin is not None and issubclass(origin, Mapping):
        return f"a table of {_kind(inner[1])}"
    return _PLAIN[annotation]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
