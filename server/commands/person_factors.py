"""`postroom person forget-factors`: for somebody who has lost their second factor and all recovery codes."""

from typing import Annotated, Any

import typer

from identity.actor import operator
from identity.factor_changes import forget_factors
from identity.people import find_by_address
from server.commands.answers import AsJson, tell
from server.commands.shell import finish, opened, robot_named
from server.commands.token import NoSuchPerson


def forget(
    email: Annotated[str, typer.Argument(help="Any address of the account that counts.")],
    robot: Annotated[
        str | None, typer.Option(help="The robot that writes to the person; the first of several.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Take all second factors and recovery codes of a person away; their first factor lets them in again.

    Be sure who asks you to: whoever knows the password asks for just this.
    """
    found = finish(_forget(email, robot))
    tell(found, f"{found['email']} had {found['factors']} second factors, and has none now.", as_json=as_json)


async def _forget(email: str, domain: str | None) -> dict[str, Any]:
    async with opened() as database, database.write() as uow:
        person = await find_by_address(uow, email)
        if person is None:
            raise NoSuchPerson
        here = await robot_named(uow, domain, first_of_several=True)
        count = await forget_factors(uow, operator(here), person)
        return {"email": person.main_address, "factors": count}
