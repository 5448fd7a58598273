"""How surely a message is its author's (row 48)."""

import asyncio
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from delivery.authentication.alignment import are_aligned
from delivery.authentication.lookup import Records
from delivery.evidence import Checks, Evidence, gather
from mail.instant import SECOND
from mail.message import parse_message
from tests.delivery.authentication.authority import MIDDLE, certified, signed_by
from tests.delivery.authentication.signing import NOW, Zone, rsa_key, signed
from tests.delivery.evidence_world import MAIL, OURS, found, published, stated


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa_key()


@pytest.fixture
def zone(key: rsa.RSAPrivateKey) -> Zone:
    return published(key)


# ---- whose signature speaks for the author


async def test_a_signature_of_the_authors_domain_is_method_dkim(key: rsa.RSAPrivateKey, zone: Zone) -> None:
    evidence = await found(signed(MAIL, key), zone)
    assert evidence.method == "dkim"
    assert evidence.results == {"dkim": "pass", "spf": "none", "dmarc": "pass", "arc": "none"}
    assert evidence.recipients == {"welcome@lists.example.org"}


def proof_in(evidence: Evidence) -> tuple[str, object, str]:
    return evidence.method, evidence.results, evidence.detail


async def test_nothing_at_all_is_method_smtp(zone: Zone) -> None:
    assert proof_in(await found(MAIL, zone)) == proof_in(Evidence())


async def test_row_48_a_good_signature_of_a_foreign_domain_is_no_proof(
    key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    """Pitfall 55: alignment."""
    evidence = await found(signed(MAIL, key, "evil.example"), zone)
    assert (evidence.method, evidence.results["dkim"], evidence.results["dmarc"]) == ("smtp", "pass", "none")
    both = await found(signed(signed(MAIL, key), key, "evil.example"), zone)
    assert both.method == "dkim"


@pytest.mark.parametrize(
    ("signing", "author", "is_aligned"),
    [
        ("example.edu", "example.edu", True),
        ("EXAMPLE.edu.", "example.edu", True),
        ("cs.example.edu", "example.edu", True),
        ("example.edu", "cs.example.edu", True),
        ("a.example.co.uk", "b.example.co.uk", True),
        ("one.co.uk", "two.co.uk", False),
        ("co.uk", "two.co.uk", False),
        ("ann.github.io", "bob.github.io", False),
        ("evilexample.edu", "example.edu", False),
        ("edu", "example.edu", False),
        ("xn--bcher-kva.example", "bücher.example", True),
        ("not a domain", "example.edu", False),
    ],
)
def test_domains_are_aligned_within_one_organisation(signing: str, author: str, is_aligned: bool) -> None:
    assert are_aligned(signing, author) is is_aligned


async def test_a_dns_that_does_not_answer_in_time_proves_nothing(key: rsa.RSAPrivateKey) -> None:
    class Slow(Zone):
        async def txt(self, name: str) -> Records:
            await asyncio.sleep(60)
            return ()

    slow = Checks(lambda: NOW * SECOND, Slow(), patience=timedelta(milliseconds=20))
    evidence = await gather(parse_message(signed(MAIL, key)), slow)
    assert (evidence.method, evidence.results["dkim"]) == ("smtp", "temperror")


async def test_a_message_without_one_author_proves_nothing(key: rsa.RSAPrivateKey, zone: Zone) -> None:
    """Pitfall 11."""
    raw = signed(MAIL, key)
    for bad in (b"From: ceo@example.edu\r\n" + raw, raw.replace(b"From: M", b"Fron: M")):
        assert (await found(bad, zone, OURS)).method == "smtp"


# ---- S/MIME


async def test_smime_comes_before_dkim(key: rsa.RSAPrivateKey, zone: Zone) -> None:
    fields = MAIL.partition(b"\r\n\r\n")[0] + b"\r\n"
    holder = certified(MIDDLE, "M", addresses=("m0@example.edu",))
    raw = signed(signed_by(holder, fields=fields), key)
    evidence = await found(raw, zone)
    assert (evidence.method, evidence.results["dkim"]) == ("smime", "pass")
    without = Checks(lambda: NOW * SECOND, zone)
    assert (await gather(parse_message(raw), without)).method == "dkim"


# ---- Authentication-Results


async def test_what_our_own_mail_server_found_is_believed(zone: Zone) -> None:
    field = stated(
        "dkim=pass header.d=example.edu header.s=s1; spf=softfail smtp.mailfrom=x@y.example; dmarc=fail; arc=pass"
    )
    evidence = await found(field + MAIL, zone, OURS)
    assert evidence.method == "dkim"
    assert evidence.results == {"dkim": "pass", "spf": "softfail", "dmarc": "fail", "arc": "pass"}


@pytest.mark.parametrize(
    "field",
    [
        stated("dkim=pass header.d=example.edu; dmarc=pass", "mx.evil.example"),
        stated("dkim=pass header.d=example.edu; dmarc=pass", "mx.example.org.evil.example"),
        stated("dkim=pass header.d=evil.example", OURS),
        stated("dkim=fail header.d=example.edu", OURS),
        stated("dkim=pass", OURS),
        b"X-Authentication-Results: mx.example.org; dkim=pass header.d=example.edu\r\n",
    ],
)
async def test_pitfall_56_other_findings_prove_nothing(field: bytes, zone: Zone) -> None:
    assert (await found(field + MAIL, zone, OURS)).method == "smtp"


async def test_pitfall_56_without_a_configured_name_nobody_is_believed(zone: Zone) -> None:
    forged = stated("dkim=pass header.d=example.edu; dmarc=pass") + MAIL
    assert proof_in(await found(forged, zone)) == proof_in(Evidence())


async def test_pitfall_56_a_forged_finding_below_our_own_is_ignored(zone: Zone) -> None:
    forged = stated("dkim=pass header.d=example.edu; dmarc=pass; arc=pass")
    ours = stated("dkim=none; dmarc=fail")
    received = b"Received: from evil.example by mx.example.org; Mon, 18 Mar 2030 12:00:00 +0000\r\n"
    for raw in (ours + received + forged + MAIL, ours + forged + MAIL):
        evidence = await found(raw, zone, OURS)
        assert (evidence.method, evidence.results["dmarc"]) == ("smtp", "fail")
    assert (await found(ours + received + forged + MAIL, zone, OURS)).results["arc"] == "none"


async def test_pitfall_55_a_finding_does_not_make_up_for_what_the_signature_leaves_open(
    key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    field = stated("dkim=pass header.d=example.edu")
    assert (await found(field + signed(MAIL, key, covered="to:subject"), zone, OURS)).method == "smtp"
    assert (await found(field + signed(MAIL, key, body_length=3), zone, OURS)).method == "smtp"
    assert (await found(field + signed(MAIL, key, "evil.example"), zone, OURS)).method == "smtp"


async def test_a_finding_makes_up_for_what_our_own_mail_server_changed_afterwards(
    key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    changed = signed(MAIL, key).replace(b"Subject: Hello", b"Subject: [checked] Hello")
    assert (await found(changed, zone, OURS)).method == "smtp"
    evidence = await found(stated("dkim=pass header.d=example.edu") + changed, zone, OURS)
    assert (evidence.method, evidence.recipients) == ("dkim", {"welcome@lists.example.org"})
