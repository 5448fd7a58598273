"""The base32 that is made for many copies at once says what the library's says of each."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from mail.base32 import base32_of_each


def _by_library(octets: bytes) -> str:
    return base64.b32encode(octets).decode().rstrip("=").lower()


@given(st.integers(0, 40), st.data())
def test_it_is_rfc_4648_of_each(size: int, data: st.DataObject) -> None:
    texts = data.draw(st.lists(st.binary(min_size=size, max_size=size), max_size=40))
    assert base32_of_each(texts) == [_by_library(each) for each in texts]
