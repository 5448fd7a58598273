"""Texts of one's own: who may write them where, what is checked first, what is kept, and what is never overwritten unseen."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from identity.actor import Actor, operator
from identity.refusal import Refused
from lists import scenario_texts as texts
from lists.authorize import authorize
from lists.offices import ListmastersOnly, OwnersOnly, TokenTooNarrow
from lists.robots import OperatorOnly
from lists.scenario_places import NoSuchOperation, NotWrittenHere, Place, SurerSignIn
from lists.scenario_texts import BadScenario, BadScenarioName, NoSuchText, StillUsed, TextChanged
from mail.instant import HOUR
from scenarios.grammar import hash_of
from storage.query import Query
from storage.tables.access import Session
from storage.tables.lists import MailingList
from storage.tables.mail import audit
from storage.tables.words import SignInMethod, Strength, TokenScope
from tests.lists.world import World

OPEN = "title Everybody\ntrue() smtp,dkim,md5,smime -> do_it\n"
SHUT = "title Nobody\ntrue() smtp,dkim,md5,smime -> reject(reason='send_closed')\n"
OWNER = "owner@a.example"

_DETAILS: Query[tuple[str, str]] = Query(
    select(audit.c.event, audit.c.detail)
    .where(audit.c.event.in_(["scenario_written", "scenario_removed"]))
    .order_by(audit.c.id),
    lambda *row: row,
)


def session(world: World, *, method: SignInMethod = SignInMethod.PASSWORD, hours_ago: int = 0) -> Session:
    """A session of the world's person."""
    now = world.database.site.clock() - hours_ago * HOUR
    given: dict[str, Any] = {
        "id": 1,
        "person_id": world.somebody.id,
        "robot_id": world.home.id,
        "method": method,
        "strength": Strength.MD5,
        "needs_password_change": False,
    }
    names = Session.__dataclass_fields__
    return Session(**{name: given.get(name, now if name.endswith("_at") else "") for name in names})


def signed_in(world: World, address: str, **about: Any) -> Actor:
    """Somebody in a session of their own."""
    return replace(world.person(address), session=session(world, **about))


async def owned(world: World, **settings: object) -> MailingList:
    """A list with its owner."""
    mlist = await world.make("talk", **settings)
    await world.office(mlist, OWNER)
    return mlist


async def write(world: World, actor: Actor, place: Place, text: str = OPEN, **more: Any) -> texts.Written:
    """Write `send.house` there."""
    given = {"operation": "send", "name": "house", "expected": None, **more}
    async with world.database.write() as uow:
        return await texts.write(uow, actor, place, text=text, **given)


async def test_an_owner_writes_a_text_and_the_next_post_is_decided_by_it(world: World) -> None:
    mlist = await owned(world)
    place = Place(world.home, mlist)
    written = await write(world, signed_in(world, OWNER), place, name="private")
    assert written.text_hash == hash_of(OPEN)
    assert {(each.role, each.effect) for each in written.effect.here} >= {("stranger", "gains")}
    async with world.database.read() as reader:
        decision = await authorize(reader, world.nobody(), "send", mlist=mlist)
        [(event, detail)] = await reader.all(_DETAILS)
    assert decision.action == "do_it"
    assert event == "scenario_written"
    assert orjson.loads(detail) == {
        "operation": "send",
        "name": "private",
        "before": None,
        "after": hash_of(OPEN),
    }


async def test_only_those_who_run_a_place_write_there(world: World) -> None:
    mlist = await owned(world)
    await world.listmaster(world.home, "lena@a.example")
    lena, owner, guest = (signed_in(world, who) for who in ("lena@a.example", OWNER, "guest@a.example"))
    here, robot, site = Place(world.home, mlist), Place(world.home), Place()
    for actor, place, refusal in (
        (guest, here, OwnersOnly),
        (owner, robot, ListmastersOnly),
        (lena, Place(world.other), ListmastersOnly),
        (lena, site, OperatorOnly),
    ):
        with pytest.raises(refusal):
            await write(world, actor, place)
    for actor, place in ((owner, here), (lena, robot), (operator(world.home), site)):
        assert (await write(world, actor, place)).row is not None


