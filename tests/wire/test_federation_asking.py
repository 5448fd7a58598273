"""Peers are asked all at once, each answers for itself, and only what the person agreed to is asked (listfed/1, 9; T1, T7)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from email.utils import formatdate

import pytest

from federation import consents, remote_acts
from federation.asking import PeerMemberships, PeerStatus, ask_all
from federation.circuits import circuits_of
from federation.discovery import QUESTIONS, kept, said_by
from federation.health import troubles
from federation.outgoing import SEAL, NotYourAddress
from federation.question import MOST_SUBSCRIPTIONS
from federation.remembered import remembered_of
from identity import ledger, sessions
from identity.actor import stranger
from identity.refusal import SignInNeeded
from identity.sealed import sealed
from mail.instant import SECOND
from storage import federation_tokens
from storage import peers as rows
from storage.database import Database
from storage.site import Site
from storage.tables.words import AddressSource, ConsentDirection, ConsentMode, PeerTrust, Reception, Strength
from tests.conftest import Clock
from tests.databases import free_port
from tests.federation.other_server import OtherServer, known
from tests.wire.answering_peer import AnsweringPeer, answering_peer, befriended, waiting
from tests.wire.asking_peers import ADA, Here, ada_here, ada_there, asked_one, asking_site
from tests.wire.hostile_web import Says


@pytest.fixture
def site(clock: Clock) -> Site:
    return asking_site(clock)


@pytest.fixture
async def here(database: Database) -> Here:
    return await ada_here(database)


@pytest.fixture
def peer(clock: Clock) -> Iterator[AnsweringPeer]:
    with ada_there(clock) as running:
        yield running


# ---- what is asked, and what comes back


async def test_a_peer_tells_what_its_lists_hold_of_an_address(here: Here, peer: AnsweringPeer) -> None:
    await befriended(here.db, peer)
    found = await asked_one(here, peer)
    assert found.status is PeerStatus.OK
    (one,) = found.memberships
    assert (one.list_address, one.email, one.reception) == (
        "gardens@lists.other.example",
        ADA,
        Reception.MAIL,
    )
    assert one.manage_url == f"{peer.url}/lists/gardens"
    assert found.latency_ms is not None
    assert found.fetched_at == here.db.site.clock()
    assert (await here.peer(peer.url)).last_success_at == here.db.site.clock()


async def test_no_address_is_in_what_is_sent(here: Here, peer: AnsweringPeer) -> None:
    """Neither Ada's, nor how many she has: three are padded to five (threat T1)."""
    for more in ("ada@other.test", "a.lovelace@example.test"):
        async with here.db.write() as uow:
            assert here.ada.person is not None
            await ledger.prove(
                uow,
                here.ada.person.id,
                more,
                source=AddressSource.CHALLENGE,
                strength=Strength.MD5,
                expires_at=uow.now + 10**14,
            )
    ada = await here.world.who(here.token)
    assert ada is not None
    assert len(ada.addresses) == 3
    await befriended(here.db, peer)
    assert (await Here(here.world, ada).ask())[peer.url].status is PeerStatus.OK
    sent = peer.questions[-1]
    whole = f"{sent.url} {dict(sent.headers)} {sent.body.decode()}".lower()
    for part in ("ada@", "lovelace", "example.test", "other.test"):
        assert part not in whole
    assert len(peer.subjects()) == 5
    # What stands beside is as long as what is stated; how an address was proved makes a word's difference.
    lengths = [len(each["statement"]) for each in peer.subjects()]
    assert max(lengths) - min(lengths) <= 8


async def test_members_that_a_newer_peer_adds_are_passed_over(here: Here, peer: AnsweringPeer) -> None:
    await befriended(here.db, peer)
    peer.on[ADA] = [
        peer.item(reception="hologram", mood={"a": [1]}, subject="A\u202eB\u0007 C\n D" + "x" * 999)
    ]
    peer.lies = lambda told: told | {"extensions": {"x": 1}, "data": {**told["data"], "more": 1}}
    found = await asked_one(here, peer)
    assert found.status is PeerStatus.OK
    (one,) = found.memberships
    assert one.reception is None
    assert one.subject is not None
    assert one.subject.startswith("A B C D")
    assert len(one.subject) == 200


