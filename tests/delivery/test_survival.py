"""What we say of a signature's life, another's verifier says too: for thousands of lists, messages and signatures (row 49)."""

import logging
from dataclasses import replace

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery.authentication.survival import surviving
from delivery.letter import Letter
from delivery.list_copy import added_later, changed, changes_for
from mail.fields import make_field
from mail.message import parse_message, with_fields
from storage.database import Database
from storage.tables.words import Personalization
from tests.delivery.authentication.sealing import pem_of
from tests.delivery.authentication.signing import record_of
from tests.delivery.test_flow import a_list

KEY = rsa.generate_private_key(65537, 1024)
PEM, RECORD = pem_of(KEY), record_of(KEY)
QUIET = logging.getLogger("tests.survival")
QUIET.disabled = True
NAMES = (
    "To", "Cc", "Subject", "Date", "Message-ID", "Sender", "Reply-To", "Precedence", "List-Id", "List-Unsubscribe",
    "List-Unsubscribe-Post", "List-Post", "X-Loop", "Errors-To", "Archived-At", "Content-Type", "MIME-Version",
    "X-Own", "In-Reply-To", "ARC-Seal",
)  # fmt: skip
VALUES = {
    "Message-ID": "<1@example.edu>",
    "Date": "Thu, 1 Jan 2026 00:00:00 +0000",
    "To": "welcome@lists.example.org",
    "Cc": "Bob  <bob@example.net>",
    "Reply-To": "ada@example.net",
    "Content-Type": "text/plain;  charset=us-ascii",
    "MIME-Version": "1.0",
}
subjects = st.sampled_from(
    [
        "Hello",
        "[tag] Hello",
        "Re:  [tag] Hello",
        "[tag] [tag] x",
        "Grüße",
        "=?utf-8?q?=5Btag=5D?= x",
        "",
        "Re: x\r\n y",
    ]
)
bodies = st.sampled_from(
    [b"", b"A line.\r\n", b"A line.\r\n\r\n\r\n", b"No end", b"two  blanks \t\r\n.\r\n", "é\r\n".encode()]
)
forms = st.sampled_from([b"relaxed", b"simple"])


@st.composite
def originals(draw: st.DrawFn) -> bytes:
    """A message with some of the fields that lists change, in any order, one of them perhaps folded or twice."""
    there = draw(st.lists(st.sampled_from(NAMES), max_size=10))
    fields = [
        (name, VALUES.get(name, draw(subjects) if name == "Subject" else "what it says")) for name in there
    ]
    fields.insert(draw(st.integers(0, len(fields))), ("From", "Ada <ada@example.edu>"))
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return head.encode() + b"\r\n" + draw(bodies)


@st.composite
def signed_ones(draw: st.DrawFn) -> bytes:
    """Such a message with a signature over any fields, some of them named more often than they are there."""
    raw = draw(originals())
    covered = draw(st.lists(st.sampled_from(NAMES), max_size=12))
    names = [b"from", *(name.lower().encode() for name in covered)]
    header, body = draw(forms), draw(forms)
    made = dkim.sign(
        raw, b"s1", b"example.edu", PEM, canonicalize=(header, body), include_headers=names, logger=QUIET
    )
    return bytes(made) + raw


def verifies(raw: bytes) -> bool:
    try:
        return bool(dkim.verify(raw, dnsfunc=lambda _name, timeout: RECORD, logger=QUIET))
    except dkim.DKIMException:
        return False


@pytest.mark.slow
async def test_row_49_a_signature_lives_exactly_where_another_verifier_says_so(sqlite: Database) -> None:
    robot, mlist = await a_list(sqlite)
    seen = {True: 0, False: 0}

    @settings(max_examples=1500, deadline=None, suppress_health_check=[*HealthCheck])
    @given(
        signed_ones(),
        st.sampled_from(["", "tag"]),
        st.booleans(),
        st.sampled_from([*Personalization]),
        st.sampled_from(["", "ada@example.edu"]),
    )
    def agrees(
        raw: bytes, tag: str, reply_to_list: bool, personalization: Personalization, confirmed_by: str
    ) -> None:
        here = replace(mlist, subject_tag=tag, reply_to_list=reply_to_list, personalization=personalization)
        letter = Letter(robot, here, parse_message(raw), "", archive_key="k", confirmed_by=confirmed_by)
        letter.message_id = "<made@example.org>"
        if not verifies(raw):
            # dkimpy signs what it would not verify, such as a field that is there twice.
            return
        out = changed(letter, changes_for(letter, sqlite.site))
        lives = surviving(letter.message, parse_message(out), [0], now=1_900_000_000) == [0]
        assert lives == verifies(out)
        seen[lives] += 1
        # Whatever is put on top of each copy later breaks none of which we said that it lives.
        later = added_later(here)
        lives_on = surviving(letter.message, parse_message(out), [0], now=1_900_000_000, added=later) == [0]
        copy = with_fields(
            parse_message(out), prepend=[make_field(name, "x") for name in later if name != "DKIM-Signature"]
        )
        assert not lives_on or verifies(copy)

    agrees()
    assert min(seen.values()) > 100, seen
