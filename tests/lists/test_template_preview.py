"""Whoever writes a footer sees what may stand in it and what it says to them, and nothing of anybody else (row 82)."""

import pytest

from lists.offices import OwnersOnly
from lists.template_preview import TemplateUnreadable, of_posts, preview
from lists.template_words import WORDS
from storage import memberships
from storage.tables.lists import MailingList
from tests.lists.test_variables import member
from tests.lists.world import World


async def listed(world: World, mlist: MailingList, address: str) -> dict[str, tuple[str, ...] | None]:
    async with world.database.read() as reader:
        found = await of_posts(reader, world.person(address), mlist, may_know=True)
    return {each.name: each.values for each in found}


async def test_each_variable_is_listed_with_the_askers_own_value(world: World) -> None:
    mlist = await member(world)
    ann, stranger = await listed(world, mlist, "ann@x.example"), await listed(world, mlist, "zoe@x.example")
    assert set(stranger) == {word.name for word in WORDS}
    assert ann["person.email"] == ann["membership.email"] == ("ann@x.example",)
    assert stranger["person.email"] is None
    assert stranger["membership.since"] is None
    assert ann["list.address"] == stranger["list.address"] == (mlist.address,)
    assert ann["message.subject"] is None


async def test_the_link_that_ends_a_subscription_is_told_in_mail_alone(world: World) -> None:
    mlist = await member(world)
    assert (await listed(world, mlist, "ann@x.example"))["unsubscribe_url"] is None


async def test_every_variable_that_is_listed_renders(world: World) -> None:
    mlist = await member(world)
    async with world.database.read() as reader:
        for name in await listed(world, mlist, "ann@x.example"):
            said = await preview(reader, world.person("carol@x.example"), mlist, f"<{{{{ {name} }}}}>")
            assert said.startswith("<")
            assert said != "<>" or name in ("person.name", "membership.attributes.NAME", "list.subject")


async def test_only_owners_try_templates_and_errors_name_the_line(world: World) -> None:
    mlist = await member(world)
    async with world.database.read() as reader:
        with pytest.raises(OwnersOnly):
            await preview(reader, world.person("ann@x.example"), mlist, "{{ person.name }}")
        with pytest.raises(TemplateUnreadable, match="in line 2, there is no variable"):
            await preview(reader, world.person("carol@x.example"), mlist, "a\n{{ person.nme }}")


async def test_a_preview_says_what_is_the_owners_own(world: World) -> None:
    mlist = await member(world)
    async with world.database.write() as uow:
        await memberships.add(
            uow,
            mlist.id,
            address="carol@x.example",
            address_key="carol@x.example",
            display_name="<Carol>",
            attributes={"room": "12 & 13"},
        )
        text = "{{ person.name }} {{ membership.attributes.room }} {{ unsubscribe_url }}"
        carol = world.person("carol@x.example")
        said = await preview(uow, carol, mlist, text)
        rich = await preview(uow, carol, mlist, text, is_html=True)
    assert said.startswith("<Carol> 12 & 13 https://")
    assert said.endswith("/u/TOKEN")
    assert rich.startswith("&lt;Carol&gt; 12 &amp; 13 ")
