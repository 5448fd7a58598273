"""Keys change with notice: ours are announced before they are used, a peer's are believed some days after they were (listfed/1, 3)."""

from dataclasses import replace

import orjson

from federation import peer_keys
from federation.own_keys import AGREEMENT, SIGNING, OwnKeys, ensured, own_keys, rotate
from federation.pair_keys import pair_key
from federation.peer_keys import PeerKey, believed, read_jwks
from mail.instant import DAY
from storage.database import Database
from storage.query import Query
from storage.tables.federation import federation_keys
from tests.conftest import Clock
from tests.federation.other_server import OtherServer, known, new_pair

_SECRETS = Query(federation_keys.select().with_only_columns(federation_keys.c.secret), str)


async def ours(database: Database) -> OwnKeys:
    async with database.read() as reader:
        found = await own_keys(reader)
    assert found is not None
    return found


async def test_our_first_keys_are_used_at_once_and_kept_sealed(database: Database) -> None:
    async with database.write() as uow:
        made = await ensured(uow)
        again = await ensured(uow)
    assert [each.kid for each in again.signing] == [each.kid for each in made.signing]
    assert made.signer(database.site.clock()).kid == made.signing[0].kid
    assert made.issuer == database.site.public_url
    private = made.signing[0].key.as_dict(private=True)["d"]
    async with database.read() as reader:
        secrets = await reader.all(_SECRETS)
    assert len(secrets) == 2
    assert all(str(private) not in each for each in secrets)


async def test_new_keys_are_announced_for_a_week_and_the_old_ones_stay_for_another(
    database: Database, clock: Clock
) -> None:
    async with database.write() as uow:
        first = (await ensured(uow)).signer(uow.now).kid
        await rotate(uow)
        announced = await rotate(uow)
    assert len(announced.signing) == 2
    assert len(announced.agreement) == 2
    assert announced.signer(clock()).kid == first
    clock.advance(days=7)
    second = (await ours(database)).signer(clock()).kid
    assert second != first
    # Two at a time are published: the next change waits until the one before is over.
    async with database.write() as uow:
        assert len((await rotate(uow)).signing) == 2
    assert (await ours(database)).signing[-1].kid == second
    clock.advance(days=7)
    assert [each.kid for each in (await ours(database)).signing] == [second]
    public = (await ours(database)).signing[0].jwk()
    assert "d" not in public
    assert public["kid"] == second


async def test_both_servers_share_one_secret_and_nobody_else_does(database: Database) -> None:
    one, two, three = (
        OtherServer("https://1.example"),
        OtherServer("https://2.example"),
        OtherServer("https://3.example"),
    )
    now = database.site.clock()

    def seen(other: OtherServer) -> PeerKey:
        keys = read_jwks({"keys": [each.jwk() for each in other.agreement]}, now)
        return keys[0]

    here = pair_key(one.agreement[0], one.issuer, seen(two), two.issuer)
    there = pair_key(two.agreement[0], two.issuer, seen(one), one.issuer)
    assert here == there
    assert len(here) == 32
    assert here != pair_key(one.agreement[0], one.issuer, seen(three), three.issuer)
    assert here != pair_key(one.agreement[0], one.issuer, seen(two), three.issuer)


async def test_a_peers_new_key_counts_a_week_after_it_was_first_seen(
    clock: Clock, database: Database
) -> None:
    other = OtherServer()
    peer = await known(database, other)
    coming = new_pair()
    told = [*peer_keys.keys_of(peer), *read_jwks({"keys": [coming.jwk()]}, clock())]
    first = believed(peer_keys.keys_of(peer), told, clock())
    assert not _key(first, coming.kid).is_good(clock())
    # Seeing it again does not make it wait anew.
    clock.advance(days=3)
    later = believed(
        first, read_jwks({"keys": [each.jwk() for each in (coming, *other.signing)]}, clock()), clock()
    )
    assert not _key(later, coming.kid).is_good(clock() + 4 * DAY - 1)
    assert _key(later, coming.kid).is_good(clock() + 4 * DAY)
    assert _key(later, other.thumbprints[0]).is_good(clock())


async def test_a_peers_old_key_counts_a_week_after_it_was_last_seen(clock: Clock, database: Database) -> None:
    other = OtherServer()
    peer = await known(database, other)
    following = read_jwks({"keys": [new_pair().jwk()]}, clock())
    kept = believed(peer_keys.keys_of(peer), following, clock())
    assert _key(kept, other.thumbprints[0]).is_good(clock())
    clock.advance(days=7)
    gone = believed(kept, read_jwks({"keys": [new_pair().jwk()]}, clock()), clock())
    assert other.thumbprints[0] not in {each.kid for each in gone}


async def test_a_key_is_only_good_for_what_its_curve_is_for(database: Database) -> None:
    other = OtherServer()
    peer, now = await known(database, other), database.site.clock()
    assert peer_keys.usable(peer, other.signing[0].kid, SIGNING, now) is not None
    assert peer_keys.usable(peer, other.signing[0].kid, AGREEMENT, now) is None
    assert peer_keys.usable(peer, other.agreement[0].kid, SIGNING, now) is None
    ended = [replace(each, not_after=now) for each in peer_keys.keys_of(peer)]
    assert peer_keys.current(replace(peer, keys=peer_keys.kept(ended)), SIGNING, now) is None
    assert orjson.loads(peer.keys)[0]["kid"] in {*other.thumbprints, other.agreement[0].kid}


def _key(keys: list[PeerKey], kid: str) -> PeerKey:
    return next(each for each in keys if each.kid == kid)
