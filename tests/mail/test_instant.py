"""Instants and durations: exact in, exact out."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.instant import (
    DAY,
    HOUR,
    SECOND,
    format_duration,
    from_datetime,
    from_rfc3339,
    parse_date_field,
    parse_duration,
    to_date_field,
    to_datetime,
    to_rfc3339,
)

FIRST = from_datetime(datetime(1, 1, 1, tzinfo=UTC))
LAST = from_datetime(datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.5Z", 500_000),
        ("1970-01-01t01:00:00.0000019+01:00", 1),
        ("1969-12-31T23:59:59.999999z", -1),
        ("1970-01-01 00:00:60-00:00", 60 * SECOND),
        ("2026-02-28T12:00:00-05:30", 1_772_299_800_000_000),
    ],
)
def test_rfc3339_times_are_read(text: str, instant: int) -> None:
    assert from_rfc3339(text) == instant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-02-30T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00Z\n",
        "0000-01-01T00:00:00Z",
        "２026-01-01T00:00:00Z",
        "2026-01-01T00:00Z",
    ],
)
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        from_rfc3339(text)


def test_fractions_are_written_only_as_far_as_they_go() -> None:
    assert to_rfc3339(0) == "1970-01-01T00:00:00Z"
    assert to_rfc3339(1_500_000) == "1970-01-01T00:00:01.5Z"
    assert to_rfc3339(-1) == "1969-12-31T23:59:59.999999Z"


def test_an_instant_beyond_the_calendar_is_a_value_error() -> None:
    for instant in (LAST + 1, FIRST - 1, 10**30):
        with pytest.raises(ValueError):
            to_rfc3339(instant)
    with pytest.raises(ValueError):
        from_datetime(datetime(2026, 1, 1))  # noqa: DTZ001  (the zone is what is missing)


@given(st.integers(FIRST, LAST))
def test_every_instant_comes_back(instant: int) -> None:
    assert from_rfc3339(to_rfc3339(instant)) == instant
    assert from_datetime(to_datetime(instant)) == instant


@given(st.integers(from_datetime(datetime(1970, 1, 1, tzinfo=UTC)), LAST))
def test_a_date_field_keeps_the_second(instant: int) -> None:
    assert parse_date_field(to_date_field(instant)) == instant // SECOND * SECOND


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("Thu, 01 Jan 1970 00:00:00 +0000", 0),
        ("1 Jan 1970 01:00:00 +0100 (CET)", 0),
        ("Thu, 1 Jan 70 00:00:10 GMT", 10 * SECOND),
        ("Thu, 01 Jan 1970 00:00:00 -0000", 0),
        ("Thu, 01 Jan 1970 00:00:00", 0),
        ("Wed, 31 Dec 1969 23:59:60 +0000", 0),
        ("", None),
        ("yesterday", None),
        ("Thu, 99 Jan 2026 99:99:99 +0000", None),
        ("Thu, 01 Jan 99999999999 00:00:00 +0000", None),
    ],
)
def test_date_fields_are_read_also_in_old_forms(text: str, instant: int | None) -> None:
    assert parse_date_field(text) == instant


@given(st.text(max_size=60) | st.text("0123456789 :+-,JanFebGMT", max_size=40))
def test_no_date_raises(text: str) -> None:
    found = parse_date_field(text)
    assert found is None or to_rfc3339(found)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("PT0S", 0),
        ("P1D", DAY),
        ("P2W", 14 * DAY),
        ("PT36H", 36 * HOUR),
        ("P1DT2H3M4.5S", DAY + 2 * HOUR + 184_500_000),
        ("-PT1S", -SECOND),
        ("PT0.000001S", 1),
    ],
)
def test_durations_are_read(text: str, duration: int) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "1D", "P1Y", "P1M", "PT1.S", "P1D ", "P1W1D", "--PT1S", "P-1D"]
)
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_duration(text)


@given(st.integers(-(10**15), 10**15))
def test_every_duration_comes_back(duration: int) -> None:
    assert parse_duration(format_duration(duration)) == duration
