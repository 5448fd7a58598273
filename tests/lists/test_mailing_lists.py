"""Lists are made, hidden, changed and shut; a hidden one looks like an absent one."""

import pytest

from identity.actor import operator
from lists import mailing_lists, moderation, settings
from lists.authorize import Rejected
from lists.mailing_lists import (
    BadListName,
    ChangedMeanwhile,
    FoundersOnly,
    ListNameTaken,
    NoSuchList,
    ReservedListName,
)
from lists.offices import OwnersOnly, TokenTooNarrow
from lists.robots import BadDomain, DomainTaken, OperatorOnly, base_url, create_robot, find_robot
from lists.settings import BadSetting
from storage import lists, roles, scenario_texts
from storage.keyset import Window
from storage.tables.lists import lists as lists_table
from storage.tables.words import ListStatus, ModerationState, RoleKind, TokenScope
from tests.lists.world import HOME, CountingReader, World


async def test_a_domain_is_found_however_it_is_written(world: World) -> None:
    async with world.database.read() as reader:
        assert await find_robot(reader, " A.Example ") == world.home
        assert await find_robot(reader, "no such domain") is None
        assert await find_robot(reader, "z.example") is None


async def test_only_the_operator_opens_domains_and_each_once(world: World) -> None:
    async with world.database.write() as uow:
        with pytest.raises(OperatorOnly):
            await create_robot(uow, world.person("eve@x.example"), "z.example")
        with pytest.raises(DomainTaken):
            await create_robot(uow, operator(world.home), "A.EXAMPLE")
        with pytest.raises(BadDomain):
            await create_robot(uow, operator(world.home), "not a domain")
        own = await create_robot(uow, operator(world.home), "bücher.example", public_url="https://l.example/")
    assert (own.domain, own.title) == ("xn--bcher-kva.example", "bücher.example")
    assert base_url(world.database.site, own) == "https://l.example"
    assert base_url(world.database.site, world.home) == "https://lists.example.test"


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("", BadListName),
        ("-a", BadListName),
        ("a b", BadListName),
        ("a@b", BadListName),
        ("é", BadListName),
        ("a" * 51, BadListName),
        ("a..b", BadListName),
        ("a.", BadListName),
        ("a\nb", BadListName),
        ("info-request", ReservedListName),
        ("info-owner", ReservedListName),
        ("info-EDITOR", ReservedListName),
        ("info-subscribe", ReservedListName),
        ("info-unsubscribe", ReservedListName),
        ("info-bounce", ReservedListName),
    ],
)
async def test_names_that_cannot_be_are_refused(world: World, name: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        await world.make(name)


async def test_the_same_name_in_two_robots_is_two_lists(world: World) -> None:
    here, there = await world.make("Info", send="public"), await world.make("info", world.other)
    with pytest.raises(ListNameTaken):
        await world.make("INFO")
    async with world.database.read() as reader:
        assert await mailing_lists.find_list(reader, "Info@A.example") == here
        assert await mailing_lists.find_list(reader, "info@b.example") == there
        assert await mailing_lists.find_list(reader, "info@z.example") is None
    assert (here.send, there.send) == ("public", "private")


async def test_a_hidden_list_is_refused_in_the_words_for_an_absent_one(world: World) -> None:
    await world.make("secret", visibility="secret")
    said = []
    async with world.database.read() as reader:
        for address in ("secret@a.example", "absent@a.example", "secret@nowhere.example"):
            with pytest.raises(NoSuchList) as caught:
                await mailing_lists.visible_list(reader, world.person("eve@x.example"), address)
            said.append((caught.value.message, caught.value.code, caught.value.path))
    assert len(set(said)) == 1


async def test_those_who_may_see_a_list_find_it(world: World) -> None:
    mlist = await world.make("info", visibility="conceal")
    await world.put(mlist, "ann@home.example")
    async with world.database.read() as reader:
        member = world.person("ann@x.example", "ann@home.example")
        assert await mailing_lists.visible_list(reader, member, "info@a.example") == mlist
        assert await mailing_lists.visible_by_id(reader, member, mlist.id) == mlist
        with pytest.raises(NoSuchList):
            await mailing_lists.visible_by_id(
                reader, world.person("ann@home.example", robot=world.other), mlist.id
            )


async def test_a_closed_list_is_for_its_owners_eyes(world: World) -> None:
    mlist = await world.make("info", visibility="noconceal")
    await world.office(mlist, "owner@x.example", RoleKind.PRIVILEGED_OWNER)
    async with world.database.write() as uow:
        shut = await mailing_lists.close_list(uow, world.person("owner@x.example"), mlist)
    assert shut.status is ListStatus.CLOSED
    async with world.database.read() as reader:
        assert await mailing_lists.visible_by_id(reader, world.person("owner@x.example"), mlist.id) == shut
        with pytest.raises(NoSuchList):
            await mailing_lists.visible_by_id(reader, world.person("ann@x.example"), mlist.id)


async def test_shutting_is_for_privileged_owners_and_opening_for_listmasters(world: World) -> None:
    mlist = await world.make("info")
    await world.office(mlist, "owner@x.example")
    await world.listmaster(world.home, "lm@x.example")
    async with world.database.write() as uow:
        with pytest.raises(FoundersOnly):
            await mailing_lists.close_list(uow, world.person("owner@x.example"), mlist)
        shut = await mailing_lists.close_list(uow, world.person("lm@x.example"), mlist)
        with pytest.raises(FoundersOnly):
            await mailing_lists.open_list(uow, world.person("owner@x.example"), shut)
        opened = await mailing_lists.open_list(uow, world.person("lm@x.example"), shut)
    assert opened.status is ListStatus.OPEN


async def test_lists_are_made_by_those_whom_the_scenario_lets(world: World) -> None:
    await world.listmaster(world.home, "lm@x.example")
    async with world.database.write() as uow:
        with pytest.raises(Rejected):
            await mailing_lists.create_list(uow, world.person("eve@x.example"), world.home, "news", "News")
        with pytest.raises(Rejected):
            await mailing_lists.create_list(uow, world.person("lm@x.example"), world.other, "news", "News")
        made = await mailing_lists.create_list(
            uow, world.person("lm@x.example"), world.home, "news", "News", owners=["ann@x.example"]
        )
        [owner] = await roles.of_list(uow, made.id)
    assert (made.status, owner.address, owner.kind) == (
        ListStatus.OPEN,
        "ann@x.example",
        RoleKind.PRIVILEGED_OWNER,
    )


async def test_a_list_that_was_asked_for_waits_for_a_listmaster(world: World) -> None:
    await world.listmaster(world.home, "lm@x.example")
    text = "true() smtp,md5 -> listmaster"
    async with world.database.write() as uow:
        await scenario_texts.put(
            uow, robot_id=world.home.id, list_id=None, operation="create_list", name="listmaster", text=text
        )
        made = await mailing_lists.create_list(
            uow, world.person("ann@x.example"), world.home, "news", "News", {"visibility": "noconceal"}
        )
    assert made.status is ListStatus.PENDING
    [mail] = await world.mails()
    assert mail.to == "lm@x.example"
    async with world.database.write() as uow:
        with pytest.raises(NoSuchList):
            await mailing_lists.visible_by_id(uow, world.person("eve@x.example"), made.id)
        page = await moderation.waiting_items(uow, world.person("lm@x.example"), made, Window(5))
        await moderation.decide_request(
            uow, world.person("lm@x.example"), page.rows[0], ModerationState.APPROVED
        )
        opened = await mailing_lists.visible_by_id(uow, world.person("eve@x.example"), made.id)
    assert opened.status is ListStatus.OPEN


async def test_owners_change_settings_and_nobody_else(world: World) -> None:
    mlist = await world.make("info")
    await world.office(mlist, "owner@x.example")
    async with world.database.write() as uow:
        with pytest.raises(OwnersOnly):
            await mailing_lists.update_settings(uow, world.person("eve@x.example"), mlist, {"send": "public"})
        token = world.person("owner@x.example", scopes=frozenset({TokenScope.READ}))
        with pytest.raises(TokenTooNarrow):
            await mailing_lists.update_settings(uow, token, mlist, {"send": "public"})
        changed = await mailing_lists.update_settings(
            uow, world.person("owner@x.example"), mlist, {"send": "public", "priority": "z"}
        )
    assert (changed.send, changed.priority, changed.subject) == ("public", 10, "Info")


async def test_a_change_of_what_somebody_else_changed_meanwhile_is_refused(world: World) -> None:
    mlist = await world.make("info")
    async with world.database.write() as uow:
        boss = operator(world.home)
        with pytest.raises(ChangedMeanwhile):
            await mailing_lists.update_settings(uow, boss, mlist, {"subject": "b"}, mlist.updated_at - 1)
        changed = await mailing_lists.update_settings(uow, boss, mlist, {"subject": "a"}, mlist.updated_at)
    assert changed.subject == "a"


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("priority", "0", 0),
        ("priority", "z", 10),
        ("priority", 7, 7),
        ("message_size_limit", "5M", 5 * 1024**2),
        ("message_size_limit", "1024", 1024),
        ("message_size_limit", "100 kB", 102_400),
        ("alt_email_policy", "ANY", "ANY"),
        ("alt_email_policy", "post: strength(>= md5), own:main_only", "own:MAIN_ONLY,post:STRENGTH(md5)"),
        ("alt_email_policy", "MAIN_ONLY,read:ANY", "MAIN_ONLY,read:ANY"),
        ("custom_vars", "b=2; a = one", "a=one\nb=2"),
        ("visibility", "domains(univ.example, other.example)", "domains(univ.example,other.example)"),
        ("reply_to_list", "No", False),
        ("personalization", "on_bounce", "on_bounce"),
        ("subject", "  two   words ", "two words"),
        ("subject", None, ""),
        ("language", "pt-BR", "pt-BR"),
        ("send", "private", "private"),
    ],
)
def test_a_setting_is_read_from_its_text_and_written_back(name: str, value: object, stored: object) -> None:
    assert settings.parse_settings({name: value}) == {name: stored}
    assert settings.parse_settings({name: settings.shown(name, stored)}) == {name: stored}


