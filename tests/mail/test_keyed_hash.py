"""The HMAC that is made for every copy says what the library's one-time one says."""

import hmac
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from mail.keyed_hash import keyed_hash, keyed_hashes


@given(st.binary(min_size=1, max_size=100), st.lists(st.binary(max_size=100), max_size=5))
def test_it_is_hmac_sha_256_however_often_a_key_is_used(key: bytes, texts: list[bytes]) -> None:
    expected = [hmac.digest(key, each, sha256) for each in texts]
    assert keyed_hashes(key, texts) == expected
    assert [keyed_hash(key, each) for each in texts] == expected
