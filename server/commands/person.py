"""`postroom person`: people with an account, made by the operator."""

import sys
from typing import Annotated, Any

import typer

from identity import passwords
from identity.people import create_person
from identity.refusal import Invalid
from server.commands import person_life
from server.commands.answers import AsJson, tell
from server.commands.shell import finish, opened
from storage.tables.words import AddressSource


class PasswordMissing(Invalid):
    """Nothing came on standard input; pipe the password into the command."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    subject = typer.Typer(no_args_is_help=True, help="People with an account.")
    subject.callback()(_people)
    subject.command("create")(create)
    subject.command("remove")(person_life.remove)
    subject.command("unmerge")(person_life.unmerge)
    app.add_typer(subject, name="person")


def _people() -> None:
    """People with an account."""


def create(
    email: Annotated[str, typer.Argument(help="The address that the person signs in with.")],
    name: Annotated[str, typer.Option(help="The person's name.")] = "",
    *,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read a password from standard input.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make an account; its address counts as proved, since the operator vouches for it."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    if password == "":
        raise PasswordMissing
    found = finish(_create(email, name, password))
    tell(found, f"{found['email']} can sign in.", as_json=as_json)


async def _create(email: str, name: str, password: str | None) -> dict[str, Any]:
    secret_hash = None
    if password is not None:
        passwords.check(password)
        secret_hash = await passwords.hash_password(password)
    async with opened() as database, database.write() as uow:
        person = await create_person(uow, email, display_name=name, source=AddressSource.ADMIN, proved=True)
        if secret_hash is not None:
            await passwords.keep(uow, person.id, secret_hash)
        return {"email": person.main_address, "has_password": secret_hash is not None}
