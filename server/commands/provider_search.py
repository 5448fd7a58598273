"""`postroom provider search`: look somebody up at a provider, and see what it would say of them here."""

import asyncio
from typing import Annotated, Any, cast

import typer

from identity.auth_config import BUILT_IN, Entry, auth_config
from identity.believing import DEADLINE_SECONDS
from identity.linking import vouched_addresses
from identity.provider import Evidence, ProviderAway, Searching
from identity.refusal import Invalid
from lists.standing import key_or_none
from server.commands.answers import AsJson, table, tell
from server.commands.provider_sync import NoSuchProvider
from server.commands.shell import finish, opened, robot_of_address


class NothingToSearch(Invalid):
    """This provider cannot be searched: it speaks of people only while they sign in."""


def search_provider(
    domain: Annotated[str, typer.Argument(help="A mail domain of this server.")],
    provider: Annotated[str, typer.Argument(help="The key of one of its providers.")],
    words: Annotated[list[str], typer.Argument(help="A part of a name, or a whole address.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Look people up at a provider: their account there, their addresses, and which of these count here if they sign in."""
    entry, found = finish(_found(domain, provider, " ".join(words)))
    rows = [(each.display_name, each.subject, _in_words(entry, each)) for each in found]
    tell([_shown(entry, each) for each in found], table(rows) if rows else "Nobody.", as_json=as_json)


async def _found(domain: str, key: str, text: str) -> tuple[Entry, list[Evidence]]:
    async with opened() as database, database.read() as reader:
        entry = (await auth_config(reader, await robot_of_address(reader, domain))).entry(key)
    if entry is None:
        raise NoSuchProvider
    if entry.kind in BUILT_IN or not hasattr(entry.module, "search"):
        raise NothingToSearch
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return entry, await cast(Searching, entry.module).search(entry.settings, text)
    except TimeoutError:
        raise ProviderAway(message=f"No answer within {DEADLINE_SECONDS:g} seconds.") from None
    except ProviderAway as away:
        raise ProviderAway(message=away.detail or away.message) from away


def _claims(entry: Entry, evidence: Evidence) -> dict[str, bool]:
    """The addresses that the provider names, and which count by its word alone."""
    vouched = {each.key for each in vouched_addresses(entry, evidence)}
    return {each.address: key_or_none(each.address) in vouched for each in evidence.addresses}


def _in_words(entry: Entry, evidence: Evidence) -> str:
    claims = _claims(entry, evidence)
    return ", ".join(address + ("" if counts else " (claimed)") for address, counts in claims.items())


def _shown(entry: Entry, evidence: Evidence) -> dict[str, Any]:
    return {
        "issuer": evidence.issuer,
        "subject": evidence.subject,
        "name": evidence.display_name,
        "addresses": [
            {"address": address, "counts": counts} for address, counts in _claims(entry, evidence).items()
        ],
        "attributes": {name: [*values] for name, values in evidence.attributes.items()},
    }
