"""What a rule reads of a request: the asker, the list, the domain, the session, and what an application asserts."""

import os
from dataclasses import replace
from typing import Any

import pytest

from identity.actor import Actor
from lists.authorize import authorize
from storage import memberships, scenario_texts
from storage.tables.access import Session
from storage.tables.lists import MailingList
from storage.tables.words import SignInMethod, Strength
from tests.lists.world import CountingReader, World

SESSION = Session(
    1, 1, 1, SignInMethod.PASSWORD, Strength.MD5, "ann@x.example", "", False, 0, 7_000_000, 0, 1, None
)


async def holds(world: World, rule: str, actor: Actor, mlist: MailingList, **more: Any) -> bool:
    async with world.database.write() as uow:
        await scenario_texts.put(
            uow,
            robot_id=None,
            list_id=None,
            operation="review",
            name="owner",
            text=f"{rule} smtp,dkim,md5,smime -> do_it",
        )
    async with world.database.read() as reader:
        return (await authorize(reader, actor, "review", mlist=mlist, **more)).action == "do_it"


@pytest.mark.parametrize(
    "rule",
    [
        "equal([remote_addr],'192.0.2.7')",
        "equal([remote_host],'192.0.2.7')",
        "verify_netmask('192.0.2.0/24')",
        "equal([user_agent],'Browser')",
        "equal([remote_application_name],'portal')",
        "equal([user->primary_email],'ann@x.example')",
        "equal([user->main_email],'ann@x.example')",
        "equal([user->email],'ann@home.example')",
        "equal([app->DEPT],'math')",
        "equal([env->DEPT],'math')",
        "equal([env->REMOTE_ADDR],'192.0.2.7')",
        "equal([auth->acr],'password')",
        "equal([auth->time],'7')",
        "equal([conf->domain],'a.example')",
        "equal([conf->create_list],'listmaster')",
        "equal([list->subject],'Info')",
        "equal([list->name],[listname])",
        "equal([list->address],'info@a.example')",
        "equal([list->total],'2')",
        "equal([list->alt_email_policy],'ANY')",
        "equal([custom_vars->site],'north')",
        "equal([subscriber->email],'ann@x.example')",
        "equal([subscriber->reception],'mail')",
        "equal([subscriber->team],'red')",
        "equal([topic],'')",
        "equal([user_attributes->department],'')",
        "newer([current_date],'2020y')",
        "equal([current_email],'old@x.example')",
    ],
)
async def test_each_variable_has_its_value(world: World, rule: str) -> None:
    mlist = await world.make("info", custom_vars="site=north")
    await world.put(mlist, "ann@x.example", "bob@x.example")
    async with world.database.write() as uow:
        own = await memberships.find(uow, mlist.id, "ann@x.example")
        assert own is not None
        await memberships.change(uow, replace(own, attributes='{"team": "red", "email": "boss@x.example"}'))
    actor = replace(
        world.person("ann@x.example", "ann@home.example"),
        remote_address="192.0.2.7",
        user_agent="Browser",
        application="portal",
        operations=frozenset({"review"}),
        assertions={"DEPT": "math", "REMOTE_ADDR": "10.0.0.1"},
        session=SESSION,
    )
    assert await holds(world, rule, actor, mlist, words={"current_email": "old@x.example"})


async def test_attack_the_environment_of_the_process_is_never_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPT", "math")
    assert os.environ["DEPT"] == "math"
    mlist = await world.make("info")
    assert not await holds(world, "equal([env->DEPT],'math')", world.person("ann@x.example"), mlist)


async def test_attack_what_is_asserted_in_one_domain_is_not_heard_in_another(world: World) -> None:
    mlist = await world.make("info", world.other)
    actor = replace(
        world.person("ann@x.example"),
        assertions={"DEPT": "math"},
        application="portal",
        operations=frozenset({"review"}),
    )
    assert not await holds(world, "equal([app->DEPT],'math')", actor, mlist)
    assert not await holds(world, "equal([remote_application_name],'portal')", actor, mlist)


async def test_the_members_are_counted_only_for_rules_that_look_at_their_number(world: World) -> None:
    mlist = await world.make("info", review="public")
    async with world.database.read() as reader:
        counting = CountingReader(reader)
        await authorize(counting, world.person("ann@x.example"), "review", mlist=mlist)
    assert len(counting.statements) == 1
