"""A university opens a list to its own people by one word: they find it, join it and write to it, others learn nothing."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from delivery.reception import receive
from identity.actor import operator
from lists import mailing_lists
from lists.settings import BadSetting
from server.graphql.routes import routes_of
from storage.database import Database
from tests.journeys.test_join_and_post import FIND, JOIN, POST, Newcomer, sign_in
from tests.server.graphql_world import BASE, HOST, world_of

CAMPUS = f"campus@{HOST}"
OURS = "domains(example.edu,*.example.edu)"


@pytest.fixture
async def newcomer(database: Database) -> AsyncIterator[Newcomer]:
    """Somebody nobody knows, with a client of their own."""
    async with world_of(database) as world:
        app = Starlette(routes=routes_of(world.face))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE) as client:
            yield Newcomer(world, client)


def message(author: str, number: int) -> bytes:
    return (
        f"From: <{author}>\r\nTo: {CAMPUS}\r\nSubject: Hello\r\n"
        f"Message-ID: <{number}@example.edu>\r\n\r\nA line.\r\n"
    ).encode()


async def campus(newcomer: Newcomer, database: Database, language: str = "en") -> None:
    """A list that its robot's operator opens to one domain."""
    settings = {"visibility": OURS, "subscribe": OURS, "send": OURS, "language": language}
    robot = newcomer.world.robot
    async with database.write() as uow:
        await mailing_lists.create_list(
            uow, operator(robot), robot, "campus", "Campus", settings, ["carol@example.org"]
        )


async def test_people_of_the_domain_find_join_and_write_and_others_do_not_even_see_it(
    newcomer: Newcomer, database: Database
) -> None:
    await campus(newcomer, database)
    assert (await newcomer.ask(FIND, a=CAMPUS))["mailingList"] is None

    await sign_in(newcomer)
    found = (await newcomer.ask(FIND, a=CAMPUS))["mailingList"]
    assert found["viewerPermissions"] == {"canSubscribe": "ALLOW", "canPost": "ALLOW"}
    joined = (await newcomer.ask(JOIN, list=found["id"]))["mailingListSubscribe"]
    assert joined["decision"] == {"verdict": "ALLOW"}
    posted = await newcomer.ask(POST, list=found["id"], key="first")
    assert posted["messagePost"]["outcome"]["__typename"] == "PostAccepted"


async def test_mail_from_outside_is_refused_in_the_language_of_the_list(
    newcomer: Newcomer, database: Database
) -> None:
    await campus(newcomer, database, language="fr")
    inside = "guest@physics.example.edu"
    assert (await receive(database, inside, CAMPUS, message(inside, 1))).code == 250
    outside = "guest@notexample.edu"
    refused = await receive(database, outside, CAMPUS, message(outside, 2))
    assert refused.code == 550
    assert "Seules les personnes de certains domaines peuvent le faire" in refused.text
    assert f"send.{OURS}, line 10" in refused.text


@pytest.mark.parametrize(
    "name", ["domains(example.edu", "domains(*)", "people(example.edu)", "ips(10.0.0.0/8)"]
)
async def test_a_policy_with_parameters_that_make_no_sense_cannot_be_set(
    newcomer: Newcomer, database: Database, name: str
) -> None:
    robot = newcomer.world.robot
    async with database.write() as uow:
        with pytest.raises(BadSetting):
            await mailing_lists.create_list(
                uow, operator(robot), robot, "campus", "Campus", {"send": name}, ["carol@example.org"]
            )
