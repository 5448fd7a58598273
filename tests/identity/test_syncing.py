"""What reading everybody from a provider renews, changes and takes back, and when it changes nothing at all."""

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from identity import ledger, syncing
from identity.auth_config import BadAuthConfig
from identity.people import find_by_address
from identity.provider import ProviderAway
from identity.sync_changes import Tally
from identity.syncing import CannotBeRead, ReadAlready, TooFew, TwoReaders, due, sync
from storage import attributes, roles, sync_runs
from storage.database import Database
from storage.query import Query
from storage.tables.mail import audit
from storage.tables.words import AddressSource, RoleKind, Strength
from tests.conftest import Clock
from tests.identity.papers import Mill, paper_installed
from tests.identity.world import Watched, World

FILE = """
[[provider]]
key = "mill"
kind = "paper"
label = "The mill"
vouches_for = ["mill.example"]
addresses_last = "30d"
sync_every = "12h"
{more}
[provider.settings]
everybody = '{everybody}'
"""
_EVENTS = Query(
    select(audit.c.event, audit.c.detail).order_by(audit.c.id), lambda event, detail: (event, detail)
)


def paper(name: str, *others: str, **more: Any) -> dict[str, Any]:
    addresses = [[f"{each}@mill.example", True] for each in (name, *others)]
    return {"subject": f"s-{name}", "addresses": addresses, "name": name, **more}


ANN, BEN = paper("ann", "a.liddell", attributes={"unit": ["library", "staff"]}), paper("ben")


class Papers(Mill):
    """A mill that can name everybody."""

    place: Path

    def say(self, *papers: object) -> None:
        """What it names from now on."""
        self.place.write_text("".join(json.dumps(each) + "\n" for each in papers))

    async def read(self, **how: Any) -> Tally:
        """Read it."""
        return await sync(self.world.db, self.robot, await self.entry(), **how)

    async def counting(self, name: str) -> list[str]:
        """The addresses of whoever has this one that count now."""
        async with self.world.db.read() as reader:
            person = await find_by_address(reader, f"{name}@mill.example", robot_id=self.robot.id)
            rows = (
                [] if person is None else await ledger.effective_addresses(reader, person.id, self.robot.id)
            )
            return sorted(row.address for row in rows)

    async def units(self, person_id: int) -> dict[str, list[str]]:
        """Somebody's attributes that hold now."""
        async with self.world.db.read() as reader:
            found = await attributes.live(reader, [person_id], self.robot.id)
        return {each.name: json.loads(each.values_json) for each in found}

    async def events(self, event: str) -> list[dict[str, Any]]:
        """What the audit says of one event."""
        async with self.world.db.read() as reader:
            return [json.loads(detail) for each, detail in await reader.all(_EVENTS) if each == event]


@pytest.fixture
async def mill(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Papers]:
    with paper_installed(tmp_path / "site", monkeypatch):
        made = Papers(world, world.robot)
        made.place = tmp_path / "everybody.jsonl"
        await made.set(FILE.format(everybody=made.place, more=""))
        yield made


async def test_what_holds_is_renewed_and_what_is_gone_from_an_entry_ends_at_once(
    mill: Papers, clock: Clock
) -> None:
    """Row 51. Pitfall 14."""
    person = (await mill.done(ANN)).person
    clock.advance(days=29)
    mill.say(ANN, paper("stranger"))
    assert await mill.read() == Tally(seen=2, renewed=1, strangers=1)
    clock.advance(days=29)
    assert await mill.counting("ann") == ["a.liddell@mill.example", "ann@mill.example"]
    assert await mill.units(person.id) == {"unit": ["library", "staff"]}
    mill.say(paper("ann", attributes={"unit": ["library"], "room": ["7"]}))
    assert await mill.read() == Tally(seen=1, changed=1)
    assert await mill.counting("ann") == ["ann@mill.example"]
    assert await mill.counting("a.liddell") == []
    assert await mill.units(person.id) == {"unit": ["library"], "room": ["7"]}
    mill.say(ANN)
    assert (await mill.read()).changed == 1
    assert await mill.counting("ann") == ["a.liddell@mill.example", "ann@mill.example"]
    assert (await mill.read()).renewed == 1


