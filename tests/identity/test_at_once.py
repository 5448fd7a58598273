"""Two who come at the same instant: one of them is first, nobody waits for ever, and nothing is there twice."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

from identity import linked
from identity.ledger import LastWayIn
from identity.linking import LinkedElsewhere
from identity.refusal import Refused
from identity.steps import Code, Done
from storage import identities
from tests.identity.papers import FILE, Mill


async def at_once(*work: Awaitable[Any]) -> list[Any]:
    """What came of each; whatever is no refusal breaks the test."""
    found = await asyncio.gather(*work, return_exceptions=True)
    broken = [each for each in found if isinstance(each, BaseException) and not isinstance(each, Refused)]
    assert not broken, broken
    return found


async def come_back_at_once(mill: Mill, papers: Sequence[Mapping[str, Any]]) -> list[Any]:
    visitors = [mill.visitor(f"browser {number}") for number in range(len(papers))]
    states = [await mill.begin(visitor) for visitor in visitors]
    return await at_once(*map(mill.come_back, states, papers, visitors))


async def test_of_many_first_sign_ins_of_one_account_one_makes_the_person(mill: Mill) -> None:
    paper = {"subject": "s", "addresses": [["a@mill.example", True]], "attributes": {"groups": ["x"]}}
    outcomes = await come_back_at_once(mill, [paper] * 6)
    assert len({each.person.id for each in outcomes if isinstance(each, Done)}) == 1


async def test_one_address_of_two_accounts_is_the_first_ones(mill: Mill) -> None:
    papers = [{"subject": f"s{n}", "addresses": [["a@mill.example", True]]} for n in range(4)]
    outcomes = await come_back_at_once(mill, papers)
    assert sum(isinstance(each, Done) for each in outcomes) == 1
    assert sum(isinstance(each, Code) for each in outcomes) == 3


async def test_addresses_in_opposite_orders_hold_nobody_up(mill: Mill) -> None:
    """On PostgreSQL two transactions would each wait for what the other has."""
    shared = [[f"x{n}@mill.example", True] for n in range(10)]
    papers = [
        {"subject": f"s{n}", "addresses": [[f"own{n}@mill.example", True], *shared[:: 1 if n % 2 else -1]]}
        for n in range(6)
    ]
    outcomes = await come_back_at_once(mill, papers)
    assert sum(isinstance(each, Done) for each in outcomes) == 1


async def test_two_codes_for_one_new_address_make_one_person(mill: Mill) -> None:
    address = "new@home.example"
    visitors = [mill.visitor(f"browser {n}") for n in range(3)]
    steps = [
        await mill.sign_in({"subject": f"s{n}", "addresses": [[address, True]]}, visitor)
        for n, visitor in enumerate(visitors)
    ]
    codes = [each.code for each in await mill.world.mails(address)]
    outcomes = await at_once(
        *(
            mill.step(step.attempt_id, visitor, code=code)
            for step, visitor, code in zip(steps, visitors, codes, strict=True)
            if isinstance(step, Code)
        )
    )
    assert len({each.person.id for each in outcomes if isinstance(each, Done)}) == 1
    assert sum(isinstance(each, Done) for each in outcomes) == 3


async def test_one_account_under_two_addresses_goes_to_the_first(mill: Mill) -> None:
    visitors = [mill.visitor(f"browser {n}") for n in range(2)]
    steps, codes = [], []
    for n, visitor in enumerate(visitors):
        step = await mill.sign_in({"subject": "s", "addresses": [[f"a{n}@home.example", True]]}, visitor)
        assert isinstance(step, Code)
        steps.append(step)
        codes.append((await mill.world.mails(f"a{n}@home.example"))[-1].code)
    outcomes = await at_once(
        *(
            mill.step(step.attempt_id, visitor, code=code)
            for step, visitor, code in zip(steps, visitors, codes, strict=True)
        )
    )
    assert sorted(type(each).__name__ for each in outcomes) == ["Done", LinkedElsewhere.__name__]


async def test_of_two_last_ways_in_one_stays(mill: Mill) -> None:
    """Pitfall 12."""
    await mill.set(FILE.partition('[[provider]]\nkey = "ticket"')[0])
    done = await mill.done({"subject": "s", "addresses": [["a@mill.example", True]]})
    actor = await mill.world.who(done.raw_token)
    assert actor is not None
    scope = (await mill.entry()).identity_scope
    async with mill.world.db.write() as uow:
        await identities.add(
            uow,
            person_id=done.person.id,
            robot_id=mill.robot.id,
            provider=scope,
            issuer="mill",
            subject="s2",
        )
        both = await identities.of_person(uow, done.person.id)

    async def unlink(number: int) -> object:
        async with mill.world.db.write() as uow:
            return await linked.unlink_identity(uow, actor, number)

    outcomes = await at_once(*(unlink(each.id) for each in both))
    assert sum(isinstance(each, LastWayIn) for each in outcomes) == 1
    async with mill.world.db.read() as reader:
        assert len(await identities.of_person(reader, done.person.id)) == 1
