"""A list whose members hold their addresses in all ways there are, and who of them gets a copy, worked out by hand."""

from dataclasses import dataclass

from hypothesis import strategies as st
from sqlalchemy import insert, select

from storage.database import Database, one
from storage.query import Query, param
from storage.tables import lists, people
from tests.storage.queued import LIST, ROBOT

PERSON = Query(
    insert(people.people)
    .values(
        main_address=param("main"),
        main_key=param("main"),
        created_at=1,
        each_address_gets_a_copy=param("each"),
        skips_addressed_copies=param("skips"),
    )
    .returning(people.people.c.id),
    int,
)
ADDRESS = Query(
    insert(people.addresses).values(
        person_id=param("person_id"),
        robot_id=param("robot_id"),
        address=param("key"),
        address_key=param("key"),
        source="mail",
        source_ref=param("ref"),
        strength=1,
        proved_at=param("proved_at"),
        expires_at=param("expires_at"),
        created_at=1,
    ),
    int,
)
HELD = Query(
    insert(lists.memberships)
    .values(
        list_id=param("list_id"),
        address=param("key"),
        address_key=param("key"),
        domain=param("domain"),
        reception=param("reception"),
        suspended_from=param("since"),
        away_from=param("away"),
        is_preferred=param("is_preferred"),
        is_bouncing=param("is_bouncing"),
        skips_addressed_copies=param("skips"),
        person_id=param("person_id"),
        subscribed_at=1,
        updated_at=1,
    )
    .returning(lists.memberships.c.id),
    int,
)


@dataclass(frozen=True)
class Member:
    """How a membership is held, and whether it takes mail."""

    reception: str = "mail"
    suspended: bool = False
    away: bool = False
    is_preferred: bool = False
    is_bouncing: bool = False
    by_itself: int | None = None
    everywhere: int | None = None
    here: int | None = None
    lapsed: int | None = None
    unproved: int | None = None
    is_main: bool = False
    wrote: bool = False
    # What it says of copies of messages that name its person, and whether this message names its address.
    skips: bool | None = None
    is_named: bool = False


NUMBER = st.none() | st.integers(0, 3)
MEMBERS = st.lists(
    st.builds(
        Member,
        reception=st.sampled_from(["mail", "mail", "digest", "nomail", "not_me"]),
        suspended=st.booleans(),
        away=st.sampled_from([False, False, True]),
        is_preferred=st.booleans(),
        is_bouncing=st.booleans(),
        by_itself=NUMBER,
        everywhere=NUMBER,
        here=NUMBER,
        lapsed=NUMBER,
        unproved=NUMBER,
        is_main=st.booleans(),
        wrote=st.booleans(),
        skips=st.sampled_from([None, None, True, False]),
        is_named=st.sampled_from([False, False, True]),
    ),
    min_size=1,
    max_size=16,
)


@dataclass
class World:
    """A list in the database, and what it should make."""

    robot_id: int
    list_id: int
    people: list[int]
    members: dict[int, Member]
    author_keys: list[str]
    holders: dict[int, int | None]
    keys: dict[int, str]
    mains: dict[int, str]
    skip: list[bool]

    @property
    def named(self) -> set[str]:
        """The addresses that stand in To and Cc."""
        return {self.keys[number] for number, each in self.members.items() if each.is_named}


def key(place: int) -> str:
    return f"m{place}@d{place % 3}.example"


async def build(
    database: Database, shape: list[Member], copies: list[bool], skip: list[bool] | None = None
) -> World:
    """`copies` and `skip` are what the accounts of the four people say."""
    skip = skip or [False] * 4
    async with database.write() as uow:
        count = len(await uow.all(Query(select(lists.robots.c.id), int)))
        robot_id = await one(uow, ROBOT, domain=f"r{count}.example")
        list_id = await one(uow, LIST, robot_id=robot_id, name="l")
        # Addresses are of one example each, since the database is not.
        keys = [f"{count}-{key(place)}" for place in range(len(shape))]
        mains = {number: f"{count}-p{number}@main.example" for number in range(4)}
        for place, each in enumerate(shape):
            if each.is_main and each.everywhere is not None:
                mains[each.everywhere] = keys[place]
        found = [
            await one(uow, PERSON, main=mains[number], each=copies[number], skips=skip[number])
            for number in range(4)
        ]
        members: dict[int, Member] = {}
        holders: dict[int, int | None] = {}
        for place, each in enumerate(shape):
            own = None if each.by_itself is None else found[each.by_itself]
            number = await one(
                uow,
                HELD,
                list_id=list_id,
                key=keys[place],
                domain=keys[place].partition("@")[2],
                reception=each.reception,
                since=uow.now - 5 if each.suspended else None,
                away=uow.now - 5 if each.away else None,
                is_preferred=each.is_preferred,
                is_bouncing=each.is_bouncing,
                skips=each.skips,
                person_id=own,
            )
            members[number] = each
            held = ((each.everywhere, None, 1, None), (each.here, robot_id, 1, uow.now + 5))
            void = ((each.lapsed, None, 1, uow.now), (each.unproved, None, None, None))
            for ref, (person, robot, proved_at, expires_at) in enumerate((*held, *void)):
                if person is not None:
                    await uow.run(
                        ADDRESS,
                        person_id=found[person],
                        robot_id=robot,
                        key=keys[place],
                        ref=str(ref),
                        proved_at=proved_at,
                        expires_at=expires_at,
                    )
            whose = next((n for n in (each.by_itself, each.everywhere, each.here) if n is not None), None)
            holders[number] = None if whose is None else whose
        author_keys = [keys[place] for place, each in enumerate(shape) if each.wrote]
    named_keys = dict(zip(members, keys, strict=True))
    return World(robot_id, list_id, found, members, author_keys, holders, named_keys, mains, skip)


def expected(world: World, copies: list[bool]) -> set[int]:
    """Who gets a copy, worked out by hand."""
    taking = [
        number
        for number, each in world.members.items()
        if each.reception != "nomail" and not each.suspended and not each.away
    ]
    keys, mains = world.keys, world.mains
    left = set(taking)
    for whose in range(4):
        if copies[whose]:
            continue
        theirs = [number for number in taking if world.holders[number] == whose]
        theirs.sort(key=lambda n: (not world.members[n].is_preferred, keys[n] != mains[whose], n))
        left.difference_update(theirs[1:])
    return {
        number
        for number in left - skipped(world)
        if not (world.members[number].reception == "not_me" and world.members[number].wrote)
    }


def skipped(world: World) -> set[int]:
    """Whose message it is already, and who said that they want no second copy."""
    addressed = [each for each in world.members.values() if each.is_named]
    people = {each.here if each.everywhere is None else each.everywhere for each in addressed}
    found = set()
    for number, each in world.members.items():
        whose = world.holders[number]
        wish = each.skips if each.skips is not None or whose is None else world.skip[whose]
        if wish and (each.is_named or (whose is not None and whose in people)):
            found.add(number)
    return found


def takes(each: Member) -> bool:
    return each.reception != "nomail" and not each.suspended and not each.away
