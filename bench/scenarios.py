"""How many decisions a second the interpreter takes with the facts in memory, beside one bare question about membership."""

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable

from scenarios.assemble import assemble
from scenarios.dialect import Dialect
from scenarios.interpret import decide
from scenarios.library import shipped_text
from scenarios.request import Identity, Request
from scenarios.syntax import Scenario
from tests.scenarios.no_facts import NoFacts

MEMBERS = 10_000
ADDRESSES = 3
LINES = (1_000, 10_000)


class InMemory(NoFacts):
    def __init__(self) -> None:
        self.members = frozenset(f"person{number}@x.example" for number in range(MEMBERS))

    async def is_subscriber(self, list_ref: str, address: str) -> bool:
        return address in self.members


def private(dialect: Dialect = Dialect.POSTROOM) -> Scenario:
    text = shipped_text("send", "private")
    if text is None:
        raise LookupError("send.private")
    return assemble(text, operation="send", name="private", include=lambda _name: None, dialect=dialect)


def request(sender: str, addresses: int = 1) -> Request:
    others = tuple(Identity(f"other{number}@x.example", "md5") for number in range(1, addresses))
    return Request(
        operation="send",
        method="smtp",
        sender=sender,
        identities=(Identity(sender, "smtp"), *others),
        email=None,
        list_name="talk",
        domain="lists.example.org",
        records={"user": {"email": sender}},
    )


async def seconds(ask: Callable[[], Awaitable[object]], times: int) -> float:
    started = time.perf_counter()
    for _ in range(times):
        await ask()
    return time.perf_counter() - started


def questions() -> dict[str, Callable[[], Awaitable[object]]]:
    facts, scenario, as_sympa = InMemory(), private(), private(Dialect.SYMPA)
    member, stranger = request("person5@x.example"), request("stranger@y.example")
    several = request("stranger@y.example", ADDRESSES)

    return {
        "a subscriber": lambda: decide(scenario, member, facts),
        "a stranger": lambda: decide(scenario, stranger, facts),
        f"a stranger with {ADDRESSES} addresses": lambda: decide(scenario, several, facts),
        "a subscriber, read as Sympa reads it": lambda: decide(as_sympa, member, facts),
    }


async def compared(times: int, rounds: int) -> None:
    facts = InMemory()
    asked = questions()
    taken: dict[str, list[float]] = {name: [] for name in asked}
    bare: list[float] = []
    for _ in range(rounds):
        bare.append(await seconds(lambda: facts.is_subscriber("talk", "person5@x.example"), times))
        for name, ask in asked.items():
            taken[name].append(await seconds(ask, times))
    print(f"send.private, {times} decisions, median of {rounds} rounds; beside it one bare await of the fact")
    floor = statistics.median(bare)
    print(f"  {'the bare question':40} {times / floor:10.0f} a second")
    for name, each in taken.items():
        median = statistics.median(each)
        print(f"  {name:40} {times / median:10.0f} a second, {median / floor:5.1f} times the bare question")


async def long_texts(rounds: int) -> None:
    """A scenario of ten times as many lines takes about ten times as long to read and to walk."""
    facts, stranger = InMemory(), request("stranger@y.example")
    found: dict[int, tuple[float, float]] = {}
    for lines in LINES:
        text = "".join(
            f"match([sender],/^person{number}@/) smtp,dkim,md5,smime -> do_it\n" for number in range(lines)
        )
        reading, walking = [], []
        for _ in range(rounds):
            started = time.perf_counter()
            scenario = assemble(text, operation="send", name="long", include=lambda _name: None)
            await decide(scenario, stranger, facts)
            reading.append(time.perf_counter() - started)
            walking.append(await seconds(lambda: decide(scenario, stranger, facts), 10) / 10)  # noqa: B023
        found[lines] = statistics.median(reading), statistics.median(walking)
    few, many = (found[lines] for lines in LINES)
    print(f"a scenario of {LINES[1]} lines beside one of {LINES[0]}")
    print(f"  read and first decision: {many[0] / few[0]:5.1f} times as long ({many[0] * 1000:.0f} ms)")
    print(f"  a decision:              {many[1] / few[1]:5.1f} times as long ({many[1] * 1000:.2f} ms)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    asyncio.run(compared(options.decisions, options.rounds))
    asyncio.run(long_texts(max(1, options.rounds // 2)))


if __name__ == "__main__":
    main()