async def test_what_another_source_says_stays(mill: Papers) -> None:
    """Row 117: one source takes back its own word only."""
    person = (await mill.done(ANN)).person
    async with mill.world.db.write() as uow:
        await ledger.prove(
            uow, person.id, "a.liddell@mill.example", source=AddressSource.CHALLENGE, strength=Strength.MD5
        )
    mill.say(paper("ann"), BEN)
    await mill.read()
    assert await mill.counting("ann") == ["a.liddell@mill.example", "ann@mill.example"]


async def test_whoever_is_gone_loses_its_word_and_the_sessions_that_it_opened(mill: Papers) -> None:
    """Pitfall 13; the person and the ways in of other kinds stay."""
    ann, ben, carol = [await mill.done(each) for each in (ANN, BEN, paper("carol"))]
    async with mill.world.db.write() as uow:
        await ledger.prove(
            uow, ann.person.id, "ann@home.example", source=AddressSource.CHALLENGE, strength=Strength.MD5
        )
    by_mail = await mill.world.by_ticket("ann@home.example")
    mill.say(BEN, paper("carol"))
    assert await mill.read() == Tally(seen=2, renewed=2, removed=1, signed_out=1)
    assert await mill.counting("ann") == []
    assert await mill.units(ann.person.id) == {}
    assert await mill.world.who(ann.raw_token) is None
    assert await mill.world.who(by_mail.raw_token) is not None
    assert await mill.world.who(ben.raw_token) is not None
    assert await mill.world.who(carol.raw_token) is not None
    assert [each["provider"] for each in await mill.events("provider_account_gone")] == ["example.test:mill"]
    # Again, and nothing more happens.
    assert await mill.read() == Tally(seen=2, renewed=2)
    # Whoever comes back is who they were.
    mill.say(ANN, BEN, paper("carol"))
    assert await mill.read() == Tally(seen=3, renewed=2, changed=1)
    assert await mill.counting("ann") == [
        "a.liddell@mill.example",
        "ann@home.example",
        "ann@mill.example",
    ]


async def test_people_are_made_only_where_the_file_says_so_and_never_over_somebody_elses_address(
    mill: Papers,
) -> None:
    await mill.world.person("dora@mill.example")
    mill.say(
        ANN,
        BEN,
        paper("dora"),
        paper("nobody", addresses=[]),
        paper("x", addresses=[["x@else.example", True]]),
    )
    assert await mill.read() == Tally(seen=5, strangers=5)
    await mill.set(FILE.format(everybody=mill.place, more="creates_people = true"))
    assert await mill.read() == Tally(seen=5, created=2, strangers=3)
    assert await mill.counting("ann") == ["a.liddell@mill.example", "ann@mill.example"]
    assert await mill.read() == Tally(seen=5, renewed=2, strangers=3)


async def test_an_address_of_somebody_else_is_a_conflict_and_stays_theirs(mill: Papers) -> None:
    """Row 103."""
    await mill.done(ANN)
    ben = (await mill.done(BEN)).person
    mill.say(ANN, paper("ben", "ann"))
    assert await mill.read() == Tally(seen=2, renewed=1, changed=1, conflicts=1)
    async with mill.world.db.read() as reader:
        holder = await find_by_address(reader, "ann@mill.example", robot_id=mill.robot.id)
    assert holder is not None
    assert holder.id != ben.id


async def test_a_dry_run_counts_and_changes_nothing(mill: Papers) -> None:
    ann = await mill.done(ANN)
    await mill.done(BEN)
    await mill.done(paper("carol"))
    mill.say(paper("ben", "b"), paper("carol"))
    heard: list[tuple[str, int, int | None]] = []
    tally = await mill.read(is_dry=True, progress=lambda *each: heard.append(each))
    assert tally == Tally(seen=2, renewed=1, changed=1, removed=1, signed_out=1)
    assert heard[-1] == ("writing", 2, 2)
    assert await mill.world.who(ann.raw_token) is not None
    assert await mill.counting("ann") == ["a.liddell@mill.example", "ann@mill.example"]
    assert await mill.counting("ben") == ["ben@mill.example"]
    assert await mill.events("directory_synced") == []
    async with mill.world.db.read() as reader:
        assert await sync_runs.find_many(reader, ["example.test:mill"]) == []


