"""`postroom provider attack`: try to get in by a provider as somebody who must not."""

from collections.abc import Sequence
from typing import Annotated

import typer

from identity.attacks.live import attack
from identity.attacks.trials import Outcome, Result
from identity.auth_config import BUILT_IN, auth_config
from identity.provider_sign_in import place_of
from identity.refusal import Invalid
from server.commands.answers import AsJson, table, tell
from server.commands.provider_sync import NoSuchProvider
from server.commands.shell import finish, opened, robot_of_address


class NothingToAttack(Invalid):
    """Passwords and mailed links are part of this server; its own tests attack them."""


def attack_provider(
    domain: Annotated[str, typer.Argument(help="A mail domain of this server.")],
    provider: Annotated[str, typer.Argument(help="The key of one of its providers.")],
    *,
    person: Annotated[
        str,
        typer.Option(help="The name of an account there, for what needs one; no password is tried on it."),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Attack a provider as it is configured, with all that works without the other side's secrets; nobody is signed in."""
    results = finish(_results(domain, provider, person))
    answer = [
        {
            "attack": each.trial.forgery.value,
            "pitfall": each.trial.pitfall,
            "detail": each.detail,
            "outcome": each.outcome.value,
            "is_good": each.is_good,
            "explanation": each.explanation,
        }
        for each in results
    ]
    tell(answer, _in_words(results), as_json=as_json)
    if not all(each.is_good for each in results):
        raise typer.Exit(1)


async def _results(domain: str, key: str, person: str) -> list[Result]:
    async with opened() as database:
        async with database.read() as reader:
            robot = await robot_of_address(reader, domain)
            entry = (await auth_config(reader, robot)).entry(key)
        if entry is None:
            raise NoSuchProvider
        if entry.kind in BUILT_IN:
            raise NothingToAttack
        found = attack(entry, lambda: place_of(database, robot, entry), person)
        return [result async for result in found]


def _in_words(results: Sequence[Result]) -> str:
    rows = [
        (
            each.trial.pitfall,
            each.trial.forgery.value,
            each.outcome.value if each.is_good else each.outcome.value.upper(),
            f"{each.detail}: {each.explanation}" if each.detail else each.explanation,
        )
        for each in results
    ]
    tried = [each for each in results if each.outcome is not Outcome.NOT_RUN]
    bad = sum(not each.is_good for each in results)
    verdict = "none got through" if bad == 0 else f"{bad} did what they must not"
    return f"{table(rows)}\n\n{len(tried)} attacks tried, {verdict}; {len(results) - len(tried)} not run."
