"""`postroom token`: API tokens for people, made by the operator."""

from typing import Annotated, Any

import typer

from identity.actor import operator
from identity.people import find_by_address
from identity.refusal import Invalid, NotFound
from identity.tokens import make_token
from mail.instant import DAY, to_datetime
from server.commands.answers import AsJson, tell
from server.commands.shell import finish, opened, robot_named
from storage.tables.words import TokenScope


class NoSuchPerson(NotFound):
    """Nobody has proved this address; `postroom person create EMAIL` makes an account."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    subject = typer.Typer(no_args_is_help=True, help="API tokens.")
    subject.callback()(_tokens)
    subject.command("create")(create)
    app.add_typer(subject, name="token")


def _tokens() -> None:
    """API tokens."""


def create(
    email: Annotated[str, typer.Argument(help="Whose token it is.")],
    scope: Annotated[
        list[str], typer.Option(help="read, subscribe, post, own or administrate; again for more.")
    ],
    label: Annotated[str, typer.Option(help="What it is for.")] = "command line",
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days it works.")] = 90,
    robot: Annotated[str | None, typer.Option(help="The robot it is noted in.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Make a token; its secret is shown only here."""
    found = finish(_create(email, scope, label, days, robot))
    tell(found, found["token"], as_json=as_json)


async def _create(email: str, words: list[str], label: str, days: int, domain: str | None) -> dict[str, Any]:
    scopes = [_scope(word) for word in words]
    async with opened() as database, database.write() as uow:
        robot = await robot_named(uow, domain, first_of_several=True)
        person = await find_by_address(uow, email)
        if person is None:
            raise NoSuchPerson
        token, secret = await make_token(uow, operator(robot), person.id, label, scopes, uow.now + days * DAY)
        expires_at = None if token.expires_at is None else to_datetime(token.expires_at).isoformat()
        return {"token": secret, "scopes": token.scopes.split(), "expires_at": expires_at}


def _scope(word: str) -> TokenScope:
    try:
        return TokenScope(word.lower())
    except ValueError:
        known = ", ".join(scope.value for scope in TokenScope)
        raise Invalid(f"A scope is one of {known}; not {word!r}.") from None