@pytest.mark.parametrize("left", [[], [paper("p0")]])
async def test_a_directory_that_suddenly_names_almost_nobody_changes_nothing_and_says_so_once(
    mill: Papers, left: Sequence[object], clock: Clock
) -> None:
    """Pitfall 13, turned round: nobody is shut out by a fault."""
    async with mill.world.db.write() as uow:
        await roles.add(
            uow,
            robot_id=mill.robot.id,
            list_id=None,
            kind=RoleKind.LISTMASTER,
            address="boss@example.test",
            address_key="boss@example.test",
        )
    people = [paper(f"p{number}") for number in range(4)]
    for each in people:
        await mill.done(each)
    mill.say(*people)
    assert (await mill.read()).renewed == 4
    mill.say(*left)
    for _ in range(2):
        with pytest.raises(TooFew):
            await mill.read()
    assert await mill.counting("p3") == ["p3@mill.example"]
    told = [
        each
        for each in await mill.world.mails("boss@example.test")
        if "fewer people" in each.text or "named" in each.text
    ]
    assert len(told) == 1
    assert "provider sync example.test mill --believe" in told[0].text
    assert [each["expected"] for each in await mill.events("sync_refused")] == [4, 4]
    # It holds as long as it would have without the sync, and the operator may say that it is so.
    tally = await mill.read(is_believed=True)
    assert tally.removed == 4 - len(left)
    assert await mill.counting("p3") == []
    assert await mill.read() == Tally(seen=len(left), renewed=len(left))


async def test_before_anything_was_read_it_is_the_accounts_that_are_compared(mill: Papers) -> None:
    for number in range(3):
        await mill.done(paper(f"p{number}"))
    mill.say(paper("p0"))
    with pytest.raises(TooFew):
        await mill.read()


async def test_half_of_a_file_is_no_file(mill: Papers, clock: Clock) -> None:
    """A directory that goes away in the middle changes nothing, and is tried again a quarter of an hour later."""
    ann = await mill.done(ANN)
    await mill.done(BEN)
    mill.say(paper("ben", "b"), "away")
    with pytest.raises(ProviderAway):
        await mill.read()
    assert await mill.counting("ben") == ["ben@mill.example"]
    assert await mill.world.who(ann.raw_token) is not None
    assert await _due(mill) == []
    clock.advance(seconds=15 * 60)
    assert await _due(mill) == ["mill"]
    async with mill.world.db.read() as reader:
        run = (await sync_runs.find_many(reader, ["example.test:mill"]))[0]
    assert (run.outcome, run.detail, run.believed) == ("failed", "the mill burnt down", None)


async def _due(mill: Papers) -> list[str]:
    async with mill.world.db.read() as reader:
        return [entry.key for _, entry in await due(reader)]


async def test_it_is_due_as_often_as_the_file_says(mill: Papers, clock: Clock) -> None:
    mill.say()
    assert await _due(mill) == ["mill"]
    await mill.read()
    assert await _due(mill) == []
    clock.advance(hours=12)
    assert await _due(mill) == ["mill"]
    await mill.set(FILE.format(everybody=mill.place, more="").replace('sync_every = "12h"', ""))
    assert await _due(mill) == []


