"""Each variable that is listed can be read by a rule, and each that a mail mentions is in it; values are the asker's own."""

import pytest

from lists import mails, variables
from lists.standing import counting
from mail.mime import text_part
from scenarios.cache import compiled
from scenarios.interpret import decide
from scenarios.operations import OPERATIONS
from storage import memberships
from storage.tables.lists import MailingList
from storage.tables.words import RoleKind
from tests.lists.world import World
from tests.scenarios.no_facts import NoFacts


async def member(world: World) -> MailingList:
    """A list that Ann is on and Carol owns."""
    mlist = await world.make("info", subject="All about info")
    await world.put(mlist, "ann@x.example")
    await world.office(mlist, "carol@x.example", RoleKind.OWNER)
    return mlist


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
async def test_a_rule_reads_every_listed_variable_as_it_is_listed(world: World, operation: str) -> None:
    mlist = await member(world)
    await world.put(mlist, "carol@x.example")
    actor = world.person("carol@x.example", "carol@home.example")
    async with world.database.read() as reader:
        listed = await variables.of_scenario(reader, actor, mlist, operation)
    assert len({each.name for each in listed}) == len(listed) > 30
    for each in listed:
        text = f"equal({each.name},'nothing') smtp,dkim,md5,smime -> do_it\n"
        assert compiled(text, operation=operation, name="x").rules, each


async def test_the_values_are_those_that_the_interpreter_compares(world: World) -> None:
    mlist = await member(world)
    actor = world.person("carol@x.example", "carol@home.example")
    async with world.database.read() as reader:
        listed = await variables.of_scenario(reader, actor, mlist, "review")
        request = variables.request_for(actor, "review", world.home, mlist, now=reader.now)
    known = [each for each in listed if each.values and len(each.values) == 1 and "'" not in each.values[0]]
    assert len(known) > 20
    for each in known:
        (value,) = each.values or ()
        text = f"equal({each.name},'{value}') smtp,dkim,md5,smime -> do_it\ntrue() smtp,md5 -> reject(reason='x')"
        scenario = compiled(text, operation="review", name="x")
        assert (await decide(scenario, request, NoFacts())).action == "do_it", each
    (mine,) = (each for each in listed if each.name == "[user->email]")
    assert mine.values == tuple(each.address for each in counting(actor, mlist))


async def test_settings_are_shown_to_those_who_run_the_list_alone(world: World) -> None:
    mlist = await member(world)
    async with world.database.read() as reader:
        owner, ann, nobody = [
            {each.name: each.values for each in await variables.of_scenario(reader, who, mlist, "send")}
            for who in (world.person("carol@x.example"), world.person("ann@x.example"), world.nobody())
        ]
    assert owner["[list->send]"] == (mlist.send,)
    assert {ann[name] for name in ann if name.startswith(("[list->", "[conf->"))} == {None}
    assert (ann["[sender]"], nobody["[sender]"]) == (("ann@x.example",), ("nobody",))
    assert ann["[subscriber->email]"] == ("ann@x.example",)
    assert (owner["[subscriber->email]"], nobody["[subscriber->email]"]) == (None, None)
    # What belongs to a message is known when there is one.
    assert ann["[msg_header->Subject]"] is None


@pytest.mark.parametrize("mail", sorted(variables.MAILS))
async def test_a_mail_mentions_what_is_listed_for_it(world: World, mail: str) -> None:
    mlist = await member(world)
    actor = world.person("ann@x.example")
    async with world.database.write() as uow:
        listed = await variables.of_mail(uow, world.person("ann@x.example"), mlist, mail)
        match mail:
            case "welcome":
                found = await memberships.find(uow, mlist.id, "ann@x.example")
                assert found is not None
                await mails.welcome(uow, world.home, mlist, found)
            case "goodbye":
                await mails.goodbye(uow, mlist, actor.sender)
            case "confirm_subscription":
                await mails.confirm_subscription(uow, mlist, actor.sender, "https://a/t/1")
            case "confirm_departure":
                await mails.confirm_departure(uow, mlist, actor.sender, "https://a/t/1")
            case "invitation":
                await mails.invitation(uow, mlist, actor.sender, "Carol", "https://a/t/1")
    [sent] = await world.mails()
    whole = f"{sent.message.first('From')} {sent.message.first('Subject')} {text_part(sent.message)}"
    values = {each.name: each.values for each in listed}
    assert values["recipient"] == ("ann@x.example",)
    for name, held in values.items():
        assert held is None or held[0] in whole, name
    assert ("link" in values) is ("https://" in whole)
    assert ("inviter" in values) is ("Carol" in whole)
