"""Which keys sign a delivery: the list's own, else the domain's, as policy and settings say; always the newest."""

import pytest

from delivery.signing import keeping
from delivery.signing.choosing import signer_for
from delivery.signing.signer import Signer
from lists.robot_settings import update_robot
from storage import dkim_keys
from storage.database import Database
from storage.query import Query
from storage.tables.mail import Delivery
from storage.tables.signing import Algorithm
from storage.tables.signing import dkim_keys as table
from storage.tables.words import DeliveryKind
from tests.conftest import Clock
from tests.delivery.signing.keeping_world import Domain, a_domain

HEAD = b"From: a@example.edu\r\n"


async def chosen(here: Domain, delivery: Delivery) -> Signer | None:
    async with here.database.read() as reader:
        return await signer_for(reader, delivery, HEAD)


async def names(here: Domain, **about: object) -> list[str]:
    """The selectors that sign a delivery like this."""
    found = await chosen(here, await here.delivery(**about))  # type: ignore[arg-type]
    return [] if found is None else [key.selector for key in found.keys]


async def test_without_a_key_nothing_signs(database: Database) -> None:
    here = await a_domain(database)
    await here.key(is_active=False)
    assert await chosen(here, await here.delivery(authentication_results="mx; arc=none")) is None


async def test_the_lists_own_key_comes_before_the_domains_and_both_kinds_sign(database: Database) -> None:
    here = await a_domain(database)
    await here.key(selector="d-ed", algorithm=Algorithm.ED25519)
    await here.key(selector="d-rsa")
    assert await names(here) == ["d-rsa", "d-ed"]
    await here.key(selector="l-rsa", of_list=True)
    assert await names(here) == ["l-rsa"]
    assert await names(here, has_list=False, kind=DeliveryKind.SERVICE) == ["d-rsa", "d-ed"]


async def test_a_rotated_key_signs_from_the_next_delivery_on(database: Database) -> None:
    here = await a_domain(database)
    await here.key(selector="old")
    first = await here.delivery()
    signer = await chosen(here, first)
    await here.key(selector="new")
    assert await names(here) == ["new"]
    # Who had begun with the old one may go on: its record stays in the DNS.
    assert signer is not None
    assert b"s=old;" in signer.prepare(HEAD, ()).fields(b"", b"0" * 32)


async def test_no_key_of_another_domain_or_list_ever_signs(database: Database) -> None:
    here = await a_domain(database)
    there = await a_domain(database, "lists.example.net")
    await there.key(selector="theirs")
    await there.key(selector="their-lists", of_list=True)
    assert await names(here) == []


@pytest.mark.parametrize(
    ("policy", "proofs", "is_signed"),
    [
        ("any", "smtp", True),
        ("any", "", True),
        ("none", "smime editor-validated", False),
        ("smime", "smime", True),
        ("smime, dkim", "dkim", True),
        ("dkim", "smtp", False),
        ("md5", "dkim", False),
        ("editor-validated", "smtp editor-validated", True),
        ("editor-validated, smime", "dkim", False),
    ],
)
async def test_the_lists_policy_says_which_posts_are_signed(
    database: Database, policy: str, proofs: str, is_signed: bool
) -> None:
    here = await a_domain(database, dkim_sign_posts=policy)
    await here.key(selector="k")
    assert (await names(here, proofs=proofs) == ["k"]) is is_signed
    # What is not signed is sealed all the same, and service mail is not a post.
    sealed = await chosen(here, await here.delivery(proofs=proofs, authentication_results="mx; arc=none"))
    assert sealed is not None
    assert sealed.seal is not None
    assert await names(here, kind=DeliveryKind.SERVICE) == ["k"]


async def test_service_mail_and_seals_can_be_switched_off(database: Database) -> None:
    here = await a_domain(database)
    await here.key(selector="k")
    async with database.write() as uow:
        off = {"dkim_sign_services": "off", "arc_seal": "off"}
        await update_robot(uow, here.actor, here.robot, off)
    assert await names(here, kind=DeliveryKind.SERVICE) == []
    found = await chosen(here, await here.delivery(authentication_results="mx; arc=none"))
    assert found is not None
    assert found.seal is None


async def test_a_seal_takes_an_rsa_key_and_borrows_the_domains(database: Database) -> None:
    """RFC 8617, section 4.1.2: ARC knows rsa-sha256."""
    here = await a_domain(database)
    await here.key(selector="l-ed", algorithm=Algorithm.ED25519, of_list=True)
    delivery = await here.delivery(authentication_results="mx; arc=none")
    alone = await chosen(here, delivery)
    assert alone is not None
    assert alone.seal is None
    await here.key(selector="d-rsa")
    both = await chosen(here, delivery)
    assert both is not None
    assert both.seal is not None
    assert (both.keys[0].selector, both.seal.key.selector) == ("l-ed", "d-rsa")


async def test_what_did_not_come_by_mail_is_not_sealed(database: Database) -> None:
    here = await a_domain(database)
    await here.key()
    found = await chosen(here, await here.delivery())
    assert found is not None
    assert found.seal is None


async def test_a_key_that_cannot_be_opened_lets_mail_go_unsigned_and_logs_no_secret(
    database: Database, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    here = await a_domain(database)
    key = await here.key(selector="k")
    spoil = Query(table.update().values(private_key=f"AAAA{key.private_key[4:]}"), int)
    async with database.write() as uow:
        await uow.run(spoil)
    assert await names(here) == []
    said = caplog.text + "".join(capsys.readouterr())
    assert key.private_key[10:40] not in said


async def test_a_retired_key_signs_nothing(database: Database, clock: Clock) -> None:
    here = await a_domain(database)
    key = await here.key()
    async with database.write() as uow:
        await keeping.retire_key(uow, here.actor, here.robot, key.id)
        assert await dkim_keys.robots_that_sign(uow) == set()
    assert await names(here) == []
