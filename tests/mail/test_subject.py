"""Subjects: the tag once, before or behind the words for answers of every language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.subject import tagged


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("hello", "[news] hello"),
        ("", "[news]"),
        ("[news] hello", "[news] hello"),
        ("[NEWS] hello", "[NEWS] hello"),
        ("Re: hello", "[news] Re: hello"),
        ("Re: [news] hello", "Re: [news] hello"),
        ("AW: SV: [news] hello", "AW: SV: [news] hello"),
        ("TR : [news] hello", "TR : [news] hello"),
        ("Antw.: [news] hello", "[news] Antw.: [news] hello"),
        ("Antw: [news] hello", "Antw: [news] hello"),
        ("回复：[news] hello", "回复：[news] hello"),
        ("Re[2]: [news] hello", "Re[2]: [news] hello"),
        ("Re^3: [news]hello", "Re^3: [news]hello"),
        ("RE: [other] [news] hello", "RE: [other] [news] hello"),
        ("[news] Re: [news] hello", "[news] Re: hello"),
        ("Re: [news] AW: [news] [news] hello", "Re: [news] AW: hello"),
        ("about [news] items", "[news] about [news] items"),
        ("Result: [news] hello", "[news] Result: [news] hello"),
    ],
)
def test_the_tag_stands_once(subject: str, expected: str) -> None:
    assert tagged(subject, "news") == expected


def test_brackets_around_the_tag_are_ours() -> None:
    assert tagged("hello", "[news]") == "[news] hello"
    assert tagged("hello", "") == "hello"
    assert tagged("hello", " ") == "hello"


@given(
    st.lists(st.sampled_from(["Re: ", "AW:", "[news] ", "[x]", "hello", " ", "回复："]), max_size=8).map(
        "".join
    )
)
def test_tagging_twice_is_tagging_once(subject: str) -> None:
    once = tagged(subject, "news")
    assert tagged(once, "news") == once
    assert "[news]" in once


@given(st.text(max_size=100), st.text(max_size=20))
def test_no_subject_raises(subject: str, tag: str) -> None:
    assert isinstance(tagged(subject, tag), str)
