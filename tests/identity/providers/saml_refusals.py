"""An answer that is brought back and refused."""

import pytest

pytest.importorskip("saml2")

from identity.provider import NotProved
from tests.identity.providers.saml_world import (
    Attempt,
)

ALICE, VICTIM = b"opaque-alice", b"opaque-victim"


async def refused(attempt: Attempt, response: bytes, words: str = "") -> NotProved:
    with pytest.raises(NotProved) as refusal:
        await attempt.bring(response)
    assert words in refusal.value.detail, refusal.value.detail
    assert "alice" not in refusal.value.detail
    assert "alice" not in str(refusal.value)
    return refusal.value