async def test_five_hundred_items_are_taken_and_more_are_not(here: Here, peer: AnsweringPeer) -> None:
    """No flood of lists (threat T5)."""
    await befriended(here.db, peer)
    peer.on[ADA] = [peer.item(f"l{number}") for number in range(MOST_SUBSCRIPTIONS)]
    assert len((await asked_one(here, peer)).memberships) == MOST_SUBSCRIPTIONS
    remembered_of(here.db.site).forget_peer((await here.peer(peer.url)).id)
    peer.on[ADA] = [peer.item(f"l{number}") for number in range(600)]
    assert (await asked_one(here, peer)).status is PeerStatus.INVALID_RESPONSE


# ---- failures of one peer are its own


async def test_refusals_of_a_peer_are_told_apart_from_failures(here: Here, peer: AnsweringPeer) -> None:
    await befriended(here.db, peer)
    peer.status = 403
    peer.lies = lambda _: {"reason": "NOT_TRUSTED"}
    found = await asked_one(here, peer)
    assert (found.status, found.message) == (PeerStatus.REFUSED, "It does not answer this server.")
    peer.status, peer.lies = 200, lambda told: told["data"]["peerWhich"].update(notice="RATE_LIMITED") or told
    # What it told all the same is shown, as not being all.
    some = await asked_one(here, peer)
    assert (some.status, some.is_truncated, len(some.memberships)) == (PeerStatus.OK, True, 1)
    remembered_of(here.db.site).forget_peer(found.peer.id)
    peer.on[ADA] = []
    assert (await asked_one(here, peer)).status is PeerStatus.REFUSED
    assert (await here.peer(peer.url)).failures == 0
    peer.speaks = lambda _: Says(b"Bad gateway", status=502)
    assert (await asked_one(here, peer)).status is PeerStatus.UNREACHABLE


async def test_how_a_peer_did_is_known_to_every_process(
    here: Here, peer: AnsweringPeer, clock: Clock
) -> None:
    """It is in the database, and what this process remembers beside it is not asked for."""
    await befriended(here.db, peer)
    good = await asked_one(here, peer)
    now = await here.peer(peer.url)
    assert (now.last_latency_ms, now.last_failure_at, now.last_failure) == (good.latency_ms, None, "")
    began = clock()
    remembered_of(here.db.site).forget_peer(good.peer.id)
    clock.advance(seconds=70)
    peer.speaks = lambda _: Says(b"Bad gateway", status=502)
    await asked_one(here, peer)
    now = await here.peer(peer.url)
    assert (now.last_latency_ms, now.last_success_at) == (good.latency_ms, began)
    assert (now.last_failure_at, now.last_failure, now.failures) == (clock(), "UNREACHABLE", 1)
    # Another process of this server counts on from there.
    here.db.site.held.clear()
    await asked_one(here, peer)
    assert (await here.peer(peer.url)).failures == 2
    peer.speaks = lambda says: says
    await asked_one(here, peer)
    now = await here.peer(peer.url)
    assert (now.failures, now.last_failure, now.last_success_at) == (0, "UNREACHABLE", clock())


async def test_a_clock_that_is_apart_is_said_to_administrators_and_nothing_is_adjusted(
    here: Here, peer: AnsweringPeer, clock: Clock
) -> None:
    """By the Date of the refusal, and as a word of its own (listfed/1, 12)."""
    await befriended(here.db, peer)
    peer.clock = lambda: clock() + 300 * SECOND
    date = formatdate((clock() + 300 * SECOND) / SECOND, usegmt=True)
    peer.fields = lambda given: given | {"Date": date}
    found = await asked_one(here, peer)
    assert found.status is PeerStatus.INVALID_RESPONSE
    assert "300 seconds apart" in str(found.message)
    assert (await here.peer(peer.url)).last_failure == "CLOCK"
    async with here.db.read() as reader:
        (sentence,) = await troubles(reader)
    assert "clock" in sentence