@pytest.mark.parametrize(
    ("about", "code"),
    [
        ({"method": SignInMethod.TICKET}, "REAUTHENTICATION_REQUIRED"),
        ({"hours_ago": 13}, "REAUTHENTICATION_REQUIRED"),
    ],
)
async def test_a_mailed_code_or_an_old_sign_in_is_not_enough(world: World, about: Any, code: str) -> None:
    """Pitfall 54."""
    mlist = await owned(world)
    with pytest.raises(Refused) as refused:
        await write(world, signed_in(world, OWNER, **about), Place(world.home, mlist))
    assert refused.value.code == code
    assert SurerSignIn.code == code


async def test_a_token_needs_the_scope_to_administrate(world: World) -> None:
    mlist = await owned(world)
    for scopes in (frozenset({TokenScope.OWN}), frozenset({TokenScope.READ})):
        with pytest.raises(TokenTooNarrow):
            await write(world, world.person(OWNER, scopes=scopes), Place(world.home, mlist))


async def test_filters_that_reach_other_servers_are_the_operators(world: World) -> None:
    mlist = await owned(world)
    place, owner = Place(world.home, mlist), signed_in(world, OWNER)
    directory = "host ldap.example\nsuffix dc=example\nfilter (mail=[sender])\n"
    with pytest.raises(OperatorOnly):
        await write(world, owner, place, directory, operation="search", name="staff.ldap")
    assert (await write(world, owner, place, "*@a.example\n", operation="search", name="vip.txt")).row
    assert (
        await write(world, operator(world.home), place, directory, operation="search", name="staff.ldap")
    ).row
    with pytest.raises(BadScenario, match="host"):
        await write(world, operator(world.home), place, "suffix x", operation="search", name="other.ldap")


async def test_common_rules_of_a_list_are_its_listmasters_since_they_hide_the_domains(world: World) -> None:
    mlist = await owned(world)
    await world.listmaster(world.home, "lena@a.example")
    place, given = Place(world.home, mlist), {"operation": "include", "name": "send.header"}
    with pytest.raises(ListmastersOnly):
        await write(world, signed_in(world, OWNER), place, **given)
    assert (await write(world, signed_in(world, "lena@a.example"), place, **given)).row is not None


async def test_a_malformed_text_changes_nothing_and_says_where(world: World) -> None:
    mlist = await owned(world)
    with pytest.raises(BadScenario) as refused:
        await write(world, operator(world.home), Place(world.home, mlist), "title x\n\nfoo() smtp -> do_it")
    assert (refused.value.line, refused.value.column) == (3, 1)
    assert "line 3, column 1" in refused.value.message
    with pytest.raises(BadScenario, match=r"no include\.house"):
        await write(world, operator(world.home), Place(world.home, mlist), "include house\n")
    async with world.database.read() as reader:
        assert await texts.every(reader, operator(world.home), Place(world.home, mlist), own_only=True) == []
        assert await reader.all(_DETAILS) == []


@pytest.mark.parametrize("name", ["", "a b", "../x", "x/y", ".x", "x.", "a" * 81, "dömains", "x(y)"])
async def test_a_name_is_plain(world: World, name: str) -> None:
    with pytest.raises(BadScenarioName):
        await write(world, operator(world.home), Place(), name=name)


async def test_an_operation_is_one_of_those_that_the_place_decides(world: World) -> None:
    mlist = await owned(world)
    with pytest.raises(NoSuchOperation):
        await write(world, operator(world.home), Place(), operation="sned")
    with pytest.raises(NotWrittenHere):
        await write(world, operator(world.home), Place(world.home, mlist), operation="create_list")
    older = await write(world, operator(world.home), Place(), operation="web_archive.access")
    assert older.operation == "archive_web_access"


