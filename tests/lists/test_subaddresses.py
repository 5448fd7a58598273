"""user+topic is user where the domain is known to say so, and nowhere else (row 115)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.actor import operator
from lists.authorize import authorize, authorize_many
from lists.robot_settings import update_robot
from lists.settings import BadSetting
from lists.subaddresses import Subaddresses, read_domains, subaddresses_of
from storage import memberships
from storage.tables.lists import MailingList
from storage.tables.words import RoleKind
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


async def test_a_robot_may_switch_the_known_domains_off(world: World) -> None:
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