async def test_a_refusal_is_no_success_to_administrators(here: Here, peer: AnsweringPeer) -> None:
    await befriended(here.db, peer)
    peer.status, peer.lies = 403, lambda _: {"reason": "NOT_TRUSTED"}
    assert (await asked_one(here, peer)).status is PeerStatus.REFUSED
    now = await here.peer(peer.url)
    assert (now.last_failure, now.failures, now.last_success_at) == ("NOT_TRUSTED", 0, None)


async def test_ten_good_ones_answer_although_five_are_dead_and_five_are_slow(
    here: Here, clock: Clock
) -> None:
    """At the deadline (threat T7)."""
    with ExitStack() as running:
        good = [running.enter_context(answering_peer(clock)) for _ in range(10)]
        slow = [running.enter_context(answering_peer(clock)) for _ in range(5)]
        for each in (*good, *slow):
            each.on[ADA] = [each.item()]
            await befriended(here.db, each)
        for each in slow:
            each.speaks = waiting(30)
        for _ in range(5):
            await known(here.db, OtherServer(f"http://127.0.0.1:{free_port()}"))
        order = [each async for each in ask_all(here.db, here.ada, seconds=2.5)]
    found = [each.status for each in order]
    assert found.count(PeerStatus.OK) == 10
    assert found.count(PeerStatus.UNREACHABLE) == 5
    assert found.count(PeerStatus.TIMED_OUT) == 5
    assert found[-5:] == [PeerStatus.TIMED_OUT] * 5


async def test_a_peer_that_drips_is_left_at_the_deadline(here: Here, peer: AnsweringPeer) -> None:
    """However long it would go on (threat T7)."""
    await befriended(here.db, peer)
    peer.speaks = lambda says: replace(says, drips=0.2)
    assert (await asked_one(here, peer, 0.5)).status is PeerStatus.TIMED_OUT
    # Half a second is not its fault.
    assert (await here.peer(peer.url)).failures == 0


async def test_whoever_hangs_up_leaves_nothing_running(here: Here, peer: AnsweringPeer, clock: Clock) -> None:
    with answering_peer(clock) as other:
        await befriended(here.db, peer)
        await befriended(here.db, other)
        other.speaks = waiting(30)
        stream: AsyncIterator[PeerMemberships] = ask_all(here.db, here.ada)
        assert (await anext(stream)).status is PeerStatus.OK
        await stream.aclose()  # type: ignore[attr-defined]
        assert not [each for each in asyncio.all_tasks() if "_one" in repr(each.get_coro())]


async def test_a_circuit_opens_after_five_failures_and_is_closed_by_a_probe(
    here: Here, peer: AnsweringPeer, clock: Clock
) -> None:
    """It costs nothing while it is open (threat T7)."""
    await befriended(here.db, peer)
    peer.speaks = lambda _: Says(b"", status=503)
    for _ in range(5):
        assert (await asked_one(here, peer)).status is PeerStatus.UNREACHABLE
    asked = len(peer.questions)
    assert (await asked_one(here, peer)).status is PeerStatus.CIRCUIT_OPEN
    assert len(peer.questions) == asked
    assert (await here.peer(peer.url)).failures == 5
    clock.advance(seconds=30)
    peer.speaks = lambda says: says
    assert (await asked_one(here, peer)).status is PeerStatus.OK
    assert (await here.peer(peer.url)).failures == 0


# ---- who is asked at all


