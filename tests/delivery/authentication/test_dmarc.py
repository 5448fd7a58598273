"""What a domain asks for by DMARC, however its records are written (RFC 7489)."""

import pytest

from delivery.authentication.dmarc import Policy, policy_of, read_policy
from delivery.authentication.policies import Policies
from tests.delivery.authentication.signing import Zone


@pytest.mark.parametrize(
    ("records", "word"),
    [
        ((b"v=DMARC1; p=reject",), "reject"),
        ((b"v=DMARC1;p=quarantine;rua=mailto:a@example.edu",), "quarantine"),
        ((b" v = DMARC1 ; p = NONE ;",), "none"),
        # pct is not looked at: this message might be among those that it is meant for.
        ((b"v=DMARC1; p=reject; pct=0",), "reject"),
        ((b"v=spf1 -all", b"v=DMARC1; p=reject"), "reject"),
        # A record without a policy that can be read, which wants reports, asks for nothing else.
        ((b"v=DMARC1; p=refuse; rua=mailto:a@example.edu",), "none"),
        ((b"v=DMARC1; rua=mailto:a@example.edu",), "none"),
        ((b"v=DMARC1; p=refuse",), None),
        ((b"v=DMARC1",), None),
        ((b"p=reject; v=DMARC1",), None),
        ((b"v=DMARC2; p=reject",), None),
        ((b"v=DMARC1; p=none", b"v=DMARC1; p=reject"), None),
        ((b"v=DMARC1; p=none; p=reject",), "none"),
        ((b"\xff\xfe",), None),
        ((), None),
    ],
)
def test_a_record_is_read_as_receivers_do(records: tuple[bytes, ...], word: str | None) -> None:
    found = read_policy(records, "example.edu")
    assert (None if found is None else found.word) == word


@pytest.mark.parametrize(
    ("record", "word"),
    [
        (b"v=DMARC1; p=none; sp=reject", "reject"),
        (b"v=DMARC1; p=reject; sp=none", "none"),
        (b"v=DMARC1; p=reject", "reject"),
        (b"v=DMARC1; p=reject; sp=whatever", "reject"),
    ],
)
async def test_a_subdomain_has_the_policy_of_its_organisation(record: bytes, word: str) -> None:
    zone = Zone({"_dmarc.example.edu.": (record,)})
    assert await policy_of("physics.example.edu", zone) == Policy(word, "example.edu")
    own = Zone({"_dmarc.physics.example.edu.": (b"v=DMARC1; p=quarantine; sp=none",)} | zone.records)
    assert await policy_of("physics.example.edu", own) == Policy("quarantine", "physics.example.edu")


async def test_a_domain_without_a_record_is_not_one_that_could_not_be_asked() -> None:
    assert (await policy_of("example.edu", Zone())).word == "absent"
    assert (await policy_of("example.edu", Zone(silent={"_dmarc.example.edu."}))).word == "unknown"
    # Who knows what the organisation would have said.
    silent = Zone(silent={"_dmarc.example.edu."})
    assert (await policy_of("physics.example.edu", silent)).word == "unknown"
    # What the domain says itself need not wait for it.
    silent.records["_dmarc.physics.example.edu."] = (b"v=DMARC1; p=none",)
    assert (await policy_of("physics.example.edu", silent)).word == "none"


async def test_a_public_suffix_is_no_organisation() -> None:
    zone = Zone({"_dmarc.ac.uk.": (b"v=DMARC1; p=reject",)})
    assert (await policy_of("example.ac.uk", zone)).word == "absent"


def test_alignment_is_strict_where_the_domain_says_so() -> None:
    relaxed, strict = Policy("reject"), Policy("reject", has_strict_dkim=True, has_strict_spf=True)
    assert relaxed.is_aligned_by_dkim("mail.example.edu", "example.edu")
    assert not strict.is_aligned_by_dkim("mail.example.edu", "example.edu")
    assert strict.is_aligned_by_dkim("EXAMPLE.edu", "example.edu")
    assert relaxed.is_aligned_by_spf("bounce.example.edu", "example.edu")
    assert not strict.is_aligned_by_spf("bounce.example.edu", "example.edu")
    for one in (relaxed, strict):
        assert not one.is_aligned_by_dkim("example.org", "example.edu")
        assert not one.is_aligned_by_dkim("", "example.edu")
    found = read_policy((b"v=DMARC1; p=none; adkim=s; aspf=S",), "example.edu")
    assert found == Policy("none", "example.edu", has_strict_dkim=True, has_strict_spf=True)


async def test_what_was_asked_before_a_transaction_is_known_in_it_for_a_while() -> None:
    now = [0.0]
    zone = Zone({"_dmarc.example.edu.": (b"v=DMARC1; p=reject",)}, {"_dmarc.silent.example."})
    policies = Policies(zone, clock=lambda: now[0])
    assert policies.known("example.edu") == "unknown"
    assert await policies.ask("example.edu") == policies.known("example.edu") == "reject"
    assert await policies.ask("silent.example") == "unknown"
    asked = len(zone.asked)
    assert await policies.ask("example.edu") == "reject"
    assert await policies.ask("silent.example") == "unknown"
    assert len(zone.asked) == asked
    now[0] = 3600
    assert policies.known("example.edu") == "unknown"
