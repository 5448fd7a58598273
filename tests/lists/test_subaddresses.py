"""user+topic is user where the domain is known to say so, and nowhere else (row 115)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.reception import receive
from identity.actor import operator
from identity.entrance import actor_for_mail
from identity.ledger import prove
from identity.people import create_person
from lists.authorize import authorize, authorize_many
from lists.robot_settings import update_robot
from lists.settings import BadSetting
from lists.subaddresses import Subaddresses, read_domains, subaddresses_of
from storage import memberships, moderation
from storage.tables.lists import MailingList
from storage.tables.words import AddressSource, ModerationKind, RoleKind, Strength
from tests.lists.world import CountingReader, World

RECOGNISED = [
    ("u+x@gmail.com", "u@gmail.com", True),
    ("u@gmail.com", "u+x@gmail.com", True),
    ("u+x@gmail.com", "u+y@gmail.com", True),
    ("u+x@gmail.com", "v+x@gmail.com", False),
    ("a+b@unknown.example", "a@unknown.example", False),
    ("a@unknown.example", "a+b@unknown.example", False),
    ("u-x@gmail.com", "u@gmail.com", False),
    ("+x@gmail.com", "+y@gmail.com", False),
    ("u+x@gmail.com", "u@gmail.com.evil.example", False),
    ("u-x@dash.example", "u@dash.example", True),
    ("u@dash.example", "u-x@dash.example", True),
    ("u-x@dash.example", "u-y@dash.example", True),
    ("u+x@dash.example", "u@dash.example", False),
    ("u_-x@dash.example", "ua@dash.example", False),
    ("u%x@percent.example", "u@percent.example", True),
]


async def tune(world: World, **settings: object) -> None:
    async with world.database.write() as uow:
        world.home = await update_robot(uow, operator(world.home), world.home, settings)


async def allowed(world: World, mlist: MailingList, address: str, operation: str = "review") -> bool:
    async with world.database.read() as reader:
        actor = world.person(address)
        one = await authorize(reader, actor, operation, mlist=mlist)
        many = await authorize_many(reader, actor, operation, [mlist])
    assert many[mlist.id].action == one.action
    return one.action == "do_it"


@pytest.mark.parametrize(("subscribed", "asking", "is_one"), RECOGNISED)
async def test_row_115_tags_are_recognised_where_the_domain_is_known(
    world: World, subscribed: str, asking: str, *, is_one: bool
) -> None:
    """Pitfall 10."""
    await tune(world, subaddress_domains="dash.example=- percent.example=%")
    mlist = await world.make("info", review="private")
    await world.put(mlist, subscribed)
    assert await allowed(world, mlist, asking) is is_one


async def test_row_115_offices_are_recognised_too(world: World) -> None:
    mlist = await world.make("info", review="owner")
    await world.office(mlist, "boss+lists@gmail.com", RoleKind.OWNER)
    assert await allowed(world, mlist, "boss@gmail.com")
    assert not await allowed(world, mlist, "bos@gmail.com")


async def test_row_115_what_is_stored_stays_as_it_was_written(world: World) -> None:
    mlist = await world.make("info", review="private")
    await world.put(mlist, "u+x@gmail.com", "u+y@gmail.com")
    assert await allowed(world, mlist, "u@gmail.com")
    async with world.database.read() as reader:
        found = [each.address async for each in memberships.whole_list(reader, mlist.id)]
    assert found == ["u+x@gmail.com", "u+y@gmail.com"]


async def test_row_115_it_is_still_one_statement(world: World) -> None:
    await tune(world, subaddress_domains="dash.example=-")
    mlist = await world.make("info", review="private")
    await world.put(mlist, "u29-tag@dash.example")
    many = [f"u{n}@dash.example" for n in range(15)] + [f"u{n}@gmail.com" for n in range(16)]
    async with world.database.read() as reader:
        counting = CountingReader(reader)
        decision = await authorize(counting, world.person(*many, "u29@dash.example"), "review", mlist=mlist)
    assert (decision.action, decision.element) == ("do_it", "u29@dash.example")
    assert counting.about("memberships") == 1


async def test_row_115_a_mail_from_a_tag_is_a_mail_from_the_person(world: World) -> None:
    """Pitfall 10."""
    mlist = await world.make("info", send="private")
    await world.put(mlist, "ann@home.example")
    async with world.database.write() as uow:
        person = await create_person(uow, "ann@gmail.com", proved=True)
        await prove(uow, person.id, "ann@home.example", source=AddressSource.CHALLENGE, strength=Strength.MD5)
        await create_person(uow, "bob@unknown.example", proved=True)
    table = subaddresses_of(world.home)
    async with world.database.read() as reader:
        found = []
        for author in ("ann+lists@gmail.com", "eve+lists@gmail.com", "bob+x@unknown.example"):
            actor = await actor_for_mail(
                reader, world.home, author, Strength.SMTP, mailbox=table.mailbox(author)
            )
            decision = await authorize(reader, actor, "send", mlist=mlist)
            found.append((actor.sender, actor.person is not None, decision.action, decision.method))
    assert found == [
        ("ann+lists@gmail.com", True, "do_it", "smtp"),
        ("eve+lists@gmail.com", False, "reject", "smtp"),
        ("bob+x@unknown.example", False, "reject", "smtp"),
    ]


async def test_row_65_no_tag_evades_the_moderator(world: World) -> None:
    """Pitfall 10."""
    mlist = await world.make("info", send="private")
    await world.put(mlist, "ann+lists@gmail.com")
    async with world.database.write() as uow:
        own = await memberships.find(uow, mlist.id, "ann+lists@gmail.com")
        assert own is not None
        await memberships.change(uow, replace(own, is_moderated=True))
    for place, author in enumerate(("ann+lists@gmail.com", "ann@gmail.com", "ann+other@gmail.com")):
        raw = f"From: {author}\r\nTo: {mlist.address}\r\nMessage-ID: <{place}@x>\r\n\r\nhi\r\n"
        assert (await receive(world.database, author, mlist.address, raw.encode())).code == 250
    async with world.database.read() as reader:
        assert await moderation.count(reader, mlist.id, kinds=(ModerationKind.MESSAGE,)) == 3


async def test_a_robot_may_switch_the_known_domains_off(world: World) -> None:
    """Pitfall 10."""
    mlist = await world.make("info", review="private")
    await world.put(mlist, "u+x@gmail.com", "u+x@icloud.com")
    await tune(world, subaddress_domains="gmail.com=off")
    assert not await allowed(world, mlist, "u@gmail.com")
    assert await allowed(world, mlist, "u@icloud.com")
    await tune(world, subaddress_domains="off, univ.example=+")
    assert not await allowed(world, mlist, "u@icloud.com")
    assert subaddresses_of(world.home).domains == {"univ.example": "+"}


async def test_a_dot_or_a_word_separates_nothing(world: World) -> None:
    for wrong in ("univ.example=.", "univ.example=++", "univ.example", "no domain=+", "univ.example=x"):
        with pytest.raises(BadSetting):
            await tune(world, subaddress_domains=wrong)


def test_the_setting_has_one_normal_form() -> None:
    assert read_domains("Univ.Example=+,  off , a.example=OFF") == "off a.example=off univ.example=+"


LOCAL = st.text(alphabet="ab+-%._!", min_size=1, max_size=12)


@given(LOCAL, st.sampled_from(["plus.example", "dash.example", "unknown.example"]))
def test_recognising_twice_is_recognising_once(local: str, domain: str) -> None:
    table = Subaddresses({"plus.example": "+", "dash.example": "-"})
    once = table.mailbox(f"{local}@{domain}")
    assert table.mailbox(once) == once
    assert once.endswith(f"@{domain}")
