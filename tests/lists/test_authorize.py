"""Every operation asks the scenario that the list names, and only addresses that count are asked about."""

from dataclasses import replace

import pytest

from identity.actor import operator
from lists.authorize import Rejected, authorize, authorize_many, require
from mail.message import parse_message
from storage import robots as stored_robots
from storage import scenario_texts
from storage.tables.words import RoleKind, Strength, TokenScope
from tests.lists.world import CountingReader, World


async def test_the_scenario_named_by_the_list_decides(world: World) -> None:
    mlist = await world.make("info", review="private")
    await world.put(mlist, "ann@x.example")
    async with world.database.read() as reader:
        member = await authorize(reader, world.person("ann@x.example"), "review", mlist=mlist)
        other = await authorize(reader, world.person("bob@x.example"), "review", mlist=mlist)
    assert (member.action, member.scenario, member.element) == ("do_it", "private", "ann@x.example")
    assert (other.action, other.reason) == ("reject", "review_subscriber")


async def test_an_alternate_address_counts_by_default(world: World) -> None:
    mlist = await world.make("info", review="private")
    await world.put(mlist, "ann@home.example")
    async with world.database.read() as reader:
        decision = await authorize(
            reader, world.person("ann@x.example", "ann@home.example"), "review", mlist=mlist
        )
    assert (decision.action, decision.element) == ("do_it", "ann@home.example")


async def test_on_a_strict_list_only_the_presented_address_counts(world: World) -> None:
    mlist = await world.make("info", review="private", strict_main_address="true")
    await world.put(mlist, "ann@home.example")
    async with world.database.read() as reader:
        through_alternate = await authorize(
            reader, world.person("ann@x.example", "ann@home.example"), "review", mlist=mlist
        )
        directly = await authorize(
            reader, world.person("ann@home.example", "ann@x.example"), "review", mlist=mlist
        )
    assert (through_alternate.action, directly.action) == ("reject", "do_it")


async def test_membership_is_one_point_query_for_all_addresses(world: World) -> None:
    mlist = await world.make("info", review="private")
    many = [f"ann{n}@x.example" for n in range(12)]
    async with world.database.read() as reader:
        counting = CountingReader(reader)
        decision = await authorize(counting, world.person(*many), "review", mlist=mlist)
    assert decision.action == "reject"
    assert counting.about("memberships") == 1
    assert counting.about("roles") == 1
    assert len(counting.statements) == 3


async def test_a_rule_without_roles_reads_only_its_text(world: World) -> None:
    mlist = await world.make("info", visibility="noconceal")
    async with world.database.read() as reader:
        counting = CountingReader(reader)
        decision = await authorize(counting, world.nobody(), "visibility", mlist=mlist)
    assert decision.action == "do_it"
    assert len(counting.statements) == 1


async def test_a_hundred_lists_are_decided_in_three_statements(world: World) -> None:
    mlists = [await world.make(f"list{n}", visibility="conceal") for n in range(20)]
    await world.put(mlists[7], "ann@x.example")
    async with world.database.read() as reader:
        counting = CountingReader(reader)
        decisions = await authorize_many(counting, world.person("ann@x.example"), "visibility", mlists)
    assert [key for key, one in decisions.items() if one.action == "do_it"] == [mlists[7].id]
    assert len(counting.statements) == 3


async def test_many_and_one_agree(world: World) -> None:
    mlists = [
        await world.make(f"{operation}-{n}x", review=operation)
        for n, operation in enumerate(("private", "owner", "public", "closed", "listmaster"))
    ]
    await world.put(mlists[0], "ann@home.example")
    await world.office(mlists[1], "ann@x.example")
    actor = world.person("ann@x.example", "ann@home.example")
    async with world.database.read() as reader:
        together = await authorize_many(reader, actor, "review", mlists)
        apart = {
            mlist.id: await authorize(reader, actor, "review", mlist=mlist, record=False) for mlist in mlists
        }
    assert {key: replace(each, id="") for key, each in together.items()} == apart


