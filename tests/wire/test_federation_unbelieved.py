"""No answer of a peer is believed that is not exactly what was asked (listfed/1, 9; T5, T10)."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from federation import answers
from federation.asking import PeerStatus
from federation.errors import InvalidAnswer
from storage.database import Database
from storage.site import Site
from tests.conftest import Clock
from tests.federation.other_server import new_pair
from tests.wire.answering_peer import AnsweringPeer, answering_peer, befriended
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


def _answers(told: Any) -> list[Any]:
    found: list[Any] = told["data"]["peerWhich"]["answers"]
    return found


def _one_more(told: Any) -> Any:
    _answers(told).append(_answers(told)[0])
    return told


def _none(told: Any) -> Any:
    _answers(told).clear()
    return told


def _item(**wrong: Any) -> Callable[[AnsweringPeer], None]:
    def make(peer: AnsweringPeer) -> None:
        peer.on[ADA] = [peer.item(**wrong)]

    return make


def _lying(change: Callable[[Any], Any]) -> Callable[[AnsweringPeer], None]:
    def make(peer: AnsweringPeer) -> None:
        peer.lies = change

    return make


def _sending(says: Says) -> Callable[[AnsweringPeer], None]:
    def make(peer: AnsweringPeer) -> None:
        peer.speaks = lambda _: says

    return make


def _without_signature(peer: AnsweringPeer) -> None:
    peer.fields = lambda given: {name: each for name, each in given.items() if "signature" not in name}


def _by_a_stranger(peer: AnsweringPeer) -> None:
    peer.other.signing[:] = [new_pair()]


def _of_another_question(peer: AnsweringPeer) -> None:
    """A cache or proxy gives an answer that was signed for an earlier question."""
    kept: list[Says] = []

    def again(says: Says) -> Says:
        kept.append(says)
        return kept[0]

    peer.speaks = again
    peer.on[ADA] = []


def _elsewhere(peer: AnsweringPeer) -> None:
    peer.on[ADA] = [peer.item(manageUrl=peer.url.replace("127.0.0.1", "127.0.0.1.evil.example") + "/x")]


def _misled_by_userinfo(peer: AnsweringPeer) -> None:
    peer.on[ADA] = [peer.item(manageUrl=peer.url.replace("http://", "http://evil.example@") + "/x")]


@pytest.mark.parametrize(
    "wrong",
    [
        _without_signature,
        _by_a_stranger,
        _elsewhere,
        _misled_by_userinfo,
        _item(manageUrl="javascript:alert(1)"),
        _item(manageUrl="https://lists.other.example/x"),
        _item(manageUrl=7),
        _item(listAddress="gardens@example.test"),
        _item(listAddress="gardens@sub.lists.other.example"),
        _item(listAddress="no address"),
        _item(listAddress=None),
        _item(subject=["a"]),
        _item(reception={"a": 1}),
        _lying(lambda told: _answers(told)[0].update(handle="x" * 43) or told),
        _lying(_one_more),
        _lying(_none),
        _lying(lambda told: _answers(told)[0].update(subscriptions={}) or told),
        _lying(lambda told: _answers(told)[0].update(subscriptions=["x"]) or told),
        _lying(lambda told: [told]),
        _lying(lambda _: {"data": None, "errors": [{"message": "x"}]}),
        _lying(lambda _: b"garbage"),
        _lying(lambda _: b"[" * 100_000),
        _lying(lambda _: b'{"data": {"peerWhich": {"answers": ' + b" " * 300_000 + b"[]}}}"),
        _sending(Says(b"x" * 10_000_000)),
        _sending(Says(b"x" * 1000, endless=True)),
        _sending(Says(b"<html>")),
        _sending(Says(b"", status=302, headers={"Location": "http://127.0.0.1:1/"})),
        _sending(Says(b"", status=404)),
        _sending(Says(b"x", headers={"Content-Encoding": "gzip"})),
    ],
)
async def test_what_is_not_exactly_the_answer_is_not_believed(
    here: Here, peer: AnsweringPeer, wrong: Callable[[AnsweringPeer], None]
) -> None:
    """Garbage, floods, other origins, other domains (threat T5)."""
    await befriended(here.db, peer)
    wrong(peer)
    found = await asked_one(here, peer)
    assert (found.status, found.memberships) == (PeerStatus.INVALID_RESPONSE, ())
    # It opens the circuit at once, and administrators see it.
    assert (await asked_one(here, peer)).status is PeerStatus.CIRCUIT_OPEN
    assert (await here.peer(peer.url)).failures == 1
    assert (await here.peer(peer.url)).retry_at is not None


async def test_an_answer_to_another_question_is_not_believed(
    here: Here, peer: AnsweringPeer, clock: Clock
) -> None:
    await befriended(here.db, peer)
    _of_another_question(peer)
    assert (await asked_one(here, peer)).status is PeerStatus.OK
    clock.advance(seconds=61)
    assert (await asked_one(here, peer)).status is PeerStatus.INVALID_RESPONSE
    assert len(peer.questions) == 2


async def test_a_peer_names_nothing_for_those_that_stand_beside(here: Here, peer: AnsweringPeer) -> None:
    """A list for a padded subject would be somebody's whom nobody asked about."""
    stored = await befriended(here.db, peer)
    body = b'{"data":{"peerWhich":{"answers":[{"handle":"h","subscriptions":[{}]}]}}}'
    with pytest.raises(InvalidAnswer, match="nobody"):
        answers.read_answer(stored, body, [("h", None)], ())


async def test_a_redirect_into_our_own_network_is_not_followed(
    here: Here, peer: AnsweringPeer, clock: Clock
) -> None:
    """Nor one to anywhere else (threat T10)."""
    with answering_peer(clock) as inside:
        await befriended(here.db, peer)
        _sending(Says(b"", status=307, headers={"Location": f"{inside.url}/federation/graphql"}))(peer)
        assert (await asked_one(here, peer)).status is PeerStatus.INVALID_RESPONSE
        assert inside.web.asked == []