async def test_one_reads_at_a_time_and_whoever_died_is_followed(
    mill: Papers, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await mill.done(ANN)
    await mill.done(BEN)
    mill.say(ANN, BEN)
    entry = await mill.entry()
    async with mill.world.db.write() as uow:
        first = await sync_runs.take(
            uow, entry.ref, mill.robot.id, worker="a", leased_until=uow.now + 60_000_000
        )
    assert first is not None
    with pytest.raises(ReadAlready):
        await mill.read()
    assert await _due(mill) == []
    clock.advance(seconds=61)
    assert await _due(mill) == ["mill"]
    assert (await mill.read()).renewed == 2
    async with mill.world.db.write() as uow:
        # The first one wakes up late: its fence is old.
        assert not await sync_runs.keep(uow, first, uow.now + 1)
        assert not await sync_runs.end(uow, first, outcome="done", seen=0, believed=0, detail="")
    assert await mill.world.who(ann.raw_token) is not None


async def test_what_was_taken_over_in_the_middle_writes_no_more(
    mill: Papers, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "CHUNK", 1)
    for each in (ANN, BEN):
        await mill.done(each)
    mill.say(paper("ann", "new"), paper("ben", "newer"))

    async def take_over(db: Database) -> None:
        clock.advance(hours=1)
        async with db.write() as uow:
            assert await sync_runs.take(uow, "example.test:mill", None, worker="b", leased_until=uow.now + 9)

    # The third transaction is the second piece's.
    watched = Watched(mill.world.db, before_write={3: take_over})
    with pytest.raises(ReadAlready):
        await sync(watched, mill.robot, await mill.entry())
    assert await mill.counting("ann") == ["ann@mill.example", "new@mill.example"]
    assert await mill.counting("ben") == ["ben@mill.example"]
    async with mill.world.db.read() as reader:
        run = (await sync_runs.find_many(reader, ["example.test:mill"]))[0]
    assert (run.worker, run.outcome) == ("b", "")


async def test_a_crash_in_the_middle_is_repaired_by_the_next_run(
    mill: Papers, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "CHUNK", 2)
    people = [paper(f"p{number}", attributes={"n": [str(number)]}) for number in range(6)]
    for each in people:
        await mill.done(each)
    mill.say(*(paper(f"p{number}", f"q{number}") for number in range(5)))

    class PowerCut(BaseException):
        """Nobody catches it."""

    def progress(what: str, count: int, total: int | None) -> None:
        if what == "writing" and count == 2:
            raise PowerCut

    with pytest.raises(PowerCut):
        await mill.read(progress=progress)
    assert await mill.counting("p0") == ["p0@mill.example", "q0@mill.example"]
    assert await mill.counting("p3") == ["p3@mill.example"]
    with pytest.raises(ReadAlready):
        await mill.read()
    clock.advance(hours=1)
    assert await mill.read() == Tally(seen=5, renewed=2, changed=3, removed=1, signed_out=1)
    assert await mill.counting("p3") == ["p3@mill.example", "q3@mill.example"]
    assert await mill.counting("p5") == []


async def test_a_person_with_two_accounts_there_keeps_what_the_other_one_says(mill: Papers) -> None:
    first = await mill.done(ANN)
    visitor = mill.visitor(session=first.session)
    state = await mill.begin(visitor, linking_session=first.session)
    form = await mill.come_back(state, paper("ann2"), visitor)
    await mill.step(form.attempt_id, visitor)  # type: ignore[union-attr]
    mill.say(paper("ann2"))
    await mill.read()
    assert await mill.counting("ann2") == ["ann2@mill.example"]


async def test_two_providers_that_are_read_under_one_issuer_are_refused(mill: Papers) -> None:
    text = FILE.format(everybody=mill.place, more="")
    await mill.set(text + text.replace('key = "mill"', 'key = "other"'))
    mill.say(ANN)
    with pytest.raises(TwoReaders):
        await mill.read()
    await mill.set(text + text.replace('key = "mill"', 'key = "other"').replace('sync_every = "12h"', ""))
    assert (await mill.read()).seen == 1


async def test_a_provider_without_a_list_of_people_cannot_be_read(mill: Papers) -> None:
    await mill.set('[[provider]]\nkey = "ticket"\nkind = "ticket"\n')
    with pytest.raises(CannotBeRead):
        await sync(mill.world.db, mill.robot, await mill.entry("ticket"))


async def test_a_file_cannot_have_something_read_that_names_nobody(mill: Papers) -> None:
    with pytest.raises(BadAuthConfig, match="cannot name everybody"):
        await mill.set('[[provider]]\nkey = "ticket"\nkind = "ticket"\nsync_every = "1h"\n')


@pytest.mark.parametrize("more", ["sync_least = 1.5", "sync_least = -1"])
async def test_a_part_of_those_who_were_there_is_between_none_and_all(mill: Papers, more: str) -> None:
    with pytest.raises(BadAuthConfig):
        await mill.set(FILE.format(everybody=mill.place, more=more))