async def test_the_operator_is_obeyed_without_a_scenario(world: World) -> None:
    mlist = await world.make("info", review="closed")
    async with world.database.read() as reader:
        decision = await authorize(reader, operator(world.home), "review", mlist=mlist)
    assert (decision.action, decision.scenario) == ("do_it", "operator")


async def test_a_text_of_the_list_goes_before_the_robots_and_the_shipped_one(world: World) -> None:
    mlist, second, third = [await world.make(name, review="private") for name in ("one", "two", "three")]
    abroad = await world.make("one", world.other, review="private")
    open_to_all, closed = "true() smtp,md5 -> do_it", "true() smtp,md5 -> reject(reason='house')"
    async with world.database.write() as uow:
        put = scenario_texts.put
        await put(uow, robot_id=None, list_id=None, operation="review", name="private", text=closed)
        await put(
            uow, robot_id=world.home.id, list_id=None, operation="review", name="private", text=open_to_all
        )
        await put(
            uow, robot_id=world.home.id, list_id=mlist.id, operation="review", name="private", text=closed
        )
        await put(
            uow, robot_id=world.home.id, list_id=third.id, operation="review", name="other", text=closed
        )
    async with world.database.read() as reader:
        found = [
            (await authorize(reader, world.nobody(), "review", mlist=each)).action
            for each in (mlist, second, third, abroad)
        ]
        many = await authorize_many(reader, world.nobody(), "review", [mlist, second, third, abroad])
    assert found == ["reject", "do_it", "do_it", "reject"]
    assert [one.action for one in many.values()] == found


async def test_a_malformed_or_missing_scenario_refuses_with_its_reason(world: World) -> None:
    mlist = await world.make("info")
    async with world.database.write() as uow:
        await scenario_texts.put(
            uow, robot_id=None, list_id=None, operation="review", name="owner", text="whoever -> do_it"
        )
    async with world.database.read() as reader:
        malformed = await authorize(reader, world.nobody(), "review", mlist=mlist)
        unknown = await authorize(reader, world.nobody(), "no_such_operation", mlist=mlist)
    assert (malformed.action, malformed.reason) == ("reject", "scenario-malformed")
    assert (unknown.action, unknown.reason) == ("reject", "scenario-missing")


async def test_a_required_refusal_is_raised_with_its_decision(world: World) -> None:
    mlist = await world.make("info", review="owner")
    async with world.database.read() as reader:
        with pytest.raises(Rejected, match="Only the owners") as caught:
            await require(reader, world.nobody(), "review", mlist=mlist)
    assert caught.value.decision.reason == "review_owner"
    assert caught.value.code == "FORBIDDEN"


async def test_listmasters_own_unless_their_robot_says_otherwise(world: World) -> None:
    strict = await stored_robot(world, "c.example", listmasters_are_owners=False)
    mlist, guarded = await world.make("info"), await world.make("info", strict)
    text = "is_owner([listname],[sender]) smtp,md5 -> do_it"
    async with world.database.write() as uow:
        await scenario_texts.put(
            uow, robot_id=None, list_id=None, operation="review", name="owner", text=text
        )
    await world.listmaster(world.home, "lm@x.example")
    await world.listmaster(strict, "lm@x.example")
    async with world.database.read() as reader:
        mild = await authorize(reader, world.person("lm@x.example"), "review", mlist=mlist)
        hard = await authorize(reader, world.person("lm@x.example", robot=strict), "review", mlist=guarded)
    assert (mild.action, hard.action) == ("do_it", "reject")


async def stored_robot(world: World, domain: str, *, listmasters_are_owners: bool):  # type: ignore[no-untyped-def]
    async with world.database.write() as uow:
        return await stored_robots.add(uow, domain, domain, listmasters_are_owners=listmasters_are_owners)