async def test_nothing_is_overwritten_unseen(world: World) -> None:
    actor, place = operator(world.home), Place(world.home)
    first = await write(world, actor, place)
    for expected in (None, hash_of("something else")):
        with pytest.raises(TextChanged):
            await write(world, actor, place, SHUT, expected=expected)
    second = await write(world, actor, place, SHUT, expected=first.text_hash)
    assert second.before == first.text_hash
    again = await write(world, actor, place, SHUT, expected=second.text_hash)
    assert again.before == again.text_hash
    async with world.database.read() as reader:
        assert len(await reader.all(_DETAILS)) == 2
    with pytest.raises(TextChanged):
        await write(world, actor, place, expected=first.text_hash)


async def test_a_dry_run_tells_all_and_keeps_nothing(world: World) -> None:
    place = Place(world.home)
    told = await write(world, operator(world.home), place, SHUT, name="public", is_dry=True)
    assert told.row is None
    assert {each.effect for each in told.effect.here} == {"loses"}
    async with world.database.read() as reader:
        assert await texts.every(reader, operator(world.home), place, own_only=True) == []


async def test_a_name_that_nobody_lives_by_changes_nothing_for_anybody_yet(world: World) -> None:
    written = await write(world, operator(world.home), Place(world.home))
    assert written.effect.here == ()
    assert written.effect.table


async def test_the_nearest_text_is_shown_and_what_lies_behind_it_after_removal(world: World) -> None:
    mlist = await owned(world, send="private")
    here, robot, actor = Place(world.home, mlist), Place(world.home), operator(world.home)
    await write(world, actor, robot, SHUT, name="private")
    await write(world, actor, here, OPEN, name="private")
    async with world.database.write() as uow:
        assert (await texts.show(uow, actor, here, "send", "private")).origin == "list"
        assert (await texts.show(uow, actor, robot, "send", "private")).origin == "robot"
        assert (await texts.show(uow, actor, Place(), "send", "private")).origin == "shipped"
        gone = await texts.remove(uow, actor, here, "send", "private", expected=hash_of(OPEN))
        assert ("stranger", "loses") in {(each.role, each.effect) for each in gone.effect.here}
        assert (await texts.show(uow, actor, here, "send", "private")).text == SHUT
        with pytest.raises(NoSuchText):
            await texts.remove(uow, actor, here, "send", "private", expected=None)


async def test_a_text_that_something_lives_by_is_not_taken_away(world: World) -> None:
    actor, place = operator(world.home), Place(world.home)
    await write(world, actor, place)
    await write(world, actor, place, "true() smtp -> reject\n", operation="include", name="tail")
    await write(world, actor, place, "title x\ninclude tail\n", name="other")
    mlist = await world.make("talk", send="house")
    async with world.database.write() as uow:
        for operation, name in (("send", "house"), ("include", "tail")):
            with pytest.raises(StillUsed):
                await texts.remove(uow, actor, place, operation, name, expected=None)
        await texts.remove(uow, actor, place, "send", "other", expected=None)
        await texts.remove(uow, actor, place, "include", "tail", expected=None)
    await write(world, actor, Place(world.home, mlist), SHUT)
    async with world.database.write() as uow:
        away = await texts.remove(uow, actor, Place(world.home, mlist), "send", "house", expected=None)
    assert away.text_hash == hash_of(OPEN)


async def test_a_header_of_common_rules_governs_at_once(world: World) -> None:
    mlist = await owned(world, send="public")
    rule = "equal([sender],'nobody') smtp,dkim,md5,smime -> reject(reason='send_closed')\n"
    await write(world, operator(world.home), Place(world.home), rule, operation="include", name="send.header")
    async with world.database.read() as reader:
        decision = await authorize(reader, world.nobody(), "send", mlist=mlist)
    assert (decision.action, decision.origin) == ("reject", "include.send.header")


async def test_what_somebody_wrote_is_read_by_those_who_run_the_place(world: World) -> None:
    mlist = await owned(world)
    await write(world, operator(world.home), Place(world.home, mlist))
    async with world.database.read() as reader:
        for act in (texts.every(reader, world.person("x@a.example"), Place(world.home, mlist)),):
            with pytest.raises(OwnersOnly):
                await act
        found = await texts.every(reader, world.person(OWNER), Place(world.home, mlist), operation="send")
        assert ("house", "list") in {(each.name, each.origin) for each in found}
        assert ("private", "shipped") in {(each.name, each.origin) for each in found}
