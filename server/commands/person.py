"""`postroom person`: people with an account, made by the operator."""

import sys
from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from identity import passwords
from identity.people import create_person
from identity.refusal import Invalid
from server.commands import person_factors, person_life
from server.commands.answers import AsJson, tell
from server.commands.shell import finish, opened
from storage.tables.words import AddressSource


class PasswordMissing(Invalid):
    """Nothing came on standard input; pipe the password into the command."""


class BadCase(Invalid):
    """Write --password-case as sensitive or insensitive."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    subject = typer.Typer(no_args_is_help=True, help="People with an account.")
    subject.callback()(_people)
    subject.command("create")(create)
    subject.command("remove")(person_life.remove)
    subject.command("unmerge")(person_life.unmerge)
    subject.command("forget-factors")(person_factors.forget)
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
    password_hash: Annotated[
        bool,
        typer.Option(
            "--password-hash",
            help="Read the hash of a password from standard input: argon2, bcrypt, or Sympa's md5.",
        ),
    ] = False,
    password_case: Annotated[
        str, typer.Option(help="As in Sympa: insensitive where the hash is of the password in lower case.")
    ] = "sensitive",
    as_json: AsJson = False,
) -> None:
    """Make an account; its address counts as proved, since the operator vouches for it.

    A hash of another program is made anew when its person first signs in; passwords that can be read are refused.
    """
    if password_case not in ("sensitive", "insensitive"):
        raise BadCase
    given = sys.stdin.readline().rstrip("\r\n") if password_stdin or password_hash else None
    if given == "":
        raise PasswordMissing
    made = _foreign(given or "", password_case) if password_hash else _own(given)
    found = finish(_create(email, name, made))
    tell(found, f"{found['email']} can sign in.", as_json=as_json)


async def _own(password: str | None) -> str | None:
    if password is None:
        return None
    passwords.check(password)
    return await passwords.hash_password(password)


async def _foreign(given: str, case: str) -> str | None:
    return await passwords.foreign_hash(given, is_lowered=case == "insensitive")


async def _create(email: str, name: str, hashing: Coroutine[Any, Any, str | None]) -> dict[str, Any]:
    secret_hash = await hashing
    async with opened() as database, database.write() as uow:
        person = await create_person(uow, email, display_name=name, source=AddressSource.ADMIN, proved=True)
        if secret_hash is not None:
            await passwords.keep(uow, person.id, secret_hash)
        return {"email": person.main_address, "has_password": secret_hash is not None}