async def test_nobody_is_asked_whom_the_person_did_not_agree_to(
    here: Here, peer: AnsweringPeer, clock: Clock
) -> None:
    """To ask is to tell that somebody is here (threat T1)."""
    with answering_peer(clock) as other:
        one, two = await befriended(here.db, peer), await befriended(here.db, other)
        await here.agree(ConsentMode.NOBODY)
        assert {each.status for each in (await here.ask()).values()} == {PeerStatus.NO_CONSENT}
        await here.agree(ConsentMode.SELECTED, two.id)
        found = await here.ask()
        assert found[peer.url].status is PeerStatus.NO_CONSENT
        assert found[other.url].status is PeerStatus.OK
        assert peer.questions == []
        await here.agree(ConsentMode.ALL_TRUSTED)
        async with here.db.write() as uow:
            await consents.stop(uow, here.ada, one.id, [ConsentDirection.OUTGOING])
        assert (await here.ask())[peer.url].status is PeerStatus.NO_CONSENT
        # The domain's ceiling is above what anybody agreed to.
        robot = replace(here.ada.robot, federation_outgoing=ConsentMode.SELECTED)
        lower = Here(here.world, replace(here.ada, robot=robot))
        assert (await lower.ask())[other.url].status is PeerStatus.NO_CONSENT


@pytest.mark.parametrize("trust", [PeerTrust.PENDING, PeerTrust.ANSWER_ONLY, PeerTrust.BLOCKED])
async def test_a_peer_that_is_not_trusted_is_not_even_named(
    here: Here, peer: AnsweringPeer, trust: PeerTrust
) -> None:
    await befriended(here.db, peer, trust)
    assert await here.ask() == {}


async def test_only_a_person_who_signed_in_lately_asks(here: Here, peer: AnsweringPeer, clock: Clock) -> None:
    """No sweep in the background names anybody (threat T1)."""
    await befriended(here.db, peer)
    through = Here(here.world, replace(here.ada, application="portal"))
    assert (await through.ask())[peer.url].status is PeerStatus.NOT_ASKED
    for nobody in (replace(here.ada, session=None), stranger(here.ada.robot)):
        with pytest.raises(SignInNeeded):
            await Here(here.world, nobody).ask()
    clock.advance(hours=12, seconds=1)
    assert (await asked_one(here, peer)).status is PeerStatus.NOT_ASKED
    assert peer.questions == []


async def test_only_ones_own_addresses_are_asked_about(here: Here, peer: AnsweringPeer) -> None:
    await befriended(here.db, peer)
    for wrong in ("bob@example.test", "nonsense"):
        with pytest.raises(NotYourAddress):
            await here.ask(emails=[wrong])
    assert (await here.ask(emails=["ADA@EXAMPLE.TEST"]))[peer.url].status is PeerStatus.OK


async def test_an_address_that_was_proved_long_ago_is_not_named(
    here: Here, peer: AnsweringPeer, clock: Clock
) -> None:
    """It may have changed hands since (threat T8)."""
    await befriended(here.db, peer)
    clock.advance(days=366)
    ada = here.ada
    assert ada.session is not None
    fresh = replace(ada, session=replace(ada.session, authenticated_at=clock()))
    found = (await Here(here.world, fresh).ask())[peer.url]
    assert found.status is PeerStatus.NOT_ASKED
    assert peer.questions == []


# ---- what is remembered


async def test_an_answer_is_kept_for_minutes_and_shown_with_its_time(
    here: Here, peer: AnsweringPeer, clock: Clock
) -> None:
    await befriended(here.db, peer)
    first = await asked_one(here, peer)
    clock.advance(seconds=299)
    again = await asked_one(here, peer)
    assert (again.status, again.memberships) == (PeerStatus.CACHED, first.memberships)
    assert again.fetched_at == first.fetched_at
    clock.advance(seconds=1)
    assert (await asked_one(here, peer)).status is PeerStatus.OK
    peer.on[ADA] = []
    clock.advance(seconds=300)
    assert (await asked_one(here, peer)).status is PeerStatus.OK
    clock.advance(seconds=60)
    assert (await asked_one(here, peer)).status is PeerStatus.OK


