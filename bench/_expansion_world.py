"""Lists of a million members in seconds, with and without people who are subscribed twice."""

from sqlalchemy import text

from bench._world import a_list
from storage.database import Database
from storage.query import Query, param

_NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < CAST(:top AS int) - 1)"
_MEMBERS = Query(
    text(
        "INSERT INTO memberships (list_id, address, address_key, domain, subscribed_at, updated_at)"
        f" {_NUMBERS} SELECT :list_id, 'm' || n || '@d' || (n % :domains) || '.example',"
        " 'm' || n || '@d' || (n % :domains) || '.example', 'd' || (n % :domains) || '.example', 1, 1 FROM numbers"
    ).bindparams(*map(param, ("top", "list_id", "domains"))),
    int,
)
# Member n and member n + half are one person, so that each person's two stand far apart.
_PEOPLE = Query(
    text(
        "INSERT INTO people (id, main_address, main_key, created_at)"
        f" {_NUMBERS} SELECT n + 1, 'm' || n || '@d' || (n % :domains) || '.example',"
        " 'm' || n || '@d' || (n % :domains) || '.example', 1 FROM numbers"
    ).bindparams(*map(param, ("top", "domains"))),
    int,
)
_ADDRESSES = Query(
    text(
        "INSERT INTO addresses (person_id, address, address_key, source, strength, proved_at, created_at)"
        f" {_NUMBERS} SELECT n % :half + 1, 'm' || n || '@d' || (n % :domains) || '.example',"
        " 'm' || n || '@d' || (n % :domains) || '.example', 'mail', 1, 1, 1 FROM numbers"
    ).bindparams(*map(param, ("top", "domains", "half"))),
    int,
)


async def a_big_list(
    database: Database, name: str, members: int, *, domains: int = 20, known: str = "nobody"
) -> int:
    """A public list; its id. `known`: `nobody` has an account, everybody has (`once`), or each person is on it `twice`."""
    list_id = await a_list(database, name, 0)
    half = members // 2 if known == "twice" else members
    async with database.write(durable=False) as uow:
        await uow.run(_MEMBERS, top=members, list_id=list_id, domains=domains)
        if known != "nobody":
            await uow.run(_PEOPLE, top=half, domains=domains)
            await uow.run(_ADDRESSES, top=members, domains=domains, half=half)
    return list_id
