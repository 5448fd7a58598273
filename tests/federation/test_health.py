"""What the doctor says about other servers is what needs somebody's look, and nothing else."""

from federation.health import troubles
from federation.own_keys import ensured
from storage import peers
from storage.database import Database
from storage.tables.words import PeerTrust
from tests.conftest import Clock
from tests.federation.other_server import OtherServer, known


async def told(database: Database) -> list[str]:
    async with database.read() as reader:
        return await troubles(reader)


async def test_where_all_is_well_nothing_is_said(database: Database) -> None:
    assert await told(database) == []
    async with database.write() as uow:
        await ensured(uow)
    await known(database, OtherServer())
    assert await told(database) == []


async def test_alerts_outages_and_old_keys_are_said(database: Database, clock: Clock) -> None:
    async with database.write() as uow:
        await ensured(uow)
    one = await known(database, OtherServer("https://1.example"))
    two = await known(database, OtherServer("https://2.example"))
    await known(database, OtherServer("https://3.example"), PeerTrust.BLOCKED)
    async with database.write() as uow:
        await peers.doubted(uow, one.id, "its key is another", one.endpoint, one.said, one.keys)
        await peers.went(uow, two.id, failures=20, retry_at=None, failure="TIMED_OUT")
    first, second = await told(database)
    assert first.startswith("1.example: its key is another")
    assert "2.example failed 20 times" in second
    clock.advance(days=366)
    assert "older than a year" in (await told(database))[-1]


async def test_what_people_have_to_put_right_is_said_until_it_is_well_again(
    database: Database, clock: Clock
) -> None:
    """Clocks that are apart, above all: nothing is adjusted here (listfed/1, 12)."""
    peer = await known(database, OtherServer())
    for word, said in (("CLOCK", "clock"), ("NOT_TRUSTED", "does not answer"), ("VERSION", "version")):
        clock.advance(seconds=1)
        async with database.write() as uow:
            await peers.went(uow, peer.id, failures=0, retry_at=None, failure=word)
        (sentence,) = await told(database)
        assert said in sentence
        assert peer.domain in sentence
    clock.advance(seconds=1)
    async with database.write() as uow:
        await peers.went(uow, peer.id, failures=0, retry_at=None, latency_ms=5)
    assert await told(database) == []
