"""A list says which of a person's addresses count there, for each kind of operation (row 106)."""

import pytest

from identity.actor import operator
from lists import mailing_lists, offices, options, roles
from lists.alternates import Kind, read_policy, rule_for
from lists.authorize import authorize
from lists.mailing_lists import FoundersOnly
from lists.offices import OwnersOnly
from lists.options import NotYourAddress
from storage import memberships
from storage.tables.lists import MailingList
from storage.tables.words import ListStatus, ModerationKind, RoleKind, Strength
from tests.lists.world import World

OPERATIONS = {"send": "private", "review": "private", "archive_web_access": "private", "add": "owner"}


async def listed(world: World, policy: str) -> MailingList:
    """A list that ann is on, owns and moderates under her home address."""
    mlist = await world.make("info", alt_email_policy=policy, **OPERATIONS)
    await world.put(mlist, "ann@home.example")
    for kind in (RoleKind.OWNER, RoleKind.EDITOR):
        await world.office(mlist, "ann@home.example", kind)
    return mlist


async def open_to_an_alternate(world: World, policy: str, **how: object) -> set[str]:
    mlist = await listed(world, policy)
    actor = world.person("ann@x.example", "ann@home.example", **how)  # type: ignore[arg-type]
    async with world.database.read() as reader:
        found = {
            operation
            for operation in OPERATIONS
            if (await authorize(reader, actor, operation, mlist=mlist)).action == "do_it"
        }
        if await offices.is_owner(reader, actor, mlist):
            found.add("own")
        if await offices.may_decide(reader, actor, mlist, ModerationKind.MESSAGE):
            found.add("moderate")
        assert await offices.may_decide(reader, actor, mlist, ModerationKind.SUBSCRIBE) is ("own" in found)
    return found


EVERYTHING = {*OPERATIONS, "own", "moderate"}


@pytest.mark.parametrize(
    ("policy", "closed"),
    [
        ("ANY", set()),
        ("MAIN_ONLY", EVERYTHING),
        ("own:MAIN_ONLY", {"add", "own"}),
        ("moderate:MAIN_ONLY", {"moderate"}),
        ("post:MAIN_ONLY", {"send"}),
        ("read:MAIN_ONLY", {"review", "archive_web_access"}),
        ("MAIN_ONLY,post:ANY", EVERYTHING - {"send"}),
        ("STRENGTH(md5)", set()),
        ("STRENGTH(smime)", EVERYTHING),
        ("own:STRENGTH(smime)", {"add", "own"}),
    ],
)
async def test_row_106_alternates_are_refused_only_where_the_list_says_so(
    world: World, policy: str, closed: set[str]
) -> None:
    assert await open_to_an_alternate(world, policy) == EVERYTHING - closed


async def test_row_106_the_main_address_is_never_refused(world: World) -> None:
    mlist = await listed(world, "MAIN_ONLY")
    actor = world.person("ann@home.example", "ann@x.example")
    async with world.database.read() as reader:
        assert await offices.is_owner(reader, actor, mlist)
        assert (await authorize(reader, actor, "send", mlist=mlist)).action == "do_it"


async def test_a_strong_link_does_not_help_a_weak_request(world: World) -> None:
    mail = {"via": "mail", "strength": Strength.SMTP, "link": "smime"}
    assert "send" not in await open_to_an_alternate(world, "post:STRENGTH(md5)", **mail)


async def test_a_weak_link_does_not_get_through_a_strong_request(world: World) -> None:
    assert "send" not in await open_to_an_alternate(
        world, "post:STRENGTH(md5)", strength=Strength.SMIME, link="smtp"
    )


async def test_attack_an_owner_under_an_alternate_cannot_lift_the_policy_that_stops_them(
    world: World,
) -> None:
    mlist = await listed(world, "own:MAIN_ONLY")
    thief = world.person("ann@x.example", "ann@home.example")
    with pytest.raises(OwnersOnly):
        async with world.database.write() as uow:
            await mailing_lists.update_settings(uow, thief, mlist, {"alt_email_policy": "ANY"})


async def test_row_106_move_and_close_are_refused_to_an_alternate_and_nothing_else_is(world: World) -> None:
    mlist = await listed(world, "membership:MAIN_ONLY,own:MAIN_ONLY")
    async with world.database.write() as uow:
        await roles.grant(uow, operator(world.home), mlist, "ann@home.example", RoleKind.PRIVILEGED_OWNER)
        own = await memberships.find(uow, mlist.id, "ann@home.example")
    assert own is not None
    alternate = world.person("ann@x.example", "ann@home.example")
    with pytest.raises(NotYourAddress):
        async with world.database.write() as uow:
            await options.update(uow, alternate, own, address="ann@x.example")
    with pytest.raises(FoundersOnly):
        async with world.database.write() as uow:
            await mailing_lists.close_list(uow, alternate, mlist)
    async with world.database.read() as reader:
        assert (await authorize(reader, alternate, "send", mlist=mlist)).action == "do_it"
    main = world.person("ann@home.example", "ann@x.example")
    async with world.database.write() as uow:
        moved = await options.update(uow, main, own, address="ann@x.example")
        closed = await mailing_lists.close_list(uow, main, mlist)
    assert (moved.address, closed.status) == ("ann@x.example", ListStatus.CLOSED)


async def test_the_operator_is_asked_for_no_address(world: World) -> None:
    mlist = await listed(world, "MAIN_ONLY")
    async with world.database.read() as reader:
        assert await offices.is_owner(reader, operator(world.home), mlist)


def test_a_policy_that_nobody_can_read_lets_no_alternate_count() -> None:
    assert rule_for("whatever", Kind.READ) == "MAIN_ONLY"


def test_a_policy_has_one_normal_form() -> None:
    assert read_policy(" post : strength( >= DKIM ) , main_only ") == "MAIN_ONLY,post:STRENGTH(dkim)"
    assert read_policy("own:ANY,read:ANY") == "ANY"