async def test_consent_withdrawn_while_an_answer_is_kept_hides_it(here: Here, peer: AnsweringPeer) -> None:
    await befriended(here.db, peer)
    await here.ask()
    await here.agree(ConsentMode.NOBODY)
    found = await asked_one(here, peer)
    assert (found.status, found.memberships) == (PeerStatus.NO_CONSENT, ())
    await here.agree(ConsentMode.ALL_TRUSTED)
    # What was kept before counts no more.
    assert (await asked_one(here, peer)).status in (PeerStatus.OK, PeerStatus.CACHED)


async def test_signing_out_lets_go_of_what_was_kept(here: Here, peer: AnsweringPeer) -> None:
    await befriended(here.db, peer)
    await here.ask()
    assert len(remembered_of(here.db.site)) == 1
    async with here.db.write() as uow:
        await sessions.sign_out(uow, here.ada)
    assert len(remembered_of(here.db.site)) == 0


async def test_another_session_does_not_get_what_was_kept_for_one(here: Here, peer: AnsweringPeer) -> None:
    await befriended(here.db, peer)
    await here.ask()
    ada = await here.world.who((await here.world.by_password(ADA)).raw_token)
    assert ada is not None
    assert (await Here(here.world, ada).ask())[peer.url].status is PeerStatus.OK


# ---- acts from afar


async def with_token(here: Here, peer: AnsweringPeer) -> int:
    """A peer through which Ada may act; its number."""
    stored = await befriended(here.db, peer)
    assert here.ada.person is not None
    async with here.db.write() as uow:
        secret = sealed(uow.site, SEAL, "x" * 43)
        await federation_tokens.put(
            uow, person_id=here.ada.person.id, peer_id=stored.id, address_key=ADA, secret=secret
        )
    return stored.id


async def test_what_a_peer_does_to_an_act_is_known_as_well(here: Here, peer: AnsweringPeer) -> None:
    peer_id = await with_token(here, peer)
    peer.web.answers[QUESTIONS] = lambda _: Says(b"Bad gateway", status=502)
    outcome = await remote_acts.leave(here.db, here.ada, peer_id, "gardens@lists.other.example", ADA)
    assert outcome.status is PeerStatus.UNREACHABLE
    now = await here.peer(peer.url)
    assert (now.failures, now.last_failure, now.last_failure_at) == (1, "UNREACHABLE", here.db.site.clock())


async def test_an_act_that_is_broken_off_leaves_the_probe_to_others(
    here: Here, peer: AnsweringPeer, clock: Clock
) -> None:
    """Whoever closes their browser does not have a peer left alone for good (threat T7)."""
    peer_id = await with_token(here, peer)
    stored = await here.peer(peer.url)
    circuits = circuits_of(here.db.site)
    circuits.failed(stored, clock(), opens=True)
    clock.advance(seconds=31)
    peer.web.answers[QUESTIONS] = lambda _: Says(b"x", waits=5)
    acting = asyncio.create_task(
        remote_acts.leave(here.db, here.ada, peer_id, "gardens@lists.other.example", ADA)
    )
    while circuits.may_ask(stored, clock()):
        circuits.unasked(stored)
        await asyncio.sleep(0.01)
    acting.cancel()
    await asyncio.gather(acting, return_exceptions=True)
    assert circuits.may_ask(stored, clock())


async def test_a_peer_that_knows_no_acts_is_not_asked_for_one(here: Here, peer: AnsweringPeer) -> None:
    peer_id = await with_token(here, peer)
    stored = await here.peer(peer.url)
    said = replace(said_by(stored.said), capabilities=("which",))
    async with here.db.write() as uow:
        await rows.refreshed(uow, peer_id, stored.endpoint, kept(said), stored.keys)
    with pytest.raises(remote_acts.NotAllowedToAsk, match="nothing of the kind"):
        await remote_acts.leave(here.db, here.ada, peer_id, "gardens@lists.other.example", ADA)
    assert peer.questions == []