def test_the_former_name_of_the_policy_for_alternates_means_all_or_nothing() -> None:
    assert settings.parse_settings({"strict_main_address": True}) == {"alt_email_policy": "MAIN_ONLY"}
    assert settings.parse_settings({"strict_main_address": "no"}) == {"alt_email_policy": "ANY"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("priority", "10"),
        ("priority", "-1"),
        ("priority", "²"),
        ("message_size_limit", "5T"),
        ("message_size_limit", "0"),
        ("message_size_limit", "9" * 30),
        ("strict_main_address", "maybe"),
        ("alt_email_policy", "SOMETIMES"),
        ("alt_email_policy", "cooking:ANY"),
        ("alt_email_policy", "own:STRENGTH(smtp)"),
        ("custom_vars", "no equals sign"),
        ("personalization", "sometimes"),
        ("subject", "a\r\nBcc: x@y.example"),
        ("subject_tag", "x" * 61),
        ("language", "../en"),
        ("send", "../../etc/passwd"),
        ("colour", "red"),
        ("del_", "owner"),
    ],
)
def test_a_bad_setting_is_named_with_what_is_accepted(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name) as caught:
        settings.parse_settings({name: value})
    assert caught.value.path == (name,)


async def test_a_scenario_must_exist_for_its_operation(world: World) -> None:
    mlist = await world.make("info")
    boss = operator(world.home)
    async with world.database.write() as uow:
        for name, value in (("send", "open"), ("subscribe", "private"), ("review", "mine")):
            with pytest.raises(BadSetting, match=name):
                await mailing_lists.update_settings(uow, boss, mlist, {name: value})
        put = scenario_texts.put
        text = "true() smtp,md5 -> do_it"
        await put(uow, robot_id=world.other.id, list_id=None, operation="review", name="mine", text=text)
        with pytest.raises(BadSetting):
            await mailing_lists.update_settings(uow, boss, mlist, {"review": "mine"})
        await put(uow, robot_id=world.home.id, list_id=None, operation="review", name="mine", text=text)
        changed = await mailing_lists.update_settings(uow, boss, mlist, {"review": "mine"})
    assert changed.review == "mine"


def test_the_defaults_are_those_of_the_table() -> None:
    spelled = {
        name: str(column.server_default.arg).strip("'")  # type: ignore[union-attr]
        for name, column in lists_table.c.items()
        if name in lists.SETTING_COLUMNS
    }
    assert spelled == {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in settings.defaults().items()
    }


async def test_finding_a_visible_list_takes_two_statements_for_a_stranger(world: World) -> None:
    await world.make("info", visibility="noconceal")
    async with world.database.read() as reader:
        counting = CountingReader(reader)
        await mailing_lists.visible_list(counting, world.nobody(), f"info@{HOME}")
    assert len(counting.statements) == 2