async def test_whoever_signed_in_elsewhere_is_a_stranger_here(world: World) -> None:
    mlist = await world.make("info", review="private")
    await world.put(mlist, "ann@x.example")
    await world.office(mlist, "ann@x.example")
    async with world.database.read() as reader:
        visitor = await authorize(
            reader, world.person("ann@x.example", robot=world.other), "review", mlist=mlist
        )
    assert visitor.action == "reject"


async def test_roles_do_not_cross_between_lists_of_the_same_name(world: World) -> None:
    here, there = await world.make("info"), await world.make("info", world.other)
    await world.office(there, "ann@x.example")
    await world.listmaster(world.other, "lm@x.example")
    async with world.database.read() as reader:
        for address in ("ann@x.example", "lm@x.example"):
            decision = await authorize(reader, world.person(address), "review", mlist=here)
            assert decision.action == "reject"


async def test_a_scenario_may_name_a_list_of_another_local_robot(world: World) -> None:
    here, there = await world.make("info"), await world.make("info", world.other)
    await world.put(there, "ann@x.example")
    text = "is_subscriber('info@b.example',[sender]) smtp,md5 -> do_it"
    async with world.database.write() as uow:
        await scenario_texts.put(
            uow, robot_id=None, list_id=None, operation="review", name="owner", text=text
        )
    async with world.database.read() as reader:
        member = await authorize(reader, world.person("ann@x.example"), "review", mlist=here)
        other = await authorize(reader, world.person("bob@x.example"), "review", mlist=here)
    assert (member.action, other.action) == ("do_it", "reject")


async def test_owners_act_as_editors_only_where_no_editor_is_named(world: World) -> None:
    mlist = await world.make("info")
    await world.office(mlist, "owner@x.example")
    text = "is_editor([listname],[sender]) smtp,md5 -> do_it"
    async with world.database.write() as uow:
        await scenario_texts.put(
            uow, robot_id=None, list_id=None, operation="review", name="owner", text=text
        )
    actor = world.person("owner@x.example")
    async with world.database.read() as reader:
        before = await authorize(reader, actor, "review", mlist=mlist)
    await world.office(mlist, "editor@x.example", RoleKind.EDITOR)
    async with world.database.read() as reader:
        after = await authorize(reader, actor, "review", mlist=mlist)
    assert (before.action, after.action) == ("do_it", "reject")


async def test_an_alternate_never_raises_the_strength_of_a_mail(world: World) -> None:
    mlist = await world.make("info", add="auth")
    await world.office(mlist, "ann@home.example")
    mail = world.person("ann@x.example", "ann@home.example", via="mail", strength=Strength.SMTP)
    async with world.database.read() as reader:
        decision = await authorize(reader, mail, "add", mlist=mlist)
    assert (decision.action, decision.method) == ("request_auth", "smtp")


async def test_a_token_does_no_more_than_its_scopes(world: World) -> None:
    mlist = await world.make("info", review="public")
    reading = world.person("ann@x.example", scopes=frozenset({TokenScope.READ}))
    async with world.database.read() as reader:
        review = await authorize(reader, reading, "review", mlist=mlist)
        subscribe = await authorize(reader, reading, "subscribe", mlist=mlist)
    assert (review.action, subscribe.action, subscribe.reason) == ("do_it", "reject", "token-scope")


async def test_rules_read_the_message_and_the_list(world: World) -> None:
    mlist = await world.make("info", subject_tag="tagged")
    text = (
        "match([msg_header->Subject],/urgent/) smtp,md5 -> editorkey\n"
        "equal([list->subject_tag],'tagged') smtp,md5 -> do_it"
    )
    async with world.database.write() as uow:
        await scenario_texts.put(
            uow, robot_id=None, list_id=None, operation="send", name="private", text=text
        )
    async with world.database.read() as reader:
        actions = [
            (
                await authorize(
                    reader,
                    world.person("ann@x.example"),
                    "send",
                    mlist=mlist,
                    message=parse_message(f"Subject: {subject}\r\n\r\nhi\r\n".encode()),
                )
            ).action
            for subject in ("URGENT", "lunch")
        ]
    assert actions == ["editorkey", "do_it"]
