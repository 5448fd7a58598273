"""Domains that put us off get less and later, and more again as they answer yes; what one worker learns, all know."""

from dataclasses import replace

import pytest

from delivery.domains import Domains
from delivery.report import Oddity, Report, Step
from mail.status import Reply
from storage import domain_paces
from storage.database import Database
from storage.tables.mail import Packet
from storage.tables.words import PacketState, RecipientState

SLOWER = Reply(450, "4.7.1", "rate limit exceeded, try again later")
BUSY = Reply(450, "4.2.1", "mailbox busy")
LOCAL = Reply(452, "4.3.1", "queue file system is full")
PACKET = Packet(1, 1, 0, "[1,2,3,4]", None, 4, 0, PacketState.LEASED, 0, 0, None, 1, "w", "big.example")
SECOND = 1_000_000


def packet(number: int, domain: str = "big.example") -> Packet:
    return replace(PACKET, id=number, domain=domain)


def put_off(reply: Reply, count: int, number: int = 1) -> Report:
    odd = [Oddity(n, f"m{n}@big.example", RecipientState.DEFERRED, reply) for n in range(count)]
    return Report(packet(number), Step.SETTLE, 0, 4, 4 - count, odd)


def yes(number: int = 1) -> Report:
    return Report(packet(number), Step.SETTLE, 0, 4, 4)


def test_a_domain_that_asks_for_less_gets_half_after_a_pause() -> None:
    in_hand = dict.fromkeys(range(8), "big.example")
    domains = Domains(in_hand, most=20)
    domains.learn(put_off(SLOWER, 1), 100)
    assert domains.paces["big.example"].most == 4
    assert domains.held(100) == ["big.example"]
    # What was on its way at that moment and is answered alike says nothing new.
    domains.learn(put_off(SLOWER, 4, 2), 101)
    assert domains.paces["big.example"].most == 4
    in_hand.clear()
    later = domains.paces["big.example"].paused_until
    assert domains.held(later) == []
    assert domains.beyond([packet(n) for n in range(6)], later) == [packet(4), packet(5)]
    assert domains.beyond([packet(n, "other.example") for n in range(6)], later) == []


def test_pauses_grow_while_it_goes_on_and_everything_is_as_before_after_enough_yes() -> None:
    domains = Domains({}, most=4)
    now, pauses = 0, []
    for _ in range(4):
        domains.learn(put_off(SLOWER, 4), now)
        pace = domains.paces["big.example"]
        pauses.append((pace.paused_until - now) // SECOND)
        now = pace.paused_until
    assert pauses == [5, 10, 20, 40]
    steps = 0
    while "big.example" in domains.paces:
        domains.learn(yes(), now)
        steps += 1
    # One, then two, then three more packets that went well.
    assert steps == 1 + 2 + 3


@pytest.mark.parametrize(("reply", "count"), [(BUSY, 4), (LOCAL, 4), (Reply(450, None, "no"), 1)])
def test_what_says_nothing_of_the_domain_slows_nothing(reply: Reply, count: int) -> None:
    domains = Domains({}, most=20)
    domains.learn(put_off(reply, count), 0)
    assert domains.paces == {}


def test_refusals_of_half_a_packet_count_also_where_each_gets_a_copy() -> None:
    domains = Domains({}, most=20)
    later = Reply(451, None, "not now")
    for place in range(2):
        odd = [Oddity(place, f"m{place}@big.example", RecipientState.DEFERRED, later)]
        domains.learn(Report(PACKET, Step.ADVANCE, place, place + 1, 0, odd), 0)
    domains.learn(Report(PACKET, Step.SETTLE, 0, 4, 1), 0)
    assert "big.example" in domains.paces


async def test_workers_share_what_they_learn_and_an_operator_resets_it(database: Database) -> None:
    one, two = Domains({}, most=20), Domains({}, most=20)
    async with database.write() as uow:
        one.learn(put_off(SLOWER, 4), uow.now)
        await one.save(uow)
    one.saved()
    async with database.read() as reader:
        await two.look(reader)
        assert two.held(reader.now) == ["big.example"]
        assert (await domain_paces.every(reader))[0].reply == SLOWER.text
    async with database.write() as uow:
        assert await domain_paces.forget(uow, "big.example") == 1
    async with database.read() as reader:
        for each in (one, two):
            await each.look(reader)
            assert each.paces == {}


def test_many_domains_that_put_us_off_with_nobody_taken_are_our_own_mail_servers_doing() -> None:
    domains = Domains({}, most=20)
    for number in range(6):
        odd = [Oddity(n, f"m{n}@x", RecipientState.DEFERRED, SLOWER) for n in range(4)]
        domains.learn(Report(packet(number, f"d{number}.example"), Step.SETTLE, 0, 4, 0, odd), SECOND)
        if number == 3:
            assert len(domains.held(SECOND)) == 4
    assert domains.held(SECOND) == []
    # Somebody was taken: what a domain says is about itself again.
    domains.learn(yes(), SECOND)
    domains.learn(put_off(SLOWER, 4), SECOND)
    assert domains.held(SECOND) == ["big.example"]


def test_what_a_server_says_of_itself_teaches_nothing_of_a_domain() -> None:
    domains = Domains({}, most=20)
    report = put_off(SLOWER, 4)
    report.is_of_server = True
    domains.learn(report, SECOND)
    assert domains.paces == {}
