"""A course portal that speaks for the people of a domain, and the rules that read what it says of them."""

import json
from typing import Any

from sqlalchemy import select

from scenarios.operations import OPERATIONS
from storage import scenario_texts
from storage.query import Query
from storage.tables.mail import audit
from storage.tables.words import TokenScope
from tests.identity.application_client import Client, client
from tests.journeys.hostile_world import Hostile
from tests.server.pages_world import BASE

MATH = "equal([app->DEPT],'math') md5 -> do_it\ntrue() md5 -> reject(reason='send_subscriber')"
ALICE, LENA = "alice@example.edu", "lena@example.edu"
EVERYTHING = [*OPERATIONS]
ACTING = "accessToken session { id isCurrent method strength expiresAt }"
ME = """{ viewer { actingApplication { name clientId } session { isCurrent }
  authentication { strength methods assertions { name values issuedBy } }
  permissions { canAdministrateRobot } user { mainEmail emailAddresses { email } } } }"""
SHOWN = """application { id clientId name allowedOperations allowedAssertions allowedScopes domains requiresUserGrant
  fixedAssertions { name values } permittedNetworks keys { kid algorithm jwk } lastUsedAt revokedAt }"""


async def portal(hostile: Hostile, name: str = "Courses", **trust: Any) -> Client:
    """An application that may do everything for people of example.edu, but for what `trust` says."""
    usual: dict[str, Any] = {
        "operations": EVERYTHING,
        "scopes": [TokenScope.ADMINISTRATE],
        "assertable": ["DEPT", "YEAR"],
        "domains": ["example.edu"],
    }
    return await client(hostile.world.db, hostile.world.robot, BASE, name, **usual | trust)


async def acting(
    hostile: Hostile, app: Client, subject: str = ALICE, scope: str = "ADMINISTRATE", **said: str
) -> str:
    """The token of a session in which the application speaks for somebody."""
    wanted = {"assertion": app.assertion(subject, assertions=said), "scopes": [scope]}
    payload = await hostile.do("applicationActAs", None, wanted, ACTING)
    assert payload["userErrors"] == []
    token: str = payload["accessToken"]
    return token


async def rule(hostile: Hostile, operation: str, text: str = MATH) -> None:
    """Let a text decide an operation in the whole domain, whatever name a list or the domain has for it."""
    async with hostile.world.db.write() as uow:
        names = {"open", "public", "private", "owner", "auth", "noconceal", "closed", "listmaster", "secret"}
        names |= {getattr(hostile.talk, f"{operation}_", ""), getattr(hostile.talk, operation, "")}
        names |= {str(getattr(hostile.world.robot, operation, ""))}
        for name in sorted(names - {""}):
            await scenario_texts.put(
                uow,
                robot_id=hostile.world.robot.id,
                list_id=None,
                operation={"stats": "review"}.get(operation, operation),
                name=name,
                text=text,
            )


async def refusals(hostile: Hostile, name: str, token: str, input: dict[str, Any]) -> list[str]:
    """The codes with which a mutation was refused; a post that the rules reject is no error to the API."""
    answer = await hostile.do(name, token, input, "outcome { __typename }" if name == "messagePost" else "")
    rejected = (answer.get("outcome") or {}).get("__typename") == "PostRejected"
    return [*(each["code"] for each in answer["userErrors"]), *(["FORBIDDEN"] if rejected else [])]


async def trail(hostile: Hostile) -> list[tuple[str, str, str, dict[str, Any]]]:
    """The audit: event, actor, via, detail."""
    query = Query(
        select(audit.c.event, audit.c.actor, audit.c.via, audit.c.detail).order_by(audit.c.id),
        lambda event, actor, via, detail: (event, actor, via, json.loads(detail)),
    )
    async with hostile.world.db.read() as reader:
        return await reader.all(query)


async def things(hostile: Hostile) -> dict[str, Any]:
    """Ids that the acts below need, as those who run the place see them."""
    carol = await hostile.session(hostile.world.carol)
    assert await hostile.world.mail_in(hostile.talk.address, ALICE, "sent") == 250
    found = await hostile.ask(
        """query ($a: EmailAddress!) { robot { id } mailingList(address: $a) { id
          subscribers(first: 9) { edges { node { id email } } } } }""",
        carol,
        a=hostile.talk.address,
    )
    talk = found["data"]["mailingList"]
    members = {each["node"]["email"]: each["node"]["id"] for each in talk["subscribers"]["edges"]}
    return {
        "robot": found["data"]["robot"]["id"],
        "talk": talk["id"],
        "hers": await hostile.id_of(hostile.hers, carol),
    } | members
